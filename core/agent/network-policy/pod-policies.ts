import { LabelSelector } from '#core/api/label-selector.ts';
import type { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '#core/api/schema/networking-v1.ts';
import type { AttachedPod, PodPolicy, PolicyPeer, PolicyRule } from '#core/spi/network-plugin.ts';
import { namesPorts, portsFor } from './policy-ports.ts';

/** The cluster as policies see it. */
export interface PolicyWorld {
  readonly policies: readonly NetworkPolicy[];
  readonly namespaces: readonly Namespace[];
  /** All pods of the cluster. */
  readonly pods: readonly Pod[];
  /** Those of this node that have addresses. */
  readonly attached: readonly AttachedPod[];
  /** What a pod of this node is, or was when it was last heard of. */
  readonly objectOf: (pod: AttachedPod['pod']) => Pod | undefined;
}

/** A rule of either direction. */
interface Rule {
  readonly ports: readonly NetworkPolicyPort[];
  readonly peers: readonly NetworkPolicyPeer[];
}

/**
 * What the NetworkPolicies say of each pod of this node that one of them selects, as plain addresses and numbers. A pod that nobody knows is
 * isolated where there are policies at all: some of them may have selected it. One that shares the node's network is nobody's to rule, and no peer.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function podPolicies(world: PolicyWorld): PodPolicy[] {
  const byNamespace = Map.groupBy(world.policies, ({ metadata: { namespace = '' } }) => namespace);
  if (byNamespace.size === 0) return [];
  const peers = new Peers(world);
  return world.attached.flatMap(({ pod: key, addresses }): PodPolicy[] => {
    const policies = byNamespace.get(key.namespace) ?? [];
    if (policies.length === 0) return [];
    const pod = world.objectOf(key);
    if (pod === undefined) return [{ podUid: key.uid, addresses, ingress: [], egress: [] }];
    const selecting = policies.filter((policy) => selects(policy, pod));
    if (selecting.length === 0) return [];
    const ingress = selecting.filter(({ spec }) => typesOf(spec).includes('Ingress'));
    const egress = selecting.filter(({ spec }) => typesOf(spec).includes('Egress'));
    return [{
      podUid: key.uid, addresses,
      ...(ingress.length === 0 ? {} : { ingress: ingress.flatMap((policy) => ingressRules(policy, pod, peers)) }),
      ...(egress.length === 0 ? {} : { egress: egress.flatMap((policy) => egressRules(policy, peers)) }),
    }];
  });
}

/** Whether a policy of the pod's namespace is about it. */
export const selects = ({ metadata, spec }: NetworkPolicy, pod: Pod): boolean => metadata.namespace === pod.metadata.namespace && LabelSelector.of(spec.podSelector).matches(pod.metadata.labels);

const typesOf = ({ policyTypes = [], egress = [] }: NetworkPolicy['spec']): readonly string[] =>
  (policyTypes.length > 0 ? policyTypes : egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']);

const addressesOf = ({ status: { podIPs = [], podIP } }: Pod): string[] => [...new Set([...podIPs.map(({ ip }) => ip), ...(podIP === undefined ? [] : [podIP])])].filter((ip) => ip !== '');

/** Pods that have ended give their addresses back. */
const isPeer = (pod: Pod): boolean => pod.spec.hostNetwork !== true && !['Succeeded', 'Failed'].includes(pod.status.phase ?? '') && addressesOf(pod).length > 0;

function ingressRules({ metadata: { namespace = '' }, spec: { ingress = [] } }: NetworkPolicy, pod: Pod, peers: Peers): PolicyRule[] {
  return ingress.flatMap(({ ports = [], from = [] }) => rulesOf({ ports: [], peers: from }, namespace, peers).flatMap((rule) => withPorts(rule, portsFor(ports, pod))));
}

/** Names of ports mean something else at each peer. */
function egressRules({ metadata: { namespace = '' }, spec: { egress = [] } }: NetworkPolicy, peers: Peers): PolicyRule[] {
  return egress.flatMap(({ ports = [], to = [] }) => rulesOf({ ports, peers: to }, namespace, peers));
}

function rulesOf({ ports, peers: wanted }: Rule, namespace: string, peers: Peers): PolicyRule[] {
  if (!namesPorts(ports)) return withPorts(wanted.length === 0 ? {} : { peers: wanted.flatMap((peer) => peers.of(peer, namespace)) }, portsFor(ports, undefined));
  const pods = wanted.length === 0 ? peers.all() : wanted.flatMap((peer) => peers.podsOf(peer, namespace));
  const numbered = ports.filter(({ port }) => typeof port !== 'string');
  const unnamed = numbered.length === 0 ? [] : rulesOf({ ports: numbered, peers: wanted }, namespace, peers);
  const named = ports.filter(({ port }) => typeof port === 'string');
  return [...unnamed, ...pods.flatMap((pod) => withPorts({ peers: [peerOf(addressesOf(pod))] }, portsFor(named, pod)))];
}

/** Ports of which none is left allow nothing. */
const withPorts = (rule: PolicyRule, ports: PolicyRule['ports']): PolicyRule[] => (ports === undefined ? [rule] : ports.length === 0 ? [] : [{ ...rule, ports }]);

const peerOf = (cidrs: readonly string[]): PolicyPeer => ({ cidrs, except: [] });

/** Who a peer is, looked up once for each namespace and selector. */
class Peers {
  readonly #pods: ReadonlyMap<string, readonly Pod[]>;
  readonly #namespaces: readonly Namespace[];
  readonly #known = new Map<string, readonly Pod[]>();

  constructor({ pods, namespaces }: PolicyWorld) {
    this.#pods = Map.groupBy(pods.filter(isPeer), ({ metadata: { namespace = '' } }) => namespace);
    this.#namespaces = namespaces;
  }

  all(): readonly Pod[] {
    return [...this.#pods.values()].flat();
  }

  of(peer: NetworkPolicyPeer, namespace: string): PolicyPeer[] {
    if (peer.ipBlock !== undefined) return [{ cidrs: [peer.ipBlock.cidr], except: peer.ipBlock.except ?? [] }];
    const cidrs = this.podsOf(peer, namespace).flatMap(addressesOf);
    return cidrs.length === 0 ? [] : [peerOf(cidrs)];
  }

  podsOf({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, namespace: string): readonly Pod[] {
    if (ipBlock !== undefined) return [];
    const key = JSON.stringify([namespaceSelector === undefined ? namespace : namespaceSelector, podSelector]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const names = namespaceSelector === undefined ? [namespace] : this.#matching(LabelSelector.of(namespaceSelector));
    const pods = LabelSelector.of(podSelector);
    const found = names.flatMap((name) => (this.#pods.get(name) ?? []).filter(({ metadata }) => pods.matches(metadata.labels)));
    this.#known.set(key, found);
    return found;
  }

  #matching(selector: LabelSelector): string[] {
    return this.#namespaces.filter(({ metadata }) => selector.matches(metadata.labels)).map(({ metadata }) => metadata.name);
  }
}

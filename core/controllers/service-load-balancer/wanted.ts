import { canonicalIp, parseIp } from '#core/api/ip.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Service, ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { annotationOf, isDeleting } from '#core/controllers/storage/claims.ts';
import type { LoadBalancerIngress, LoadBalancerOwner, LoadBalancerPort, LoadBalancerRequest, LoadBalancerTarget } from '#core/spi/load-balancers.ts';

const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
const goingTaint = 'ToBeDeletedByClusterAutoscaler';
const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const defaultAffinitySeconds = 10_800;

export const ownerOf = ({ metadata: { namespace = '', name, uid } }: Service): LoadBalancerOwner => ({ namespace, name, uid });

/** Who takes the traffic. */
export type Receivers = Pick<LoadBalancerRequest, 'targets' | 'endpoints'>;

/** What the service wants, and who takes its traffic. */
export function requestOf(service: Service, { targets, endpoints }: Receivers): LoadBalancerRequest {
  const { metadata, spec, status } = service;
  return {
    owner: ownerOf(service),
    name: `a${metadata.uid.replaceAll('-', '')}`.slice(0, 32),
    ports: (spec.ports ?? []).map(portOf),
    targets,
    ...(endpoints === undefined ? {} : { endpoints }),
    families: spec.ipFamilies ?? ['IPv4'],
    sourceRanges: spec.loadBalancerSourceRanges ?? rangesOf(annotationOf(service, rangesAnnotation) ?? ''),
    ...addressOf(spec),
    ...affinityOf(spec),
    ...healthCheckOf(spec),
    annotations: metadata.annotations ?? {},
    ...(spec.loadBalancerClass === undefined ? {} : { class: spec.loadBalancerClass }),
    ingress: (status.loadBalancer.ingress ?? []).map(ingressOf),
  };
}

const addressOf = ({ loadBalancerIP: address = '' }: ServiceSpec): Pick<LoadBalancerRequest, 'address'> => (address === '' ? {} : { address });

const affinityOf = ({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): Pick<LoadBalancerRequest, 'affinitySeconds'> =>
  (sessionAffinity === 'ClientIP' ? { affinitySeconds: sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds } : {});

const healthCheckOf = ({ externalTrafficPolicy, healthCheckNodePort: port = 0 }: ServiceSpec): Pick<LoadBalancerRequest, 'healthCheck'> =>
  (externalTrafficPolicy === 'Local' && port > 0 ? { healthCheck: { port, path: '/healthz' } } : {});

const ingressOf = ({ ip, hostname, ipMode }: NonNullable<Service['status']['loadBalancer']['ingress']>[number]): LoadBalancerIngress => ({
  ...(ip === undefined ? {} : { ip }), ...(hostname === undefined ? {} : { hostname }), ...(ipMode === undefined ? {} : { ipMode }),
});

function portOf({ name = '', protocol = 'TCP', port, nodePort = 0, appProtocol }: NonNullable<Service['spec']['ports']>[number]): LoadBalancerPort {
  return { name, protocol, port, ...(nodePort === 0 ? {} : { nodePort }), ...(appProtocol === undefined ? {} : { appProtocol }) };
}

const rangesOf = (text: string): readonly string[] => text.split(',').map((range) => range.trim()).filter((range) => range !== '');

/** Whether the node takes part at all. That it is not ready is no reason: the load balancer's own checks find out sooner (KEP-3458). */
function takesTraffic(node: Node): boolean {
  const excluded = node.metadata.labels?.[excludeLabel];
  // A value that is no boolean counts as a wish to be left out.
  if (excluded !== undefined && !['false', 'False', 'FALSE', 'f', 'F', '0'].includes(excluded)) return false;
  return !isDeleting(node) && !(node.spec.taints ?? []).some(({ key }) => key === goingTaint);
}

function targetOf(node: Node, labelKeys: readonly string[]): LoadBalancerTarget {
  const addresses = (node.status.addresses ?? []).filter(({ type, address }) => type === 'InternalIP' && parseIp(address) !== undefined);
  return { node: node.metadata.name, providerId: node.spec.providerID ?? '', addresses: addresses.map(({ address }) => canonicalIp(address)), ...labelsOf(node, labelKeys) };
}

function labelsOf({ metadata: { labels = {} } }: Node, keys: readonly string[]): Pick<LoadBalancerTarget, 'labels'> {
  return keys.length === 0 ? {} : { labels: Object.fromEntries(keys.flatMap((key) => (Object.hasOwn(labels, key) ? [[key, labels[key] ?? '']] : []))) };
}

/** Nodes of which nothing is known yet by which they could be reached are none. @param labelKeys labels that their user asks for */
export const targetsOf = (nodes: Iterable<Node>, labelKeys: readonly string[] = []): readonly LoadBalancerTarget[] =>
  [...nodes].filter(takesTraffic).map((node) => targetOf(node, labelKeys)).filter(({ addresses, providerId }) => addresses.length > 0 || providerId !== '');

/** Whether it is the same to load balancers. */
export function isSameTarget(a: Node | undefined, b: Node | undefined): boolean {
  const [one, other] = [a, b].map((node) => JSON.stringify([targetsOf(node === undefined ? [] : [node]), node?.metadata.labels]));
  return one === other;
}

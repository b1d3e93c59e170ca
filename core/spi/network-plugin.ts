import { token } from '#core/kernel/token.ts';

/** What the names of CNI's specification 1.1 mean. https://www.cni.dev/docs/spec/ */
export interface NetworkInterface {
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** Path of the network namespace in which it is; undefined for the node's. */
  readonly sandbox?: string;
}

export interface NetworkAddress {
  /** Address with prefix length, `10.244.1.7/24`. */
  readonly address: string;
  readonly gateway?: string;
  /** Index in `interfaces`. */
  readonly interface?: number;
}

export interface NetworkRoute {
  readonly dst: string;
  readonly gw?: string;
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  readonly table?: number;
  readonly scope?: number;
}

/** A result in the form of CNI 1.1, whatever version the plugin speaks. */
export interface NetworkResult {
  readonly interfaces: readonly NetworkInterface[];
  readonly ips: readonly NetworkAddress[];
  readonly routes: readonly NetworkRoute[];
  readonly dns: { readonly nameservers?: readonly string[]; readonly domain?: string; readonly search?: readonly string[]; readonly options?: readonly string[] };
}

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly hostIP?: string;
}

/** One interface of one sandbox. */
export interface NetworkAttachment {
  readonly containerId: string;
  readonly ifName: string;
  /** Path of the network namespace. Undefined in `del` when it is gone. */
  readonly netns?: string;
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly portMappings: readonly PortMapping[];
  /** Bits a second; no limit when undefined. */
  readonly bandwidth?: { readonly ingressRate?: number; readonly egressRate?: number };
}

/** An attachment by what CNI's GC compares. */
export interface AttachmentKey {
  readonly containerId: string;
  readonly ifName: string;
}

/**
 * The error of CNI's specification: `{code, msg, details}`. 11 is "try again later"; 50 and 51 mean that the network takes no new pods now.
 * Codes from 100 on are a plugin's own.
 */
export class NetworkError extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, message: string, details = '', cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'NetworkError';
    this.code = code;
    this.details = details;
  }
}

/**
 * Gives sandboxes their network. Kit: `test/conformance/network-plugin.ts`.
 *
 * Laws (CNI 1.1):
 * - The caller runs no two calls for one container at the same time; for different ones it may. It runs `gc` alone.
 * - `add` for an attachment that is there already gives back what is there: the agent may have lost the answer.
 * - `add` that fails left nothing behind, or what it left is taken by `del` or `gc`.
 * - `del` resolves, however often, also without a namespace and after an `add` that failed.
 * - `gc` releases everything that belongs to no attachment in the list.
 * - `status` rejects while the network cannot take new pods.
 * @throws {NetworkError}
 */
export interface NetworkPlugin {
  add(attachment: NetworkAttachment, signal: AbortSignal): Promise<NetworkResult>;
  del(attachment: NetworkAttachment, signal: AbortSignal): Promise<void>;
  check(attachment: NetworkAttachment, signal: AbortSignal): Promise<void>;
  gc(valid: readonly AttachmentKey[], signal: AbortSignal): Promise<void>;
  status(signal: AbortSignal): Promise<void>;
}
export const NetworkPlugin = token<NetworkPlugin>('NetworkPlugin');

/** What a node's network must know of its own node: it can change while pods run, but ranges in use stay. */
export interface NodeNetwork {
  readonly nodeName: string;
  /** The node's `spec.podCIDRs`: at most one of each family. */
  readonly podCidrs: readonly string[];
  /** Ranges in which addresses are not masqueraded: those of all pods of the cluster. */
  readonly clusterCidrs: readonly string[];
}

/** How another node's pods are reached. */
export interface NetworkPeer {
  readonly nodeName: string;
  /** Its `InternalIP` addresses. */
  readonly addresses: readonly string[];
  readonly podCidrs: readonly string[];
  /** What its network plugin published for its peers, as an annotation: for a tunnel, its end's link address. */
  readonly tunnel?: string;
}

/**
 * A network plugin that builds the node's side itself, from what the API says. The agent calls `configure` before the first `add`
 * and whenever the node's ranges change, `setPeers` with all other nodes whenever they do. Both are idempotent and repair what others broke.
 */
export interface NodeNetworkConfigurer {
  /** The ways to other nodes' pods are somebody else's, such as a cloud's, who says in the node's condition `NetworkUnavailable` whether they are there. */
  readonly hasRoutesElsewhere?: boolean;
  /** Gives back what the node should publish for its peers, when there is something. */
  configure(network: NodeNetwork, signal: AbortSignal): Promise<{ readonly tunnel?: string }>;
  setPeers(peers: readonly NetworkPeer[], signal: AbortSignal): Promise<void>;
}
export const configuresNode = (plugin: NetworkPlugin): plugin is NetworkPlugin & NodeNetworkConfigurer => 'configure' in plugin;

/** One peer of a rule: the addresses and ranges that it allows. */
export interface PolicyPeer {
  /** Addresses of the pods that were selected, or ranges. */
  readonly cidrs: readonly string[];
  readonly except: readonly string[];
}

export interface PolicyPort {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** All ports when undefined. */
  readonly port?: number;
  readonly endPort?: number;
}

export interface PolicyRule {
  /** Undefined: everybody. Empty: nobody. */
  readonly peers?: readonly PolicyPeer[];
  /** Undefined: all ports of all protocols. */
  readonly ports?: readonly PolicyPort[];
}

/** What NetworkPolicies say of one pod of this node. A direction that is undefined is not isolated: everything is allowed. */
export interface PodPolicy {
  readonly podUid: string;
  readonly addresses: readonly string[];
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
}

/** A pod of this node with the addresses that `add` gave it, without prefix lengths. */
export interface AttachedPod {
  readonly pod: NetworkAttachment['pod'];
  readonly addresses: readonly string[];
}

/** A network plugin that enforces NetworkPolicies. Traffic of the node itself to its pods is always allowed, answers to allowed connections too. */
export interface NetworkPolicyEnforcer {
  /** The call carries the whole truth for this node and is idempotent. What was enforced before is replaced at once, or stays when it fails; it outlives the process. */
  enforce(policies: readonly PodPolicy[], signal: AbortSignal): Promise<void>;
  /** Every pod that has addresses of this node, from before its first packet until after its last, also those of an earlier process. Resolves when the node is set up. */
  attachedPods(signal: AbortSignal): Promise<readonly AttachedPod[]>;
}
export const enforcesPolicies = (plugin: NetworkPlugin): plugin is NetworkPlugin & NetworkPolicyEnforcer => 'enforce' in plugin;

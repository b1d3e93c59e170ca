import type { IpFamily } from '#core/api/ip.ts';
import { token } from '#core/kernel/token.ts';

/** The Service for which a load balancer is made: written on everything that is made for it, and by it found again. */
export interface LoadBalancerOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface LoadBalancerPort {
  /** '' where the service has one port only and gave it no name. */
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  /** The port of every node that leads to the service; undefined when the service wants none. */
  readonly nodePort?: number;
  readonly appProtocol?: string;
}

/** A node that takes traffic for the service. */
export interface LoadBalancerTarget {
  readonly node: string;
  /** `spec.providerID`; '' as long as nobody has said. */
  readonly providerId: string;
  /** Its internal addresses, canonical, in the node's order. */
  readonly addresses: readonly string[];
  /** Those of its labels for which the provider asks (`WantsDetails`); left out when it asks for none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A pod that takes traffic of one port of the service. */
export interface LoadBalancerEndpoint {
  /** The port's name. */
  readonly port: string;
  /** The pod's, canonical. */
  readonly address: string;
  /** Where the pod listens. */
  readonly targetPort: number;
}

export interface LoadBalancerRequest {
  readonly owner: LoadBalancerOwner;
  /** `a` and the owner's UID without dashes, at most 32 characters: the same for the whole life of the service. */
  readonly name: string;
  readonly ports: readonly LoadBalancerPort[];
  readonly targets: readonly LoadBalancerTarget[];
  /** Pods that are ready, in a steady order; only where the provider asks for them (`WantsDetails`). They count as targets: `updateTargets` brings changes. */
  readonly endpoints?: readonly LoadBalancerEndpoint[];
  readonly families: readonly IpFamily[];
  /** Clients that are let in, as CIDRs; everybody when empty. */
  readonly sourceRanges: readonly string[];
  /** `spec.loadBalancerIP`: an address that its author wishes for. */
  readonly address?: string;
  /** For how long a client stays with its target; undefined: connections are spread. */
  readonly affinitySeconds?: number;
  /** Where a target tells by HTTP whether it has pods of the service (`externalTrafficPolicy: Local`); undefined: every node leads to all of them. */
  readonly healthCheck?: { readonly port: number; readonly path: string };
  /** The service's; each provider knows its own. */
  readonly annotations: Readonly<Record<string, string>>;
  /** `spec.loadBalancerClass`, one of the provider's; undefined when the service names none. */
  readonly class?: string;
  /** What was answered last time, so that addresses stay what they were; empty for a new one. */
  readonly ingress: readonly LoadBalancerIngress[];
}

/** Where a load balancer takes traffic: an address or a name. */
export interface LoadBalancerIngress {
  readonly ip?: string;
  readonly hostname?: string;
  /** `Proxy` when nodes see the load balancer's packets with their own address as destination (KEP-1860); `VIP` by default. */
  readonly ipMode?: 'VIP' | 'Proxy';
}

export interface LoadBalancer {
  /** Empty as long as it is being made: the caller comes back. */
  readonly ingress: readonly LoadBalancerIngress[];
  /** What of the request is not fulfilled though the rest works, such as an annotation that is not known. */
  readonly warnings: readonly string[];
}

/**
 * What a platform implements so that Services of type LoadBalancer are reached from outside. Kit: `test/conformance/load-balancers.ts`.
 *
 * Laws:
 * - Every call may be repeated after any answer, or none. Calls for one owner are never made at the same time.
 * - `ensure` brings everything to what the request says, also what was changed behind its back, and makes nothing twice. It writes the owner on what
 *   it makes *before or while* making it. A request without targets is fulfilled too: targets come later.
 * - `updateTargets` changes targets only, of what `ensure` has made; `NotFound` when there is nothing, upon which the caller ensures.
 * - `delete` removes everything that carries the owner, whatever is missing of it already, and resolves only when nothing is left. It touches nothing that
 *   carries another owner or none. Nothing there is success.
 * - `ensure` that fails with `Invalid` or `Exhausted` may leave parts that `delete` finds.
 * - When the signal aborts, the call ends soon, rejecting with the signal's reason.
 */
export interface LoadBalancers {
  /** The provider's name, which is kept on the service: `local`, `aws`, ... */
  readonly provider: string;
  /** Values of `spec.loadBalancerClass` that it answers to. Services without a class go to the first provider of the process. */
  readonly classes: readonly string[];
  ensure(request: LoadBalancerRequest, signal: AbortSignal): Promise<LoadBalancer>;
  updateTargets(request: LoadBalancerRequest, signal: AbortSignal): Promise<void>;
  delete(owner: LoadBalancerOwner, signal: AbortSignal): Promise<void>;
}
export const LoadBalancers = token<LoadBalancers>('LoadBalancers');

/** Can only send traffic to nodes of its own platform, which it knows by the beginning of their provider id: `aws://`. */
export interface OwnTargetsOnly {
  readonly targetPrefix: string;
}
export const hasOwnTargetsOnly = (balancers: LoadBalancers): balancers is LoadBalancers & OwnTargetsOnly => 'targetPrefix' in balancers;

/** What a provider wants to know of one service beyond what everybody is told. */
export interface LoadBalancerDetails {
  /** It sends traffic to pods themselves, past node ports. */
  readonly endpoints: boolean;
  /** Keys of node labels. */
  readonly nodeLabels: readonly string[];
}

/** Some services need more than their nodes' addresses. Never throws: what is wrong with a service is `ensure`'s to say. */
export interface WantsDetails {
  details(service: Pick<LoadBalancerRequest, 'annotations' | 'class'>): LoadBalancerDetails;
}
export const wantsDetails = (balancers: LoadBalancers): balancers is LoadBalancers & WantsDetails => 'details' in balancers;

/** Tells of everybody in this cluster for whom anything is there, so that what nobody wants any more is found; never of another cluster's. */
export interface LoadBalancerSurvey {
  owners(signal: AbortSignal): Promise<readonly LoadBalancerOwner[]>;
}
export const canSurvey = (balancers: LoadBalancers): balancers is LoadBalancers & LoadBalancerSurvey => 'owners' in balancers;

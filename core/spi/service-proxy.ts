import type { IpFamily } from '#core/api/ip.ts';
import { token } from '#core/kernel/token.ts';

export type ServiceProtocol = 'TCP' | 'UDP' | 'SCTP';

/** One address and port behind a service. */
export interface ProxyEndpoint {
  /** Canonical; never of a loopback, link-local, multicast or unspecified range. */
  readonly address: string;
  readonly port: number;
  /** Whether its pod is on this node. Unknown for endpoints that name no node. */
  readonly place: 'here' | 'elsewhere' | 'unknown';
}

/** One port of a service in one IP family, with the endpoints that this node is to use. All addresses are canonical and of `family`. */
export interface ProxyPort {
  /** `namespace/name:port/PROTOCOL/family`; unique in a state. */
  readonly key: string;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly family: IpFamily;
  readonly protocol: ServiceProtocol;
  readonly port: number;
  readonly clusterIP: string;
  readonly nodePort?: number;
  /** Addresses of the load balancer whose packets arrive with it as destination. */
  readonly loadBalancerIPs: readonly string[];
  /** As the service's author wrote them. Anybody who may make a service can claim any address so: a proxy ignores them unless told otherwise. */
  readonly externalIPs: readonly string[];
  /** Clients that may use `loadBalancerIPs`, as canonical ranges. Undefined: everybody; empty: nobody. */
  readonly sourceRanges?: readonly string[];
  /** Seconds for which a client stays with its endpoint after its last connection. Undefined: no affinity. */
  readonly affinitySeconds?: number;
  /** `internalTrafficPolicy: Local`: traffic to `clusterIP` stays on the node. */
  readonly internalLocal: boolean;
  /** `externalTrafficPolicy: Local`: traffic from outside stays on the node that took it, and keeps the client's address. */
  readonly externalLocal: boolean;
  /** A port of this node on which something else tells load balancers whether it has endpoints: to be let in. */
  readonly healthCheckNodePort?: number;
  /** For traffic that may go anywhere, as topology hints and terminating pods allow. */
  readonly endpoints: readonly ProxyEndpoint[];
  /** For traffic that stays on the node; none when no policy asks for it. */
  readonly localEndpoints: readonly ProxyEndpoint[];
  /** Whether some node has a usable endpoint. Without one, clients are refused; with one elsewhere only, traffic that stays here is dropped. */
  readonly hasEndpoints: boolean;
}

/** What the services of the cluster mean on this node. */
export interface ProxyState {
  /** By key. */
  readonly ports: ReadonlyMap<string, ProxyPort>;
  /** From where cluster IPs are given out, when known. A port's `clusterIP` may still be outside. */
  readonly serviceCidrs: readonly string[];
  /** Addresses of pods. Traffic to a cluster IP from elsewhere is masqueraded; nothing is when empty. */
  readonly clusterCidrs: readonly string[];
}

export interface ProxyProblem {
  /** Key of the port that does not work, or not fully; undefined when it concerns all. */
  readonly port?: string;
  readonly message: string;
}

export interface ProxyReport {
  /** All there are at present, not only new ones. */
  readonly problems: readonly ProxyProblem[];
  /** How many things of ours somebody else had changed, and were put right by this call. */
  readonly repaired: number;
}

/**
 * Forwards what is sent to services, on one node. Kit: `test/conformance/service-proxy.ts`.
 *
 * Laws:
 * - `sync` brings the node to what the state says, and resolves when new connections go there. It is idempotent.
 * - `changed` names the keys of `ports` that may differ from the last state for which `sync` resolved, those that are gone included; everything else is
 *   the same. Undefined: nothing is known; what the node really has is read, compared, and put right.
 * - A port that cannot be served is a problem in the report and harms no other port. `sync` rejects when nothing is known to be right
 *   any more; the next call then has `changed` undefined.
 * - The caller waits for one call before the next.
 * - Established connections to endpoints that stay in the state, or that are only terminating, live on; also over a restart of the process.
 *   What is remembered of UDP clients of endpoints that are gone is forgotten within a second.
 * - `status` rejects while the proxy cannot work on this machine, with what it lacks.
 * - `remove` takes away everything of this kind of proxy on the node, also what an earlier process left, and nothing of anybody else's.
 *   It resolves when nothing is there.
 * @throws {ProviderError} `Unavailable` when trying again may help, `Invalid` when this machine cannot do it
 */
export interface ServiceProxy {
  /** `iptables`, `userspace`, ... */
  readonly name: string;
  sync(state: ProxyState, changed: ReadonlySet<string> | undefined, signal: AbortSignal): Promise<ProxyReport>;
  status(signal: AbortSignal): Promise<void>;
  remove(signal: AbortSignal): Promise<void>;
}
export const ServiceProxy = token<ServiceProxy>('ServiceProxy');

/** A proxy that can tell cheaply, much more so than by a full `sync`, whether somebody has wiped away what it set up. */
export interface Tripwire {
  intact(signal: AbortSignal): Promise<boolean>;
}
export const hasTripwire = (proxy: ServiceProxy): proxy is ServiceProxy & Tripwire => 'intact' in proxy;

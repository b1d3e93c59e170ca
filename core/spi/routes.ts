import { token } from '#core/kernel/token.ts';

/** The node to which packets for its pods are sent. */
export interface RouteTarget {
  readonly node: string;
  readonly uid: string;
  /** Begins with the provider's prefix. */
  readonly providerId: string;
  /** The node's internal addresses, canonical, in the node's order. */
  readonly addresses: readonly string[];
}

export interface RouteRequest {
  /** The node's UID, and `-6` behind it for IPv6: the same for the whole life of the node, at most 38 characters of `[a-z0-9-]`. */
  readonly name: string;
  readonly target: RouteTarget;
  /** Where packets go, as a canonical CIDR. */
  readonly destination: string;
}

/** A route as the platform has it. */
export interface Route {
  /** The provider's handle. */
  readonly id: string;
  /** A canonical CIDR. */
  readonly destination: string;
  /** The instance to which it leads; '' when that is gone, or it leads nowhere. */
  readonly providerId: string;
  /** The node that is written on it; '' where the platform has no room for that. */
  readonly node: string;
  /** Packets are dropped: its target is stopped, or is no more. */
  readonly isBlackhole: boolean;
}

/**
 * What a platform implements that sends packets to pods by routes of its own. Kit: `test/conformance/routes.ts`.
 *
 * Laws:
 * - Every call may be repeated after any answer, or none. Calls for one destination are never made at the same time; others are.
 * - `list` tells every route of the cluster, blackholes too, and none else: by the mark that `create` writes on it, or, where a route has no room
 *   for that, because it is in the cluster's own table and leads, or led, to an instance. Half a list is a failure.
 * - `create` writes the cluster and the node on what it makes *before or while* making it. A route to this destination that leads to this target already is
 *   the answer. Any other is `AlreadyExists`, also one of the cluster: whoever asks deletes that first. No room is `Exhausted`.
 * - It makes the platform let the target's instance take packets that are not for itself.
 * - `delete` resolves when the route is not there, and touches none that `list` would not tell.
 * - When the signal aborts, the call ends soon, rejecting with the signal's reason.
 */
export interface Routes {
  /** The provider's name. */
  readonly provider: string;
  /** With which the ids of all its instances begin: nodes of others get no routes here. */
  readonly providerIdPrefix: string;
  list(signal: AbortSignal): Promise<readonly Route[]>;
  create(request: RouteRequest, signal: AbortSignal): Promise<Route>;
  delete(route: Route, signal: AbortSignal): Promise<void>;
}
export const Routes = token<Routes>('Routes');

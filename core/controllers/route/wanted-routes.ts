import { canonicalIp, Cidr, parseIp } from '#core/api/ip.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Route, RouteRequest, RouteTarget } from '#core/spi/routes.ts';

/** One route for each of the node's ranges, of which the first of each family counts. */
export function requestsOf(node: Node): readonly RouteRequest[] {
  const { podCIDRs = [], podCIDR = '' } = node.spec;
  const ranges = (podCIDRs.length > 0 ? podCIDRs : [podCIDR]).map((text) => Cidr.parse(text)).filter((range) => range !== undefined);
  const target = targetOf(node);
  return ranges.filter(({ family }, i) => ranges.findIndex((range) => range.family === family) === i)
    .map((range): RouteRequest => ({ name: range.family === 'IPv4' ? target.uid : `${target.uid}-6`, target, destination: range.toString() }));
}

function targetOf({ metadata: { name, uid }, spec: { providerID = '' }, status: { addresses = [] } }: Node): RouteTarget {
  const internal = addresses.filter(({ type, address }) => type === 'InternalIP' && parseIp(address) !== undefined);
  return { node: name, uid, providerId: providerID, addresses: internal.map(({ address }) => canonicalIp(address)) };
}

/** Whether a node is the same to routes. */
export const isSameToRoutes = (a: Node, b: Node): boolean => JSON.stringify(requestsOf(a)) === JSON.stringify(requestsOf(b));

/** All of the range is in one of these. */
export function isWithin(destination: string, ranges: readonly Cidr[]): boolean {
  const range = Cidr.parse(destination);
  return range !== undefined && ranges.some((one) => one.containsRange(range));
}

/** It leads there already. */
export const fulfills = ({ destination, providerId, isBlackhole }: Route, request: RouteRequest): boolean =>
  destination === request.destination && providerId === request.target.providerId && !isBlackhole;

/** What is to be done about one destination, in this order. */
export interface Step {
  readonly destination: string;
  readonly remove: readonly Route[];
  /** Of the first node that wants it: while ranges are moved, two may. */
  readonly create: RouteRequest | undefined;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Routes that no node wants. They may go when that is certain. */
  readonly orphans: readonly Route[];
}

/** Compares what nodes want with what there is. Routes outside of the cluster's ranges are nobody's business. */
export function planOf(wanted: readonly RouteRequest[], routes: readonly Route[], clusterRanges: readonly Cidr[]): Plan {
  const ours = routes.filter(({ destination }) => isWithin(destination, clusterRanges));
  const requests = new Map<string, RouteRequest>();
  for (const request of wanted) if (!requests.has(request.destination)) requests.set(request.destination, request);
  const there = Map.groupBy(ours, ({ destination }) => destination);
  const steps = [...requests].flatMap(([destination, request]): Step[] => {
    const known = there.get(destination) ?? [];
    const good = known.find((route) => fulfills(route, request));
    const remove = known.filter((route) => route !== good);
    return good !== undefined && remove.length === 0 ? [] : [{ destination, remove, create: good === undefined ? request : undefined }];
  });
  return { steps, orphans: ours.filter(({ destination }) => !requests.has(destination)) };
}

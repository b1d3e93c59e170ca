import type { KnownEndpoint } from './known-endpoints.ts';

/** Where this node is. */
export interface NodePlace {
  readonly nodeName: string;
  /** Of its label `topology.kubernetes.io/zone`. */
  readonly zone: string | undefined;
}

/** What kinds of traffic a port takes. */
export interface Policies {
  /** Some of its traffic may go to any node. */
  readonly cluster: boolean;
  /** Some of its traffic stays on the node. */
  readonly local: boolean;
}

export interface ChosenEndpoints {
  readonly cluster: readonly KnownEndpoint[];
  readonly local: readonly KnownEndpoint[];
  /** Whether any node has a usable one. */
  readonly any: boolean;
}

const isUsable = ({ ready }: KnownEndpoint): boolean => ready;
/** KEP-1669: a pod that is on its way out but still answers is better than nothing. */
const isLastResort = ({ ready, serving, terminating }: KnownEndpoint): boolean => !ready && serving && terminating;

/** Which endpoints this node uses, as kube-proxy chooses them (KEP-1669 terminating endpoints, KEP-2433 and KEP-3015 hints, KEP-2086 local traffic). */
export function chooseEndpoints(endpoints: readonly KnownEndpoint[], policies: Policies, place: NodePlace): ChosenEndpoints {
  const ready = endpoints.filter(isUsable);
  const lastResort = endpoints.filter(isLastResort);
  const isHere = ({ nodeName }: KnownEndpoint): boolean => nodeName === place.nodeName;
  const readyHere = ready.filter(isHere);
  return {
    cluster: !policies.cluster ? [] : ready.length > 0 ? preferred(ready, place) : lastResort,
    local: !policies.local ? [] : readyHere.length > 0 ? readyHere : lastResort.filter(isHere),
    any: ready.length > 0 || lastResort.length > 0,
  };
}

/** Hints hold only if all endpoints have them and one of them is for this node or zone: otherwise they are stale, or would leave clients without any. */
function preferred(ready: readonly KnownEndpoint[], { nodeName, zone }: NodePlace): readonly KnownEndpoint[] {
  const forNode = hinted(ready, ({ nodes }) => nodes, nodeName);
  if (forNode.length > 0) return forNode;
  const forZone = zone === undefined ? [] : hinted(ready, ({ zones }) => zones, zone);
  return forZone.length > 0 ? forZone : ready;
}

const hinted = (ready: readonly KnownEndpoint[], hint: (endpoint: KnownEndpoint) => readonly string[] | undefined, name: string): readonly KnownEndpoint[] =>
  (ready.every((endpoint) => hint(endpoint) !== undefined) ? ready.filter((endpoint) => hint(endpoint)?.includes(name)) : []);

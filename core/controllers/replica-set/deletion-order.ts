import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isActive, readySince } from './active-pod.ts';

/** A number, -2147483648 to 2147483647: pods with a lower one go first. */
export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

const phases = new Map([['Pending', 0], ['Unknown', 1], ['Running', 2]]);

interface Candidate {
  readonly pod: Pod;
  readonly isAssigned: boolean;
  readonly phase: number;
  readonly readySince: number | undefined;
  readonly cost: number;
  /** Pods of the same owner's sets on its node. */
  readonly neighbours: number;
  readonly restarts: number;
  readonly sidecarRestarts: number;
  readonly created: number;
}

/**
 * The `count` pods whose loss matters least, as Kubernetes ranks them (KEP-2255, KEP-2185): those without a node, pending, not ready; then by cost,
 * by how many stand on one node, by youth, whose times count alike within a power of two, and by restarts.
 * @param related pods of all sets of the same owner, by which is told how many stand on one node
 * @param now milliseconds since the epoch
 */
export function podsToDelete(pods: readonly Pod[], related: readonly Pod[], count: number, now: number): readonly Pod[] {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const pod of related) if (isActive(pod)) onNode.set(pod.spec.nodeName ?? '', (onNode.get(pod.spec.nodeName ?? '') ?? 0) + 1);
  const candidates = pods.map((pod) => candidateOf(pod, onNode));
  return candidates.toSorted((a, b) => inOrder(a, b, now)).slice(0, count).map(({ pod }) => pod);
}

function candidateOf(pod: Pod, onNode: ReadonlyMap<string, number>): Candidate {
  const { metadata, spec: { nodeName = '', initContainers = [] }, status } = pod;
  const sidecars = new Set(initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name));
  return {
    pod, isAssigned: nodeName !== '', phase: phases.get(status.phase ?? '') ?? 0, readySince: readySince(pod),
    cost: costOf(metadata.annotations?.[deletionCostAnnotation]), neighbours: onNode.get(nodeName) ?? 0,
    restarts: most(status.containerStatuses), sidecarRestarts: most(status.initContainerStatuses?.filter(({ name }) => sidecars.has(name))),
    created: Date.parse(metadata.creationTimestamp ?? ''),
  };
}

function inOrder(a: Candidate, b: Candidate, now: number): number {
  return Number(a.isAssigned) - Number(b.isAssigned) || a.phase - b.phase || Number(a.readySince !== undefined) - Number(b.readySince !== undefined) ||
    a.cost - b.cost || b.neighbours - a.neighbours || byYouth(a, b, a.readySince, b.readySince, now) ||
    b.restarts - a.restarts || b.sidecarRestarts - a.sidecarRestarts || byYouth(a, b, a.created, b.created, now);
}

/** Within one power of two chance decides, which UIDs are: else the youngest would always go, and with them a whole failure domain. */
function byYouth(a: Candidate, b: Candidate, since: number | undefined, other: number | undefined, now: number): number {
  if (since === undefined || other === undefined || since === other) return 0;
  if (since === 0 || other === 0) return since - other;
  return powerOf(now - since) - powerOf(now - other) || (a.pod.metadata.uid < b.pod.metadata.uid ? -1 : 1);
}

/** In nanoseconds, as Kubernetes counts. */
const powerOf = (ageMs: number): number => (ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1);

const most = (statuses: readonly { readonly restartCount: number }[] | undefined): number => Math.max(0, ...(statuses ?? []).map(({ restartCount }) => restartCount));

/** What is not a number of 32 bits counts as 0, as does a number with a plus or leading zeros. */
function costOf(text: string | undefined): number {
  if (text === undefined || !/^(?:0|-?[1-9]\d{0,9})$/.test(text)) return 0;
  const cost = Number(text);
  return cost === (cost | 0) ? cost : 0;
}

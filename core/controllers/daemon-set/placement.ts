import type { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isPodReady } from '#core/controllers/nodes/conditions.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';
import { allowsSurge } from './pace.ts';
import type { Steps, Survey } from './survey.ts';

/** Decides whether a pod that has ended is to be deleted now, and tells people of it. */
export type MayReplace = (set: DaemonSet, pod: Pod, node: string) => boolean;

/** What brings a pod onto each node that should have one, and takes it from the others; whatever template the pods have. */
export function placement(survey: Survey, mayReplace: MayReplace): Steps {
  const steps = { create: [] as string[], delete: [] as Pod[] };
  for (const [node, verdict] of survey.verdicts) {
    const pods = survey.podsByNode.get(node);
    if (verdict === 'leave') steps.delete.push(...(pods ?? []).filter((pod) => !isDeleting(pod)));
    else if (pods !== undefined) keepOne(survey, node, mayReplace, steps);
    else if (verdict === 'run') steps.create.push(node);
  }
  // Nobody else deletes a pod that waits for a node that is gone.
  for (const [node, pods] of survey.podsByNode) {
    if (!survey.verdicts.has(node)) steps.delete.push(...pods.filter((pod) => !pod.spec.nodeName && !isDeleting(pod)));
  }
  return steps;
}

function keepOne(survey: Survey, node: string, mayReplace: MayReplace, steps: { create: string[]; delete: Pod[] }): void {
  const staying = (survey.podsByNode.get(node) ?? []).filter((pod) => !isDeleting(pod));
  const running = staying.filter((pod) => !isTerminated(pod));
  steps.delete.push(...staying.filter((pod) => isTerminated(pod) && mayReplace(survey.set, pod, node)));
  if (!allowsSurge(survey.set)) {
    steps.delete.push(...running.slice(1));
    return;
  }
  if (running.length === 0 && survey.verdicts.get(node) === 'run') steps.create.push(node);
  if (running.length > 1) steps.delete.push(...surplusOf(survey, running));
}

/** Two pods may be on a node as long as the old one is ready and the new one is not available yet. */
function surplusOf(survey: Survey, running: readonly Pod[]): Pod[] {
  const fresh = running.find((pod) => survey.isUpdated(pod));
  const old = running.find((pod) => !survey.isUpdated(pod));
  const surplus = running.filter((pod) => pod !== fresh && pod !== old);
  if (fresh !== undefined && old !== undefined && (!isPodReady(old) || survey.isAvailable(fresh))) surplus.push(old);
  return surplus;
}

import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { paceOf } from './pace.ts';
import type { Steps, Survey } from './survey.ts';

/** What is on a node besides pods that are on their way out. */
interface NodePods {
  readonly node: string;
  readonly fresh: Pod | undefined;
  readonly old: Pod | undefined;
  /** More than one of a template: that is put right first. */
  readonly isCrowded: boolean;
}

/** What brings the set nearer to its present template; to be taken once nothing is left to place. */
export function rollingUpdate(survey: Survey): Steps {
  const { desired } = survey;
  const { maxSurge, maxUnavailable } = paceOf(survey.set, desired);
  return maxSurge === 0 ? { create: [], delete: replaced(survey, maxUnavailable) } : surged(survey, maxSurge, desired);
}

function nodePods(survey: Survey): NodePods[] {
  const wanted = [...survey.verdicts].filter(([, verdict]) => verdict === 'run').map(([node]) => node);
  return [...new Set([...survey.podsByNode.keys(), ...wanted])].map((node) => {
    const pods = (survey.podsByNode.get(node) ?? []).filter((pod) => !isDeleting(pod));
    const { fresh = [], old = [] } = Object.groupBy(pods, (pod) => (survey.isUpdated(pod) ? 'fresh' : 'old'));
    return { node, fresh: fresh[0], old: old[0], isCrowded: fresh.length > 1 || old.length > 1 };
  });
}

/**
 * Old pods that may go now. Those that are not available go at any rate: nothing is lost with them, and a template that does not work can
 * be replaced. Pods on their way out are not counted, so that nodes that are down do not hold the update up.
 */
function replaced(survey: Survey, maxUnavailable: number): Pod[] {
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { fresh, old, isCrowded } of nodePods(survey)) {
    if (isCrowded || (fresh === undefined) === (old === undefined)) unavailable++;
    else if (old === undefined) unavailable += survey.isAvailable(fresh) ? 0 : 1;
    else if (survey.isAvailable(old)) candidates.push(old);
    else {
      broken.push(old);
      unavailable++;
    }
  }
  return [...broken, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))];
}

/** New pods come beside old ones, and old ones go when the new ones are available. */
function surged(survey: Survey, maxSurge: number, desired: number): Steps {
  const steps = { create: [] as string[], delete: [] as Pod[] };
  const candidates: string[] = [];
  const misplaced: Pod[] = [];
  let surges = 0;
  let available = 0;
  for (const { node, fresh, old, isCrowded } of nodePods(survey)) {
    if (isCrowded) {
      surges++;
      continue;
    }
    if (survey.isAvailable(old ?? fresh)) available++;
    if (old === undefined) continue;
    const isAvailable = survey.isAvailable(old);
    if (fresh !== undefined) {
      if (survey.isAvailable(fresh)) steps.delete.push(old);
      else surges++;
    } else if (survey.verdicts.get(node) === 'run') (isAvailable ? candidates : steps.create).push(node);
    else (isAvailable ? misplaced : steps.delete).push(old);
  }
  steps.create.push(...candidates.slice(0, Math.max(0, maxSurge - surges)));
  // Where the pod should not be any more it stays until enough others stand in for it.
  steps.delete.push(...misplaced.slice(0, Math.max(0, available - desired)));
  return steps;
}

import type { DaemonSetStatus } from '#core/api/schema/apps-v1/daemon-set.ts';
import { isPodReady } from '#core/controllers/nodes/conditions.ts';
import { availableAt } from '#core/controllers/replica-set/active-pod.ts';
import type { Survey } from './survey.ts';

/** What the set's status should say; `observes`: the generation has been acted on. */
export function statusOf(survey: Survey, observes: boolean): DaemonSetStatus {
  const { set: { metadata: { generation }, status }, verdicts, podsByNode } = survey;
  const on = (wanted: boolean) => [...verdicts].flatMap(([node, verdict]) => ((verdict === 'run') === wanted ? podsByNode.get(node)?.[0] ?? [] : []));
  const placed = on(true);
  const desired = survey.desired;
  const available = placed.filter((pod) => survey.isAvailable(pod)).length;
  return {
    ...status,
    currentNumberScheduled: placed.length,
    numberMisscheduled: on(false).length,
    desiredNumberScheduled: desired,
    numberReady: placed.filter(isPodReady).length,
    updatedNumberScheduled: placed.filter((pod) => survey.isUpdated(pod)).length,
    numberAvailable: available,
    numberUnavailable: desired - available,
    ...(observes && generation !== undefined ? { observedGeneration: generation } : {}),
  };
}

const counts = [
  'currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable',
  'observedGeneration',
] as const;

/** Numbers that are not there are zero. */
export const isSameStatus = (a: DaemonSetStatus, b: DaemonSetStatus): boolean => counts.every((name) => (a[name] ?? 0) === (b[name] ?? 0));

/** Milliseconds until the next of the pods becomes available; undefined when none will by time alone. */
export function untilAvailable({ set: { spec: { minReadySeconds = 0 } }, podsByNode, now }: Survey): number | undefined {
  const waits = [...podsByNode.values()].flat().map((pod) => (availableAt(pod, minReadySeconds) ?? now) - now).filter((ms) => ms > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

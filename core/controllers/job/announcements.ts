import type { Job } from '#core/api/schema/batch-v1/job.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { conditionOf, endOf } from './conditions.ts';

/** Events for what a step of the Job has brought about. */
export function announce(recorder: EventRecorder, before: Job, after: Job): void {
  announceSuspension(recorder, before, after);
  const end = endOf(after);
  if (end?.type === 'Failed') recorder.warning(after, end.reason ?? '', end.message ?? '');
  if (end?.type !== 'Complete') return;
  if ((after.status.succeeded ?? 0) > (after.spec.completions ?? Infinity)) recorder.warning(after, 'TooManySucceededPods', 'Too many succeeded pods running after completion count reached');
  recorder.normal(after, 'Completed', 'Job completed');
}

function announceSuspension(recorder: EventRecorder, before: Job, after: Job): void {
  const status = ({ status: of }: Job): string => conditionOf(of, 'Suspended')?.status ?? 'False';
  if (status(before) === status(after)) return;
  if (status(after) === 'True') recorder.normal(after, 'Suspended', 'Job suspended');
  else recorder.normal(after, 'Resumed', 'Job resumed');
}

import type { CronJob } from '#core/api/schema/batch-v1/cron-job.ts';
import type { Job } from '#core/api/schema/batch-v1/job.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { endOf } from '#core/controllers/job/conditions.ts';

type Status = CronJob['status'];

/** By which a CronJob's status names a Job. */
export const referenceTo = ({ metadata: { namespace = '', name, uid, resourceVersion } }: Job): NonNullable<Status['active']>[number] =>
  ({ apiVersion: 'batch/v1', kind: 'Job', namespace, name, uid, resourceVersion });

export function setActive(status: Status, active: NonNullable<Status['active']>): void {
  if (active.length === 0) delete status.active;
  else status.active = active;
}

/** Takes Jobs that have ended from the list of those that run, and writes down when one last succeeded. */
export function noteEnded(recorder: EventRecorder, cronJob: CronJob, status: Status, jobs: readonly Job[]): void {
  const listed = new Set(status.active?.map(({ uid }) => uid));
  for (const job of jobs) {
    const { name, uid } = job.metadata;
    const end = endOf(job);
    if (end === undefined) {
      if (!listed.has(uid)) recorder.warning(cronJob, 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${name}`);
      continue;
    }
    if (listed.has(uid)) recorder.normal(cronJob, 'SawCompletedJob', `Saw completed job: ${name}, condition: ${end.type}`);
    setActive(status, (status.active ?? []).filter((reference) => reference.uid !== uid));
    const { completionTime } = job.status;
    if (completionTime !== undefined && (status.lastSuccessfulTime ?? '') < completionTime) status.lastSuccessfulTime = completionTime;
  }
}

/** Jobs that have ended and are too many to be kept: the oldest of those that succeeded, and of those that failed. */
export function surplusOf({ spec: { successfulJobsHistoryLimit, failedJobsHistoryLimit } }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const oldest = (type: string, limit: number | undefined): Job[] => {
    const ended = jobs.filter((job) => endOf(job)?.type === type).toSorted((a, b) => ageOrder(a, b));
    return limit === undefined ? [] : ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...oldest('Complete', successfulJobsHistoryLimit), ...oldest('Failed', failedJobsHistoryLimit)];
}

function ageOrder(a: Job, b: Job): number {
  const key = ({ metadata: { name }, status: { startTime = '~' } }: Job): string => `${startTime} ${name}`;
  return key(a) < key(b) ? -1 : 1;
}

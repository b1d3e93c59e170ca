import { controllerReference } from '#core/api/controller-reference.ts';
import { CronJob } from '#core/api/schema/batch-v1/cron-job.ts';
import type { Job } from '#core/api/schema/batch-v1/job.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { wallTime } from '#core/api/time-zone.ts';
import { rfc3339 } from '#core/kernel/clock.ts';

/** On a Job: for which time it was made. */
export const scheduledTimestampAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

const minute = 60_000;

/** The name tells the time in minutes since the epoch: no time has two Jobs. */
export const jobNameOf = ({ metadata }: CronJob, at: number): string => `${metadata.name}-${Math.floor(at / minute)}`;

/** The Job for one time, in milliseconds since the epoch. */
export function jobOf(cronJob: CronJob, at: number, zone: string): Draft<Job> {
  const { metadata: { labels, annotations, finalizers }, spec } = cronJob.spec.jobTemplate;
  return {
    metadata: {
      namespace: cronJob.metadata.namespace, name: jobNameOf(cronJob, at),
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      annotations: { ...annotations, [scheduledTimestampAnnotation]: inZone(at, zone) },
      ownerReferences: [controllerReference(CronJob, cronJob)],
    },
    spec,
  };
}

/** RFC 3339 with the zone's offset. */
function inZone(at: number, zone: string): string {
  const minutes = Math.round((wallTime(at, zone).getTime() - at) / minute);
  if (minutes === 0) return rfc3339(at);
  const digits = (value: number): string => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${rfc3339(at + minutes * minute).slice(0, -1)}${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}:${digits(size % 60)}`;
}

import type { Schedule } from '#core/api/cron.ts';
import { parseSchedule } from '#core/api/cron.ts';
import type { CronJob } from '#core/api/schema/batch-v1/cron-job.ts';

const second = 1000;

/** Times in milliseconds since the epoch. */
export interface DueTimes {
  /** The latest one that has come and was not served; undefined when there is none. */
  readonly due: number | undefined;
  /** The next after now; undefined when none ever comes. */
  readonly next: number | undefined;
  /** About how many have come since the last one that was served. */
  readonly missed: number;
}

/** @param zone IANA name. @throws {RangeError} when schedule or zone cannot be understood */
export function dueTimes({ metadata, spec, status }: CronJob, zone: string, now: number): DueTimes {
  const schedule = parseSchedule(spec.schedule);
  const served = Date.parse(status.lastScheduleTime ?? metadata.creationTimestamp);
  const deadline = spec.startingDeadlineSeconds === undefined ? -Infinity : now - Number(spec.startingDeadlineSeconds) * second;
  const since = Math.max(served, deadline);
  const first = schedule.next(since, zone);
  if (first === undefined || first > now) return { due: undefined, next: first, missed: 0 };
  const following = schedule.next(first, zone);
  if (following === undefined || following > now) return { due: first, next: following, missed: 1 };
  const distance = following - first;
  const due = isEven(schedule, first, following, zone) ? first + Math.floor((now - first) / distance) * distance : latest(schedule, first, now, zone);
  return { due, next: schedule.next(due, zone), missed: Math.floor((now - first) / distance) + 1 };
}

/** `@every` counts from the time before, not by the clock. */
const isEven = (schedule: Schedule, first: number, following: number, zone: string): boolean => schedule.next(first + second, zone) === following + second;

/** The last time up to now, found by halving: there may have been millions. @param first one of them */
function latest(schedule: Schedule, first: number, now: number, zone: string): number {
  const after = (at: number): number => schedule.next(at, zone) ?? Infinity;
  let [low, high] = [first - second, now];
  while (high - low >= 2 * second) {
    const middle = low + Math.floor((high - low) / 2 / second) * second;
    if (after(middle) <= now) low = middle;
    else high = middle;
  }
  return after(low);
}

import { member, type Overload } from '#core/api/cel/function.ts';
import { clockIn, type Clock } from '#core/api/cel/time-zone.ts';
import type { Duration, Timestamp } from '#core/api/cel/time.ts';
import { duration, int, string, timestamp } from '#core/api/cel/types.ts';
import { Failure, normalInt } from '#core/api/cel/values.ts';

/** Without a zone, times are told in UTC. */
function inZone(name: string, tell: (clock: Clock, time: Timestamp) => number): Overload[] {
  const told = (time: Timestamp, zone: string): number | Failure => {
    const clock = clockIn(time, zone);
    return clock instanceof Failure ? clock : tell(clock, time);
  };
  return [member(name, [timestamp], int, (time: Timestamp) => told(time, 'UTC')), member(name, [timestamp, string], int, told)];
}

const whole = (name: string, nanos: bigint): Overload => member(name, [duration], int, (span: Duration) => normalInt(span.nanos / nanos));

export const times: readonly Overload[] = [
  ...inZone('getFullYear', (clock) => clock.year),
  ...inZone('getMonth', (clock) => clock.month),
  ...inZone('getDayOfYear', (clock) => clock.dayOfYear),
  ...inZone('getDayOfMonth', (clock) => clock.day - 1),
  ...inZone('getDate', (clock) => clock.day),
  ...inZone('getDayOfWeek', (clock) => clock.weekday),
  ...inZone('getHours', (clock) => clock.hour),
  ...inZone('getMinutes', (clock) => clock.minute),
  ...inZone('getSeconds', (clock) => clock.second),
  ...inZone('getMilliseconds', (_, time) => Math.floor(time.nanos / 1_000_000)),
  whole('getHours', 3_600_000_000_000n), whole('getMinutes', 60_000_000_000n), whole('getSeconds', 1_000_000_000n), whole('getMilliseconds', 1_000_000n),
];

/** Time zones by their IANA names, as far as schedules need them. */

const day = 86_400_000;

/** Milliseconds to add to UTC for the time on the wall. */
type Offset = (instant: number) => number;

const known = new Map<string, Offset>([['UTC', () => 0]]);

/** @throws {RangeError} when there is no such zone */
function offsetOf(zone: string): Offset {
  let offset = known.get(zone);
  if (offset === undefined) {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    offset = (instant) => {
      const [month = 1, date = 1, year = 0, hour = 0, minute = 0, second = 0] = format.format(instant).split(/\D+/).map(Number);
      return Date.UTC(year, month - 1, date, hour, minute, second) - Math.floor(instant / 1000) * 1000;
    };
    known.set(zone, offset);
  }
  return offset;
}

/** What a clock on the wall shows: its fields are those of the result in UTC. @throws {RangeError} when there is no such zone */
export const wallTime = (instant: number, zone: string): Date => new Date(instant + offsetOf(zone)(instant));

/**
 * The first instant at which the wall shows `wall` (as `Date.UTC` counts it), or the first one after a gap that swallows it.
 * @throws {RangeError} when there is no such zone
 */
export function instantOf(wall: number, zone: string): number {
  const offset = offsetOf(zone);
  // No zone changes its offset twice in two days, so one of these two is in force.
  const candidates = [wall - offset(wall - day), wall - offset(wall + day)];
  const exact = candidates.filter((instant) => instant + offset(instant) === wall);
  return exact.length === 0 ? Math.max(...candidates) : Math.min(...exact);
}

const part = /^(?!\.{1,2}$)(?!-)[A-Za-z._0-9+-]{1,14}$/;

/** What is wrong with a zone's name, in the API's wording. */
export function timeZoneProblem(zone: string): string | undefined {
  if (zone === '') return 'timeZone must be nil or non-empty string';
  const unknown = `unknown time zone ${zone.slice(0, 64)}`;
  if (!zone.split('/').every((each) => part.test(each))) return unknown;
  if (zone.toLowerCase() === 'local') return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  return isZone(zone) ? undefined : unknown;
}

/** Intl also takes offsets for zones, and names in any case; the database has neither. */
function isZone(zone: string): boolean {
  if (known.has(zone)) return true;
  if (!/^[A-Z]/.test(zone)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions();
    return timeZone === zone || timeZone.toLowerCase() !== zone.toLowerCase();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

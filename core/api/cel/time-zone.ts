import type { Timestamp } from './time.ts';
import { Failure } from './values.ts';

/** A timestamp's calendar and clock, somewhere. */
export interface Clock {
  readonly year: number;
  /** 0 … 11 */
  readonly month: number;
  /** 1 … 31 */
  readonly day: number;
  /** 0 … 365 */
  readonly dayOfYear: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const fixed = /^([+-]?)(\d{1,2}):(\d{2})$/;
const maxZones = 64;
const formats = new Map<string, Intl.DateTimeFormat>();

/** @param zone a name of the IANA database, or an offset such as `-08:00`. */
export function clockIn({ seconds }: Timestamp, zone: string): Clock | Failure {
  const offset = fixed.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return clockOf(seconds * 1000 + (offset[1] === '-' ? -minutes : minutes) * 60_000);
  }
  if (zone === 'UTC' || zone === '') return clockOf(seconds * 1000);
  const format = formatOf(zone);
  return format === undefined ? new Failure(`unknown time zone ${zone}`) : clockOf(localTime(format, seconds * 1000));
}

function clockOf(millis: number): Clock {
  const date = new Date(millis);
  const year = date.getUTCFullYear();
  const newYear = new Date(0);
  newYear.setUTCFullYear(year, 0, 1);
  return {
    year, month: date.getUTCMonth(), day: date.getUTCDate(), weekday: date.getUTCDay(),
    dayOfYear: Math.floor((millis - newYear.getTime()) / 86_400_000),
    hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds(),
  };
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(zone)) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, calendar: 'gregory', hourCycle: 'h23', era: 'short',
      year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    if (formats.size >= maxZones) formats.clear();
    formats.set(zone, format);
    return format;
  } catch {
    return undefined;
  }
}

/** The wall clock as if it were UTC. */
function localTime(format: Intl.DateTimeFormat, millis: number): number {
  const parts = new Map(format.formatToParts(millis).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const date = new Date(0);
  date.setUTCFullYear(parts.get('era') === 'BC' ? 1 - part('year') : part('year'), part('month') - 1, part('day'));
  date.setUTCHours(part('hour'), part('minute'), part('second'));
  return date.getTime();
}

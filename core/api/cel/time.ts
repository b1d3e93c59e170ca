import { Failure, maxInt, minInt, Ordered } from './values.ts';

const second = 1_000_000_000n;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970. */
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

const timestampOverflow = new Failure('timestamp overflow');
export const durationOverflow = new Failure('duration overflow');

/** A point in time, to the nanosecond. It remembers the offset with which it was written; equality does not care. */
export class Timestamp extends Ordered {
  readonly kind = 'timestamp';
  readonly seconds: number;
  /** 0 … 999,999,999 */
  readonly nanos: number;
  /** Minutes east of Greenwich. */
  readonly offset: number;

  constructor(seconds: number, nanos = 0, offset = 0) {
    super();
    this.seconds = seconds;
    this.nanos = nanos;
    this.offset = offset;
  }

  static of(seconds: number, nanos: number, offset: number): Timestamp | Failure {
    return seconds < firstSecond || seconds > lastSecond ? timestampOverflow : new Timestamp(seconds, nanos, offset);
  }

  compare(other: Timestamp): number {
    return this.seconds - other.seconds || this.nanos - other.nanos;
  }

  plus({ nanos }: Duration): Timestamp | Failure {
    const total = BigInt(this.nanos) + nanos;
    const rest = ((total % second) + second) % second;
    return Timestamp.of(this.seconds + Number((total - rest) / second), Number(rest), this.offset);
  }

  since(other: Timestamp): Duration | Failure {
    return Duration.of(BigInt(this.seconds - other.seconds) * second + BigInt(this.nanos - other.nanos));
  }

  /** RFC 3339, with as many digits as there are. */
  override toString(): string {
    const local = new Date((this.seconds + this.offset * 60) * 1000);
    const fraction = this.nanos === 0 ? '' : `.${String(this.nanos).padStart(9, '0').replace(/0+$/, '')}`;
    const [day = '', time = ''] = local.toISOString().split(/[T.]/);
    return `${day}T${time}${fraction}${offsetText(this.offset)}`;
  }
}

function offsetText(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** A span of time, within 64 bits of nanoseconds (292 years). */
export class Duration extends Ordered {
  readonly kind = 'duration';
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }

  static of(nanos: bigint): Duration | Failure {
    return nanos < minInt || nanos > maxInt ? durationOverflow : new Duration(nanos);
  }

  compare(other: Duration): number {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0;
  }

  /** Seconds, such as `90.5s`. */
  override toString(): string {
    const magnitude = this.nanos < 0n ? -this.nanos : this.nanos;
    const fraction = String(magnitude % second).padStart(9, '0').replace(/0+$/, '');
    return `${this.nanos < 0n ? '-' : ''}${magnitude / second}${fraction === '' ? '' : `.${fraction}`}s`;
  }
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;
const calendarDate = /^\d{4}-\d\d-\d\d$/;

/** RFC 3339. Undefined for anything else, days that the calendar lacks included. */
export function parseTimestamp(text: string): Timestamp | Failure | undefined {
  const match = text.length <= 64 ? rfc3339.exec(text) : null;
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, sec, fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match;
  const midnight = daySeconds(Number(year), Number(month), Number(day));
  const clock = clockSeconds(Number(hour), Number(minute), Number(sec));
  const offset = clockSeconds(Number(offsetHours), Number(offsetMinutes), 0);
  if (midnight === undefined || clock === undefined || offset === undefined) return undefined;
  const east = sign === '-' ? -offset : offset;
  return Timestamp.of(midnight + clock - east, Number(fraction.padEnd(9, '0').slice(0, 9)), east / 60);
}

/** Seconds from 1970 to the beginning of a day. Undefined for a day that the calendar lacks. */
function daySeconds(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / 1000 : undefined;
}

const clockSeconds = (hour: number, minute: number, sec: number): number | undefined =>
  (hour > 23 || minute > 59 || sec > 59 ? undefined : hour * 3600 + minute * 60 + sec);

/** A `date-time` or `date` of an object. */
export function timestampOfJson(text: string): Timestamp | Failure {
  const isDate = calendarDate.test(text);
  return parseTimestamp(isDate ? `${text}T00:00:00Z` : text.toUpperCase()) ??
    new Failure(isDate ? `Invalid date formatted string ${text}` : `Invalid date-time formatted string ${text}`);
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n, us: 1_000n, 'µs': 1_000n, 'μs': 1_000n, ms: 1_000_000n, s: second, m: 60n * second, h: 3600n * second,
};
const durationPart = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;

/** As Go writes durations: `1h30m`, `-1.5s`, `0`. Undefined for anything else, and for what 64 bits of nanoseconds cannot hold. */
export function parseDuration(text: string): Duration | undefined {
  if (text.length > 128) return undefined;
  const negative = text.startsWith('-');
  const magnitude = /^[+-]/.test(text) ? text.slice(1) : text;
  const nanos = magnitude === '0' ? 0n : nanosOf(magnitude);
  const duration = nanos === undefined ? undefined : Duration.of(negative ? -nanos : nanos);
  return duration instanceof Duration ? duration : undefined;
}

/** The sum of parts such as `1.5h`; undefined when there is anything else. */
function nanosOf(text: string): bigint | undefined {
  let total = 0n;
  let at = 0;
  do {
    durationPart.lastIndex = at;
    const [whole, digits = '', fraction = '', unit = ''] = durationPart.exec(text) ?? [''];
    if (digits + fraction === '') return undefined;
    const scale = units[unit] ?? 0n;
    total += BigInt(`0${digits}`) * scale + (BigInt(`0${fraction}`) * scale) / 10n ** BigInt(fraction.length);
    at += whole.length;
  } while (at < text.length);
  return total;
}

const longUnits: readonly (readonly [RegExp, bigint])[] = [
  [/^(?:ns|nano)s?$/, 1n], [/^(?:us|µs|micro)s?$/, 1_000n], [/^(?:ms|milli)s?$/, 1_000_000n], [/^(?:s|sec|second)s?$/, second],
  [/^(?:m|min|minute)s?$/, 60n * second], [/^(?:h|hr|hour)s?$/, 3600n * second], [/^(?:d|day)s?$/, 86_400n * second], [/^(?:w|wk|week)s?$/, 604_800n * second],
];

/** A `duration` of an object: as Go writes it, or `3 days`. */
export function durationOfJson(text: string): Duration | Failure {
  const plain = parseDuration(text);
  if (plain !== undefined) return plain;
  let total = 0n;
  let found = false;
  for (const [, digits = '', word = ''] of text.slice(0, 128).matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const unit = longUnits.find(([pattern]) => pattern.test(word));
    if (unit === undefined) return new Failure(`Invalid duration ${text}`);
    total += BigInt(digits) * unit[1];
    found = true;
  }
  return found ? Duration.of(total) : new Failure(`Invalid duration ${text}`);
}

import { instantOf, wallTime } from './time-zone.ts';

const second = 1000;
const minute = 60 * second;
/** A date that does not come within so many years never comes. */
const horizonYears = 5;

/** When something is to happen again. */
export interface Schedule {
  /**
   * The first moment after `after`, both in milliseconds since the epoch; undefined when none comes within five years.
   * Moments that a change of the clocks skips are left out, those that it repeats come twice.
   * @param zone IANA name
   * @throws {RangeError} when there is no such zone
   */
  next(after: number, zone?: string): number | undefined;
}

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const bounds: readonly Bounds[] = [
  { low: 0, high: 59 }, { low: 0, high: 23 }, { low: 1, high: 31 }, { low: 1, high: 12, names: months }, { low: 0, high: 6, names: days },
];

const descriptors: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'], ['@annually', '0 0 1 1 *'], ['@monthly', '0 0 1 * *'], ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'], ['@midnight', '0 0 * * *'], ['@hourly', '0 * * * *'],
]);

/** The values of one field that a schedule names, in ascending order. */
interface Field {
  readonly values: readonly number[];
  /** Written as a star: the day of the month and of the week then do not stand for one another. */
  readonly star: boolean;
}

const excerpt = (text: string): string => (text.length > 64 ? `${text.slice(0, 64)}…` : text);

function integer(text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new RangeError(`failed to parse int from ${excerpt(text)}: strconv.Atoi: parsing ${JSON.stringify(excerpt(text))}: invalid syntax`);
  if (value < 0) throw new RangeError(`negative number (${value}) not allowed: ${excerpt(text)}`);
  return value;
}

function valueOf(text: string, { low, names = [] }: Bounds): number {
  const at = names.indexOf(text.toLowerCase());
  return at < 0 ? integer(text) : low + at;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly star: boolean;
}

function spanOf(text: string, limits: Bounds): Span {
  const [range = '', stepText, ...moreSteps] = text.split('/');
  const [lowText = '', highText, ...moreEnds] = range.split('-');
  if (moreEnds.length > 0) throw new RangeError(`too many hyphens: ${excerpt(text)}`);
  if (moreSteps.length > 0) throw new RangeError(`too many slashes: ${excerpt(text)}`);
  const star = lowText === '*' || lowText === '?';
  const from = star ? limits.low : valueOf(lowText, limits);
  const step = stepText === undefined ? 1 : integer(stepText);
  if (star) return { from, to: limits.high, step, star: step === 1 };
  // 5/15 begins at 5 and goes on to the end.
  const to = highText !== undefined ? valueOf(highText, limits) : stepText === undefined ? from : limits.high;
  return { from, to, step, star: false };
}

function checkSpan({ from, to, step }: Span, { low, high }: Bounds, text: string): void {
  if (from < low) throw new RangeError(`beginning of range (${from}) below minimum (${low}): ${excerpt(text)}`);
  if (to > high) throw new RangeError(`end of range (${to}) above maximum (${high}): ${excerpt(text)}`);
  if (from > to) throw new RangeError(`beginning of range (${from}) beyond end of range (${to}): ${excerpt(text)}`);
  if (step === 0) throw new RangeError(`step of range should be a positive number: ${excerpt(text)}`);
}

function fieldOf(text: string, limits: Bounds): Field {
  const values = new Set<number>();
  let star = false;
  for (const piece of text.split(',')) {
    if (piece === '') continue;
    const span = spanOf(piece, limits);
    checkSpan(span, limits, piece);
    for (let value = span.from; value <= span.to; value += span.step) values.add(value);
    star ||= span.star;
  }
  return { values: [...values].sort((a, b) => a - b), star };
}

class CronSchedule implements Schedule {
  private readonly minutes: Field;
  private readonly hours: Field;
  private readonly dates: Field;
  private readonly months: Field;
  private readonly weekdays: Field;

  /** @throws {RangeError} */
  constructor(text: string) {
    const texts = text.split(/\s+/).filter((each) => each !== '');
    if (texts.length !== bounds.length) throw new RangeError(`expected exactly 5 fields, found ${texts.length}: [${excerpt(texts.join(' '))}]`);
    const none: Field = { values: [], star: false };
    [this.minutes = none, this.hours = none, this.dates = none, this.months = none, this.weekdays = none] =
      bounds.map((limits, i) => fieldOf(texts[i] ?? '', limits));
  }

  next(after: number, zone = 'UTC'): number | undefined {
    let instant = (Math.floor(after / minute) + 1) * minute;
    const lastYear = wallTime(instant, zone).getUTCFullYear() + horizonYears;
    for (;;) {
      const wall = wallTime(instant, zone);
      if (wall.getUTCFullYear() > lastYear) return undefined;
      const step = this.step(wall);
      if (step === 0) return instant;
      // A whole day or month: counted on the wall, for days differ in length.
      instant = typeof step === 'number' ? instant + step : Math.max(instantOf(step.until, zone), instant + minute);
    }
  }

  /** How far to go on from here without passing over a match: milliseconds, or until the wall shows a time. */
  private step(wall: Date): number | { until: number } {
    const [year, month, date] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()];
    if (!this.months.values.includes(month + 1)) return { until: Date.UTC(year, month + 1) };
    if (!this.namesDay(date, wall.getUTCDay())) return { until: Date.UTC(year, month, date + 1) };
    const now = wall.getUTCMinutes();
    const later = this.hours.values.includes(wall.getUTCHours()) ? this.minutes.values.find((value) => value >= now) : undefined;
    return ((later ?? 60) - now) * minute;
  }

  private namesDay(date: number, weekday: number): boolean {
    const [byDate, byWeekday] = [this.dates.values.includes(date), this.weekdays.values.includes(weekday)];
    return this.dates.star || this.weekdays.star ? byDate && byWeekday : byDate || byWeekday;
  }
}

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, 'μs': 1e-3, ms: 1, s: second, m: minute, h: 60 * minute };
const amount = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Milliseconds of a duration as Go writes it, such as `1h30m`. @throws {RangeError} */
function durationOf(text: string): number {
  const unsigned = text.replace(/^[+-]/, '');
  const invalid = (): RangeError => new RangeError(`time: invalid duration ${JSON.stringify(excerpt(text))}`);
  if (unsigned === '0') return 0;
  let total = 0;
  amount.lastIndex = 0;
  do {
    const [, value = '', unit = ''] = amount.exec(unsigned) ?? [];
    if (unit === '') throw invalid();
    total += Number(value) * (units[unit] ?? 0);
  } while (amount.lastIndex < unsigned.length);
  if (total > Number.MAX_SAFE_INTEGER / 1e6) throw invalid();
  return text.startsWith('-') ? -total : total;
}

/** At even distances, in whole seconds and at least one. */
function every(duration: number): Schedule {
  const distance = Math.max(Math.floor(duration / second), 1) * second;
  return { next: (after) => Math.floor(after / second) * second + distance };
}

/**
 * Reads a schedule as `github.com/robfig/cron/v3` reads its standard form: five fields, or `@hourly` and the like, or `@every 1h30m`.
 * @throws {RangeError} with that library's wording; also for a time zone in the text, which has a field of its own
 */
export function parseSchedule(text: string): Schedule {
  if (text.includes('TZ')) throw new RangeError('cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
  if (text === '') throw new RangeError('empty spec string');
  if (!text.startsWith('@')) return new CronSchedule(text);
  const described = descriptors.get(text);
  if (described !== undefined) return new CronSchedule(described);
  if (!text.startsWith('@every ')) throw new RangeError(`unrecognized descriptor: ${excerpt(text)}`);
  try {
    return every(durationOf(text.slice('@every '.length)));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new RangeError(`failed to parse duration ${excerpt(text)}: ${cause.message}`, { cause });
  }
}

import { Quantity } from '#core/api/quantity.ts';
import { deepCopy } from '#core/api/value.ts';
import type { Scalar, ScalarName } from './type.ts';

/** Thrown when the JSON type is wrong: the caller knows the field. `detail` says more when the type is right and the value is not. */
export class WrongType extends Error {
  readonly detail: string;

  constructor(detail = '') {
    super(detail);
    this.detail = detail;
  }
}

type ScalarDecoder = (value: unknown) => unknown;

function string(value: unknown): string {
  if (typeof value !== 'string') throw new WrongType();
  return value;
}

/** '' is how Go writes an unset value; a closed set never has it. */
const member = (value: unknown): string | undefined => (value === '' ? undefined : string(value));

function bool(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new WrongType();
  return value;
}

function double(value: unknown): number {
  if (typeof value !== 'number') throw new WrongType();
  return value;
}

function integer(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw new WrongType();
  if (!Number.isInteger(value)) throw new WrongType('the number must be whole');
  if (value < min || value > max) throw new WrongType(`the number must lie between ${min} and ${max}`);
  return value;
}

const int32 = (value: unknown): number => integer(value, -2147483648, 2147483647);
const int64 = (value: unknown): number => integer(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const intOrString = (value: unknown): number | string => (typeof value === 'string' ? value : int32(value));

const canonical = new Map<string | number, string>();

function quantity(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw new WrongType();
  const known = canonical.get(value);
  if (known !== undefined) return known;
  let text: string;
  try {
    text = Quantity.parse(value).toString();
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`${error.message}, not ${JSON.stringify(value).slice(0, 80)}`, { cause: error });
    throw error;
  }
  if (canonical.size >= 1024) canonical.clear();
  canonical.set(value, text);
  return text;
}

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** @param digits of the fraction that are kept; finer ones are cut off, as Go does. */
function instant(value: unknown, digits: number): string {
  const [, local = '', fraction = '', sign = '', hours = '0', minutes = '0'] = rfc3339.exec(string(value)) ?? [];
  const shift = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
  const seconds = secondsText(Date.parse(`${local}Z`) - shift);
  // A date that does not exist either has no number or turns into another.
  if (seconds === undefined || secondsText(Date.parse(`${local}Z`)) !== local) {
    throw new RangeError(`parsing time ${JSON.stringify(value).slice(0, 80)}: it must have the form "2006-01-02T15:04:05Z07:00" (RFC 3339)`);
  }
  return digits === 0 ? `${seconds}Z` : `${seconds}.${fraction.slice(0, digits).padEnd(digits, '0')}Z`;
}

const knownTimes = new Map<unknown, string>();

/** An object brings the same few times back at every write: those in its `managedFields`. */
function time(value: unknown): string {
  let text = knownTimes.get(value);
  if (text === undefined) {
    text = instant(value, 0);
    if (knownTimes.size >= 512) knownTimes.clear();
    knownTimes.set(value, text);
  }
  return text;
}

const firstYear = Date.parse('0000-01-01T00:00:00Z');
const yearTenThousand = Date.UTC(10_000, 0);

const secondsText = (milliseconds: number): string | undefined =>
  (milliseconds >= firstYear && milliseconds < yearTenThousand ? new Date(milliseconds).toISOString().slice(0, 19) : undefined);

const goDuration = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

function duration(value: unknown): string {
  const text = string(value);
  if (text.length > 64 || !goDuration.test(text)) throw new RangeError(`time: invalid duration ${JSON.stringify(text).slice(0, 80)}`);
  return text;
}

/** Standard base64, written anew when it is valid but not canonical: Go ignores line ends and spare bits. */
function bytes(value: unknown): string {
  const text = string(value);
  const encoded = Buffer.from(text, 'base64').toString('base64');
  if (encoded === text) return text;
  const compact = text.replace(/[\r\n]/g, '');
  const padding = compact.endsWith('==') ? 2 : compact.endsWith('=') ? 1 : 0;
  const bad = compact.slice(0, compact.length - padding).search(/[^A-Za-z0-9+/]/);
  if (bad >= 0) throw new RangeError(`illegal base64 data at input byte ${bad}`);
  if (compact.length % 4 !== 0) throw new RangeError(`illegal base64 data at input byte ${compact.length - (compact.length % 4)}`);
  return encoded;
}

const decoders: Record<ScalarName, ScalarDecoder> = {
  string, bool, int32, int64, double, bytes, quantity, duration, intOrString,
  time,
  microTime: (value) => instant(value, 6),
  raw: (value) => deepCopy(value),
  json: (value) => deepCopy(value),
};

/** Go's zero value; times and raw values have none that JSON could carry. */
const zeros: Record<ScalarName, unknown> = {
  string: '', bool: false, int32: 0, int64: 0, double: 0, bytes: '', quantity: '0', duration: '0s', intOrString: 0,
  time: undefined, microTime: undefined, raw: undefined, json: null,
};

/**
 * The decoder of a scalar. It returns nothing for what counts as absent.
 * It throws `WrongType`, or a RangeError for a text of the wrong form.
 */
export const scalarDecoder = (type: Scalar): ScalarDecoder => (type.values.length > 0 ? member : decoders[type.name]);

export const zeroScalar = (type: Scalar): unknown => zeros[type.name];

import { toText } from '#core/api/cel/convert.ts';
import type { Frame } from '#core/api/cel/frame.ts';
import { Duration, Timestamp } from '#core/api/cel/time.ts';
import {
  Double, eachItem, Failure, isInt, isList, isMap, kindOf, listAt, listSize, mapGet, mapKeys, typeNameOf, Uint, type CelList, type CelMap,
} from '#core/api/cel/values.ts';

const defaultPrecision = 6;
const maxPrecision = 100;
const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const english = new Map<number, Intl.NumberFormat>();

class Unformattable extends Error {}

const refused = (what: string, value: unknown): Unformattable => new Unformattable(`error during formatting: ${what}, was given ${typeNameOf(value)}`);

/** `'…'.format([…])`: `%s %d %f %e %b %o %x %X`, with a precision for `f` and `e`. */
export function formatText(text: string, args: CelList, frame: Frame): string | Failure {
  let next = 0;
  try {
    return text.replaceAll(/%(?:%|(\.\d*)?([\s\S])?)/gu, (whole, precision: string | undefined, verb: string | undefined) => {
      if (whole === '%%') return '%';
      if (next >= listSize(args)) throw new Unformattable(`index ${next} out of range`);
      if (verb === undefined) throw new Unformattable('unexpected end of string');
      const formatted = clause(verb, precision, listAt(args, next++), frame);
      frame.toil(formatted.length);
      return formatted;
    });
  } catch (error) {
    if (error instanceof Unformattable) return new Failure(error.message);
    throw error;
  }
}

function clause(verb: string, precision: string | undefined, value: unknown, frame: Frame): string {
  const digits = precision === undefined ? defaultPrecision : Number(precision.slice(1));
  if (precision === '.' || digits > maxPrecision) throw new Unformattable('could not parse formatting clause: error while parsing precision');
  switch (verb) {
    case 's': return shown(value, frame);
    case 'd': return decimal(value);
    case 'f': return fixed(real(value, 'fixed-point'), digits);
    case 'e': return scientific(real(value, 'scientific'), digits);
    case 'b': return typeof value === 'boolean' ? String(Number(value)) : whole(value, 2, 'only integers and bools can be formatted as binary');
    case 'o': return whole(value, 8, 'octal clause can only be used on integers');
    case 'x': return hex(value);
    case 'X': return hex(value).toUpperCase();
    default: throw new Unformattable(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function decimal(value: unknown): string {
  if (isInt(value)) return String(value);
  if (value instanceof Uint) return String(value.value);
  throw refused('decimal clause can only be used on integers', value);
}

function whole(value: unknown, radix: number, what: string): string {
  if (isInt(value)) return value.toString(radix);
  if (value instanceof Uint) return value.value.toString(radix);
  throw refused(what, value);
}

function hex(value: unknown): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return whole(value, 16, 'only integers, byte buffers, and strings can be formatted as hex');
}

function real(value: unknown, kind: string): number {
  if (value instanceof Double) return value.value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw refused(`${kind} clause can only be used on doubles`, value);
}

/** As upstream writes numbers: the English way. */
function fixed(value: number, digits: number): string {
  let format = english.get(digits);
  if (format === undefined) english.set(digits, (format = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: 'halfEven' })));
  return format.format(value);
}

function scientific(value: number, digits: number): string {
  if (!Number.isFinite(value)) return fixed(value, digits);
  const [mantissa = '', exponent = ''] = value.toExponential(digits).split('e');
  const power = Math.abs(Number(exponent)).toString().padStart(2, '0').replaceAll(/\d/g, (digit) => superscripts[Number(digit)] ?? digit);
  return `${mantissa}\u202f×\u202f10${exponent.startsWith('-') ? '⁻' : ''}${power}`;
}

function shown(value: unknown, frame: Frame): string {
  if (isList(value)) return listText(value, frame);
  if (isMap(value)) return mapText(value, frame);
  if (value === null) return 'null';
  const text = toText(value);
  if (typeof text === 'string') return text;
  throw refused('string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps', value);
}

/** Inside a list or map, as a literal of the language would be written. */
function literal(value: unknown, frame: Frame): string {
  frame.toil(1);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `b${JSON.stringify(shown(value, frame))}`;
  if (value instanceof Timestamp) return `timestamp(${JSON.stringify(value.toString())})`;
  if (value instanceof Duration) return `duration(${JSON.stringify(value.toString())})`;
  if (value instanceof Double) return Number.isFinite(value.value) ? value.value.toFixed(defaultPrecision) : JSON.stringify(shown(value, frame));
  if (kindOf(value) === 'optional' || kindOf(value) === 'opaque') throw new Unformattable(`error during formatting: no formatting function for ${typeNameOf(value)}`);
  return shown(value, frame);
}

function listText(list: CelList, frame: Frame): string {
  const items: string[] = [];
  eachItem(list, (item) => items.push(literal(item, frame)) > 0);
  return `[${items.join(', ')}]`;
}

function mapText(map: CelMap, frame: Frame): string {
  const entries: (readonly [string, string])[] = [];
  for (const key of mapKeys(map)) entries.push([literal(key, frame), literal(mapGet(map, key), frame)]);
  return `{${entries.sort(([a], [b]) => (a < b ? -1 : 1)).map((entry) => entry.join(':')).join(', ')}}`;
}

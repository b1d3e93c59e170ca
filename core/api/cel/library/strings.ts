import { scaled, times, plus, unknownSize, zero, type Range } from '#core/api/cel/range.ts';
import { traversal, traverses, type CostRule } from '#core/api/cel/cost-rules.ts';
import type { Frame } from '#core/api/cel/frame.ts';
import { global, member, type Overload } from '#core/api/cel/function.ts';
import { Text } from '#core/api/cel/text.ts';
import { anyList, dyn, int, string } from '#core/api/cel/types.ts';
import { eachItem, Failure, noSuchOverload, type CelList } from '#core/api/cel/values.ts';
import { formatText } from './format-text.ts';

type Int = number | bigint;
const outOfRange = (index: Int): Failure => new Failure(`index out of range: ${index}`);

function charAt(text: string, index: Int, frame: Frame): string | Failure {
  const points = new Text(text, frame);
  return index < 0 || index > points.length ? outOfRange(index) : points.slice(Number(index), Number(index) + 1);
}

function indexOf(text: string, part: string, from: Int, frame: Frame): Int | Failure {
  if (part === '') return from;
  if (from < 0) return outOfRange(from);
  const points = new Text(text, frame);
  if (from >= points.length) return -1;
  const found = text.indexOf(part, points.unitsAt(Number(from)));
  return found < 0 ? -1 : points.pointsAt(found);
}

function lastIndexOf(text: string, part: string, from: Int | undefined, frame: Frame): Int | Failure {
  const points = new Text(text, frame);
  if (part === '') return from ?? points.length;
  if (from !== undefined && from < 0) return outOfRange(from);
  if (from !== undefined && from >= points.length) return -1;
  const found = text.lastIndexOf(part, from === undefined ? text.length : points.unitsAt(Number(from)));
  return found < 0 ? -1 : points.pointsAt(found);
}

function substring(text: string, start: Int, end: Int | undefined, frame: Frame): string | Failure {
  const points = new Text(text, frame);
  const to = end ?? points.length;
  if (end !== undefined && start > end) return new Failure(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0 || start > points.length) return outOfRange(start);
  return to < 0 || to > points.length ? outOfRange(to) : points.slice(Number(start), Number(to));
}

/** As Go: an empty separator cuts between all characters, a negative limit is none. */
function split(text: string, separator: string, limit: Int, frame: Frame): string[] {
  frame.toil(text.length >> 2);
  if (limit === 0) return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  const most = Number(limit);
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)];
}

/** As Go: an empty text is found before each character and at the end. */
function replace(text: string, old: string, by: string, limit: Int, frame: Frame): string {
  const found = old === '' ? Array.from(text).length + 1 : text.split(old).length - 1;
  const count = limit < 0 ? found : Math.min(found, Number(limit));
  frame.toil((text.length >> 2) + count * by.length);
  if (old === '') {
    const points = Array.from(text);
    return points.map((point, i) => (i < count ? by : '') + point).join('') + (count > points.length ? by : '');
  }
  const parts = text.split(old);
  return parts.slice(0, count + 1).join(by) + parts.slice(count + 1).map((part) => old + part).join('');
}

function join(list: CelList, separator: string, frame: Frame): string | Failure {
  const parts: string[] = [];
  const all = eachItem(list, (item) => {
    if (typeof item !== 'string') return false;
    frame.toil(1 + ((item.length + separator.length) >> 2));
    return parts.push(item) > 0;
  });
  return all ? parts.join(separator) : noSuchOverload;
}

const whiteSpace = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const leading = new RegExp(`^${whiteSpace}+`);
const isWhite = new RegExp(whiteSpace);

function trim(text: string): string {
  let end = text.length;
  while (end > 0 && isWhite.test(text[end - 1] ?? '')) end--;
  return text.slice(0, end).replace(leading, '');
}

const quoted: Readonly<Record<string, string>> = {
  '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"',
};
const quote = (text: string): string => `"${text.toWellFormed().replaceAll(/["\\\p{Cc}]/gu, (char) => quoted[char] ?? char)}"`;

const rest = (size: number): Range => ({ min: size, max: size });

function replacedSize([text = unknownSize, old = unknownSize, by = unknownSize]: readonly Range[]): Range {
  let most = zero;
  let keptMost = 0;
  if (old.min === 0) [most, keptMost] = [rest(text.max + 1), text.max];
  else if (by.max <= old.min) keptMost = text.max;
  else most = rest(Math.ceil(text.max / old.min));
  let least = zero;
  let keptLeast = 0;
  if (old.max === 0) [least, keptLeast] = [rest(text.min + 1), text.min];
  else if (old.max <= by.min) keptLeast = text.min;
  else least = rest(Math.ceil(text.min / old.max));
  return plus(times({ min: least.min, max: most.max }, by), { min: keptLeast, max: keptMost });
}

const replaces: CostRule = { ...traverses(0, 2), estimate: (call) => ({ cost: scaled(call.sizes[0] ?? unknownSize, 2 * traversal), size: replacedSize(call.sizes) }) };

const splits: CostRule = {
  ...traverses(0, 2),
  estimate: ({ sizes, constants }) => {
    const [size = unknownSize] = sizes;
    const [, , limit] = constants;
    return { cost: scaled(size, 2 * traversal), size: { min: 0, max: typeof limit === 'number' && limit >= 0 ? limit : size.max } };
  },
};

const joined: CostRule = {
  estimate: ({ sizes: [list = unknownSize, separator], items }) => {
    const separators = { min: Math.max(0, list.min - 1), max: Math.max(0, list.max - 1) };
    const size = plus(times(list, items), separator === undefined ? zero : times(separator, separators));
    return { cost: scaled(size, traversal), size };
  },
  actual: () => 0,
  ofResult: (frame, result) => Math.ceil(frame.sizeOf(result) * 2 * traversal),
};

const quotes: CostRule = {
  ...traverses(0),
  estimate: ({ sizes: [size = unknownSize] }) => ({ cost: scaled(size, traversal), size: { min: size.min + 2, max: Math.min(unknownSize.max, size.max * 2 + 2) } }),
};

/** The list functions of the same names have the same rule. */
const scans: CostRule = {
  estimate: ({ sizes: [size = unknownSize] }) => ({ cost: scaled(size, traversal) }),
  actual: (_, [text]) => Math.floor(Buffer.byteLength(String(text)) * traversal),
};

export const strings: readonly Overload[] = [
  member('charAt', [string, int], string, charAt),
  member('indexOf', [string, string], int, (text: string, part: string, frame: Frame) => indexOf(text, part, 0, frame), scans),
  member('indexOf', [string, string, int], int, indexOf, scans),
  member('lastIndexOf', [string, string], int, (text: string, part: string, frame: Frame) => lastIndexOf(text, part, undefined, frame), scans),
  member('lastIndexOf', [string, string, int], int, lastIndexOf, scans),
  member('substring', [string, int], string, (text: string, start: Int, frame: Frame) => substring(text, start, undefined, frame), traverses(0, 1, true)),
  member('substring', [string, int, int], string, substring, traverses(0, 1, true)),
  member('split', [string, string], anyList(string), (text: string, separator: string, frame: Frame) => split(text, separator, -1, frame), splits),
  member('split', [string, string, int], anyList(string), split, splits),
  member('replace', [string, string, string], string, (text: string, old: string, by: string, frame: Frame) => replace(text, old, by, -1, frame), replaces),
  member('replace', [string, string, string, int], string, replace, replaces),
  member('join', [anyList(string)], string, (list: CelList, frame: Frame) => join(list, '', frame), joined),
  member('join', [anyList(string), string], string, join, joined),
  member('lowerAscii', [string], string, (text: string) => text.replaceAll(/[A-Z]+/g, (run) => run.toLowerCase()), traverses(0, 1, true)),
  member('upperAscii', [string], string, (text: string) => text.replaceAll(/[a-z]+/g, (run) => run.toUpperCase()), traverses(0, 1, true)),
  member('trim', [string], string, trim, traverses(0, 1, true)),
  member('reverse', [string], string, (text: string) => Array.from(text).reverse().join(''), traverses(0, 1, true)),
  member('format', [string, anyList(dyn)], string, formatText, traverses(0)),
  global('strings.quote', [string], string, quote, quotes),
];

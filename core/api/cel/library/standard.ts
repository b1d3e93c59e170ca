import { add, divide, modulo, multiply, negate, subtract } from '#core/api/cel/arithmetic.ts';
import { toBool, toBytes, toDouble, toDuration, toInt, toText, toTimestamp, toType, toUint } from '#core/api/cel/convert.ts';
import { affix, matching, searches, traversal, traverses, type CostRule } from '#core/api/cel/cost-rules.ts';
import type { Frame } from '#core/api/cel/frame.ts';
import { global, member, type Overload } from '#core/api/cel/function.ts';
import { matches } from '#core/api/cel/regex.ts';
import { scaled } from '#core/api/cel/range.ts';
import {
  anyList, anyMap, bool, bytes, double, duration, dyn, int, optionalOf, param, string, timestamp, typeOf, uint, type CelType,
} from '#core/api/cel/types.ts';

const a = param('A');
const b = param('B');
const listA = anyList(a);
const mapAB = anyMap(a, b);
/** Operators are carried out where they are planned; here are their signatures. */
const unplanned = (): unknown => undefined;
const operator = (name: string, result: CelType, ...params: readonly CelType[]): Overload => global(name, params, result, unplanned);
const same = (name: string, apply: (x: unknown, y: unknown) => unknown, ...types: readonly CelType[]): Overload[] =>
  types.map((type) => global(name, [type, type], type, apply));

const arithmetic: readonly Overload[] = [
  ...same('_+_', add, bytes, double, duration, int, listA, string, uint),
  operator('_+_', timestamp, duration, timestamp), operator('_+_', timestamp, timestamp, duration),
  ...same('_-_', subtract, double, duration, int, uint),
  operator('_-_', timestamp, timestamp, duration), operator('_-_', duration, timestamp, timestamp),
  ...same('_*_', multiply, double, int, uint), ...same('_/_', divide, double, int, uint), ...same('_%_', modulo, int, uint),
  global('-_', [int], int, negate), global('-_', [double], double, negate),
];

const relations: readonly Overload[] = ['_<_', '_<=_', '_>_', '_>=_'].flatMap((name) => [
  ...[bool, int, uint, double, string, bytes, timestamp, duration].map((type) => operator(name, bool, type, type)),
  ...[[int, double], [int, uint], [uint, double], [uint, int], [double, int], [double, uint]].map((types) => operator(name, bool, ...types)),
]);

const access: readonly Overload[] = [
  operator('_?_:_', a, bool, a, a), operator('_&&_', bool, bool, bool), operator('_||_', bool, bool, bool), operator('!_', bool, bool),
  operator('_==_', bool, a, a), operator('_!=_', bool, a, a), operator('@in', bool, a, listA), operator('@in', bool, a, mapAB),
  operator('_[_]', a, listA, int), operator('_[_]', b, mapAB, a),
  operator('_[_]', optionalOf(a), optionalOf(listA), int), operator('_[_]', optionalOf(b), optionalOf(mapAB), a),
  operator('_[?_]', optionalOf(a), listA, int), operator('_[?_]', optionalOf(b), mapAB, a),
  operator('_[?_]', optionalOf(a), optionalOf(listA), int), operator('_[?_]', optionalOf(b), optionalOf(mapAB), a),
];

const sizeOf = (value: unknown, frame: Frame): number => frame.sizeOf(value);
const sizes: readonly Overload[] = [string, bytes, listA, mapAB].flatMap((type) => [global('size', [type], int, sizeOf), member('size', [type], int, sizeOf)]);

/** Each character can take four bytes; each byte can be a character. */
const encodes: CostRule = {
  ...traverses(0),
  estimate: (call) => {
    const [size = { min: 1, max: 1 }] = call.sizes;
    return { cost: scaled(size, traversal), size: { min: size.min, max: size.max * 4 } };
  },
};
const decodes: CostRule = {
  ...traverses(0),
  estimate: (call) => {
    const [size = { min: 1, max: 1 }] = call.sizes;
    return { cost: scaled(size, traversal), size: { min: Math.floor(size.min / 4), max: size.max } };
  },
};

const conversion = (name: string, result: CelType, apply: (value: unknown) => unknown, ...types: readonly CelType[]): Overload[] =>
  types.map((type) => global(name, [type], result, apply));

const conversions: readonly Overload[] = [
  ...conversion('int', int, toInt, int, double, duration, string, timestamp, uint),
  ...conversion('uint', uint, toUint, uint, double, int, string),
  ...conversion('double', double, toDouble, double, int, string, uint),
  ...conversion('bool', bool, toBool, bool, string),
  ...conversion('string', string, toText, string, bool, double, duration, int, timestamp, uint),
  global('string', [bytes], string, toText, decodes),
  global('bytes', [bytes], bytes, toBytes),
  global('bytes', [string], bytes, toBytes, encodes),
  ...conversion('timestamp', timestamp, toTimestamp, timestamp, int, string),
  ...conversion('duration', duration, toDuration, duration, int, string),
  global('dyn', [a], dyn, (value: unknown) => value),
  global('type', [a], typeOf(a), toType),
];

const texts: readonly Overload[] = [
  member('contains', [string, string], bool, (text: string, part: string) => text.includes(part), searches),
  member('startsWith', [string, string], bool, (text: string, start: string) => text.startsWith(start), affix),
  member('endsWith', [string, string], bool, (text: string, end: string) => text.endsWith(end), affix),
  member('matches', [string, string], bool, matches, matching(false)),
  global('matches', [string, string], bool, matches, matching(false)),
];

export const standard: readonly Overload[] = [...access, ...arithmetic, ...relations, ...sizes, ...conversions, ...texts];

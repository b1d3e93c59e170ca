import { below, pick } from '#core/api/patch/random-json.ts';
import { atomic, int32, json, keyed, list, map, quantity, set, string, struct, withDefault } from '#core/api/schema/type.ts';
import { isObject, type JsonObject } from '#core/api/value.ts';
import { shapeOf, typeOfField } from './shape.ts';
import type { Type } from '#core/api/schema/type.ts';
import type { Schema } from './versioned.ts';

/** A kind for tests that has every sort of field. */
export const Item = struct('test.Item', '', {
  name: [1, string, ''], protocol: [2, withDefault(string, 'TCP'), ''], value: [3, string, ''], tags: [4, set(string), ''], size: [5, int32, ''],
});
const Pair = atomic(struct('test.Pair', '', { left: [1, string, ''], right: [2, string, ''] }));
const Inner = struct('test.Inner', '', { a: [1, string, ''], b: [2, string, ''], amount: [3, quantity, ''] });
export const Document = struct('test.Document', '', {
  a: [1, string, ''], b: [2, int32, ''], labels: [3, map(string), ''], tags: [4, set(string), ''], items: [5, keyed(Item, 'name', 'protocol'), ''],
  words: [6, list(string), ''], pair: [7, Pair, ''], inner: [8, Inner, ''], free: [9, json, ''], named: [10, keyed(Item, 'name'), ''],
});

export const schema: Schema = {
  apiVersion: 'test/v1', struct: Document, blank: {},
  convert: () => undefined, writable: (fields) => fields,
};

const keys = ['x', 'y', '__proto__', 'constructor'] as const;
const letters = ['p', 'q', 'r', 's'] as const;

const maybe = <T>(random: () => number, name: string, value: () => T): JsonObject => (random() < 0.5 ? { [name]: value() } : {});

const some = <T>(random: () => number, choices: readonly T[]): T[] => choices.filter(() => random() < 0.5)
  .map((choice) => ({ choice, at: random() })).sort((a, b) => a.at - b.at).map(({ choice }) => choice);

const record = (random: () => number): JsonObject => Object.fromEntries(some(random, keys).map((key) => [key, pick(random, ['1', '2'])]));

const item = (random: () => number, name: string): JsonObject => ({
  name, ...maybe(random, 'value', () => pick(random, ['1', '2'])), ...maybe(random, 'tags', () => some(random, letters)), ...maybe(random, 'size', () => below(random, 3)),
});

/** @param fields of which it may have each or not */
export function randomDocument(random: () => number, fields: readonly string[] = [...Document.fields.keys()]): JsonObject {
  const makers: Record<string, () => unknown> = {
    a: () => pick(random, ['1', '2']), b: () => below(random, 3), labels: () => record(random), tags: () => some(random, letters),
    items: () => some(random, letters).map((name) => ({ ...item(random, name), ...maybe(random, 'protocol', () => pick(random, ['TCP', 'UDP'])) })),
    words: () => some(random, letters), pair: () => ({ left: pick(random, ['1', '2']) }), inner: () => ({ ...maybe(random, 'a', () => '1'), ...maybe(random, 'b', () => pick(random, ['1', '2'])) }),
    free: () => ({ ...record(random), ...maybe(random, 'deep', () => record(random)), ...maybe(random, 'list', () => [below(random, 2)]) }),
    named: () => some(random, letters).map((name) => item(random, name)),
  };
  return Object.fromEntries(fields.filter(() => random() < 0.6).map((name) => [name, makers[name]?.()]));
}

/** The leaves of a value by their paths, without any cleverness; what is empty has none. */
export function flat(type: Type, value: unknown, path = ''): Map<string, string> {
  const leaves = new Map<string, string>();
  const shape = shapeOf(type, value);
  const add = (of: Type, member: unknown, step: string): void => {
    for (const [at, text] of flat(of, member, path + step)) leaves.set(at, text);
  };
  if (value === null || value === undefined) return leaves;
  if (shape.form === 'whole') leaves.set(path, JSON.stringify(value));
  else if (shape.form === 'list' && Array.isArray(value)) for (const member of value) add(shape.of, member, `[${shape.elementOf(member)}]`);
  else if (isObject(value)) {
    for (const name of Object.keys(value)) add(shape.form === 'struct' ? typeOfField(shape.type, name) : shape.form === 'map' ? shape.of : json, value[name], `.${name}`);
  }
  return leaves;
}

import { seededRandom } from '#test/fixtures/seeded-random.ts';

/** Random choices that a seed repeats. */
export class Choices {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  one<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined && values.length === 0) throw new RangeError('nothing to choose from');
    return value as T;
  }
}

const deep = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);

/** Values that programs trip over. */
export const nasty: readonly unknown[] = [
  null, true, false, 0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, '', ' ', '0', '-', '..', '../../etc/passwd', 'a/b', 'A', 'ü', '\u0000', '\ud800', '\u202e', '%00', '%2e%2e%2f',
  '__proto__', 'constructor', 'toString', 'x'.repeat(300), 'x'.repeat(70_000), '1Gi', '9999999999999999999999999', '1e999999', '0x10', 'true', '2020-13-45T99:99:99Z', '0001-01-01T00:00:00Z',
  '(a+)+$', '[', '(?=x)', '{{.}}', '$(id)', [], {}, [[]], [null], [{}], { a: null }, Array.from({ length: 2000 }, () => 0), deep(60), deep(300), { metadata: {} }, { __proto__x: 1 },
];

const nastyKeys = ['__proto__', 'constructor', 'prototype', 'toString', '', 'a/b', 'a.b', 'x'.repeat(300), '\u0000', 'metadata', 'spec', 'status', 'kind', '$patch', '$retainKeys', '$deleteFromPrimitiveList/finalizers', '$setElementOrder/containers'];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const put = (target: Record<string, unknown>, key: string, value: unknown): void => {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
};

/** A copy with something wrong in it, somewhere. */
export function mutated(value: unknown, choices: Choices, depth = 0): unknown {
  if (depth > 12 || choices.chance(0.15)) return replaced(value, choices);
  if (Array.isArray(value)) return mutatedList(value, choices, depth);
  if (isObject(value)) return mutatedObject(value, choices, depth);
  return replaced(value, choices);
}

function replaced(value: unknown, choices: Choices): unknown {
  if (typeof value === 'string' && choices.chance(0.5)) {
    const at = choices.below(value.length + 1);
    return value.slice(0, at) + String(choices.one(nasty)).slice(0, 50) + value.slice(at + choices.below(3));
  }
  return structuredClone(choices.one(nasty));
}

function mutatedList(list: readonly unknown[], choices: Choices, depth: number): unknown[] {
  const copy = structuredClone(list) as unknown[];
  const at = choices.below(copy.length + 1);
  switch (choices.below(4)) {
    case 0: copy.splice(at, 1); return copy;
    case 1: copy.splice(at, 0, copy[choices.below(copy.length)] ?? structuredClone(choices.one(nasty))); return copy;
    default:
      if (copy.length === 0) return [structuredClone(choices.one(nasty))];
      copy[at % copy.length] = mutated(copy[at % copy.length], choices, depth + 1);
      return copy;
  }
}

function mutatedObject(object: Record<string, unknown>, choices: Choices, depth: number): Record<string, unknown> {
  const copy = structuredClone(object);
  const keys = Object.keys(copy);
  const key = keys[choices.below(keys.length)];
  switch (choices.below(6)) {
    case 0: if (key !== undefined) Reflect.deleteProperty(copy, key); return copy;
    case 1: put(copy, choices.one(nastyKeys), structuredClone(choices.one(nasty))); return copy;
    case 2: if (key !== undefined) put(copy, choices.one([...nastyKeys, key.toUpperCase(), `${key}s`]), copy[key]); return copy;
    default: if (key !== undefined) put(copy, key, mutated(copy[key], choices, depth + 1)); return copy;
  }
}

/** Bytes with some of them changed, missing or doubled. */
export function garbled(bytes: Buffer, choices: Choices): Buffer {
  const copy = Buffer.from(bytes);
  for (let n = 1 + choices.below(4); n > 0 && copy.length > 0; n--) copy[choices.below(copy.length)] = choices.below(256);
  switch (choices.below(4)) {
    case 0: return copy.subarray(0, choices.below(copy.length + 1));
    case 1: return Buffer.concat([copy, copy.subarray(choices.below(copy.length + 1))]);
    default: return copy;
  }
}

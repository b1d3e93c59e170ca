import { scalarDecoder } from '#core/api/schema/decode-scalar.ts';
import type { List, Scalar, Type } from '#core/api/schema/type.ts';
import { isObject, setOwn, type JsonObject } from '#core/api/value.ts';
import { elementText, fieldElement, type PathElement } from './path-element.ts';
import { shapeOf, UnkeyedItem } from './shape.ts';

/** What is wrong with a configuration, as structured-merge-diff says it. */
export class BadConfiguration extends Error {
  constructor(problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** More problems than these are not told. */
const maximumProblems = 20;

/**
 * Checks a configuration against the description of its kind. Nothing is filled in or dropped: it says what it says, `null` included.
 * Only the texts of quantities and times become canonical, so that they compare with those that are stored.
 * @throws {BadConfiguration}
 */
export function readConfiguration(type: Type, value: unknown): unknown {
  const reading: Reading = { path: [], problems: [] };
  const result = read(type, value, reading);
  if (reading.problems.length > 0) throw new BadConfiguration(reading.problems);
  return result;
}

interface Reading {
  readonly path: (PathElement | number)[];
  readonly problems: string[];
}

function report({ path, problems }: Reading, problem: string): void {
  if (problems.length >= maximumProblems) return;
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : elementText(step))).join('');
  problems.push(text === '' ? problem : `${text}: ${problem}`);
}

function read(type: Type, value: unknown, reading: Reading): unknown {
  if (value === null) return value;
  switch (type.form) {
    case 'scalar': return readScalar(type, value, reading);
    case 'list': return Array.isArray(value) ? readItems(type, value, reading) : wrong('list', value, reading);
    case 'map': return isObject(value) ? readMembers(value, () => type.of, reading) : wrong('map', value, reading);
    case 'struct': return isObject(value) ? readMembers(value, (name) => type.fields.get(name)?.type ?? type.rest, reading) : wrong('map', value, reading);
  }
}

function wrong(expected: string, value: unknown, reading: Reading, got = JSON.stringify(value)?.slice(0, 80)): unknown {
  report(reading, `expected ${expected}, got ${got}`);
  return value;
}

/** What a value is called in Go: of a number that is none, upstream tells only this. */
const goType = (value: unknown): string => (typeof value === 'boolean' ? 'bool' : Array.isArray(value) ? '[]interface {}' : isObject(value) ? 'map[string]interface {}' : typeof value);

const formOf: Readonly<Partial<Record<Scalar['name'], 'string' | 'boolean' | 'number'>>> = {
  string: 'string', bytes: 'string', duration: 'string', bool: 'boolean', int32: 'number', int64: 'number', double: 'number',
};

function readScalar(type: Scalar, value: unknown, reading: Reading): unknown {
  if (type.name === 'json' || type.name === 'raw') return value;
  const form = formOf[type.name];
  if (form === undefined ? typeof value === 'object' : typeof value !== form) {
    return form === 'number' ? wrong('numeric (int or float)', value, reading, goType(value)) : wrong(form ?? 'any scalar', value, reading);
  }
  return writtenFreely.has(type.name) ? canonical(type, value) : value;
}

const writtenFreely: ReadonlySet<Scalar['name']> = new Set(['quantity', 'time', 'microTime', 'bytes']);

function canonical(type: Scalar, value: unknown): unknown {
  try {
    return scalarDecoder(type)(value);
  } catch {
    // Decoding the merged object says what is wrong, and where.
    return value;
  }
}

function readMembers(value: JsonObject, typeOf: (name: string) => Type | undefined, reading: Reading): JsonObject {
  const result: JsonObject = {};
  for (const name of Object.keys(value)) {
    const type = typeOf(name);
    reading.path.push(fieldElement(name));
    if (type === undefined) report(reading, 'field not declared in schema');
    else if (value[name] !== undefined) setOwn(result, name, read(type, value[name], reading));
    reading.path.pop();
  }
  return result;
}

function readItems(type: List, items: readonly unknown[], reading: Reading): unknown[] {
  const shape = shapeOf(type, items);
  const seen = new Set<PathElement>();
  return items.map((item, i) => {
    const element = shape.form === 'list' ? elementOf(shape.elementOf, item, i, reading) : i;
    if (element === undefined) return item;
    if (typeof element === 'string') {
      if (seen.has(element)) report(reading, `duplicate entries for key ${elementText(element)}`);
      seen.add(element);
    }
    reading.path.push(element);
    const result = read(type.of, item, reading);
    reading.path.pop();
    return result;
  });
}

/** @returns undefined when the item has no place in its list, which is reported */
function elementOf(read: (item: unknown) => PathElement, item: unknown, index: number, reading: Reading): PathElement | undefined {
  try {
    return read(item);
  } catch (error) {
    if (!(error instanceof UnkeyedItem)) throw error;
    report(reading, `element ${index}: ${error.message}`);
    return undefined;
  }
}

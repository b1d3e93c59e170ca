import { invalid, malformed, required, unknownName, type ApiError } from './api-error.ts';
import { isObject, textOf, type Json } from './json.ts';
import { parseShapes, type Field, type Shape, type ValueField } from './shape.ts';
import { balancingShapes } from './shapes-balancing.ts';
import { diskShapes } from './shapes-disks.ts';
import { instanceShapes } from './shapes-instances.ts';
import { networkShapes } from './shapes-networks.ts';

/** Every message that a body can be or hold. */
export const shapes = parseShapes(instanceShapes, diskShapes, networkShapes, balancingShapes);

/**
 * A body as the vendor reads it: unknown names and wrong types are refused, the server's own fields and nulls dropped, long numbers made texts.
 * @throws {ApiError}
 */
export function readBody(text: string, message: string): Json {
  if (text.trim() === '') throw required('resource');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw malformed(`Invalid JSON payload received. ${error instanceof Error ? error.message : 'Parse error'}`);
  }
  if (!isObject(parsed)) throw malformed('Invalid JSON payload received. Unknown name "": Root element must be a message.');
  return readObject(parsed, message, '');
}

function readObject(value: Json, message: string, at: string): Json {
  const shape = shapeOf(message);
  const read: Json = {};
  for (const [name, each] of Object.entries(value)) {
    const field = shape.get(name);
    if (field === undefined) throw unknownName(name, at, 'field');
    if (each === null || field.type === 'output') continue;
    read[name] = readField(each, field, at === '' ? name : `${at}.${name}`);
  }
  return read;
}

function readField(value: unknown, field: Field, at: string): unknown {
  if (field.type === 'output') return value;
  if (field.type === 'map') return readMap(value, at);
  if (!field.list) return readOne(value, field, at);
  if (!Array.isArray(value)) throw wrongType(at, value, 'a list');
  return value.map((each, index) => readOne(each, field, `${at}[${index}]`));
}

function readOne(value: unknown, field: ValueField, at: string): unknown {
  if (field.type === 'object') {
    if (!isObject(value)) throw wrongType(at, value, field.message);
    return readObject(value, field.message, at);
  }
  if (field.type !== 'enum') return scalars[field.type](value, at);
  if (typeof value !== 'string') throw wrongType(at, value, 'TYPE_ENUM');
  if (!field.values.has(value)) throw invalid(`resource.${at}`, value, `Must be one of [${[...field.values].join(', ')}]`);
  return value;
}

const scalars: Record<'string' | 'boolean' | 'int' | 'long' | 'number', (value: unknown, at: string) => unknown> = {
  string: (value, at) => {
    if (typeof value !== 'string') throw wrongType(at, value, 'TYPE_STRING');
    return value;
  },
  boolean: (value, at) => {
    if (typeof value !== 'boolean') throw wrongType(at, value, 'TYPE_BOOL');
    return value;
  },
  int: (value, at) => {
    const number = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || Math.abs(number) >= 2 ** 32) throw wrongType(at, value, 'TYPE_INT32');
    return number;
  },
  long: (value, at) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) throw wrongType(at, value, 'TYPE_INT64');
    return String(BigInt(value));
  },
  number: (value, at) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number)) throw wrongType(at, value, 'TYPE_DOUBLE');
    return number;
  },
};

function readMap(value: unknown, at: string): Record<string, string> {
  if (!isObject(value)) throw wrongType(at, value, 'a map');
  const entries = Object.entries(value).map(([key, each]): [string, string] => {
    if (typeof each !== 'string') throw wrongType(`${at}[${key}]`, each, 'TYPE_STRING');
    return [key, each];
  });
  return Object.fromEntries(entries);
}

function wrongType(at: string, value: unknown, type: string): ApiError {
  const shown = typeof value === 'object' ? (Array.isArray(value) ? '[…]' : '{…}') : textOf(value).slice(0, 100);
  return malformed(`Invalid value at '${at}' (${type}), ${JSON.stringify(shown)}`);
}

function shapeOf(message: string): Shape {
  const shape = shapes.get(message);
  if (shape === undefined) throw new Error(`no table has the message ${message}`);
  return shape;
}

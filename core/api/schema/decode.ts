import type { StatusError } from '#core/api/status-error.ts';
import { deepCopy, isObject, maxDepth, own, setOwn, tooDeep, type JsonObject } from '#core/api/value.ts';
import { mismatch, textOf, undecodable, type MapKey, type Path, type Subject } from './decode-failure.ts';
import { inDocumentOrder } from './decode-order.ts';
import { scalarDecoder, WrongType, zeroScalar } from './decode-scalar.ts';
import type { Dictionary, Field, List, Scalar, ScalarName, Struct, Type } from './type.ts';

export interface DecodeOptions {
  /** The kind that the JSON is said to be, for messages. */
  readonly kind: Subject;
}

export interface Decoded<T> {
  readonly value: T;
  /** Paths of fields that the description does not know, such as `spec.containers[0].foo`, as they follow one another; at most 100. */
  readonly unknown: string[];
}

const maxUnknown = 100;

interface Context {
  readonly subject: Subject;
  readonly path: (string | number | MapKey)[];
  readonly unknown: Path[];
  /** The innermost struct. */
  parent: Struct | undefined;
}

/** Never handed null or undefined. Returns undefined for what counts as absent. */
type Decoder = (value: unknown, context: Context) => unknown;

/** One field: how to decode it, and what stands there when it is absent. */
interface Step {
  readonly name: string;
  /** The name is one that every object has from its prototype, such as `constructor`. */
  readonly inherited: boolean;
  readonly decode: Decoder;
  readonly drop: (value: unknown) => boolean;
  readonly absent: ((context: Context) => unknown) | undefined;
}

/**
 * Reads a JSON value as what the description says, strictly as Go would: a fresh value with the known fields only, in the
 * table's order, with static defaults filled in.
 *
 * - `null` is absent. In a list or map it is the type's zero value.
 * - A required field that is absent gets Go's zero value ('' or 0 or []), as Go would write it; required times and pointers stay absent.
 * - Of optional fields, empty lists and maps, '', 0 and `false` are dropped, as upstream's `omitempty` does, and a default takes
 *   their place. They stay in fields that the table calls pointers, where they mean something (`storageClassName: ""`).
 * - Quantities, times and bytes come out in canonical form.
 *
 * @throws {StatusError} BadRequest with upstream's wording for a value of the wrong type or form.
 */
export function decode<T>(struct: Struct<T>, json: unknown, options: DecodeOptions): Decoded<T> {
  const context: Context = { subject: options.kind, path: [], unknown: [], parent: undefined };
  const value = decoderOf(struct)(json, context);
  return { value: value as T, unknown: inDocumentOrder(json, context.unknown).map(textOf) };
}

const cache = new WeakMap<Type, Decoder>();

function decoderOf(type: Type): Decoder {
  let decoder = cache.get(type);
  if (decoder === undefined) {
    decoder = compile(type);
    cache.set(type, decoder);
  }
  return decoder;
}

function compile(type: Type): Decoder {
  switch (type.form) {
    case 'scalar': return compileScalar(type);
    case 'list': return compileList(type);
    case 'map': return compileMap(type);
    case 'struct': return compileStruct(type);
  }
}

function compileScalar(type: Scalar): Decoder {
  if (type.either) return compileEither(type, [...type.either.fields.values()]);
  const read = scalarDecoder(type);
  return (value, context) => {
    try {
      return read(value);
    } catch (error) {
      if (error instanceof WrongType) throw mismatch(context.subject, context.parent, context.path, type, value, error.detail);
      if (error instanceof RangeError) throw undecodable(context.subject, `${textOf(context.path)}: ${error.message}`);
      throw error;
    }
  };
}

function compileEither(type: Scalar, forms: readonly Field[]): Decoder {
  return (value, context) => {
    const form = forms.find((field) => hasForm(field.type, value));
    if (form === undefined) throw wrong(context, type, value);
    return decoderOf(form.type)(value, context);
  };
}

function hasForm(type: Type, value: unknown): boolean {
  switch (type.form) {
    case 'list': return Array.isArray(value);
    case 'scalar': return typeof value === 'boolean';
    case 'map':
    case 'struct': return isObject(value);
  }
}

function compileList(type: List): Decoder {
  let item: Decoder | undefined;
  return (value, context) => {
    if (!Array.isArray(value)) throw wrong(context, type, value);
    item ??= decoderOf(type.of);
    const items: unknown[] = [];
    for (let i = 0; i < value.length; i++) {
      const given: unknown = value[i];
      context.path.push(i);
      const decoded = given === null || given === undefined ? undefined : item(given, context);
      const stored = decoded ?? zero(type.of, context);
      if (stored !== undefined) items.push(stored);
      context.path.pop();
    }
    return items;
  };
}

function compileMap(type: Dictionary): Decoder {
  let item: Decoder | undefined;
  return (value, context) => {
    if (!isObject(value)) throw wrong(context, type, value);
    item ??= decoderOf(type.of);
    const members: JsonObject = {};
    for (const key of Object.keys(value)) {
      const given = value[key];
      if (given === undefined) continue;
      context.path.push({ key });
      const stored = (given === null ? undefined : item(given, context)) ?? zero(type.of, context);
      if (stored !== undefined) setOwn(members, key, stored);
      context.path.pop();
    }
    return members;
  };
}

function compileStruct(type: Struct): Decoder {
  let steps: readonly Step[] | undefined;
  return (value, context) => {
    if (!isObject(value)) throw wrong(context, type, value);
    if (context.path.length >= maxDepth) throw tooDeep();
    steps ??= [...type.fields.values()].map((field) => stepOf(field));
    const { parent } = context;
    const result: JsonObject = {};
    let seen = 0;
    context.parent = type;
    for (const step of steps) {
      const { name } = step;
      const given = step.inherited ? own(value, name) : value[name];
      if (given !== undefined) seen++;
      const decoded = decodeField(step, given, context);
      if (decoded !== undefined) setOwn(result, name, decoded);
    }
    let present = 0;
    for (const _ in value) present++;
    if (present !== seen) findUnknown(type, value, context);
    context.parent = parent;
    return result;
  };
}

function decodeField(step: Step, given: unknown, context: Context): unknown {
  if (given !== undefined && given !== null) {
    context.path.push(step.name);
    const decoded = step.decode(given, context);
    context.path.pop();
    if (decoded !== undefined && !step.drop(decoded)) return decoded;
  }
  return step.absent?.(context);
}

function findUnknown(type: Struct, value: JsonObject, context: Context): void {
  for (const key of Object.keys(value)) {
    if (type.fields.has(key) || value[key] === undefined || context.unknown.length >= maxUnknown) continue;
    context.unknown.push([...context.path, key]);
  }
}

const keep = (): boolean => false;
const omittable: ReadonlySet<ScalarName> = new Set(['string', 'bool', 'int32', 'int64', 'double']);
const emptyScalar = (value: unknown): boolean => value === '' || value === 0 || value === false;
const emptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const emptyMap = (value: unknown): boolean => isObject(value) && Object.keys(value).length === 0;

function dropOf(field: Field): Step['drop'] {
  if (field.required) return keep;
  switch (field.type.form) {
    case 'list': return emptyList;
    case 'map': return emptyMap;
    case 'struct': return keep;
    case 'scalar': return !field.type.pointer && omittable.has(field.type.name) ? emptyScalar : keep;
  }
}

const stepOf = (field: Field): Step => ({
  name: field.name, inherited: field.name in Object.prototype,
  decode: decoderOf(field.type), drop: dropOf(field), absent: absentOf(field),
});

function absentOf(field: Field): Step['absent'] {
  const { type, default: value } = field;
  if (value !== undefined) return () => deepCopy(value);
  return field.required || field.always ? (context) => zero(type, context) : undefined;
}

function zero(type: Type, context: Context): unknown {
  switch (type.form) {
    case 'scalar': return type.pointer ? undefined : zeroScalar(type);
    case 'list': return [];
    case 'map': return {};
    case 'struct': return type.pointer === true ? undefined : decoderOf(type)({}, context);
  }
}

const wrong = (context: Context, type: Type, value: unknown): StatusError => mismatch(context.subject, context.parent, context.path, type, value);

/** What Warning headers say. */
export const decodingWarnings = (unknown: readonly string[], duplicates: readonly string[]): string[] =>
  [...unknown.map((path) => `unknown field "${path}"`), ...duplicates.map((path) => `duplicate field "${path}"`)];

/** The refusal of unknown and duplicate fields under `fieldValidation=Strict`, if there are any. */
export function strictDecodingError(kind: Subject, unknown: readonly string[], duplicates: readonly string[]): StatusError | undefined {
  const warnings = decodingWarnings(unknown, duplicates);
  return warnings.length === 0 ? undefined : undecodable(kind, `strict decoding error: ${warnings.join(', ')}`);
}

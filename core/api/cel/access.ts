import { adapterOf } from './adapt.ts';
import { ObjectValue, type Adapt } from './containers.ts';
import { fieldOf } from './fields.ts';
import type { Frame } from './frame.ts';
import type { CelType } from './types.ts';
import { CelValue, Double, Failure, fromJson, isInt, isList, isMap, listAt, listSize, mapGet, MapValue, noSuchOverload, Optional, Uint } from './values.ts';
import { own, type JsonObject } from '#core/api/value.ts';

/** Finds something in a value: the thing, undefined when it is not there, or a failure when it could not be. */
export type Find = (value: unknown) => unknown;

/** Names that every object seems to have. */
const inherited: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Finds a field, by the declared type of the value that has it. */
export function fieldFinder(type: CelType, spelling: string): Find {
  const object = type.kind === 'optional' ? type.of : type;
  const field = object.kind === 'object' ? fieldOf(object, spelling) : undefined;
  if (field !== undefined) return declaredField(field.name, adapterOf(field.type) ?? fromJson);
  return (value) => (isMap(value) ? mapGet(value, spelling) : noSuchOverload);
}

/** A null in a declared field of JSON counts as none; what a variable was worked out to be may be null. */
function declaredField(name: string, adapt: Adapt): Find {
  const read = inherited.has(name) ? (object: JsonObject) => own(object, name) : (object: JsonObject) => object[name];
  const adapted = (raw: unknown): unknown => (raw === null || raw === undefined ? undefined : adapt(raw));
  const ofValue = (value: CelValue): unknown => {
    if (value instanceof ObjectValue) return adapted(read(value.raw));
    const item = value instanceof MapValue ? value.get(name) : noSuchOverload;
    return item === null ? null : adapted(item);
  };
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return noSuchOverload;
    return value instanceof CelValue ? ofValue(value) : adapted(read(value as JsonObject));
  };
}

function listIndex(key: unknown): number | undefined {
  if (typeof key === 'number') return key;
  if (key instanceof Uint) return Number(key.value);
  if (key instanceof Double) return Number.isInteger(key.value) ? key.value : undefined;
  return isInt(key) ? Number(key) : undefined;
}

/** Finds what is at an index or key. */
export function elementOf(value: unknown, key: unknown): unknown {
  if (isList(value)) {
    const index = listIndex(key);
    if (index === undefined) return new Failure('unsupported index type');
    return index >= 0 && index < listSize(value) ? listAt(value, index) : undefined;
  }
  return isMap(value) ? mapGet(value, key) : noSuchOverload;
}

function keyText(key: unknown): string {
  if (key instanceof Double || key instanceof Uint) return String(key.value);
  return typeof key === 'string' || typeof key === 'boolean' || isInt(key) ? String(key) : '';
}

const absent = (value: unknown, key: unknown): Failure => new Failure(isList(value) ? `index out of bounds: ${keyText(key)}` : `no such key: ${keyText(key)}`);

/** `value.key` or `value[key]`. What is found in an optional is optional. */
export function found(value: unknown, key: unknown, find: Find, frame: Frame): unknown {
  if (value instanceof Optional) return foundOptional(value, find, frame);
  frame.charge(1);
  const item = find(value);
  return item === undefined ? absent(value, key) : item;
}

/** `value.?key` or `value[?key]`: costs nothing when there is none. */
export function foundOptional(value: unknown, find: Find, frame: Frame): unknown {
  if (value instanceof Optional && !value.present) return value;
  const item = find(value instanceof Optional ? value.value : value);
  if (item instanceof Failure) return item;
  if (item === undefined) return Optional.none;
  frame.charge(1);
  return item instanceof Optional ? item : new Optional(item);
}

/** `has(value.key)` */
export function presence(value: unknown, find: Find, frame: Frame): unknown {
  frame.charge(1);
  if (value instanceof Optional && !value.present) return false;
  const item = find(value instanceof Optional ? value.value : value);
  if (item instanceof Failure) return item;
  return item instanceof Optional ? item.present : item !== undefined;
}

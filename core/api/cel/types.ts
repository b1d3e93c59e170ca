import { maxRequestSize } from './limits.ts';

/** How large values of a type can be; the static cost estimate counts with it. */
interface Sized {
  /** Most characters, bytes, items or entries. 0 for values that have no size. */
  readonly maxElements: number;
  /** The shortest JSON of such a value, in bytes: bounds how many of them a request can hold. */
  readonly minSize: number;
}

export type SimpleKind = 'dyn' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'null_type' | 'timestamp' | 'duration' | 'error';

export interface SimpleType extends Sized {
  readonly kind: SimpleKind;
}

export interface ListType extends Sized {
  readonly kind: 'list';
  readonly of: CelType;
  /** `set`, or the keys of a map list: such lists are equal in any order, and `+` merges them. */
  readonly merge: 'atomic' | 'set' | readonly string[];
}

export interface MapType extends Sized {
  readonly kind: 'map';
  readonly key: CelType;
  readonly of: CelType;
}

export interface CelField {
  readonly type: CelType;
  readonly required?: boolean;
  /** Filled in when absent, so that it takes no room in a request. */
  readonly defaulted?: boolean;
}

export interface ObjectType extends Sized {
  readonly kind: 'object';
  readonly name: string;
  /** By their names in JSON. An expression spells them as `escapeName` says. */
  readonly fields: ReadonlyMap<string, CelField>;
}

export interface OptionalType extends Sized {
  readonly kind: 'optional';
  readonly of: CelType;
}

/** A type of a library, such as `kubernetes.Quantity`: only functions know what is in it. */
export interface OpaqueType extends Sized {
  readonly kind: 'opaque';
  readonly name: string;
}

/** The type of types. */
export interface TypeType extends Sized {
  readonly kind: 'type';
  readonly of: CelType | undefined;
}

/** A variable of a function's signature. */
export interface ParamType extends Sized {
  readonly kind: 'param';
  readonly name: string;
}

/**
 * The type of a value in an expression. It also says how JSON becomes such a value: text in a `timestamp` field is a
 * point in time, numbers in a `double` field are doubles, and so on.
 */
export type CelType = SimpleType | ListType | MapType | ObjectType | OptionalType | OpaqueType | TypeType | ParamType;

const unsized = { maxElements: 0, minSize: 1 };
const simple = (kind: SimpleKind, minSize: number, maxElements = 0): SimpleType => ({ kind, maxElements, minSize });

/** For quotes, brackets and braces around a value. */
const enclosure = 2;
const largest = maxRequestSize - enclosure;

export const dyn = simple('dyn', 1);
export const bool = simple('bool', 4);
export const int = simple('int', 1);
export const uint = simple('uint', 1);
export const double = simple('double', 1);
export const nullType = simple('null_type', 4);
/** A string of unknown origin, such as a key of a map. For a field, see `stringOf`. */
export const string = simple('string', 2);
export const bytes = simple('bytes', 2);
export const timestamp = simple('timestamp', 21, 32);
/** A timestamp that JSON holds as a date, `2006-01-02`. */
export const date = simple('timestamp', 12, 12);
export const duration = simple('duration', 3, 32);
/** What a failed check leaves: it fits everywhere, so that one mistake is reported once. */
export const errorType = simple('error', 1);

/** A string in an object. @param limits what the schema says of it; by default it is as long as a request can be. */
export function stringOf(limits: { maxLength?: number | undefined; values?: readonly string[] | undefined } = {}): SimpleType {
  // A code point takes up to four bytes, and bytes are what upstream counts.
  if (limits.maxLength !== undefined) return simple('string', 2, Math.max(0, limits.maxLength) * 4);
  if (limits.values !== undefined && limits.values.length > 0) {
    return simple('string', 2, Math.max(...limits.values.map((value) => new TextEncoder().encode(value).length)));
  }
  return simple('string', 2, largest);
}

/** Base64 text in JSON. */
export const bytesOf = (limits: { maxLength?: number | undefined } = {}): SimpleType => simple('bytes', 2, Math.max(0, limits.maxLength ?? largest));

/** An int or a string; which one is known only when it is evaluated. */
export const intOrString = (limits: { maxLength?: number | undefined } = {}): SimpleType =>
  simple('dyn', 1, limits.maxLength === undefined ? largest : Math.max(0, limits.maxLength) * 4);

export const listOf = (of: CelType, limits: { maxItems?: number | undefined; merge?: ListType['merge'] | undefined } = {}): ListType => ({
  kind: 'list', of, merge: limits.merge ?? 'atomic', minSize: enclosure,
  maxElements: Math.max(0, limits.maxItems ?? Math.floor(largest / (of.minSize + 1))),
});

/** A map from strings. */
export const mapOf = (of: CelType, limits: { maxProperties?: number | undefined } = {}): MapType => ({
  kind: 'map', key: string, of, minSize: enclosure,
  maxElements: Math.max(0, limits.maxProperties ?? Math.floor(largest / (of.minSize + 6))),
});

/** @param name as messages show it. Types of one name are the same type. @param fields by their names in JSON. */
export function objectOf(name: string, fields: ReadonlyMap<string, CelField> | Readonly<Record<string, CelField | CelType>>): ObjectType {
  const entries = fields instanceof Map ? [...(fields as ReadonlyMap<string, CelField>)] : Object.entries(fields as Record<string, CelField | CelType>);
  const all = new Map(entries.map(([key, field]): [string, CelField] => [key, 'kind' in field ? { type: field } : field]));
  let minSize = enclosure;
  for (const [key, { type, required = false, defaulted = false }] of all) if (required && !defaulted) minSize += key.length + type.minSize + 4;
  return { kind: 'object', name, fields: all, maxElements: 0, minSize };
}

export const optionalOf = (of: CelType): OptionalType => ({ kind: 'optional', of, ...unsized });
export const opaque = (name: string): OpaqueType => ({ kind: 'opaque', name, ...unsized });
export const typeOf = (of?: CelType): TypeType => ({ kind: 'type', of, ...unsized });
export const param = (name: string): ParamType => ({ kind: 'param', name, ...unsized });
/** Lists and maps as function signatures and literals have them: of no declared size. */
export const anyList = (of: CelType): ListType => ({ kind: 'list', of, merge: 'atomic', maxElements: 0, minSize: enclosure });
export const anyMap = (key: CelType, of: CelType): MapType => ({ kind: 'map', key, of, maxElements: 0, minSize: enclosure });

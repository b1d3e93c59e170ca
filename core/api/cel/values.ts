/**
 * How values are held while an expression is evaluated:
 *
 * - bool, string and null as JavaScript has them; bytes as Uint8Array;
 * - int as a number while it is a safe integer and as a bigint beyond, so that small ints cost nothing and all 64 bits are exact;
 * - double and uint in boxes of their own, so that they are told from ints;
 * - JSON arrays and objects as they are: a number in them is an int if it is whole and fits, otherwise a double;
 * - everything else as a `CelValue`. Errors are values too, as `&&` and `||` may absorb them.
 */
export type ValueKind =
  | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'null' | 'list' | 'map' | 'timestamp' | 'duration' | 'optional' | 'type' | 'opaque';

export const minInt = -(2n ** 63n);
export const maxInt = 2n ** 63n - 1n;
export const maxUint = 2n ** 64n - 1n;

/** An error as the result of an operation. */
export class Failure {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export const noSuchOverload = new Failure('no such overload');

export abstract class CelValue {
  abstract readonly kind: ValueKind;
}

export class Double extends CelValue {
  readonly kind = 'double';
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }
}

/** 0 … 2^64-1 */
export class Uint extends CelValue {
  readonly kind = 'uint';
  readonly value: bigint;

  constructor(value: bigint) {
    super();
    this.value = value;
  }
}

/** A value that may be missing. */
export class Optional extends CelValue {
  static readonly none = new Optional(undefined);
  readonly kind = 'optional';
  /** Undefined when there is none. */
  readonly value: unknown;

  constructor(value: unknown) {
    super();
    this.value = value;
  }

  get present(): boolean {
    return this.value !== undefined;
  }
}

/** A value that knows what equals it. */
export abstract class Equatable extends CelValue {
  /** Equality with a value of the same kind. */
  abstract same(other: Equatable): boolean;

  override toString(): string {
    return this.kind;
  }
}

/** A value that has an order among its kind. */
export abstract class Ordered extends Equatable {
  /** Less than 0, 0, more than 0. */
  abstract compare(other: this): number;

  same(other: Equatable): boolean {
    return this.compare(other as this) === 0;
  }
}

/** What `type(x)` returns. */
export class TypeValue extends Equatable {
  readonly kind = 'type';
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }

  same(other: Equatable): boolean {
    return other instanceof TypeValue && other.name === this.name;
  }
}

/** A value of a library's own type. */
export abstract class Opaque extends Equatable {
  readonly kind = 'opaque';
  abstract readonly typeName: string;

  /** What the cost rules take as its size. */
  get size(): number {
    return 1;
  }

  override toString(): string {
    return this.typeName;
  }
}

/** A list that is no JSON array. */
export abstract class ListValue extends CelValue {
  readonly kind = 'list';
  abstract readonly size: number;
  abstract at(index: number): unknown;

  /** Calls back for each item in order until the callback says false. */
  each(visit: (item: unknown, index: number) => boolean): boolean {
    for (let i = 0; i < this.size; i++) if (!visit(this.at(i), i)) return false;
    return true;
  }
}

/** A map that is no JSON object. */
export abstract class MapValue extends CelValue {
  readonly kind = 'map';
  abstract readonly size: number;
  /** Undefined when there is no such key. */
  abstract get(key: unknown): unknown;
  abstract keys(): Iterable<unknown>;
}

export type CelList = readonly unknown[] | ListValue;
export type CelMap = Readonly<Record<string, unknown>> | MapValue;

/** An int from a bigint in range. */
export const normalInt = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

const isWhole = (raw: number): boolean => Number.isInteger(raw) && raw >= -(2 ** 63) && raw < 2 ** 63;

function wide(raw: number | bigint): unknown {
  if (typeof raw === 'number') return isWhole(raw) ? BigInt(raw) : new Double(raw);
  return raw >= minInt && raw <= maxInt ? normalInt(raw) : new Double(Number(raw));
}

/** A JSON value, or a value already, as an expression sees it when its type says nothing. */
export function fromJson(raw: unknown): unknown {
  if (typeof raw === 'number') return Number.isSafeInteger(raw) ? raw : wide(raw);
  return typeof raw === 'bigint' ? wide(raw) : raw ?? null;
}

export function kindOf(value: unknown): ValueKind {
  switch (typeof value) {
    case 'string': return 'string';
    case 'number': case 'bigint': return 'int';
    case 'boolean': return 'bool';
    default:
      if (value === null || value === undefined) return 'null';
      if (value instanceof CelValue) return value.kind;
      if (Array.isArray(value)) return 'list';
      return value instanceof Uint8Array ? 'bytes' : 'map';
  }
}

export const isInt = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';
export const isList = (value: unknown): value is CelList => Array.isArray(value) || value instanceof ListValue;
export const isMap = (value: unknown): value is CelMap => typeof value === 'object' && value !== null && kindOf(value) === 'map';
export const isJsonObject = (value: unknown): value is Record<string, unknown> => isMap(value) && !(value instanceof MapValue);

export const listSize = (list: CelList): number => (Array.isArray(list) ? list.length : (list as ListValue).size);
export const listAt = (list: CelList, index: number): unknown => (Array.isArray(list) ? fromJson(list[index]) : (list as ListValue).at(index));

/** Calls back for each item in order until the callback says false. */
export function eachItem(list: CelList, visit: (item: unknown, index: number) => boolean): boolean {
  if (!Array.isArray(list)) return (list as ListValue).each(visit);
  for (let i = 0; i < list.length; i++) if (!visit(fromJson(list[i]), i)) return false;
  return true;
}

/** Undefined when there is no such key. */
export function mapGet(map: CelMap, key: unknown): unknown {
  if (map instanceof MapValue) return map.get(key);
  if (typeof key !== 'string' || !Object.hasOwn(map, key)) return undefined;
  const raw = map[key];
  return raw === undefined ? undefined : fromJson(raw);
}

export function mapKeys(map: CelMap): Iterable<unknown> {
  if (map instanceof MapValue) return map.keys();
  return Object.keys(map).filter((key) => map[key] !== undefined);
}

const typeNames: Partial<Record<ValueKind, string>> = {
  null: 'null_type', timestamp: 'google.protobuf.Timestamp', duration: 'google.protobuf.Duration', optional: 'optional_type',
};

/** The name that `type()` shows, such as `int` and `google.protobuf.Timestamp`. */
export function typeNameOf(value: unknown): string {
  if (value instanceof Opaque) return value.typeName;
  const kind = kindOf(value);
  return typeNames[kind] ?? kind;
}

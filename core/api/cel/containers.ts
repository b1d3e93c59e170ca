import type { ListType, ObjectType } from './types.ts';
import {
  Double, eachItem, Failure, fromJson, isInt, isMap, listAt, listSize, ListValue, mapGet, MapValue, normalInt, Uint, type CelList,
} from './values.ts';

/** Makes a value of a declared type from JSON. What is such a value already stays as it is. */
export type Adapt = (raw: unknown) => unknown;

/** A JSON array whose items need adapting, or whose declaration gives `==` and `+` a meaning of their own. */
export class TypedList extends ListValue {
  readonly items: readonly unknown[];
  readonly merge: ListType['merge'];
  private readonly adapt: Adapt;

  constructor(items: readonly unknown[], adapt: Adapt, merge: ListType['merge'] = 'atomic') {
    super();
    this.items = items;
    this.adapt = adapt;
    this.merge = merge;
  }

  get size(): number {
    return this.items.length;
  }

  at(index: number): unknown {
    return this.adapt(this.items[index]);
  }

  /** For sets and map lists: what is equal between lists in any order. */
  keyOf(item: unknown): string {
    if (typeof this.merge === 'string') return scalarText(item);
    return this.merge.map((name) => scalarText(isMap(item) ? mapGet(item, name) : undefined)).join('\u0000');
  }

  /** Positions of this list are kept; items of the other take the place of those with their key, or follow. */
  mergedWith(other: CelList): TypedList {
    const merged = [...this.items];
    const places = new Map(merged.map((_, index) => [this.keyOf(this.at(index)), index]));
    eachItem(other, (item) => {
      const key = this.keyOf(item);
      const place = places.get(key);
      if (place === undefined) places.set(key, merged.push(item) - 1);
      else if (this.merge !== 'set') merged[place] = item;
      return true;
    });
    return new TypedList(merged, this.adapt, this.merge);
  }
}

const scalarText = (value: unknown): string => {
  if (value instanceof Double) return `number ${value.value}`;
  if (isInt(value)) return `number ${value}`;
  if (typeof value === 'string' || typeof value === 'boolean') return `${typeof value} ${value}`;
  return JSON.stringify(value ?? null, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
};

/** Two lists in a row, without copying either. */
export class ConcatList extends ListValue {
  readonly size: number;
  private readonly left: CelList;
  private readonly right: CelList;

  private constructor(left: CelList, right: CelList) {
    super();
    this.left = left;
    this.right = right;
    this.size = listSize(left) + listSize(right);
  }

  static of(left: CelList, right: CelList): CelList | Failure {
    if (listSize(left) === 0) return right;
    if (listSize(right) === 0) return left;
    return listSize(left) + listSize(right) > Number.MAX_SAFE_INTEGER ? new Failure('list too large') : new ConcatList(left, right);
  }

  at(index: number): unknown {
    const offset = listSize(this.left);
    return index < offset ? listAt(this.left, index) : listAt(this.right, index - offset);
  }

  override each(visit: (item: unknown, index: number) => boolean): boolean {
    const offset = listSize(this.left);
    return eachItem(this.left, visit) && eachItem(this.right, (item, index) => visit(item, index + offset));
  }
}

/** The form in which keys that are equal are the same; undefined for what cannot be a key. Whole numbers of any type are one key. */
function mapKey(key: unknown): string | number | bigint | boolean | undefined {
  if (key instanceof Uint) return normalInt(key.value);
  if (key instanceof Double) return Number.isSafeInteger(key.value) ? key.value : undefined;
  return typeof key === 'string' || typeof key === 'boolean' || isInt(key) ? key : undefined;
}

/** A map that an expression made. */
export class EntryMap extends MapValue {
  private readonly entries = new Map<unknown, readonly [unknown, unknown]>();

  get size(): number {
    return this.entries.size;
  }

  get(key: unknown): unknown {
    return this.entries.get(mapKey(key))?.[1];
  }

  *keys(): Iterable<unknown> {
    for (const [key] of this.entries.values()) yield key;
  }

  /** Nothing, or what is wrong with the key. */
  insert(key: unknown, value: unknown): Failure | undefined {
    const form = key instanceof Double ? undefined : mapKey(key);
    if (form === undefined) return new Failure('unsupported key type');
    if (this.entries.has(form)) return new Failure(`insert failed: key ${String(form)} already exists`);
    this.entries.set(form, [key, value]);
    return undefined;
  }
}

/** A JSON object whose values need adapting. */
export class TypedMap extends MapValue {
  readonly raw: Readonly<Record<string, unknown>>;
  private readonly adapt: Adapt;

  constructor(raw: Readonly<Record<string, unknown>>, adapt: Adapt) {
    super();
    this.raw = raw;
    this.adapt = adapt;
  }

  get size(): number {
    return Object.keys(this.raw).length;
  }

  get(key: unknown): unknown {
    return typeof key === 'string' && Object.hasOwn(this.raw, key) ? this.adapt(this.raw[key]) : undefined;
  }

  keys(): Iterable<unknown> {
    return Object.keys(this.raw);
  }
}

/** An object of declared fields. A field that is null counts as absent; fields that are not declared are seen by equality only. */
export class ObjectValue extends MapValue {
  readonly raw: Record<string, unknown>;
  private readonly type: ObjectType;
  private readonly adapterOf: (type: ObjectType, field: string) => Adapt;

  constructor(raw: Record<string, unknown>, type: ObjectType, adapterOf: (type: ObjectType, field: string) => Adapt) {
    super();
    this.raw = raw;
    this.type = type;
    this.adapterOf = adapterOf;
  }

  get size(): number {
    return this.keys().length;
  }

  get(key: unknown): unknown {
    if (typeof key !== 'string' || !Object.hasOwn(this.raw, key)) return undefined;
    const raw = this.raw[key];
    return raw === null || raw === undefined ? undefined : this.adapterOf(this.type, key)(raw);
  }

  keys(): string[] {
    return Object.keys(this.raw).filter((key) => this.raw[key] !== null && this.raw[key] !== undefined);
  }
}

/** An object whose fields are worked out when they are first asked for, and once. */
export class LazyFields extends MapValue {
  readonly size = 0;
  private readonly resolve: (field: string) => unknown;
  private readonly known = new Map<string, unknown>();

  /** @param resolve gives JSON, a value, or undefined; what it throws becomes the error of the expression, unless that is `exhausted`. */
  constructor(resolve: (field: string) => unknown) {
    super();
    this.resolve = resolve;
  }

  get(key: unknown): unknown {
    if (typeof key !== 'string') return undefined;
    if (!this.known.has(key)) this.known.set(key, this.resolved(key));
    return this.known.get(key);
  }

  keys(): Iterable<unknown> {
    return [];
  }

  private resolved(key: string): unknown {
    try {
      const raw = this.resolve(key);
      return raw === undefined ? undefined : fromJson(raw);
    } catch (error) {
      if (error instanceof Error && 'exhausted' in error && error.exhausted === true) throw error;
      return new Failure(error instanceof Error ? error.message : String(error));
    }
  }
}

/**
 * The vocabulary in which every kind is described, once. From such a description come strict decoding, pruning, defaults,
 * enum checks, OpenAPI, merge keys and the TypeScript types of the code base.
 *
 * A table reads: JSON field name → `[protobuf number, type, sentence for the reader]`.
 */

declare const carried: unique symbol;

/** `T` is the TypeScript type of a decoded value. It exists for the compiler only. */
interface Carries<T> {
  readonly [carried]?: T;
}

export type ScalarName =
  | 'string' | 'bool' | 'int32' | 'int64' | 'double' | 'bytes'
  | 'quantity' | 'time' | 'microTime' | 'duration' | 'intOrString' | 'raw' | 'json';

export interface Scalar<T = unknown> extends Carries<T> {
  readonly form: 'scalar';
  readonly name: ScalarName;
  /** Closed set of values; empty when any value goes. */
  readonly values: readonly string[];
  /** What OpenAPI lists instead of `values`, where upstream's documents name more than its rules let through. */
  readonly listed?: readonly string[];
  /** The empty value differs from none, as behind a pointer in Go. Elsewhere '', 0 and false count as absent. */
  readonly pointer: boolean;
  /** Of a `json` scalar made by `either`: its forms. */
  readonly either?: Struct;
  /** OpenAPI component and sentence, when they are not those of all scalars of this name. */
  readonly component?: readonly [name: string, doc: string];
}

/** `atomic` lists are replaced as a whole, `set` lists merge by value, `map` lists merge by their keys. */
export type ListSemantics = 'atomic' | 'set' | 'map';

export interface List<T = unknown> extends Carries<T[]> {
  readonly form: 'list';
  readonly of: Type;
  readonly semantics: ListSemantics;
  /** Server-side apply's keys (`x-kubernetes-list-map-keys`). */
  readonly keys: readonly string[];
  /** Strategic merge patch: the key field of items, or '' for a list of scalars that merges by value; undefined replaces. */
  readonly mergeKey: string | undefined;
  /** Strategic merge patch: items keep only the fields that the patch lists (`$retainKeys`). */
  readonly retainKeys: boolean;
}

export interface Dictionary<T = unknown> extends Carries<Record<string, T>> {
  readonly form: 'map';
  readonly of: Type;
  /** Server-side apply replaces the map as a whole. */
  readonly atomic: boolean;
}

export interface Struct<T = unknown> extends Carries<T> {
  readonly form: 'struct';
  /** OpenAPI component name, such as `io.k8s.api.core.v1.PodSpec`. */
  readonly name: string;
  readonly doc: string;
  /** As they appear in JSON: the fields of inlined structs stand among the others. */
  readonly fields: ReadonlyMap<string, Field>;
  /** As they appear in protobuf: inlined structs are messages of their own. */
  readonly wire: readonly WireField[];
  readonly retainKeys: boolean;
  /** Server-side apply replaces the struct as a whole (`x-kubernetes-map-type: atomic`). */
  readonly atomic: boolean;
  /** Absent stays absent even where the field is required, as behind a pointer in Go. */
  readonly pointer?: boolean;
  /** Strategic merge patch replaces the struct as a whole. */
  readonly replaced?: boolean;
  /** Type of fields that are not described, where those are allowed at all (`x-kubernetes-preserve-unknown-fields`). */
  readonly rest?: Type;
}

export type Type<T = unknown> = (Scalar | List | Dictionary | Struct) & Carries<T>;

export interface Field {
  readonly name: string;
  readonly type: Type;
  readonly doc: string;
  /** Stands in OpenAPI's `required`. */
  readonly required: boolean;
  /** Decoded as `{}` when absent: Go writes such a struct even when it is empty. */
  readonly always: boolean;
  /** Set when the field is absent and its parent is present. */
  readonly default: unknown;
}

export interface WireField {
  readonly number: number;
  readonly name: string;
  readonly type: Type;
  readonly inline: boolean;
}

/** A field type with what the table says about its presence. */
interface Presence<T, P extends 'required' | 'always' | 'default' | 'inline'> extends Carries<T> {
  readonly presence: P;
  readonly type: Type;
  readonly value: unknown;
}

type Carrier = { readonly [carried]?: unknown };
export type Entry = readonly [number, Carrier, string?];
export type Table = Readonly<Record<string, Entry>>;

/** The TypeScript type that a description carries. */
export type Of<D> = D extends { readonly [carried]?: infer T } ? Exclude<T, undefined> : never;

type Present<F extends Table> = { [K in keyof F]: F[K][1] extends { presence: 'required' | 'always' } ? K : never }[keyof F];
type Inlined<F extends Table> = { [K in keyof F]: F[K][1] extends { presence: 'inline' } ? K : never }[keyof F];
type Merged<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : unknown;
type Flat<T> = { [K in keyof T]: T[K] };

/** The object type of a table: required and always-present fields are certain, all others may be missing. */
export type Row<F extends Table> = Flat<
  { [K in Present<F>]: Of<F[K][1]> } &
  { [K in Exclude<keyof F, Present<F> | Inlined<F>>]?: Of<F[K][1]> } &
  ([Inlined<F>] extends [never] ? unknown : Merged<{ [K in Inlined<F>]: Of<F[K][1]> }[Inlined<F>]>)
>;

const scalar = <T>(name: ScalarName, values: readonly string[] = []): Scalar<T> => ({ form: 'scalar', name, values, pointer: false });

export const string = scalar<string>('string');
export const bool = scalar<boolean>('bool');
export const int32 = scalar<number>('int32');
export const int64 = scalar<number>('int64');
export const double = scalar<number>('double');
/** Base64 text in JSON. */
export const bytes = scalar<string>('bytes');
/** Kept as the canonical text, such as `1536Mi`; see `Quantity`. */
export const quantity = scalar<string>('quantity');
/** RFC 3339 with seconds, UTC. */
export const time = scalar<string>('time');
/** RFC 3339 with microseconds, UTC. */
export const microTime = scalar<string>('microTime');
export const duration = scalar<string>('duration');
export const intOrString = scalar<number | string>('intOrString');
/** Any JSON object, kept as it came. */
export const raw = scalar<unknown>('raw');
/** Any JSON value. Server-side apply merges its objects field by field and takes its lists as one value. */
export const json = scalar<unknown>('json');

/**
 * A value that has one of several forms, told apart by their JSON types; in protobuf, a message with a field for each, of which
 * the last one that is there counts. To all but decoding it is `json`.
 */
export const either = <T>(forms: Struct<unknown>): Scalar<T> => ({ ...scalar<T>('json'), either: forms });

/** Tells '', 0 and false from absent: for fields that are pointers upstream. */
export const pointer = <T>(type: Scalar<T>): Scalar<T> => ({ ...type, pointer: true });

/** A string from a closed set; anything else is refused as an unsupported value. */
export const oneOf = <const V extends readonly string[]>(...values: V): Scalar<V[number]> => scalar<V[number]>('string', values);

const listOf = <T>(of: Type<T>, semantics: ListSemantics, keys: readonly string[] = [], mergeKey?: string): List<T> =>
  ({ form: 'list', of, semantics, keys, mergeKey, retainKeys: false });

export const list = <T>(of: Type<T>): List<T> => listOf(of, 'atomic');
export const set = <T>(of: Type<T>): List<T> => listOf(of, 'set');
/** A set that strategic merge patch also merges by value. */
export const mergedSet = <T>(of: Type<T>): List<T> => listOf(of, 'set', [], '');
/** A list keyed by `keys`; strategic merge patch replaces it as a whole. */
export const keyed = <T>(of: Type<T>, ...keys: string[]): List<T> => listOf(of, 'map', keys);
/** A list keyed by `keys`, whose items strategic merge patch merges by `mergeKey` (by default the first key). */
export const merged = <T>(of: Type<T>, keys: readonly string[], mergeKey = keys[0]): List<T> => listOf(of, 'map', keys, mergeKey);
/** As `merged`, for a list that server-side apply treats as atomic. */
export const mergedAtomic = <T>(of: Type<T>, mergeKey: string): List<T> => listOf(of, 'atomic', [], mergeKey);
/** The list or struct keeps only the fields that a strategic merge patch names in `$retainKeys`. */
export const retainKeys = <D extends List | Struct>(type: D): D => ({ ...type, retainKeys: true });
export const map = <T>(of: Type<T>): Dictionary<T> => ({ form: 'map', of, atomic: false });
export const atomicMap = <T>(of: Type<T>): Dictionary<T> => ({ form: 'map', of, atomic: true });

const presence = <T, P extends 'required' | 'always' | 'default' | 'inline'>(kind: P, type: Type<T>, value?: unknown): Presence<T, P> =>
  ({ presence: kind, type, value });

export const required = <T>(type: Type<T>): Presence<T, 'required'> => presence('required', type);
/** As `required`, for a struct that validation must be able to miss: until then it may be absent. */
export const requiredPointer = <T>(type: Struct<T>): Presence<T, 'required'> => presence('required', { ...type, pointer: true });
/** Always present once decoded, as `{}` if need be. */
export const always = <T>(type: Type<T>): Presence<T, 'always'> => presence('always', type);
export const withDefault = <T>(type: Type<T>, value: NoInfer<T>): Presence<T, 'default'> => presence('default', type, value);
export const inline = <T>(type: Struct<T>): Presence<T, 'inline'> => presence('inline', type);

const isPresence = (carrier: Carrier): carrier is Presence<unknown, 'required' | 'always' | 'default' | 'inline'> => 'presence' in carrier;

const fieldOf = (name: string, type: Type, doc: string, entry: Presence<unknown, 'required' | 'always' | 'default' | 'inline'> | undefined): Field => ({
  name, type, doc,
  required: entry?.presence === 'required',
  always: entry?.presence === 'always',
  default: entry?.presence === 'default' ? entry.value : undefined,
});

/** Describes a struct. @throws {TypeError} when two fields share a protobuf number or a JSON name. */
export const struct = <const F extends Table>(name: string, doc: string, table: F): Struct<Row<F>> => recursive<Row<F>>(name, doc, () => table);

/** Describes a struct that contains itself: `table` is handed the struct to come. TypeScript needs to be told its type. @throws {TypeError} as `struct` */
export function recursive<T>(name: string, doc: string, table: (self: Struct<T>) => Table): Struct<T> {
  const fields = new Map<string, Field>();
  const wire: WireField[] = [];
  const self: Struct<T> = { form: 'struct', name, doc, fields, wire, retainKeys: false, atomic: false };
  const numbers = new Set<number>();
  const add = (field: Field): void => {
    if (fields.has(field.name)) throw new TypeError(`${name}: field ${field.name} is described twice`);
    fields.set(field.name, field);
  };
  for (const [key, [number, carrier, text = '']] of Object.entries(table(self))) {
    if (numbers.has(number)) throw new TypeError(`${name}: protobuf number ${number} is used twice, again by ${key}`);
    numbers.add(number);
    const entry = isPresence(carrier) ? carrier : undefined;
    const type = entry ? entry.type : (carrier as Type);
    const inlined = entry?.presence === 'inline';
    wire.push({ number, name: key, type, inline: inlined });
    if (inlined) {
      for (const field of (type as Struct).fields.values()) add(field);
    } else {
      add(fieldOf(key, type, text, entry));
    }
  }
  return self;
}

/** The struct is one value to server-side apply. */
export const atomic = <T>(type: Struct<T>): Struct<T> => ({ ...type, atomic: true });
/** Takes `atomic` back for one field: server-side apply merges this use of the struct field by field. */
export const granular = <T>(type: Struct<T>): Struct<T> => ({ ...type, atomic: false });
/** A strategic merge patch puts the struct in place of the old one instead of merging them. */
export const replaced = <T>(type: Struct<T>): Struct<T> => ({ ...type, replaced: true });

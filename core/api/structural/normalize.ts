import { decode } from '#core/api/schema/decode.ts';
import { ObjectMeta } from '#core/api/schema/meta.ts';
import type { StatusError } from '#core/api/status-error.ts';
import { deepCopy, isObject, own, setOwn, type JsonObject } from '#core/api/value.ts';
import { fieldOf, isMetaField, type Structure } from './structure.ts';

export interface Normalized {
  readonly value: JsonObject;
  /** Paths of fields that the schema does not know, such as `spec.ports[0].foo`; at most 100. */
  readonly unknown: readonly string[];
}

export interface NormalizeOptions {
  /** Metadata of embedded resources that is malformed is dropped instead of refused: for what is stored already. */
  readonly lenient?: boolean;
}

const maxUnknown = 100;
/** Nothing is known of a value: its fields go, scalars stay. */
const nothing = undefined;

type Step = string | number;

/**
 * A fresh copy of a resource as its schema wants it: fields that are not known are dropped, nulls where none may be are dropped or replaced,
 * and defaults are filled in. apiVersion, kind and metadata of the resource itself are passed over; those of embedded resources are read
 * as the API's.
 * @throws {StatusError} BadRequest for malformed metadata of an embedded resource
 */
export function normalize(value: JsonObject, structure: Structure, options: NormalizeOptions = {}): Normalized {
  const run = new Normalization(options);
  const result = run.object(value, structure, structure.preserves);
  return { value: result, unknown: run.unknown.sort() };
}

/** The fields that `normalize` would drop from a value that is not a whole resource, such as a default. @throws {StatusError} as `normalize` */
export function unknownFields(value: unknown, structure: Structure): readonly string[] {
  const run = new Normalization({});
  run.value(value, structure);
  return run.unknown;
}

class Normalization {
  readonly unknown: string[] = [];
  private readonly options: NormalizeOptions;
  private readonly path: Step[] = [];

  constructor(options: NormalizeOptions) {
    this.options = options;
  }

  value(value: unknown, structure: Structure | undefined, preserves = structure?.preserves ?? false): unknown {
    if (Array.isArray(value)) return this.list(value, structure, preserves);
    if (isObject(value)) return structure ? this.object(value, structure, preserves) : this.emptied(value);
    return value;
  }

  object(value: JsonObject, structure: Structure, preserves: boolean): JsonObject {
    const result: JsonObject = {};
    for (const key of Object.keys(value)) {
      const given = value[key];
      if (given === undefined) continue;
      this.path.push(key);
      const kept = isMetaField(structure, key) ? this.meta(key, given, structure) : this.field(key, given, structure, preserves);
      this.path.pop();
      if (kept !== undefined) setOwn(result, key, kept);
    }
    if (structure.defaults.length > 0) this.fill(result, structure);
    return result;
  }

  private field(key: string, given: unknown, structure: Structure, preserves: boolean): unknown {
    const field = fieldOf(structure, key);
    if (field === undefined) {
      if (preserves) return deepCopy(given);
      this.report();
      return undefined;
    }
    if (field === 'any') return this.value(given, nothing);
    if (given !== null || field.nullable) return this.value(given, field);
    // A null with a default is replaced by it, in `fill`.
    return undefined;
  }

  private fill(result: JsonObject, structure: Structure): void {
    for (const [name, value] of structure.defaults) {
      const property = structure.properties.get(name);
      if (property !== undefined && own(result, name) === undefined) setOwn(result, name, this.value(value, property));
    }
  }

  private list(value: readonly unknown[], structure: Structure | undefined, preserves: boolean): unknown[] {
    const item = structure?.items;
    return value.map((given, i) => {
      this.path.push(i);
      const kept = preserves && item === undefined ? deepCopy(given) : this.item(given, item, preserves);
      this.path.pop();
      return kept;
    });
  }

  private item(given: unknown, item: Structure | undefined, preserves: boolean): unknown {
    const filled = given === null && item?.nullable === false ? item.schema.default ?? null : given;
    return this.value(filled, item, preserves || item?.preserves === true);
  }

  private emptied(value: JsonObject): JsonObject {
    for (const key of Object.keys(value)) {
      this.path.push(key);
      this.report();
      this.path.pop();
    }
    return {};
  }

  private meta(key: string, given: unknown, structure: Structure): unknown {
    // That of the resource itself is the caller's.
    if (this.path.length === 1) return given;
    if (key === 'metadata') return this.metadata(given, structure.properties.get(key));
    if (typeof given === 'string' || this.options.lenient !== true) return given;
    return undefined;
  }

  private metadata(given: unknown, structure: Structure | undefined): unknown {
    if (given === null) return undefined;
    const { value, unknown } = readMetadata(given, this.options.lenient === true, this.text());
    for (const path of unknown) this.report(path);
    if (structure !== undefined) this.fill(value, structure);
    return value;
  }

  private text(): string {
    return this.path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`), '');
  }

  private report(below = ''): void {
    if (this.unknown.length < maxUnknown) this.unknown.push(below === '' ? this.text() : `${this.text()}.${below}`);
  }
}

/** Metadata as the API's types allow it. @param lenient what cannot be read is left out */
export function readMetadata(given: unknown, lenient: boolean, path: string): { value: JsonObject; unknown: readonly string[] } {
  const read = (value: unknown) => {
    const decoded = decode(ObjectMeta, value, { kind: { group: '', version: 'v1', kind: path === '' ? 'metadata' : path } });
    return { value: decoded.value as unknown as JsonObject, unknown: decoded.unknown };
  };
  if (!lenient) return read(given);
  const value: JsonObject = {};
  for (const [key, part] of Object.entries(isObject(given) ? given : {})) {
    try {
      Object.assign(value, read({ [key]: part }).value);
    } catch (error) {
      // What cannot be read was stored before anybody checked it.
      if (!isStatus(error)) throw error;
    }
  }
  return { value, unknown: [] };
}

const isStatus = (error: unknown): error is StatusError => error instanceof Error && error.name === 'StatusError';

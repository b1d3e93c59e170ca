import type { Struct } from '#core/api/schema/type.ts';
import type { JsonObject } from '#core/api/value.ts';
import type { FieldSet } from './field-set.ts';

/** An object, or some of its fields, as one version describes it. */
export interface Versioned {
  readonly apiVersion: string;
  readonly struct: Struct;
  readonly value: unknown;
}

/** What is being written to. */
export interface Schema {
  readonly apiVersion: string;
  readonly struct: Struct;
  /** What a new object is compared with: `blankOf` its struct where Go knows the kind, nothing for custom resources. */
  readonly blank: JsonObject;
  /** The same object in another version; undefined when that is not known (any more). */
  convert(object: Versioned, apiVersion: string): Versioned | undefined;
  /** Leaves of a set what can be written here: the main resource does not own the status. */
  writable(set: FieldSet): FieldSet;
}

export const converted = (schema: Schema, object: Versioned, apiVersion: string): Versioned | undefined =>
  (object.apiVersion === apiVersion ? object : schema.convert(object, apiVersion));

import type { JsonObject } from '#core/api/value.ts';
import { deepCopy, isObject, own } from '#core/api/value.ts';
import { compare } from './compare.ts';
import { readConfiguration, BadConfiguration } from './configuration.ts';
import { difference, union, type FieldSet } from './field-set.ts';
import { UnkeyedItem } from './shape.ts';
import { toFieldSet } from './to-field-set.ts';
import type { Schema } from './versioned.ts';

/** Where kubectl's client-side apply keeps what it applied. */
const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The annotations of an object together may be so long, in bytes. */
const maximumBytes = 256 * 1024;

const annotationsOf = (object: unknown): JsonObject => {
  const metadata = isObject(object) ? own(object, 'metadata') : undefined;
  const annotations = isObject(metadata) ? own(metadata, 'annotations') : undefined;
  return isObject(annotations) ? annotations : {};
};

/** What kubectl applied to this object by itself, if it did. */
export function lastAppliedOf(object: unknown): string | undefined {
  const text = own(annotationsOf(object), annotation);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/**
 * The fields that client-side apply had set to what they still are: kubectl may take them over without a conflict.
 * Undefined when the annotation does not say.
 */
export function takenFromClient(schema: Schema, live: unknown): FieldSet | undefined {
  const text = lastAppliedOf(live);
  if (text === undefined) return undefined;
  try {
    const applied: unknown = JSON.parse(text);
    if (!isObject(applied) || applied['apiVersion'] !== schema.apiVersion) return undefined;
    const configuration = readConfiguration(schema.struct, applied);
    const { added, modified, removed } = compare(schema.struct, configuration, live);
    return difference(toFieldSet(schema.struct, configuration), union(union(modified, added), removed));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof BadConfiguration || error instanceof UnkeyedItem) return undefined;
    throw error;
  }
}

/** The annotations with a configuration as the last applied one; without any when it is too long. */
export function withLastApplied(annotations: JsonObject, configuration: JsonObject): JsonObject {
  const { [annotation]: _old, ...others } = annotations;
  const written = { ...others, [annotation]: `${JSON.stringify(sortedCopy(withoutAnnotation(configuration)))}\n` };
  let bytes = 0;
  for (const [key, value] of Object.entries(written)) bytes += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  return bytes > maximumBytes ? others : written;
}

function withoutAnnotation(configuration: JsonObject): JsonObject {
  const copy = deepCopy(configuration);
  delete annotationsOf(copy)[annotation];
  return copy;
}

/** Go writes maps in the order of their keys. */
function sortedCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedCopy);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sortedCopy(value[key])]));
}

import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { ObjectMeta } from '#core/api/schema/meta.ts';
import { bool, double, int64, intOrString, json, pointer, string, type Field, type List, type ListSemantics, type Struct, type Type } from '#core/api/schema/type.ts';
import { additionalOf, itemsOf } from './structure.ts';

/**
 * A schema in the vocabulary of the built-in kinds, for server-side apply to merge by. It says how values merge, not which are valid.
 * @param name of the OpenAPI component
 * @param root the schema is that of a whole resource
 */
export function toStruct(name: string, schema: JSONSchemaProps, root = false): Struct {
  const fields = new Map<string, Field>();
  if (root || schema['x-kubernetes-embedded-resource'] === true) {
    for (const [key, type] of [['apiVersion', string], ['kind', string], ['metadata', ObjectMeta]] as const) fields.set(key, fieldOf(key, type));
  }
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (!fields.has(key)) fields.set(key, fieldOf(key, toType(`${name}.${key}`, property), property.default));
  }
  return {
    form: 'struct', name, doc: '', fields, wire: [], retainKeys: false,
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    ...(schema['x-kubernetes-preserve-unknown-fields'] === true ? { rest: json } : {}),
  };
}

/** As `toStruct` for a whole resource, made when something but the name is asked for. */
export function lazyStruct(name: string, schema: JSONSchemaProps): Struct {
  let made: Struct | undefined;
  const struct = (): Struct => (made ??= toStruct(name, schema, true));
  return {
    form: 'struct', name, doc: '', wire: [], retainKeys: false,
    get fields() {
      return struct().fields;
    },
    get atomic() {
      return struct().atomic;
    },
    ...(schema['x-kubernetes-preserve-unknown-fields'] === true ? { rest: json } : {}),
  };
}

const fieldOf = (name: string, type: Type, byDefault?: unknown): Field => ({ name, type, doc: '', required: false, always: name === 'metadata', default: byDefault });

/** Empty values are values in custom resources. */
const scalars: Readonly<Record<string, Type>> = { string: pointer(string), integer: pointer(int64), number: pointer(double), boolean: pointer(bool) };

function toType(name: string, schema: JSONSchemaProps): Type {
  if (schema['x-kubernetes-int-or-string'] === true) return pointer(intOrString);
  switch (schema.type) {
    case 'object': return toObject(name, schema);
    case 'array': return toList(name, schema);
    default: return (schema.type !== undefined && Object.hasOwn(scalars, schema.type) ? scalars[schema.type] : undefined) ?? json;
  }
}

function toObject(name: string, schema: JSONSchemaProps): Type {
  if (schema.properties !== undefined || schema['x-kubernetes-embedded-resource'] === true) return toStruct(name, schema);
  const atomic = schema['x-kubernetes-map-type'] === 'atomic';
  const values = additionalOf(schema);
  if (values !== undefined) return { form: 'map', of: toType(`${name}.*`, values), atomic };
  return atomic ? { form: 'map', of: json, atomic } : json;
}

const semantics: ReadonlySet<string> = new Set<ListSemantics>(['atomic', 'set', 'map']);
const isSemantics = (text: string): text is ListSemantics => semantics.has(text);

function toList(name: string, schema: JSONSchemaProps): List {
  const items = itemsOf(schema);
  const type = schema['x-kubernetes-list-type'] ?? 'atomic';
  return {
    form: 'list', of: items ? toType(`${name}[]`, items) : json, semantics: isSemantics(type) ? type : 'atomic',
    keys: schema['x-kubernetes-list-map-keys'] ?? [], mergeKey: undefined, retainKeys: false,
  };
}

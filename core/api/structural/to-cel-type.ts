import {
  bool, bytesOf, date, double, duration, int, intOrString, listOf, mapOf, objectOf, stringOf, timestamp, type CelField, type CelType,
} from '#core/api/cel/types.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { additionalOf, itemsOf } from './structure.ts';

/**
 * The type that rules see. Parts without a type are not seen: fields that preserve unknown content, lists and maps of such.
 * @param name of objects, as error messages show it; those inside are named by their path
 * @param root the schema is that of a resource, so that apiVersion, kind and some of its metadata are there in any case
 */
export function toCelType(schema: JSONSchemaProps, name = 'object', root = schema['x-kubernetes-embedded-resource'] === true): CelType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return intOrString();
  switch (schema.type) {
    case 'boolean': return bool;
    case 'integer': return int;
    case 'number': return double;
    case 'string': return textType(schema);
    case 'array': return listType(schema, name);
    case 'object': return objectType(schema, name, root);
    default: return undefined;
  }
}

/** Of the items of a list, or the values of a map. */
export const celTypeOfParts = (type: CelType | undefined): CelType | undefined => (type?.kind === 'list' || type?.kind === 'map' ? type.of : undefined);

/** Of a property, also when it has a name that no expression can spell. */
export const celTypeOfField = (type: CelType | undefined, name: string, property: JSONSchemaProps): CelType | undefined =>
  (type?.kind === 'object' ? type.fields.get(name)?.type : undefined) ?? toCelType(property, name);

function textType({ format, maxLength }: JSONSchemaProps): CelType {
  switch (format) {
    case 'byte': return bytesOf({ maxLength });
    case 'duration': return duration;
    case 'date': return date;
    case 'date-time': return timestamp;
    default: return stringOf({ maxLength });
  }
}

function listType(schema: JSONSchemaProps, name: string): CelType | undefined {
  const items = itemsOf(schema);
  const of = items && toCelType(items, `${name}.@idx`);
  const type = schema['x-kubernetes-list-type'];
  const merge = type === 'map' ? schema['x-kubernetes-list-map-keys'] ?? [] : type === 'set' ? 'set' : 'atomic';
  return of && listOf(of, { maxItems: schema.maxItems, merge });
}

function objectType(schema: JSONSchemaProps, name: string, root: boolean): CelType | undefined {
  const values = additionalOf(schema);
  if (values !== undefined) {
    const of = toCelType(values, `${name}.@elem`);
    return of && mapOf(of, { maxProperties: schema.maxProperties });
  }
  const required = new Set(schema.required);
  const fields = new Map<string, CelField>();
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const type = toCelType(property, `${name}.${key}`);
    if (type) fields.set(key, { type, required: required.has(key), defaulted: property.default !== undefined });
  }
  if (root && !describesMeta(schema)) for (const [key, type] of metaTypes(name)) fields.set(key, { type, required: required.has(key) });
  return objectOf(name, fields);
}

/** Of the metadata, rules see the names only. */
const metaTypes = (name: string): readonly (readonly [string, CelType])[] => [
  ['apiVersion', stringOf()], ['kind', stringOf()], ['metadata', objectOf(`${name}.metadata`, { name: stringOf(), generateName: stringOf() })],
];

function describesMeta({ properties }: JSONSchemaProps): boolean {
  const meta = properties?.metadata;
  const texts = [properties?.apiVersion, properties?.kind, meta?.properties?.name, meta?.properties?.generateName];
  return meta?.type === 'object' && texts.every((schema) => schema?.type === 'string');
}

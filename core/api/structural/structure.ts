import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';

/**
 * A schema made ready for going through values: what shapes them is looked up once. What only judges them stays in `schema`.
 * Made from a schema that has passed the checks of its CustomResourceDefinition, or from one that is being checked.
 */
export interface Structure {
  readonly schema: JSONSchemaProps;
  readonly properties: ReadonlyMap<string, Structure>;
  readonly items: Structure | undefined;
  /** Of fields that are not in `properties`: their structure, 'any' when there is none, or undefined when there are no such fields. */
  readonly additional: Structure | 'any' | undefined;
  /** Unknown fields stay. */
  readonly preserves: boolean;
  /** The value is an object of the API with metadata of its own. */
  readonly embedded: boolean;
  readonly nullable: boolean;
  /** Properties that are filled in when they are missing. */
  readonly defaults: readonly (readonly [string, unknown])[];
  readonly listType: string;
  /** Keys of a list of type `map`. */
  readonly listKeys: readonly string[];
  /** Somewhere in here is a list of type `set` or `map`. */
  readonly hasUniqueLists: boolean;
  /** Below here is an embedded resource. */
  readonly hasEmbedded: boolean;
}

/** `[]` in place of a schema, which a CustomResourceDefinition may not have, counts as none. */
export const itemsOf = ({ items }: JSONSchemaProps): JSONSchemaProps | undefined => (Array.isArray(items) ? undefined : (items as JSONSchemaProps | undefined));

export const additionalOf = ({ additionalProperties: more }: JSONSchemaProps): JSONSchemaProps | undefined => (typeof more === 'object' ? more : undefined);

/** @param root the schema is that of a whole resource, whose apiVersion, kind and metadata need not be described */
export function structureOf(schema: JSONSchemaProps, root = false): Structure {
  const { items, additional, properties } = parts(schema);
  const below = [...properties.values(), ...(items ? [items] : []), ...(typeof additional === 'object' ? [additional] : [])];
  const listType = schema['x-kubernetes-list-type'] ?? 'atomic';
  return {
    schema, properties, items, additional, listType,
    defaults: [...properties].filter(([, property]) => property.schema.default !== undefined).map(([name, property]) => [name, property.schema.default]),
    preserves: schema['x-kubernetes-preserve-unknown-fields'] === true,
    embedded: root || schema['x-kubernetes-embedded-resource'] === true,
    nullable: schema.nullable === true,
    listKeys: schema['x-kubernetes-list-map-keys'] ?? [],
    hasUniqueLists: listType !== 'atomic' || below.some((part) => part.hasUniqueLists),
    hasEmbedded: below.some((part) => part.embedded || part.hasEmbedded),
  };
}

function parts(schema: JSONSchemaProps): Pick<Structure, 'properties' | 'items' | 'additional'> {
  const items = itemsOf(schema);
  const more = additionalOf(schema);
  return {
    properties: new Map(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, structureOf(property)])),
    items: items && structureOf(items),
    additional: more ? structureOf(more) : schema.additionalProperties === undefined ? undefined : 'any',
  };
}

/** The structure of a field, if the schema knows such a field. */
export const fieldOf = (structure: Structure, name: string): Structure | 'any' | undefined => structure.properties.get(name) ?? structure.additional;

const metaFields = new Set(['apiVersion', 'kind', 'metadata']);

/** A field that every resource has. */
export const isMetaField = (structure: Structure, name: string): boolean => structure.embedded && metaFields.has(name);

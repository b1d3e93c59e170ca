import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { ObjectMeta } from '#core/api/schema/meta.ts';
import type { Schema } from '#core/api/schema/openapi-type.ts';
import { deepEqual } from '#core/api/value.ts';
import { additionalOf, itemsOf } from './structure.ts';

/**
 * The schema as OpenAPI v3 publishes it: without examples and links, with the fields that every resource has, and with the two types
 * of int-or-string spelled out.
 * @param schema none publishes an object of any form
 * @param selectable paths of the fields that field selectors know
 */
export function toOpenApi(schema: JSONSchemaProps | undefined, selectable: readonly string[] = []): Schema {
  if (schema === undefined) return { type: 'object' };
  return {
    ...withMeta(publish(schema)),
    ...(selectable.length === 0 ? {} : { 'x-kubernetes-selectable-fields': selectable.map((path) => ({ fieldPath: path })) }),
  } as Schema;
}

type Published = Omit<JSONSchemaProps, 'example' | 'externalDocs'>;

function publish(schema: JSONSchemaProps): Published {
  const { example: _example, externalDocs: _links, ...kept } = schema;
  const items = itemsOf(schema);
  const additional = additionalOf(schema);
  const shaped: Published = {
    ...unfold(kept),
    ...(items ? { items: publish(items) } : {}),
    ...(additional ? { additionalProperties: publish(additional) } : {}),
    ...(schema.properties ? { properties: Object.fromEntries(Object.entries(schema.properties).map(([name, property]) => [name, publish(property)])) } : {}),
  };
  return schema['x-kubernetes-embedded-resource'] === true ? withMeta(shaped) : shaped;
}

const intOrString = [{ type: 'integer' }, { type: 'string' }];

/** Clients that do not know the extension read the alternatives. */
function unfold(schema: Published): Published {
  if (schema['x-kubernetes-int-or-string'] !== true || deepEqual(schema.anyOf, intOrString) || deepEqual(schema.allOf?.[0]?.anyOf, intOrString)) return schema;
  if (schema.anyOf === undefined) return { ...schema, anyOf: intOrString };
  return { ...schema, allOf: [{ anyOf: intOrString }, ...(schema.allOf ?? [])] };
}

function withMeta(schema: Published): Published {
  const reference = { allOf: [{ $ref: `#/components/schemas/${ObjectMeta.name}` }], default: {}, description: ObjectMeta.doc };
  return {
    ...schema,
    properties: {
      ...schema.properties,
      apiVersion: { type: 'string', description: 'Group and version of this object\'s schema.' },
      kind: { type: 'string', description: 'The kind of this object.' },
      metadata: reference,
    },
  };
}

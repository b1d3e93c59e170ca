import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { own } from '#core/api/value.ts';
import { itemsOf } from '#core/api/structural/structure.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';

/** Whatever alternatives speak of must be described outside of them. */
export const checkCompleteness = (schema: JSONSchemaProps, field: FieldPath): void => checkAlternatives(schema, schema, field, field);

/** @param part speaks of values that `schema` describes; undefined when nothing does */
function checkAlternatives(part: JSONSchemaProps, schema: JSONSchemaProps | undefined, described: FieldPath, spoken: FieldPath): void {
  if (part.not) checkPart(part.not, schema, described, spoken.at('not'));
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, alternative] of (part[name] ?? []).entries()) checkPart(alternative, schema, described, spoken.at(name, i));
  }
}

function checkPart(part: JSONSchemaProps, schema: JSONSchemaProps | undefined, described: FieldPath, spoken: FieldPath): void {
  if (schema === undefined) return described.required(`because it is defined in ${spoken.path}`);
  checkAlternatives(part, schema, described, spoken);
  const items = itemsOf(part);
  if (items) checkPart(items, itemsOf(schema), described.at('items'), spoken.at('items'));
  for (const [name, property] of Object.entries(part.properties ?? {})) {
    const of = own(schema.properties ?? {}, name) as JSONSchemaProps | undefined;
    checkPart(property, of, described.at('properties').key(name), spoken.at('properties').key(name));
  }
}

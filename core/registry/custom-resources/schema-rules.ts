import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { additionalOf, itemsOf } from '#core/api/structural/structure.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';
import { checkListType, checkMapKeys, checkMapType, checkSetItems } from './list-rules.ts';
import { checkRuleTexts } from './rule-texts.ts';

/** Rules that were added over time; a definition that breaks one already may go on doing so. */
export interface SchemaOptions {
  /** `type` is one that OpenAPI v3 knows. */
  readonly validTypes: boolean;
  /** Items of sets are atomic. */
  readonly atomicSets: boolean;
  /** Keys of map lists are required or have a default, and neither they nor items of sets and maps may be null. */
  readonly definiteKeys: boolean;
}

/** Where in the resource a schema stands. */
interface Place {
  readonly root: boolean;
  /** Inside of apiVersion, kind or metadata of a resource. */
  readonly insideMeta: boolean;
  /** Why there can be no defaults. */
  readonly noDefaults: string | undefined;
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const metaFields = new Set(['metadata', 'kind', 'apiVersion']);

export const isKnownType = (type: string | undefined): boolean => type === undefined || types.includes(type);

/** What a schema may say at all, before it is asked whether it is structural. */
export const checkSchema = (schema: JSONSchemaProps, field: FieldPath, options: SchemaOptions): void =>
  visit(schema, field, options, { root: true, insideMeta: false, noDefaults: undefined });

function visit(schema: JSONSchemaProps, field: FieldPath, options: SchemaOptions, place: Place): void {
  checkUnsupported(schema, field, options, place);
  if (schema.uniqueItems === true) field.at('uniqueItems').forbidden('uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
  const below: Place = { ...place, root: false };
  visitAdditional(schema, field, options, below);
  for (const [name, property] of Object.entries(schema.properties ?? {})) visit(property, field.at('properties').key(name), options, placeOf(name, schema, place));
  if (schema.not) visit(schema.not, field.at('not'), options, below);
  for (const name of ['allOf', 'oneOf', 'anyOf'] as const) {
    for (const [i, part] of (schema[name] ?? []).entries()) visit(part, field.at(name, i), options, below);
  }
  const items = itemsOf(schema);
  if (items) visit(items, field.at('items'), options, below);
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) field.at('x-kubernetes-preserve-unknown-fields').invalid(false, 'must be true or undefined');
  checkMapType(schema, field);
  checkListType(schema, field);
  if (options.atomicSets) checkSetItems(schema, field);
  checkMapKeys(schema, field, options.definiteKeys);
  checkRuleTexts(schema, field);
}

function placeOf(name: string, schema: JSONSchemaProps, place: Place): Place {
  const meta = metaFields.has(name) && (place.root || schema['x-kubernetes-embedded-resource'] === true);
  return {
    root: false, insideMeta: place.insideMeta || meta,
    noDefaults: meta && place.root ? `in top-level ${name}` : place.noDefaults,
  };
}

function visitAdditional(schema: JSONSchemaProps, field: FieldPath, options: SchemaOptions, place: Place): void {
  const at = field.at('additionalProperties');
  if (schema.properties !== undefined && schema.additionalProperties !== undefined && schema.additionalProperties !== true) {
    at.forbidden('additionalProperties and properties are mutual exclusive');
  }
  const values = additionalOf(schema);
  // Of which keys a default would be, nobody could say.
  const inside = place.insideMeta ? { ...place, noDefaults: 'inside additionalProperties applying to object metadata' } : place;
  if (values) visit(values, at, options, inside);
}

const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

function checkUnsupported(schema: JSONSchemaProps, field: FieldPath, options: SchemaOptions, place: Place): void {
  if (options.validTypes && !isKnownType(schema.type)) field.at('type').notSupported(schema.type, types);
  if (schema.default !== undefined && place.noDefaults !== undefined) field.at('default').forbidden(`must not be set ${place.noDefaults}`);
  for (const name of unsupported) if (schema[name] !== undefined) field.at(name).forbidden(`${name} is not supported`);
  if (schema.type === 'null') field.at('type').forbidden('type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(schema.items)) field.at('items').forbidden('items must be a schema object and not an array');
  if (place.insideMeta && schema['x-kubernetes-embedded-resource'] === true) {
    field.at('x-kubernetes-embedded-resource').forbidden('must not be used inside of resource meta');
  }
}

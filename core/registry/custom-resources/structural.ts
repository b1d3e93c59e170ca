import { FieldErrors } from '#core/api/field-errors.ts';
import { compileRe2 } from '#core/api/re2.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { additionalOf, itemsOf } from '#core/api/structural/structure.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { checkCompleteness } from './completeness.ts';
import { isIntOrStringAll, isIntOrStringAny } from './schemas.ts';

type Level = 'root' | 'item' | 'field';

/**
 * The rules of structural schemas (KEP-1979): every field has a type outside of all alternatives, so that pruning, defaults and merging
 * know what a field is without looking at values. Sorted by their text, as upstream.
 */
export function structuralErrors(schema: JSONSchemaProps, path: readonly (string | number)[]): FieldErrors {
  const found = new FieldErrors();
  const field = FieldPath.root(found).at(...path);
  checkInvariants(schema, field, 'root');
  checkCompleteness(schema, field);
  found.causes.sort((a, b) => (`${a.field}: ${a.message}` < `${b.field}: ${b.message}` ? -1 : 1));
  return found;
}

function checkInvariants(schema: JSONSchemaProps, field: FieldPath, level: Level): void {
  const items = itemsOf(schema);
  if (schema.type === 'array' && items === undefined) field.at('items').required('must be specified');
  if (items) checkInvariants(items, field.at('items'), 'item');
  for (const [name, property] of Object.entries(schema.properties ?? {})) checkInvariants(property, field.at('properties').key(name), 'field');
  checkAdditional(schema, field, level);
  checkExtensions(schema, field);
  checkValidations(schema, field, isIntOrStringAny(schema), isIntOrStringAll(schema));
  checkType(schema, field, level);
  if (level === 'root' || schema['x-kubernetes-embedded-resource'] === true) checkResource(schema, field);
  if (level === 'root' && schema.properties?.metadata) checkMetadata(schema.properties.metadata, field.at('properties').key('metadata'));
}

function checkAdditional(schema: JSONSchemaProps, field: FieldPath, level: Level): void {
  if (schema.additionalProperties === undefined) return;
  const at = field.at('additionalProperties');
  if (level === 'root') at.forbidden('must not be used at the root');
  const values = additionalOf(schema);
  if (values) checkInvariants(values, at, 'field');
  if (schema['x-kubernetes-embedded-resource'] === true) at.forbidden('must not be used if x-kubernetes-embedded-resource is set');
}

function checkExtensions(schema: JSONSchemaProps, field: FieldPath): void {
  if (schema['x-kubernetes-int-or-string'] !== true) return;
  for (const name of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const) {
    if (schema[name] === true) field.at(name).invalid(true, 'must be false if x-kubernetes-int-or-string is true');
  }
}

const missingType: Record<Level, string> = {
  root: 'must not be empty at the root', item: 'must not be empty for specified array items', field: 'must not be empty for specified object fields',
};

function checkType(schema: JSONSchemaProps, field: FieldPath, level: Level): void {
  const { type = '' } = schema;
  const at = field.at('type');
  const untyped = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema['x-kubernetes-embedded-resource'] === true && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    if (type === '') at.required(detail);
    else at.invalid(type, detail);
  } else if (type === '' && !untyped) at.required(missingType[level]);
  if (level === 'root' && type !== '' && type !== 'object') at.invalid(type, 'must be object at the root');
}

/** What a schema may say of the fields that every resource has. */
function checkResource(schema: JSONSchemaProps, field: FieldPath): void {
  for (const [name, type] of [['kind', 'string'], ['apiVersion', 'string'], ['metadata', 'object']] as const) {
    const property = schema.properties?.[name];
    if (property && property.type !== type) field.at('properties').key(name).at('type').invalid(property.type ?? '', `must be ${type}`);
  }
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.properties !== undefined;
  if (schema['x-kubernetes-embedded-resource'] === true && !open) {
    field.at('properties').required('must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields');
  }
}

/** Names may be restricted; all else about metadata is the API's own. */
function checkMetadata(schema: JSONSchemaProps, field: FieldPath): void {
  const allowed = new Set(['type', 'default', 'properties', 'externalDocs', 'example']);
  const names = Object.keys(schema.properties ?? {});
  const onlyNames = names.every((name) => name === 'name' || name === 'generateName');
  if (onlyNames && Object.keys(schema).every((key) => allowed.has(key))) return;
  field.forbidden('must not specify anything other than name and generateName, but metadata is implicitly specified');
}

/** What stands in alternatives may only judge values. */
function checkValidations(schema: JSONSchemaProps, field: FieldPath, skipAny: boolean, skipAll: boolean): void {
  if (!skipAny) for (const [i, part] of (schema.anyOf ?? []).entries()) checkNested(part, field.at('anyOf', i));
  for (const [i, part] of (schema.allOf ?? []).entries()) checkNested(part, field.at('allOf', i), skipAll && i === 0);
  for (const [i, part] of (schema.oneOf ?? []).entries()) checkNested(part, field.at('oneOf', i));
  if (schema.not) checkNested(schema.not, field.at('not'));
  if (schema.pattern !== undefined) checkPattern(schema.pattern, field.at('pattern'));
}

function checkPattern(pattern: string, field: FieldPath): void {
  try {
    compileRe2(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    field.invalid(pattern, `must be a valid regular expression, but isn't: ${error.message}`);
  }
}

const [empty, undefinedThere, no] = ['must be empty to be structural', 'must be undefined to be structural', 'must be false to be structural'];

/** What shapes values instead of judging them, with the words for it. */
const shaping: Readonly<Partial<Record<keyof JSONSchemaProps, string>>> = {
  type: empty, additionalProperties: undefinedThere, default: undefinedThere, title: empty, description: empty, nullable: no,
  'x-kubernetes-preserve-unknown-fields': no, 'x-kubernetes-embedded-resource': no, 'x-kubernetes-int-or-string': no,
  'x-kubernetes-list-map-keys': empty, 'x-kubernetes-list-type': undefinedThere, 'x-kubernetes-map-type': undefinedThere, 'x-kubernetes-validations': empty,
};

function checkNested(schema: JSONSchemaProps, field: FieldPath, skipAny = false): void {
  checkValidations(schema, field, skipAny, false);
  const items = itemsOf(schema);
  if (items) checkNested(items, field.at('items'));
  for (const [name, property] of Object.entries(schema.properties ?? {})) checkNested(property, field.at('properties').key(name));
  for (const [name, detail] of Object.entries(shaping)) {
    const value = schema[name as keyof JSONSchemaProps];
    if (value !== undefined && value !== false) field.at(name).forbidden(detail);
  }
  if (schema.properties?.metadata) field.at('properties').key('metadata').forbidden('must not be specified in a nested context');
}

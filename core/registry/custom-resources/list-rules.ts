import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { itemsOf } from '#core/api/structural/structure.ts';
import { own } from '#core/api/value.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';

export function checkMapType(schema: JSONSchemaProps, field: FieldPath): void {
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType === undefined) return;
  mustBe('object', schema, field, 'x-kubernetes-map-type');
  if (mapType !== 'atomic' && mapType !== 'granular') field.at('x-kubernetes-map-type').notSupported(mapType, ['atomic', 'granular']);
}

function mustBe(type: string, schema: JSONSchemaProps, field: FieldPath, extension: string): void {
  const detail = `must be ${type} if ${extension} is specified`;
  if (schema.type === undefined) field.at('type').required(detail);
  else if (schema.type !== type) field.at('type').invalid(schema.type, detail);
}

export function checkListType(schema: JSONSchemaProps, field: FieldPath): void {
  const listType = schema['x-kubernetes-list-type'];
  const at = field.at('x-kubernetes-list-type');
  if (listType !== undefined) {
    mustBe('array', schema, field, 'x-kubernetes-list-type');
    if (!['atomic', 'set', 'map'].includes(listType)) at.notSupported(listType, ['atomic', 'set', 'map'], false);
  }
  if (schema['x-kubernetes-list-map-keys'] === undefined || listType === 'map') return;
  const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
  if (listType === undefined) at.required(detail);
  else at.invalid(listType, detail);
}

/** Whether the items of a set can be compared only as wholes, as they must. */
export function hasLooseItems(schema: JSONSchemaProps): boolean {
  const items = itemsOf(schema);
  if (schema['x-kubernetes-list-type'] !== 'set' || items === undefined) return false;
  if (items.type === 'array') return (items['x-kubernetes-list-type'] ?? 'atomic') !== 'atomic';
  return items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic';
}

export function checkSetItems(schema: JSONSchemaProps, field: FieldPath): void {
  const items = itemsOf(schema);
  if (schema.type !== 'array' || items === undefined || !hasLooseItems(schema)) return;
  const extension = items.type === 'array' ? 'x-kubernetes-list-type' : 'x-kubernetes-map-type';
  field.at('items', extension).invalid(items['x-kubernetes-list-type'] ?? null, 'must be atomic as item of a list with x-kubernetes-list-type=set');
}

/** The keys of a list of type `map`. @param definite see `SchemaOptions.definiteKeys` */
export function checkMapKeys(schema: JSONSchemaProps, field: FieldPath, definite: boolean): void {
  if (schema['x-kubernetes-list-type'] === 'map') {
    checkMapItems(schema, field);
    const items = itemsOf(schema);
    if (items?.type === 'object') checkKeys(schema['x-kubernetes-list-map-keys'] ?? [], items, field);
  }
  if (definite) checkDefinite(schema, field);
}

function checkMapItems(schema: JSONSchemaProps, field: FieldPath): void {
  const items = itemsOf(schema);
  const at = field.at('items');
  if (schema['x-kubernetes-list-map-keys'] === undefined) field.at('x-kubernetes-list-map-keys').required('must not be empty if x-kubernetes-list-type is map');
  if (schema.items === undefined) at.required('must have a schema if x-kubernetes-list-type is map');
  else if (items === undefined) at.invalid(schema.items, 'must only have a single schema if x-kubernetes-list-type is map');
  else if (items.type !== 'object') at.at('type').invalid(items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map");
}

function checkKeys(keys: readonly string[], items: JSONSchemaProps, field: FieldPath): void {
  const at = field.at('x-kubernetes-list-map-keys');
  const seen = new Set<string>();
  for (const key of keys) {
    const property = own(items.properties ?? {}, key) as JSONSchemaProps | undefined;
    if (property === undefined) at.invalid(keys, 'entries must all be names of item properties');
    else if (property.type === 'array' || property.type === 'object') {
      field.at('items', 'properties').key(key).at('type').invalid(property.type, "must be a scalar type if parent array's x-kubernetes-list-type is map");
    }
    if (seen.has(key)) at.invalid(keys, 'must not contain duplicate entries');
    seen.add(key);
  }
}

function checkDefinite(schema: JSONSchemaProps, field: FieldPath): void {
  const listType = schema['x-kubernetes-list-type'];
  const items = itemsOf(schema);
  if (items === undefined || (listType !== 'set' && listType !== 'map')) return;
  if (items.nullable === true) field.at('items', 'nullable').forbidden(`cannot be nullable when x-kubernetes-list-type is ${listType}`);
  if (listType === 'map') for (const key of schema['x-kubernetes-list-map-keys'] ?? []) checkDefiniteKey(key, items, field.at('items', 'properties').key(key));
}

function checkDefiniteKey(key: string, items: JSONSchemaProps, field: FieldPath): void {
  const property = own(items.properties ?? {}, key) as JSONSchemaProps | undefined;
  if (property === undefined) return;
  if (property.default === undefined && items.required?.includes(key) !== true) {
    field.at('default').required('this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property');
  }
  if (property.nullable === true) field.at('nullable').forbidden('this property is in x-kubernetes-list-map-keys, so it cannot be nullable');
}

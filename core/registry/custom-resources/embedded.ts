import { isMetaField, type Structure } from '#core/api/structural/structure.ts';
import { readMetadata } from '#core/api/structural/normalize.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject, type JsonObject } from '#core/api/value.ts';
import { validateEmbeddedMeta } from '#core/registry/metadata.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';
import { serviceNameProblem as dns1035LabelProblem } from '#core/registry/rules/host-names.ts';

/** The rules of the API for resources inside of a custom resource: they name their kind, and their metadata is valid. */
export function validateEmbedded(value: unknown, structure: Structure, field: FieldPath): void {
  if (!structure.embedded && !structure.hasEmbedded) return;
  if (Array.isArray(value)) {
    const { items } = structure;
    if (items) for (const [i, each] of value.entries()) validateEmbedded(each, items, field.at(i));
  } else if (isObject(value)) {
    if (structure.embedded) validateResource(value, field);
    validateFields(value, structure, field);
  }
}

/** As `validateEmbedded` below the fields of an object, without looking at the object itself. */
export function validateFields(value: JsonObject, structure: Structure, field: FieldPath): void {
  if (!structure.hasEmbedded) return;
  for (const [key, each] of Object.entries(value)) {
    const property = structure.properties.get(key);
    if (property && !isMetaField(structure, key)) validateEmbedded(each, property, field.at(key));
    else if (!property && typeof structure.additional === 'object') validateEmbedded(each, structure.additional, field.key(key));
  }
}

export function validateResource({ apiVersion, kind, metadata }: JsonObject, field: FieldPath): void {
  if (validateText(apiVersion, field.at('apiVersion')) && apiVersion.split('/').length > 2) {
    field.at('apiVersion').invalid(apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  }
  if (validateText(kind, field.at('kind'))) validateKindName(kind, field.at('kind'));
  if (metadata === undefined) return;
  try {
    validateEmbeddedMeta(readMetadata(metadata, false, '').value, field.at('metadata'));
  } catch (error) {
    if (!StatusError.is(error)) throw error;
    field.at('metadata').invalid(metadata, error.message);
  }
}

function validateText(value: unknown, field: FieldPath): value is string {
  if (value === undefined || value === '') field.required();
  else if (typeof value !== 'string') field.invalid(value, 'must be a string');
  else return true;
  return false;
}

export function validateKindName(kind: string, field: FieldPath): void {
  const problem = dns1035LabelProblem(kind.toLowerCase());
  if (problem !== undefined) field.invalid(kind, `may have mixed case, but should otherwise match: ${problem}`);
}

import type { CustomResourceColumnDefinition, CustomResourceDefinitionVersion, CustomResourceSubresources, SelectableField } from '#core/api/schema/apiextensions-v1.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { resolvePath, type DescribedField } from '#core/api/structural/schema-path.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const maxSelectableFields = 8;

export function validateColumn({ name, type, format = '', jsonPath }: CustomResourceColumnDefinition, field: FieldPath): void {
  if (name === '') field.at('name').required();
  if (type === '') field.at('type').required(`must be one of ${columnTypes.join(',')}`);
  else if (!columnTypes.includes(type)) field.at('type').invalid(type, `must be one of ${columnTypes.join(',')}`);
  if (format !== '' && !columnFormats.includes(format)) field.at('format').invalid(format, `must be one of ${columnFormats.join(',')}`);
  if (jsonPath === '') field.at('JSONPath').required();
  else validatePath(jsonPath, field.at('JSONPath'));
}

/** Returns whether all is well. */
function validatePath(path: string, field: FieldPath): boolean {
  if (!path.startsWith('.')) field.invalid(path, 'must be a simple json path starting with .');
  return path.startsWith('.');
}

export function validateSubresources({ scale }: CustomResourceSubresources, field: FieldPath): void {
  if (scale === undefined) return;
  const { specReplicasPath, statusReplicasPath, labelSelectorPath = '' } = scale;
  validateScalePath(specReplicasPath, ['.spec.'], 'should be a json path under .spec', field.at('scale.specReplicasPath'));
  validateScalePath(statusReplicasPath, ['.status.'], 'should be a json path under .status', field.at('scale.statusReplicasPath'));
  if (labelSelectorPath !== '') {
    validateScalePath(labelSelectorPath, ['.spec.', '.status.'], 'should be a json path under either .spec or .status', field.at('scale.labelSelectorPath'));
  }
}

function validateScalePath(path: string, prefixes: readonly string[], detail: string, field: FieldPath): void {
  if (path === '') field.required();
  else if (validatePath(path, field) && !prefixes.some((prefix) => path.startsWith(prefix))) field.invalid(path, detail);
}

export function validateSelectableFields(fields: readonly SelectableField[], schema: JSONSchemaProps, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, { jsonPath }] of fields.entries()) {
    const at = field.at(i, 'jsonPath');
    if (jsonPath === '') at.required();
    else validateSelectableField(jsonPath, schema, at, seen);
  }
  if (seen.size > maxSelectableFields) field.tooMany(seen.size, maxSelectableFields);
}

function validateSelectableField(path: string, schema: JSONSchemaProps, field: FieldPath, seen: Set<string>): void {
  let found: DescribedField;
  try {
    found = resolvePath(path, schema, false);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return field.invalid(path, `is an invalid path: ${error.message}`);
  }
  if (/^metadata(?:\W|$)/.test(found.name)) field.invalid(path, 'must not point to fields in metadata');
  if (!['string', 'boolean', 'integer'].includes(found.schema.type ?? '')) {
    field.invalid(path, 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.');
  }
  if (seen.has(found.name)) field.duplicate(path);
  seen.add(found.name);
}

export function validateDeprecation({ deprecated = false, deprecationWarning: warning }: CustomResourceDefinitionVersion, field: FieldPath): void {
  if (warning === undefined) return;
  if (!deprecated) return field.invalid(warning, 'can only be set for deprecated versions');
  if (Buffer.byteLength(warning) > 256) field.invalid(warning, 'must be <= 256 characters long');
  if (warning === '') field.invalid(warning, 'must not be an empty string');
  const odd = warning.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u);
  if (odd >= 0) {
    const index = Buffer.byteLength(warning.slice(0, odd));
    field.invalid(warning, `must only contain printable UTF-8 characters; non-printable character found at index ${index}`);
  }
}

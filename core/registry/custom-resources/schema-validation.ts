import { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { defaultErrors } from './defaults.ts';
import type { ValidationOptions } from './options.ts';
import { checkRules } from './rules.ts';
import { checkSchema } from './schema-rules.ts';
import { sizeProblem } from './schemas.ts';
import { structuralErrors } from './structural.ts';

export interface SchemaPlace {
  /** One of the versions has the status subresource. */
  readonly hasStatus: boolean;
  /** No version's schema changes in this update. */
  readonly unchanged: boolean;
}

/** All that is asked of the schema of a version. */
export function validateSchema(schema: JSONSchemaProps, field: FieldPath, place: SchemaPlace, options: ValidationOptions): FieldErrors {
  const errors = new FieldErrors();
  const size = sizeProblem(schema);
  if (size !== undefined) {
    errors.forbidden(field.path, size);
    return errors;
  }
  if (place.hasStatus) checkRoot(schema, field.path, errors);
  if (schema.nullable === true) errors.forbidden(`${field.path}.nullable`, 'nullable cannot be true at the root');
  const structural = options.structural && checkForm(schema, field.path, options, errors);
  const before = errors.causes.length;
  checkSchema(schema, FieldPath.root(errors).at(field.path), options);
  if (structural && errors.causes.length === before) checkRules(schema, field.path, place.unchanged, errors);
  return errors;
}

/** Returns whether the schema is structural, with defaults that fit. */
function checkForm(schema: JSONSchemaProps, path: string, options: ValidationOptions, errors: FieldErrors): boolean {
  const structural = structuralErrors(schema, [path]);
  const found = structural.empty ? defaultErrors(schema, path, options.prunedDefaults) : structural;
  errors.causes.push(...found.causes);
  return found.empty;
}

/** What may stand at the root when the status is taken out of it to be validated alone; as upstream names them. */
const allowedAtRoot: ReadonlyMap<string, string> = new Map([
  ['description', 'Description'], ['type', 'Type'], ['format', 'Format'], ['title', 'Title'], ['maximum', 'Maximum'], ['exclusiveMaximum', 'ExclusiveMaximum'],
  ['minimum', 'Minimum'], ['exclusiveMinimum', 'ExclusiveMinimum'], ['maxLength', 'MaxLength'], ['minLength', 'MinLength'], ['pattern', 'Pattern'],
  ['maxItems', 'MaxItems'], ['minItems', 'MinItems'], ['uniqueItems', 'UniqueItems'], ['multipleOf', 'MultipleOf'], ['required', 'Required'], ['items', 'Items'],
  ['properties', 'Properties'], ['externalDocs', 'ExternalDocs'], ['example', 'Example'], ['x-kubernetes-preserve-unknown-fields', 'XPreserveUnknownFields'],
  ['x-kubernetes-validations', 'XValidations'],
]);

function checkRoot(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  if (schema.type !== undefined && schema.type !== 'object') {
    errors.invalid(`${path}.type`, schema.type, 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled');
  } else if (!Object.keys(schema).every((key) => allowedAtRoot.has(key))) {
    errors.invalid(path, schema, `only [${[...allowedAtRoot.values()].join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`);
  }
}

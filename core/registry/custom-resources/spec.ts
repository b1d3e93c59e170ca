import type { FieldErrors } from '#core/api/field-errors.ts';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionSpec } from '#core/api/schema/apiextensions-v1.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { serviceNameProblem as dns1035LabelProblem } from '#core/registry/rules/host-names.ts';
import { isProtectedGroup, validateApproval } from './approval.ts';
import { validateConversion } from './conversion.ts';
import { placesOf } from './hoist.ts';
import { requireNames, validateNames } from './names.ts';
import type { ValidationOptions } from './options.ts';
import { validateSchema } from './schema-validation.ts';
import { validateColumn, validateDeprecation, validateSelectableFields, validateSubresources } from './version-parts.ts';

/** The rules for a definition, at creation and, with `old`, for the step from it. */
export function validateDefinition(
  definition: CustomResourceDefinition, old: CustomResourceDefinition | undefined, options: ValidationOptions, errors: FieldErrors,
): void {
  const root = FieldPath.root(errors);
  const { spec, status, metadata } = definition;
  if (metadata.name !== `${spec.names.plural}.${spec.group}`) root.at('metadata', 'name').invalid(metadata.name, 'must be spec.names.plural+"."+spec.group');
  validateSpec(spec, options, errors);
  validateNames(status.acceptedNames, root.at('status', 'acceptedNames'));
  validateStoredVersions(definition, root.at('status', 'storedVersions'));
  if (isProtectedGroup(spec.group)) validateApproval(definition, old, root);
  if (spec.preserveUnknownFields === true && old?.spec.preserveUnknownFields !== true) {
    root.at('spec', 'preserveUnknownFields').invalid(true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead');
  }
}

function validateSpec(spec: CustomResourceDefinitionSpec, options: ValidationOptions, errors: FieldErrors): void {
  const field = FieldPath.root(errors).at('spec');
  validateGroup(spec.group, field.at('group'));
  if (spec.scope === '') field.at('scope').required();
  else if (spec.scope !== 'Cluster' && spec.scope !== 'Namespaced') field.at('scope').notSupported(spec.scope, ['Cluster', 'Namespaced']);
  validateVersions(spec, options, field.at('versions'));
  validateSchemas(spec, options, field, errors);
  validateParts(spec, field);
  requireNames(spec.names, field.at('names'));
  validateNames(spec.names, field.at('names'));
  if (spec.conversion) validateConversion(spec.conversion, field.at('conversion'), options);
}

function validateGroup(group: string, field: FieldPath): void {
  if (field.name(group, dnsSubdomainProblem) && !group.includes('.')) field.invalid(group, 'should be a domain with at least one dot');
}

function validateVersions({ versions }: CustomResourceDefinitionSpec, options: ValidationOptions, field: FieldPath): void {
  for (const [i, version] of versions.entries()) {
    const at = field.at(i);
    at.at('name').check(version.name, dns1035LabelProblem(version.name));
    validateDeprecation(version, at.at('deprecationWarning'));
    if (version.schema?.openAPIV3Schema !== undefined) continue;
    if (options.schemas) at.at('schema', 'openAPIV3Schema').required();
    else if (version.served) at.at('schema', 'openAPIV3Schema').required('because otherwise all fields are pruned');
  }
  const names = versions.map(({ name }) => name);
  if (new Set(names).size < names.length) field.invalid(names, 'must contain unique version names');
  if (versions.filter(({ storage }) => storage).length !== 1) field.invalid(names, 'must have exactly one version marked as storage version');
}

function validateSchemas(spec: CustomResourceDefinitionSpec, options: ValidationOptions, field: FieldPath, errors: FieldErrors): void {
  for (const { value, field: at, versions } of placesOf(spec, 'schema', field)) {
    if (value.openAPIV3Schema === undefined) continue;
    const place = { hasStatus: versions.some(({ subresources }) => subresources?.status !== undefined), unchanged: versions.every(({ name }) => options.unchanged.has(name)) };
    errors.causes.push(...validateSchema(value.openAPIV3Schema, at.at('openAPIV3Schema'), place, options).causes);
  }
}

function validateParts(spec: CustomResourceDefinitionSpec, field: FieldPath): void {
  for (const { value, field: at } of placesOf(spec, 'subresources', field)) validateSubresources(value, at);
  for (const { value, field: at } of placesOf(spec, 'additionalPrinterColumns', field)) {
    for (const [i, column] of value.entries()) validateColumn(column, at.at(i));
  }
  for (const { value, field: at, versions } of placesOf(spec, 'selectableFields', field)) {
    const schema = versions[0]?.schema?.openAPIV3Schema;
    if (schema === undefined) at.invalid('', 'may only be set when validations.schema is included');
    else validateSelectableFields(value, schema, at);
  }
}

function validateStoredVersions({ spec, status: { storedVersions } }: CustomResourceDefinition, field: FieldPath): void {
  if (storedVersions.length === 0) return field.invalid(storedVersions, 'must have at least one stored version');
  const stored = spec.versions.find(({ storage }) => storage)?.name;
  if (stored !== undefined && !storedVersions.includes(stored)) field.invalid(storedVersions, `must have the storage version ${stored}`);
  for (const [i, name] of storedVersions.entries()) {
    if (spec.versions.some((version) => version.name === name)) continue;
    field.at(i).invalid(name, `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`);
  }
}

/** What a definition is known by, and what its stored objects depend on. */
export function validateIdentity({ spec: now }: CustomResourceDefinition, { spec: old }: CustomResourceDefinition, established: boolean, errors: FieldErrors): void {
  if (established) {
    errors.immutable('spec.scope', now.scope, old.scope);
    errors.immutable('spec.names.kind', now.names.kind, old.names.kind);
  }
  errors.immutable('spec.group', now.group, old.group);
  errors.immutable('spec.names.plural', now.names.plural, old.names.plural);
}

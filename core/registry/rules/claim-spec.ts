import type { PersistentVolumeClaimSpec } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import { amountOf, positive } from './amounts.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './selectors.ts';

/** ReadWriteOncePod excludes every other mode. */
export function validateAccessModes(modes: readonly string[] | undefined, field: FieldPath, detail = ''): void {
  if (modes === undefined || modes.length === 0) field.required(detail);
  else if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod')) {
    field.forbidden('may not use ReadWriteOncePod with other access modes');
  }
}

interface Source {
  readonly apiGroup?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
}

function validateSource({ apiGroup = '', kind = '', name = '' }: Source, field: FieldPath): void {
  if (name === '') field.at('name').required();
  if (kind === '') field.at('kind').required();
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    field.invalid(kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  }
  field.at('apiGroup').optional(apiGroup, dnsSubdomainProblem);
}

function validateSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, field: FieldPath): void {
  if (dataSource !== undefined) validateSource(dataSource, field.at('dataSource'));
  if (dataSourceRef === undefined) return;
  validateSource(dataSourceRef, field.at('dataSourceRef'));
  if (dataSourceRef.namespace !== undefined && dataSourceRef.namespace !== '') {
    field.at('dataSourceRef', 'namespace').forbidden('data sources in other namespaces are not supported');
  } else if (dataSource !== undefined && !sameSource(dataSource, dataSourceRef)) {
    field.at('dataSource').invalid(dataSource, 'must match dataSourceRef');
  }
}

const sameSource = (a: Source, b: Source): boolean => (a.apiGroup ?? '') === (b.apiGroup ?? '') && a.kind === b.kind && a.name === b.name;

/** A claim's wishes, in a claim itself and in the template of an ephemeral volume. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, field: FieldPath): void {
  validateAccessModes(spec.accessModes, field.at('accessModes'), 'at least 1 access mode is required');
  validateLabelSelector(spec.selector, field.at('selector'));
  const request = amountOf(spec.resources?.requests, 'storage');
  const storage = field.at('resources').key('storage');
  if (request === undefined) storage.required();
  else positive(request, storage);
  field.at('storageClassName').optional(spec.storageClassName, dnsSubdomainProblem);
  field.at('volumeAttributesClassName').optional(spec.volumeAttributesClassName, dnsSubdomainProblem);
  validateSources(spec, field);
}

import type { FieldErrors } from '#core/api/field-errors.ts';
import { qualifiedNameProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { accessModesText, ageColumn, nameColumn, storageClassOf } from './columns.ts';
import { resource } from './resource.ts';
import { amountOf, amountText, isNative, notNegative, type Amounts } from './rules/amounts.ts';
import { validateClaimSpec } from './rules/claim-spec.ts';
import { differenceText, same } from './rules/differences.ts';
import { FieldPath } from './rules/field-path.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** The older field can only name claims and snapshots; other contents there were always ignored. */
const isOldSource = ({ apiGroup = '', kind }: NonNullable<PersistentVolumeClaimSpec['dataSource']>): boolean =>
  (apiGroup === '' && kind === 'PersistentVolumeClaim') || (apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot');

/** Keeps the two fields for the source of the data in step. */
function alignSources(spec: PersistentVolumeClaimSpec, old: Pick<PersistentVolumeClaimSpec, 'dataSource' | 'dataSourceRef'> = {}): void {
  const inUse = old.dataSource !== undefined || old.dataSourceRef !== undefined || spec.dataSourceRef !== undefined;
  if (!inUse && spec.dataSource !== undefined && !isOldSource(spec.dataSource)) delete spec.dataSource;
  const { dataSource, dataSourceRef } = spec;
  if (dataSourceRef === undefined) {
    if (dataSource !== undefined) spec.dataSourceRef = { ...dataSource };
  } else if (dataSource === undefined && (dataSourceRef.namespace ?? '') === '') {
    const { namespace: _, ...local } = dataSourceRef;
    spec.dataSource = local;
  }
}

/** The class may be given once to a claim that asked for none: by the author of an old annotation, or retroactively by the default class. */
function mayGetClass(now: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const before = old.metadata.annotations?.[classAnnotation];
  return old.spec.storageClassName === undefined && now.spec.storageClassName !== undefined && (before === undefined || before === now.spec.storageClassName);
}

function validateClassAnnotation(now: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: FieldErrors): void {
  const [before, after] = [old.metadata.annotations?.[classAnnotation], now.metadata.annotations?.[classAnnotation]];
  const movesToField = before !== undefined && mayGetClass(now, old) && after === undefined;
  if (!movesToField) errors.immutable(`metadata.annotations.${classAnnotation}`, after ?? '', before ?? '');
}

function validateSize(now: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: FieldErrors): void {
  const [size, before] = [amountOf(now.spec.resources.requests, 'storage'), amountOf(old.spec.resources.requests, 'storage')];
  if (size === undefined || before === undefined || size.compare(before) >= 0) return;
  // A claim whose growth failed may ask for less again, though never for less than it has.
  const has = amountOf(old.status.capacity, 'storage');
  if (size.compare(has ?? new Quantity(0n)) <= 0) errors.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity');
}

/** The new spec with everything that may change put back, so that what still differs is forbidden. */
function withoutChanges(now: PersistentVolumeClaim, old: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const spec = { ...now.spec, volumeAttributesClassName: old.spec.volumeAttributesClassName };
  if ((old.spec.volumeName ?? '') === '') spec.volumeName = old.spec.volumeName;
  if (mayGetClass(now, old)) spec.storageClassName = undefined;
  const storage = old.spec.resources.requests?.['storage'];
  if (now.status.phase === 'Bound' && storage !== undefined && spec.resources.requests !== undefined) {
    spec.resources = { ...spec.resources, requests: { ...spec.resources.requests, storage } };
  }
  return spec;
}

const resizeStatuses = ['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizePending', 'NodeResizeInProgress', 'NodeResizeInfeasible'];

function validateResourceName(name: string, field: FieldPath): void {
  if (!field.check(name, qualifiedNameProblem(name)) && isNative(name) && name !== 'storage') field.notSupported(name, ['storage']);
}

function validateAmounts(amounts: Amounts, field: FieldPath): void {
  for (const [name, text] of Object.entries(amounts ?? {})) notNegative(Quantity.parse(text), field.key(name));
}

export const persistentVolumeClaims = resource<PersistentVolumeClaim>({
  kind: PersistentVolumeClaim,
  shortNames: ['pvc'],
  hasStatus: true,
  allowsUnconditionalUpdate: true,

  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
    alignSources(claim.spec);
  },
  prepareForUpdate: (claim, old) => alignSources(claim.spec, old.spec),
  validate: ({ spec }, errors) => validateClaimSpec(spec, FieldPath.root(errors).at('spec')),
  validateUpdate(claim, old, errors) {
    validateClassAnnotation(claim, old, errors);
    const rest = withoutChanges(claim, old);
    // An empty class asks for no class, an absent one for the default: equal to `same`, but not to anyone else.
    if (!same(PersistentVolumeClaimSpec, old.spec, rest) || rest.storageClassName !== old.spec.storageClassName) {
      const difference = differenceText(PersistentVolumeClaimSpec, old.spec, rest, 'spec');
      errors.forbidden('spec', `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims${difference}`);
    }
    validateSize(claim, old, errors);
    const { volumeAttributesClassName: attributesClass } = claim.spec;
    if (old.spec.volumeAttributesClassName !== undefined && (attributesClass ?? '') === '') {
      const to = attributesClass === undefined ? 'nil' : 'an empty string';
      errors.forbidden('spec.volumeAttributesClassName', `update from non-nil value to ${to} is forbidden`);
    }
  },
  validateStatus({ status }, _old, errors) {
    const field = FieldPath.root(errors).at('status');
    validateAmounts(status.capacity, field.at('capacity'));
    validateAmounts(status.allocatedResources, field.at('allocatedResources'));
    for (const name of Object.keys(status.allocatedResources ?? {})) validateResourceName(name, field.at('allocatedResources'));
    for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
      const at = field.at('allocatedResourceStatuses');
      validateResourceName(name, at);
      if (!resizeStatuses.includes(state)) at.key(name).notSupported(state, resizeStatuses);
    }
  },
  warnings({ metadata, spec }) {
    const found: string[] = [];
    if (metadata.annotations?.[classAnnotation] !== undefined) {
      found.push(`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`);
    }
    const text = spec.resources.requests?.['storage'];
    if (text !== undefined && Quantity.parse(text).nanos % 1_000_000_000n !== 0n) {
      found.push(`spec.resources.requests[storage]: fractional byte value "${text}" is invalid, must be an integer`);
    }
    return found;
  },

  columns: [
    nameColumn,
    {
      name: 'Status', type: 'string', description: 'Pending, Bound or Lost.',
      cell: ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? status.phase ?? '' : 'Terminating'),
    },
    { name: 'Volume', type: 'string', description: 'The volume that the claim has.', cell: ({ spec }) => spec.volumeName ?? '' },
    {
      name: 'Capacity', type: 'string', description: 'Size of the volume.',
      cell: ({ spec, status }) => ((spec.volumeName ?? '') === '' ? '' : amountText(status.capacity, 'storage')),
    },
    {
      name: 'Access Modes', type: 'string', description: 'How the volume can be mounted.',
      cell: ({ spec, status }) => ((spec.volumeName ?? '') === '' ? '' : accessModesText(status.accessModes)),
    },
    { name: 'StorageClass', type: 'string', description: 'Class of the claim.', cell: storageClassOf },
    { name: 'VolumeAttributesClass', type: 'string', description: 'Class of the attributes.', cell: ({ spec }) => spec.volumeAttributesClassName ?? '<unset>' },
    ageColumn,
    { name: 'VolumeMode', type: 'string', priority: 1, description: 'File system or block device.', cell: ({ spec }) => spec.volumeMode ?? '<unset>' },
  ],
});

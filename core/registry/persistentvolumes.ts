import type { NodeSelectorTerm } from '#core/api/schema/core-v1/affinity.ts';
import { PersistentVolume, PersistentVolumeSource, VolumeNodeAffinity } from '#core/api/schema/core-v1/persistent-volume.ts';
import { accessModesText, ageColumn, nameColumn, storageClassOf } from './columns.ts';
import { resource } from './resource.ts';
import { amountText } from './rules/amounts.ts';
import { differenceText, same } from './rules/differences.ts';
import { FieldPath } from './rules/field-path.ts';
import { validateVolumeSpec } from './rules/volume-spec.ts';

const mountOptionsAnnotation = 'volume.beta.kubernetes.io/mount-options';
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

const mountable = [
  'gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'nfs', 'rbd', 'quobyte', 'iscsi', 'cinder', 'cephfs', 'azureFile', 'vsphereVolume',
  'azureDisk', 'portworxVolume',
] as const;

function validateMountOptions({ metadata, spec }: PersistentVolume, field: FieldPath): void {
  if (metadata.annotations?.[mountOptionsAnnotation] === undefined || mountable.some((name) => spec[name] !== undefined)) return;
  field.at('metadata', 'annotations', mountOptionsAnnotation).forbidden('may not specify mount options for this volume type');
}

/** A secret for growing the volume may be added to a volume that has none. */
function sourceOf({ spec }: PersistentVolume, old: PersistentVolume): PersistentVolumeSource {
  if (spec.csi === undefined || old.spec.csi === undefined || old.spec.csi.controllerExpandSecretRef !== undefined) return spec;
  return { ...spec, csi: { ...spec.csi, controllerExpandSecretRef: undefined } };
}

/** Beta labels of nodes and what they are called now. */
const renamed: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** The old terms with each beta label renamed wherever the new terms have it renamed. */
function withRenames(old: VolumeNodeAffinity, now: VolumeNodeAffinity | undefined): VolumeNodeAffinity {
  const rename = (term: NodeSelectorTerm, other: NodeSelectorTerm | undefined): NodeSelectorTerm => ({
    ...term,
    matchExpressions: term.matchExpressions?.map((requirement, i) => {
      const key = other?.matchExpressions?.[i]?.key;
      return key !== undefined && renamed[requirement.key] === key ? { ...requirement, key } : requirement;
    }),
  });
  const terms = old.required?.nodeSelectorTerms.map((term, i) => rename(term, now?.required?.nodeSelectorTerms[i]));
  return terms === undefined ? old : { required: { nodeSelectorTerms: terms } };
}

export const persistentVolumes = resource<PersistentVolume>({
  kind: PersistentVolume,
  shortNames: ['pv'],
  hasStatus: true,
  allowsUnconditionalUpdate: true,

  prepareForCreate(volume) {
    volume.status = { phase: 'Pending' };
    if (volume.metadata.creationTimestamp) volume.status.lastPhaseTransitionTime = volume.metadata.creationTimestamp;
  },
  validate(volume, errors) {
    const root = FieldPath.root(errors);
    validateVolumeSpec(volume.spec, volume.metadata.name, root.at('spec'));
    validateMountOptions(volume, root);
  },
  validateUpdate(volume, old, errors) {
    const field = FieldPath.root(errors).at('spec');
    const source = sourceOf(volume, old);
    if (!same(PersistentVolumeSource, old.spec, source)) {
      const difference = differenceText(PersistentVolumeSource, old.spec, source, 'spec');
      field.at('persistentvolumesource').forbidden(`spec.persistentvolumesource is immutable after creation${difference}`);
    }
    errors.immutable('spec.volumeMode', volume.spec.volumeMode, old.spec.volumeMode);
    const { nodeAffinity: affinity } = old.spec;
    if (affinity !== undefined && !same(VolumeNodeAffinity, withRenames(affinity, volume.spec.nodeAffinity), volume.spec.nodeAffinity)) {
      field.at('nodeAffinity').invalid(volume.spec.nodeAffinity ?? null, 'field is immutable, except for updating from beta label to GA');
    }
    if (old.spec.volumeAttributesClassName !== undefined && volume.spec.volumeAttributesClassName === undefined) {
      field.at('volumeAttributesClassName').forbidden('update from non-nil value to nil is forbidden');
    }
  },
  warnings({ metadata, spec }) {
    const found: string[] = [];
    if (metadata.annotations?.[classAnnotation] !== undefined) {
      found.push(`metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`);
    }
    if (metadata.annotations?.[mountOptionsAnnotation] !== undefined) {
      found.push(`metadata.annotations[${mountOptionsAnnotation}]: deprecated since v1.31; use "mountOptions" attribute instead`);
    }
    if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
      found.push('spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.');
    }
    return found;
  },

  columns: [
    nameColumn,
    { name: 'Capacity', type: 'string', description: 'Size of the volume.', cell: ({ spec }) => amountText(spec.capacity, 'storage') },
    { name: 'Access Modes', type: 'string', description: 'How it can be mounted.', cell: ({ spec }) => accessModesText(spec.accessModes) },
    { name: 'Reclaim Policy', type: 'string', description: 'What becomes of it after its claim.', cell: ({ spec }) => spec.persistentVolumeReclaimPolicy ?? '' },
    {
      name: 'Status', type: 'string', description: 'Phase of the volume.',
      cell: ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? status.phase ?? '' : 'Terminating'),
    },
    {
      name: 'Claim', type: 'string', description: 'The claim that has it.',
      cell: ({ spec: { claimRef } }) => (claimRef === undefined ? '' : `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`),
    },
    { name: 'StorageClass', type: 'string', description: 'Class of the volume.', cell: storageClassOf },
    { name: 'VolumeAttributesClass', type: 'string', description: 'Class of its attributes.', cell: ({ spec }) => spec.volumeAttributesClassName ?? '<unset>' },
    { name: 'Reason', type: 'string', description: 'Why it failed, in one word.', cell: ({ status }) => status.reason ?? '' },
    ageColumn,
    { name: 'VolumeMode', type: 'string', priority: 1, description: 'File system or block device.', cell: ({ spec }) => spec.volumeMode ?? '<unset>' },
  ],
});

import type { PersistentVolumeSource, PersistentVolumeSpec } from '#core/api/schema/core-v1/persistent-volume.ts';
import { dnsLabelProblem, dnsSubdomainProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import { positive } from './amounts.ts';
import { validateAccessModes } from './claim-spec.ts';
import type { FieldPath } from './field-path.ts';
import { validateNodeSelector } from './selectors.ts';
import {
  azureDisk, both, driverName, exactlyOne, fc, flexVolume, flocker, hostPath, iscsi, localSecret, namespacedSecret, needs, nfs, partitioned, quobyte,
  storageos, type Check, type Checks,
} from './sources.ts';

type Secret = { readonly name?: string; readonly namespace?: string } | undefined;

function secretReference(secret: Secret, field: FieldPath): void {
  if (secret === undefined) return;
  field.at('name').name(secret.name, dnsSubdomainProblem);
  field.at('namespace').name(secret.namespace, dnsLabelProblem);
}

const csi: Check<NonNullable<PersistentVolumeSource['csi']>> = (source, field) => {
  driverName(source.driver, field.at('driver'));
  needs('volumeHandle')(source, field);
  secretReference(source.controllerPublishSecretRef, field.at('controllerPublishSecretRef'));
  secretReference(source.controllerExpandSecretRef, field.at('controllerExpandSecretRef'));
  secretReference(source.nodeStageSecretRef, field.at('nodeStageSecretRef'));
  secretReference(source.nodePublishSecretRef, field.at('nodePublishSecretRef'));
  secretReference(source.nodeExpandSecretRef, field.at('nodeExpandSecretRef'));
};

const sources: Checks<PersistentVolumeSource> = {
  hostPath,
  gcePersistentDisk: both(needs('pdName'), partitioned),
  awsElasticBlockStore: both(needs('volumeID'), partitioned),
  glusterfs: both(needs('endpoints', 'path'), (source: NonNullable<PersistentVolumeSource['glusterfs']>, field) => {
    if (source.endpointsNamespace !== undefined) field.at('endpointsNamespace').check(source.endpointsNamespace, dnsLabelProblem(source.endpointsNamespace));
  }),
  nfs,
  rbd: needs('monitors', 'image'),
  iscsi: both(iscsi, localSecret),
  cinder: both(needs('volumeID'), namespacedSecret),
  cephfs: needs('monitors'),
  fc,
  flocker,
  flexVolume,
  azureFile: both(needs('secretName', 'shareName'), (source: NonNullable<PersistentVolumeSource['azureFile']>, field) => {
    if (source.secretNamespace === '') field.at('secretNamespace').required();
  }),
  vsphereVolume: needs('volumePath'),
  quobyte,
  azureDisk,
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  scaleIO: needs('gateway', 'system', 'volumeName'),
  local: hostPath,
  storageos: both(storageos, namespacedSecret),
  csi,
};

function validateCapacity(capacity: PersistentVolumeSpec['capacity'], field: FieldPath): void {
  const names = Object.keys(capacity ?? {});
  if (names.length === 0) field.required();
  else if (names.some((name) => name !== 'storage')) field.notSupported(capacity, ['storage']);
  for (const [name, text] of Object.entries(capacity ?? {})) positive(Quantity.parse(text), field.key(name));
}

/** What any volume must satisfy, whether it is a PersistentVolume or stands inside an attachment. */
function validateCommon(spec: PersistentVolumeSpec, field: FieldPath): void {
  validateAccessModes(spec.accessModes, field.at('accessModes'));
  exactlyOne<PersistentVolumeSource>(spec, sources, field);
  field.at('storageClassName').optional(spec.storageClassName, dnsSubdomainProblem);
  const root = spec.hostPath !== undefined && /^\/[./]*$/.test(spec.hostPath.path ?? '');
  if (root && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    field.at('persistentVolumeReclaimPolicy').forbidden("may not be 'recycle' for a hostPath mount of '/'");
  }
  const { volumeAttributesClassName: attributesClass } = spec;
  if (attributesClass === undefined) return;
  if (attributesClass === '') field.at('volumeAttributesClassName').required('an empty string is disallowed');
  field.at('volumeAttributesClassName').optional(attributesClass, dnsSubdomainProblem);
  if (spec.csi === undefined) field.at('csi').required('has to be specified when using volumeAttributesClassName');
}

export function validateVolumeSpec(spec: PersistentVolumeSpec, name: string, field: FieldPath): void {
  validateCommon(spec, field);
  validateCapacity(spec.capacity, field.at('capacity'));
  const affinity = field.at('nodeAffinity');
  if (spec.nodeAffinity === undefined) {
    if (spec.local !== undefined) affinity.required('Local volume requires node affinity');
  } else if (spec.nodeAffinity.required === undefined) {
    affinity.at('required').required('must specify required node constraints');
  } else {
    validateNodeSelector(spec.nodeAffinity.required.nodeSelectorTerms, affinity.at('required'));
  }
  if (spec.iscsi?.initiatorName !== undefined && `${name}:${spec.iscsi.targetPortal}`.length > 64) {
    field.at('iscsi', 'targetPortal').invalid(spec.iscsi.targetPortal,
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.');
  }
}

/** A volume described inside a VolumeAttachment: only CSI, and nothing that a claim would use. */
export function validateInlineVolumeSpec(spec: PersistentVolumeSpec, field: FieldPath): void {
  const why = 'may not be specified in the context of inline volumes';
  if (spec.claimRef !== undefined) field.at('claimRef').forbidden(why);
  if (Object.keys(spec.capacity ?? {}).length > 0) field.at('capacity').forbidden(why);
  if (spec.nodeAffinity !== undefined) field.at('nodeAffinity').forbidden(why);
  if (spec.csi === undefined) field.at('csi').required('has to be specified in the context of inline volumes');
  const { persistentVolumeReclaimPolicy: policy = 'Retain' } = spec;
  if (policy !== 'Retain') field.at('persistentVolumeReclaimPolicy').forbidden('may only be Retain in the context of inline volumes');
  validateCommon(spec, field);
}

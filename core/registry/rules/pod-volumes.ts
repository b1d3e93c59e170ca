import type {
  ClusterTrustBundleProjection, DownwardAPIVolumeFile, ProjectedVolumeSource, ServiceAccountTokenProjection, Volume, VolumeSource,
} from '#core/api/schema/core-v1/volumes.ts';
import { dnsLabelProblem, dnsSubdomainProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import { validateAnnotations } from './annotations.ts';
import { notNegative } from './amounts.ts';
import { validateClaimSpec } from './claim-spec.ts';
import { validateFieldReference, validateResourceReference, volumeFields } from './downward.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabels, validateLabelSelector } from './selectors.ts';
import {
  azureDisk, both, driverName, exactlyOne, fc, flexVolume, flocker, gitRepo, hostPath, iscsi, localSecret, needs, nfs, partitioned, quobyte,
  storageos, type Check, type Checks,
} from './sources.ts';
import { volumeFilePathProblem } from './syntax.ts';

function validateMode(mode: number | undefined, field: FieldPath): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) field.invalid(mode, 'must be a number between 0 and 0777 (octal), both inclusive');
}

interface KeyFile {
  readonly key: string;
  readonly path: string;
  readonly mode?: number;
}

function validateKeys(items: readonly KeyFile[] | undefined, field: FieldPath): void {
  for (const [i, item] of (items ?? []).entries()) {
    const at = field.at(i);
    needs('key')(item, at);
    at.at('path').name(item.path, volumeFilePathProblem);
    validateMode(item.mode, at.at('mode'));
  }
}

const files: Check<{ readonly defaultMode?: number; readonly items?: readonly KeyFile[] }> = (source, field) => {
  validateMode(source.defaultMode, field.at('defaultMode'));
  validateKeys(source.items, field.at('items'));
};

function validateFacts(items: readonly DownwardAPIVolumeFile[] | undefined, field: FieldPath): void {
  for (const [i, item] of (items ?? []).entries()) {
    const at = field.at(i);
    at.at('path').name(item.path, volumeFilePathProblem);
    validateMode(item.mode, at.at('mode'));
    if (item.fieldRef !== undefined) {
      validateFieldReference(item.fieldRef, volumeFields, at.at('fieldRef'));
      if (item.resourceFieldRef !== undefined) at.invalid('resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
    } else if (item.resourceFieldRef === undefined) {
      at.required('one of fieldRef and resourceFieldRef is required');
    } else {
      if ((item.resourceFieldRef.containerName ?? '') === '') at.at('resourceFieldRef', 'containerName').required();
      validateResourceReference(item.resourceFieldRef, at.at('resourceFieldRef'));
    }
  }
}

function validateToken(token: ServiceAccountTokenProjection, field: FieldPath): void {
  const seconds = token.expirationSeconds ?? 3600;
  if (seconds < 600) field.at('expirationSeconds').invalid(seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > 2 ** 32) field.at('expirationSeconds').invalid(seconds, 'may not specify a duration larger than 2^32 seconds');
  field.at('path').name(token.path, volumeFilePathProblem);
}

function validateBundle(bundle: ClusterTrustBundleProjection, field: FieldPath): void {
  const { name, signerName, labelSelector } = bundle;
  if (name !== undefined && signerName !== undefined) field.invalid(bundle, 'only one of name and signerName may be used');
  else if (name === undefined && signerName === undefined) field.required('either name or signerName must be specified');
  if (name === '') field.at('name').required('must be a valid object name');
  if (signerName === '') field.at('signerName').required('must be a valid signer name');
  if (name !== undefined && labelSelector !== undefined) field.at('labelSelector').invalid(labelSelector, 'labelSelector must be unset if name is specified');
  validateLabelSelector(labelSelector, field.at('labelSelector'));
  field.at('path').name(bundle.path, volumeFilePathProblem);
}

/** The files that a projected source makes, where they are known. */
function pathsOf({ secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle }: NonNullable<ProjectedVolumeSource['sources']>[number]): string[] {
  const items = [...(secret?.items ?? []), ...(configMap?.items ?? []), ...(downwardAPI?.items ?? [])];
  return [...items.map(({ path }) => path), serviceAccountToken?.path ?? '', clusterTrustBundle?.path ?? ''].filter((path) => path !== '');
}

const projected: Check<ProjectedVolumeSource> = (source, field) => {
  validateMode(source.defaultMode, field.at('defaultMode'));
  const paths = new Set<string>();
  for (const [i, item] of (source.sources ?? []).entries()) {
    const at = field.at('sources', i);
    if (Object.keys(item).length > 1) at.forbidden('may not specify more than 1 volume type');
    for (const name of ['secret', 'configMap'] as const) {
      const keys = item[name];
      if (keys === undefined) continue;
      needs('name')(keys, at.at(name));
      validateKeys(keys.items, at.at(name, 'items'));
    }
    if (item.downwardAPI !== undefined) validateFacts(item.downwardAPI.items, at.at('downwardAPI', 'items'));
    if (item.serviceAccountToken !== undefined) validateToken(item.serviceAccountToken, at.at('serviceAccountToken'));
    if (item.clusterTrustBundle !== undefined) validateBundle(item.clusterTrustBundle, at.at('clusterTrustBundle'));
    for (const path of pathsOf(item)) {
      if (paths.has(path)) field.invalid(path, 'conflicting duplicate paths');
      paths.add(path);
    }
  }
};

const ephemeral: Check<NonNullable<VolumeSource['ephemeral']>> = ({ volumeClaimTemplate: template }, field) => {
  const at = field.at('volumeClaimTemplate');
  if (template === undefined) return at.required();
  const { labels, annotations, ...others } = template.metadata;
  validateLabels(labels, at.at('metadata', 'labels'));
  validateAnnotations(annotations, at.at('metadata', 'annotations'));
  for (const name of Object.keys(others)) at.at('metadata', name).forbidden('cannot be set');
  validateClaimSpec(template.spec, at.at('spec'));
};

const sources: Checks<VolumeSource> = {
  emptyDir: ({ sizeLimit }, field) => {
    if (sizeLimit !== undefined) notNegative(Quantity.parse(sizeLimit), field.at('sizeLimit'));
  },
  hostPath,
  gitRepo,
  gcePersistentDisk: both(needs('pdName'), partitioned),
  awsElasticBlockStore: both(needs('volumeID'), partitioned),
  secret: both(needs('secretName'), files),
  nfs,
  iscsi,
  glusterfs: needs('endpoints', 'path'),
  flocker,
  persistentVolumeClaim: needs('claimName'),
  rbd: needs('monitors', 'image'),
  cinder: both(needs('volumeID'), localSecret),
  cephfs: needs('monitors'),
  quobyte,
  downwardAPI: (source, field) => {
    validateMode(source.defaultMode, field.at('defaultMode'));
    validateFacts(source.items, field.at('items'));
  },
  fc,
  flexVolume,
  configMap: both(needs('name'), files),
  azureFile: needs('secretName', 'shareName'),
  vsphereVolume: needs('volumePath'),
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  azureDisk,
  storageos: both(storageos, localSecret),
  projected,
  scaleIO: needs('gateway', 'system', 'volumeName'),
  csi: (source, field) => {
    driverName(source.driver, field.at('driver'));
    if (source.nodePublishSecretRef !== undefined) field.at('nodePublishSecretRef', 'name').name(source.nodePublishSecretRef.name, dnsSubdomainProblem);
  },
  ephemeral,
  image: needs('reference'),
};

/** Validates a pod's volumes and returns them by name, for the mounts that refer to them. */
export function validatePodVolumes(volumes: readonly Volume[] | undefined, podName: string, field: FieldPath): ReadonlyMap<string, Volume> {
  const byName = new Map<string, Volume>();
  const made = new Set((volumes ?? []).filter((volume) => volume.ephemeral !== undefined).map((volume) => `${podName}-${volume.name}`));
  for (const [i, volume] of (volumes ?? []).entries()) {
    const at = field.at(i);
    exactlyOne<VolumeSource>(volume, sources, at);
    at.at('name').name(volume.name, dnsLabelProblem);
    if (byName.has(volume.name)) at.at('name').duplicate(volume.name);
    byName.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (podName !== '' && claim !== undefined && made.has(claim)) {
      at.at('persistentVolumeClaim', 'claimName').invalid(claim, 'must not reference a PVC that gets created for an ephemeral volume');
    }
    const problem = volume.ephemeral === undefined || podName === '' ? undefined : dnsSubdomainProblem(`${podName}-${volume.name}`);
    if (problem !== undefined) at.at('name').invalid(volume.name, `PVC name "${podName}-${volume.name}": ${problem}`);
  }
  return byName;
}

import type { EnvFromSource, EnvVar } from './schema/core-v1/container.ts';
import type { PersistentVolume } from './schema/core-v1/persistent-volume.ts';
import type { Pod } from './schema/core-v1/pod.ts';
import type { Volume } from './schema/core-v1/volumes.ts';

/** What pods and volumes refer to. Names may come more than once; those of pods are in the pod's namespace. */

interface WithEnvironment {
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly EnvFromSource[];
}

const containersOf = ({ spec: { initContainers = [], containers, ephemeralContainers = [] } }: Pod): readonly WithEnvironment[] =>
  [...initContainers, ...containers, ...ephemeralContainers];

type Names = readonly (string | undefined)[];

const present = (names: Names): string[] => names.filter((name) => name !== undefined && name !== '') as string[];

const secretsOfVolume = (volume: Volume): Names => [
  volume.azureFile?.secretName, volume.secret?.secretName, volume.csi?.nodePublishSecretRef?.name,
  ...[volume.cephfs, volume.cinder, volume.flexVolume, volume.rbd, volume.scaleIO, volume.iscsi, volume.storageos].map((source) => source?.secretRef?.name),
  ...(volume.projected?.sources ?? []).map(({ secret }) => secret?.name),
];

export const secretsOfPod = (pod: Pod): readonly string[] => present([
  ...(pod.spec.imagePullSecrets ?? []).map(({ name }) => name),
  ...containersOf(pod).flatMap(({ env = [], envFrom = [] }) => [...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name), ...envFrom.map(({ secretRef }) => secretRef?.name)]),
  ...(pod.spec.volumes ?? []).flatMap(secretsOfVolume),
]);

const configMapsOfVolume = ({ configMap, projected }: Volume): Names => [configMap?.name, ...(projected?.sources ?? []).map((source) => source.configMap?.name)];

export const configMapsOfPod = (pod: Pod): readonly string[] => present([
  ...containersOf(pod).flatMap(({ env = [], envFrom = [] }) => [...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name), ...envFrom.map(({ configMapRef }) => configMapRef?.name)]),
  ...(pod.spec.volumes ?? []).flatMap(configMapsOfVolume),
]);

/** The claim behind a volume of the pod, if there is one. */
export const claimOfVolume = ({ metadata }: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined =>
  persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${metadata.name}-${name}`);

export const claimsOfPod = (pod: Pod): readonly string[] => present((pod.spec.volumes ?? []).map((volume) => claimOfVolume(pod, volume)));

/** ResourceClaims that exist, or that were made for the pod. */
export const resourceClaimsOfPod = ({ spec, status }: Pod): readonly string[] => present([
  ...(spec.resourceClaims ?? []).map(({ name, resourceClaimName }) => resourceClaimName ?? status.resourceClaimStatuses?.find((made) => made.name === name)?.resourceClaimName),
  status.extendedResourceClaimStatus?.resourceClaimName,
]);

/** Secrets that a node needs to mount the volume, as `namespace/name`. What only attaching or growing needs is not among them. */
export function nodeSecretsOfVolume({ spec }: PersistentVolume): readonly string[] {
  const { namespace: own = '' } = spec.claimRef ?? {};
  const { csi, azureFile } = spec;
  const references: readonly ({ readonly namespace?: string; readonly name?: string } | undefined)[] = [
    csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef,
    ...[spec.cephfs, spec.cinder, spec.flexVolume, spec.rbd, spec.scaleIO, spec.iscsi, spec.storageos].map((source) => source?.secretRef),
    azureFile && { name: azureFile.secretName, namespace: azureFile.secretNamespace ?? '' },
  ];
  return references.flatMap((reference) => (reference?.name ? [`${reference.namespace || own}/${reference.name}`] : []));
}

import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { customKind } from '#core/api/schema/custom-kind.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';

/** Snapshots are custom resources of this group everywhere; here they are served wherever a driver takes some. */
export const snapshotGroup = 'snapshot.storage.k8s.io';

interface SnapshotError {
  readonly time?: string;
  readonly message?: string;
}

/** A wish for a snapshot of a claim, or for one that somebody brings along. */
export interface VolumeSnapshot extends KubernetesObject {
  readonly spec: {
    readonly source: { readonly persistentVolumeClaimName?: string; readonly volumeSnapshotContentName?: string };
    readonly volumeSnapshotClassName?: string;
  };
  readonly status?: {
    readonly boundVolumeSnapshotContentName?: string;
    readonly readyToUse?: boolean;
    readonly creationTime?: string;
    readonly restoreSize?: string;
    readonly error?: SnapshotError;
  };
}
export const VolumeSnapshot = customKind<VolumeSnapshot>({ group: snapshotGroup, version: 'v1', kind: 'VolumeSnapshot' });

/** The snapshot itself, as its driver knows it. */
export interface VolumeSnapshotContent extends KubernetesObject {
  readonly spec: {
    readonly driver: string;
    readonly deletionPolicy: 'Delete' | 'Retain';
    readonly source: { readonly volumeHandle?: string; readonly snapshotHandle?: string };
    readonly sourceVolumeMode?: string;
    readonly volumeSnapshotClassName?: string;
    readonly volumeSnapshotRef: { readonly namespace: string; readonly name: string; readonly uid?: string };
  };
  readonly status?: {
    readonly snapshotHandle?: string;
    /** Nanoseconds since the epoch. */
    readonly creationTime?: number;
    readonly readyToUse?: boolean;
    /** Bytes. */
    readonly restoreSize?: number;
    readonly error?: SnapshotError;
  };
}
export const VolumeSnapshotContent = customKind<VolumeSnapshotContent>({ group: snapshotGroup, version: 'v1', kind: 'VolumeSnapshotContent', namespaced: false });

export interface VolumeSnapshotClass extends KubernetesObject {
  readonly driver: string;
  readonly deletionPolicy: 'Delete' | 'Retain';
  readonly parameters?: Readonly<Record<string, string>>;
}
export const VolumeSnapshotClass = customKind<VolumeSnapshotClass>({ group: snapshotGroup, version: 'v1', kind: 'VolumeSnapshotClass', namespaced: false, plural: 'volumesnapshotclasses' });

/** Whether the two name each other. */
export const isBoundTo = ({ spec: { volumeSnapshotRef: { namespace, name, uid } } }: VolumeSnapshotContent, { metadata }: VolumeSnapshot): boolean =>
  namespace === metadata.namespace && name === metadata.name && uid === metadata.uid;

export const isReady = ({ status }: VolumeSnapshot | VolumeSnapshotContent): boolean => status?.readyToUse === true;

/** Claims by the snapshot from which their volumes are to be filled. */
export const claimsOfSnapshot = {
  name: 'claims-of-snapshot',
  of: ({ metadata: { namespace = '' }, spec: { dataSourceRef, dataSource } }: PersistentVolumeClaim): string[] => {
    const from = dataSourceRef ?? dataSource;
    return from?.kind === VolumeSnapshot.kind && from.apiGroup === snapshotGroup ? [`${namespace}/${from.name}`] : [];
  },
};

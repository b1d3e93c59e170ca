import type { KubernetesObject } from '#core/api/schema/kind.ts';

/** Finalizers and annotations by which controllers of snapshots speak to each other in any cluster. */
export const finalizers = {
  /** On a VolumeSnapshot: its content goes first. */
  bound: 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection',
  /** On a VolumeSnapshot: volumes may be being made from it. */
  source: 'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection',
  /** On a VolumeSnapshotContent: its driver deletes the snapshot first. */
  content: 'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection',
  /** On a claim: a snapshot of it is being taken. */
  claim: 'snapshot.storage.kubernetes.io/pvc-as-source-protection',
} as const;

export const annotations = {
  defaultClass: 'snapshot.storage.kubernetes.io/is-default-class',
  /** On a content: its driver was, or is about to be, asked for the snapshot, and it is not known what came of that. */
  beingCreated: 'snapshot.storage.kubernetes.io/volumesnapshot-being-created',
  /** On a content: its VolumeSnapshot is being deleted. */
  beingDeleted: 'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted',
  /** On a content, beside `beingCreated`: the parameters with which the snapshot was asked for. The class may change, or go. */
  parameters: 'keelson.dev/snapshot-parameters',
} as const;

/** No other snapshot, before or after, has it. */
export const contentName = ({ metadata: { uid } }: KubernetesObject): string => `snapcontent-${uid}`;
export const snapshotName = (uid: string): string => `snapshot-${uid}`;

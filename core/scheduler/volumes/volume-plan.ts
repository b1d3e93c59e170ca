import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';

/** What has to be done on a node so that a pod has its volumes. */
export interface VolumePlan {
  /** Volumes that exist, each for a claim. */
  readonly bindings: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[];
  /** Claims for which volumes have to be made. */
  readonly provisions: readonly PersistentVolumeClaim[];
}

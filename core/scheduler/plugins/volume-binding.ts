import { CSIStorageCapacity, type CSIDriver, type StorageClass } from '#core/api/schema/storage-v1.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf } from '#core/client/client.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { rejection, unresolvable, type ClusterEvent, type FilterPlugin } from '#core/scheduler/plugin.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { volumeLimit } from '#core/scheduler/volumes/volume-match.ts';
import type { VolumePlanner } from '#core/scheduler/volumes/volume-planner.ts';

/** Volumes that are there can be reached from the node, and those that are not can be had there. */
export const volumeBinding = (planner: VolumePlanner): FilterPlugin => ({
  name: 'VolumeBinding',
  wakes: [
    { on: ['claim/add', 'claim/update'], helps: isOwnClaim },
    { on: ['class/add', 'class/update'], helps: topologyChanged },
    { on: ['capacity/add', 'capacity/update'], helps: limitGrew },
    { on: ['csi-driver/update'], helps: capacityIgnored },
    { on: ['volume/add', 'volume/update', 'node/add', 'node/labels', 'csi-node/add'] },
    // A volume that was promised to a pod, which did not come to its node.
    { on: ['pod/delete'], helps: (_pod, { object }) => ((object as Pod).spec.volumes ?? []).some(({ persistentVolumeClaim, ephemeral }) => (persistentVolumeClaim ?? ephemeral) !== undefined) },
  ],
  filter(pod) {
    if (pod.claims.length === 0) return undefined;
    const claims = planner.claimsOf(pod);
    if (claims.problem !== undefined) return rejection(unresolvable(claims.problem));
    return {
      check(node) {
        const plan = planner.plan(claims, node);
        return 'reasons' in plan ? plan : undefined;
      },
    };
  },
});

const isOwnClaim = ({ claims }: PodInfo, { object }: ClusterEvent): boolean => claims.includes(keyOf(object));

const topologyChanged = (_pod: PodInfo, { object, previous }: ClusterEvent): boolean =>
  previous === undefined || !deepEqual((object as StorageClass).allowedTopologies, (previous as StorageClass).allowedTopologies);

function limitGrew(_pod: PodInfo, { object, previous }: ClusterEvent): boolean {
  if (previous === undefined || !isKindOf(object, CSIStorageCapacity) || !isKindOf(previous, CSIStorageCapacity)) return true;
  const [now, before] = [volumeLimit(object), volumeLimit(previous)];
  return now !== undefined && (before === undefined || now > before);
}

const capacityIgnored = (_pod: PodInfo, { object, previous }: ClusterEvent): boolean =>
  (previous as CSIDriver | undefined)?.spec.storageCapacity === true && (object as CSIDriver).spec.storageCapacity !== true;

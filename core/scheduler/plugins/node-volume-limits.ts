import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { CSINode, StorageClass, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { unschedulable, type ClusterEvent, type FilterPlugin, type Verdict } from '#core/scheduler/plugin.ts';
import { classOf } from '#core/scheduler/volumes/claims.ts';

const full = unschedulable('node(s) exceed max volume count');
const byNode = 'scheduler-node';

/** Volumes by the driver whose they are, each by its identity. */
type Volumes = Map<string, Set<string>>;

function include(volumes: Volumes, [driver, id]: readonly [string, string]): void {
  const ids = volumes.get(driver) ?? new Set();
  volumes.set(driver, ids.add(id));
}

/** As many volumes of each driver as the node can have attached. */
export const nodeVolumeLimits = (informers: Informers): FilterPlugin => {
  const counts = new AttachedVolumes(informers);
  return {
    name: 'NodeVolumeLimits',
    wakes: [
      { on: ['csi-node/add', 'csi-node/update', 'attachment/delete'] },
      { on: ['pod/delete'], helps: (_pod, { object }) => new PodInfo(object as Pod).claims.length > 0 },
      { on: ['claim/add'], helps: ({ claims }, { object }: ClusterEvent) => claims.includes(`${object.metadata.namespace ?? ''}/${object.metadata.name}`) },
      { on: ['volume/add'] },
    ],
    filter(pod) {
      if (pod.claims.length === 0) return undefined;
      const wanted = counts.of([pod]);
      return wanted.size === 0 ? undefined : { check: (node) => counts.check(wanted, node) };
    },
  };
};

class AttachedVolumes {
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #classes: Informer<StorageClass>;
  readonly #csiNodes: Informer<CSINode>;
  readonly #attachments: Informer<VolumeAttachment>;

  constructor(informers: Informers) {
    this.#claims = informers.for(PersistentVolumeClaim);
    this.#volumes = informers.for(PersistentVolume);
    this.#classes = informers.for(StorageClass);
    this.#csiNodes = informers.for(CSINode);
    this.#attachments = informers.for(VolumeAttachment);
    this.#attachments.addIndex(byNode, nodeOf);
  }

  check(wanted: Volumes, node: NodeInfo): Verdict | undefined {
    const limits = (this.#csiNodes.get(node.name)?.spec.drivers ?? []).filter(({ name, allocatable }) => wanted.has(name) && allocatable?.count !== undefined);
    if (limits.length === 0) return undefined;
    const attached = this.of(node.pods.values());
    for (const attachment of this.#attachments.byIndex(byNode, node.name)) {
      const volume = this.#volumes.get(attachment.spec.source.persistentVolumeName ?? '');
      if (volume?.spec.csi !== undefined) include(attached, [volume.spec.csi.driver, volume.spec.csi.volumeHandle]);
    }
    const exceeds = limits.some(({ name, allocatable }) => {
      const [there, more] = [attached.get(name) ?? new Set<string>(), wanted.get(name) ?? new Set<string>()];
      const added = [...more].filter((id) => !there.has(id)).length;
      return added > 0 && there.size + added > (allocatable?.count ?? Infinity);
    });
    return exceeds ? full : undefined;
  }

  /** The volumes of the pods' claims; one that has yet to be made counts for the driver that will make it. */
  of(pods: Iterable<PodInfo>): Volumes {
    const found: Volumes = new Map();
    for (const { claims } of pods) {
      for (const key of claims) {
        const identity = this.#identity(key);
        if (identity !== undefined) include(found, identity);
      }
    }
    return found;
  }

  #identity(key: string): readonly [string, string] | undefined {
    const claim = this.#claims.get(key);
    if (claim === undefined) return undefined;
    const volume = this.#volumes.get(claim.spec.volumeName ?? '');
    if (volume !== undefined) return volume.spec.csi === undefined ? undefined : [volume.spec.csi.driver, volume.spec.csi.volumeHandle];
    const provisioner = this.#classes.get(classOf(claim))?.provisioner;
    return provisioner === undefined ? undefined : [provisioner, `claim ${key}`];
  }
}

const nodeOf = ({ spec }: VolumeAttachment): string[] => [spec.nodeName];

import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { Cluster } from './model/cluster.ts';
import { hasEnded, PodInfo } from './model/pod-info.ts';
import { clusterEvents, type ClusterEvent, type ClusterEventKind } from './plugin.ts';
import { changesOnNode } from './queue/own-changes.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

export interface ClusterFeedOptions {
  readonly informers: Informers;
  readonly cluster: Cluster;
  readonly queue: SchedulingQueue;
  readonly schedulerName: string;
}

/** Kinds whose objects are read where they are needed, and whose changes only wake pods. */
const others: readonly (readonly [Kind, string])[] = [
  [PersistentVolumeClaim, 'claim'], [PersistentVolume, 'volume'], [StorageClass, 'class'], [CSINode, 'csi-node'],
  [CSIDriver, 'csi-driver'], [CSIStorageCapacity, 'capacity'], [VolumeAttachment, 'attachment'],
];

/** What of a node bears on which pods it can have. */
const nodeParts: readonly (readonly [ClusterEventKind, (node: Node) => unknown])[] = [
  ['node/allocatable', ({ status }) => status?.allocatable],
  ['node/labels', ({ metadata }) => metadata.labels],
  ['node/taints', ({ spec }) => [spec?.taints ?? [], spec?.unschedulable === true]],
];

const known: ReadonlySet<string> = new Set(clusterEvents);
const isEvent = (kind: string): kind is ClusterEventKind => known.has(kind);

/** Carries what happens in the API to the model of the cluster, and wakes pods that it may help. */
export class ClusterFeed {
  readonly #options: ClusterFeedOptions;
  readonly #informers: readonly Informer<KubernetesObject>[];
  readonly #ends: (() => void)[] = [];

  constructor(options: ClusterFeedOptions) {
    this.#options = options;
    const kinds = [Pod, Node, Namespace, ...others.map(([kind]) => kind)];
    this.#informers = kinds.map((kind) => options.informers.for(kind));
  }

  /** Nodes first, so that pods find theirs. Resolves when all first lists are in. */
  async start(signal: AbortSignal): Promise<void> {
    const { informers } = this.#options;
    await Promise.all(this.#informers.map((informer) => informer.whenSynced(signal)));
    this.#follow(Node, (node, previous) => this.#nodeChanged(node, previous));
    this.#follow(Namespace, (namespace, previous) => this.#namespaceChanged(namespace, previous));
    for (const [kind, name] of others) {
      this.#ends.push(informers.for(kind).subscribe((object, previous) => this.#otherChanged(name, object, previous)));
    }
    this.#follow(Pod, (pod, previous) => this.#podChanged(pod, previous));
  }

  stop(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #follow<T extends KubernetesObject>(kind: Kind<T>, changed: (object: T | undefined, previous: T | undefined) => void): void {
    this.#ends.push(this.#options.informers.for(kind).subscribe(changed));
  }

  #wake(kind: string, object: KubernetesObject, previous?: KubernetesObject): void {
    if (isEvent(kind)) this.#options.queue.wake({ kind, object, previous } satisfies ClusterEvent);
  }

  #nodeChanged(node: Node | undefined, previous: Node | undefined): void {
    const { cluster } = this.#options;
    if (node === undefined) {
      cluster.removeNode(previous?.metadata.name ?? '');
      return;
    }
    cluster.setNode(node);
    if (previous === undefined) this.#wake('node/add', node);
    else for (const [kind, of] of nodeParts) if (!deepEqual(of(node), of(previous))) this.#wake(kind, node, previous);
  }

  #namespaceChanged(namespace: Namespace | undefined, previous: Namespace | undefined): void {
    const either = namespace ?? previous;
    if (either === undefined || deepEqual(namespace?.metadata.labels, previous?.metadata.labels)) return;
    this.#options.cluster.namespaceChanged();
    this.#wake('namespace/labels', either);
  }

  #otherChanged(name: string, object: KubernetesObject | undefined, previous: KubernetesObject | undefined): void {
    const either = object ?? previous;
    if (either !== undefined) this.#wake(`${name}/${object === undefined ? 'delete' : previous === undefined ? 'add' : 'update'}`, either, previous);
  }

  #podChanged(pod: Pod | undefined, previous: Pod | undefined): void {
    const now = pod === undefined || hasEnded(pod) ? undefined : pod;
    const before = previous === undefined || hasEnded(previous) ? undefined : previous;
    if (now === undefined) {
      if (before !== undefined) this.#podLeft(before);
      return;
    }
    if ((now.spec.nodeName ?? '') === '') this.#podWaits(now, before);
    else this.#podStands(now, before);
  }

  #podLeft(pod: Pod): void {
    const { cluster, queue } = this.#options;
    const { uid } = pod.metadata;
    queue.delete(uid);
    cluster.nominations.delete(uid);
    const wasPlaced = cluster.placeOf(uid) !== undefined;
    cluster.removePod(uid);
    if (wasPlaced) this.#wake('pod/delete', pod);
  }

  #podWaits(pod: Pod, before: Pod | undefined): void {
    const { cluster, queue, schedulerName } = this.#options;
    const { uid, deletionTimestamp } = pod.metadata;
    if ((pod.spec.schedulerName ?? 'default-scheduler') !== schedulerName) return;
    if (deletionTimestamp !== undefined) {
      queue.delete(uid);
      cluster.nominations.delete(uid);
      return;
    }
    // It has its node; the cache just does not show that yet.
    if (cluster.isAssumed(uid) && queue.placeOf(uid) === undefined) return;
    const info = new PodInfo(pod);
    if (!cluster.isAssumed(uid)) this.#nominate(info, before);
    queue.set(info);
  }

  /** What this process decided stands until the API shows it, and then what the API shows. */
  #nominate(info: PodInfo, before: Pod | undefined): void {
    const { nominations } = this.#options.cluster;
    const shown = info.pod.status?.nominatedNodeName ?? '';
    const neverShown = shown === '' && (before?.status?.nominatedNodeName ?? '') === '';
    nominations.set(info, neverShown ? nominations.nodeOf(info.uid) ?? '' : shown);
  }

  #podStands(pod: Pod, before: Pod | undefined): void {
    const { cluster, queue } = this.#options;
    const { uid } = pod.metadata;
    queue.delete(uid);
    cluster.nominations.delete(uid);
    const isNew = cluster.placeOf(uid) === undefined || cluster.isAssumed(uid);
    cluster.setPod(new PodInfo(pod), pod.spec.nodeName ?? '');
    if (isNew || before === undefined) {
      this.#wake('pod/add', pod);
      return;
    }
    for (const event of changesOnNode(pod, before)) queue.wake(event);
  }
}

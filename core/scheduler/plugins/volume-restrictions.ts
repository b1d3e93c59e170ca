import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Volume } from '#core/api/schema/core-v1/volumes.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { Cluster } from '#core/scheduler/model/cluster.ts';
import { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { unschedulable, type FilterPlugin, type NodeFilter } from '#core/scheduler/plugin.ts';

const diskTaken = unschedulable('node(s) had no available disk');
const claimTaken = unschedulable('node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode');

/** Disks of which a node cannot have two users. The names are what makes a disk the same one. */
interface Disk {
  readonly ids: readonly string[];
  readonly readOnly: boolean;
  /** Two users that only read get along. */
  readonly sharesReading: boolean;
}

function disksOf({ gcePersistentDisk: gce, awsElasticBlockStore: ebs, iscsi, rbd }: Volume): readonly Disk[] {
  return [
    ...(gce === undefined ? [] : [{ ids: [`gce ${gce.pdName}`], readOnly: gce.readOnly === true, sharesReading: true }]),
    ...(ebs === undefined ? [] : [{ ids: [`ebs ${ebs.volumeID}`], readOnly: ebs.readOnly === true, sharesReading: false }]),
    ...(iscsi === undefined ? [] : [{ ids: [`iscsi ${iscsi.iqn}`], readOnly: iscsi.readOnly === true, sharesReading: true }]),
    ...(rbd === undefined ? [] : [{ ids: (rbd.monitors ?? []).map((monitor) => `rbd ${monitor} ${rbd.pool ?? 'rbd'} ${rbd.image}`), readOnly: rbd.readOnly === true, sharesReading: true }]),
  ];
}

const podDisks = ({ spec: { volumes = [] } }: Pod): readonly Disk[] => volumes.flatMap(disksOf);

const clash = (a: Disk, b: Disk): boolean => a.ids.some((id) => b.ids.includes(id)) && !(a.readOnly && b.readOnly && a.sharesReading);

/** Claims and disks that only one pod can have. */
export const volumeRestrictions = (cluster: Cluster, informers: Informers): FilterPlugin => {
  const claims = informers.for(PersistentVolumeClaim);
  return {
    name: 'VolumeRestrictions',
    wakes: [
      { on: ['pod/delete'], helps: (pod, { object }) => sharesVolume(pod, new PodInfo(object as Pod)) },
      { on: ['node/add'] },
      { on: ['claim/add', 'claim/update'], helps: (pod, { object }) => pod.claims.includes(`${object.metadata.namespace ?? ''}/${object.metadata.name}`) },
    ],
    filter(pod) {
      const disks = podDisks(pod.pod);
      const exclusive = pod.claims.filter((key) => isExclusive(key, claims));
      if (disks.length === 0 && exclusive.length === 0) return undefined;
      return new RestrictionFilter(disks, exclusive, exclusive.reduce((sum, key) => sum + cluster.usersOf(key), 0));
    },
  };
};

class RestrictionFilter implements NodeFilter {
  readonly #disks: readonly Disk[];
  readonly #exclusive: readonly string[];
  /** Pods anywhere that have one of the exclusive claims. */
  #users: number;

  constructor(disks: readonly Disk[], exclusive: readonly string[], users: number) {
    this.#disks = disks;
    this.#exclusive = exclusive;
    this.#users = users;
  }

  check({ pods }: { readonly pods: ReadonlyMap<string, PodInfo> }): typeof diskTaken | undefined {
    if (this.#users > 0) return claimTaken;
    if (this.#disks.length === 0) return undefined;
    for (const { pod } of pods.values()) {
      if (podDisks(pod).some((used) => this.#disks.some((wanted) => clash(used, wanted)))) return diskTaken;
    }
    return undefined;
  }

  added(pod: PodInfo): void {
    this.#users += this.#shared(pod);
  }

  removed(pod: PodInfo): void {
    this.#users -= this.#shared(pod);
  }

  #shared({ claims }: PodInfo): number {
    return claims.filter((key) => this.#exclusive.includes(key)).length;
  }
}

const isExclusive = (key: string, claims: Informer<PersistentVolumeClaim>): boolean => claims.get(key)?.spec.accessModes?.includes('ReadWriteOncePod') === true;

const sharesVolume = (waiting: PodInfo, other: PodInfo): boolean =>
  other.claims.some((key) => waiting.claims.includes(key)) || podDisks(other.pod).some((used) => podDisks(waiting.pod).some((wanted) => clash(used, wanted)));

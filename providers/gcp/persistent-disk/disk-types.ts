/** What Compute Engine says of a type of disk. Sizes in GiB. */
export interface DiskType {
  readonly smallest: number;
  readonly largest: number;
  /** The smallest size of a disk with replicas in two zones, where there can be one. */
  readonly smallestRegional?: number;
  /** There is none in one zone alone. */
  readonly isAlwaysRegional?: boolean;
  readonly takesIops?: boolean;
  readonly takesThroughput?: boolean;
  /** IOPS and throughput can be changed later. */
  readonly isChangeable?: boolean;
  /** How several machines may have it at once, where it can be told at all. */
  readonly accessModes?: readonly DiskAccessMode[];
  readonly inStoragePools?: boolean;
  readonly isConfidential?: boolean;
}

export type DiskAccessMode = 'READ_WRITE_SINGLE' | 'READ_WRITE_MANY' | 'READ_ONLY_MANY';

const persistent = { smallest: 1, largest: 65_536 } as const;
const hyper = { smallest: 4, largest: 65_536, isChangeable: true } as const;

/** https://cloud.google.com/compute/docs/disks and /docs/disks/hyperdisks */
const table: Readonly<Record<string, DiskType>> = {
  'pd-standard': { ...persistent, smallestRegional: 200 },
  'pd-balanced': { ...persistent, smallestRegional: 10 },
  'pd-ssd': { ...persistent, smallestRegional: 10 },
  'pd-extreme': { smallest: 500, largest: 65_536, takesIops: true },
  'hyperdisk-balanced': { ...hyper, takesIops: true, takesThroughput: true, accessModes: ['READ_WRITE_SINGLE', 'READ_WRITE_MANY'], inStoragePools: true, isConfidential: true },
  'hyperdisk-balanced-high-availability': { ...hyper, smallestRegional: 4, isAlwaysRegional: true, takesIops: true, takesThroughput: true, accessModes: ['READ_WRITE_SINGLE', 'READ_WRITE_MANY'] },
  'hyperdisk-extreme': { ...hyper, smallest: 64, takesIops: true },
  'hyperdisk-ml': { ...hyper, takesThroughput: true, accessModes: ['READ_WRITE_SINGLE', 'READ_ONLY_MANY'] },
  'hyperdisk-throughput': { ...hyper, smallest: 2_048, largest: 32_768, takesThroughput: true, inStoragePools: true },
};

export const diskTypeNames: readonly string[] = Object.keys(table);

export const diskTypeOf = (name: string): DiskType | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);

export function smallestOf(type: DiskType, isRegional: boolean): number {
  return isRegional ? (type.smallestRegional ?? type.smallest) : type.smallest;
}

/** Regions and the letters of their zones: a part of the vendor's. */
const regions: Readonly<Record<string, string>> = {
  'asia-east1': 'abc',
  'europe-west1': 'bcd',
  'europe-west4': 'abc',
  'us-central1': 'abcf',
  'us-east1': 'bcd',
  'us-west1': 'abc',
};

export const regionNames: readonly string[] = Object.keys(regions);
export const zoneNames: readonly string[] = Object.entries(regions).flatMap(([region, letters]) => letters.split('').map((letter) => `${region}-${letter}`));

export interface MachineType {
  readonly name: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly shared: boolean;
  /** How many disks an instance of it may have. */
  readonly disks: number;
  readonly architecture: 'X86_64' | 'ARM64';
  readonly platform: string;
  /** The kinds of disks that fit on it. */
  readonly diskTypes: readonly string[];
}

const persistent = ['pd-standard', 'pd-balanced', 'pd-ssd', 'pd-extreme'];
const hyper = ['hyperdisk-balanced', 'hyperdisk-extreme', 'hyperdisk-throughput', 'hyperdisk-ml', 'hyperdisk-balanced-high-availability'];

interface FamilyOfMachines {
  readonly kinds: Readonly<Record<string, number>>;
  readonly cpus: readonly number[];
  readonly platform: string;
  readonly disks: readonly string[];
  readonly architecture?: 'ARM64';
  /** How many disks they take, where that is not 128. */
  readonly most?: number;
}

/** Memory for each CPU in GB by kind, and the numbers of CPUs there are. */
const families: ReadonlyMap<string, FamilyOfMachines> = new Map(Object.entries<FamilyOfMachines>({
  e2: { kinds: { standard: 4, highmem: 8, highcpu: 1 }, cpus: [2, 4, 8, 16], platform: 'Intel Broadwell', disks: persistent.slice(0, 3) },
  n1: { kinds: { standard: 3.75, highmem: 6.5, highcpu: 0.9 }, cpus: [1, 2, 4, 8, 16, 32, 64, 96], platform: 'Intel Haswell', disks: persistent },
  n2: { kinds: { standard: 4, highmem: 8, highcpu: 1 }, cpus: [2, 4, 8, 16, 32, 48, 64, 80], platform: 'Intel Cascade Lake', disks: [...persistent, 'hyperdisk-extreme', 'hyperdisk-throughput', 'hyperdisk-balanced-high-availability'] },
  n2d: { kinds: { standard: 4, highmem: 8, highcpu: 1 }, cpus: [2, 4, 8, 16, 32, 48, 64, 80, 96], platform: 'AMD Rome', disks: [...persistent.slice(0, 3), 'hyperdisk-throughput'] },
  t2a: { kinds: { standard: 4 }, cpus: [1, 2, 4, 8, 16, 32, 48], platform: 'Ampere Altra', disks: persistent.slice(0, 3), architecture: 'ARM64' },
  t2d: { kinds: { standard: 4 }, cpus: [1, 2, 4, 8, 16, 32, 48, 60], platform: 'AMD Milan', disks: persistent.slice(0, 3) },
  c3: { kinds: { standard: 4, highmem: 8, highcpu: 2 }, cpus: [4, 8, 22, 44, 88, 176], platform: 'Intel Sapphire Rapids', disks: ['pd-balanced', 'pd-ssd', ...hyper] },
  c4: { kinds: { standard: 3.75, highmem: 7.75, highcpu: 2 }, cpus: [2, 4, 8, 16, 32, 48, 96, 192], platform: 'Intel Emerald Rapids', disks: ['hyperdisk-balanced', 'hyperdisk-extreme', 'hyperdisk-balanced-high-availability'], most: 64 },
  n4: { kinds: { standard: 4, highmem: 8, highcpu: 2 }, cpus: [2, 4, 8, 16, 32, 48, 64, 80], platform: 'Intel Emerald Rapids', disks: ['hyperdisk-balanced', 'hyperdisk-throughput', 'hyperdisk-balanced-high-availability'], most: 32 },
}));

const sharedMachines: readonly (readonly [string, number, number])[] = [['e2-micro', 2, 1024], ['e2-small', 2, 2048], ['e2-medium', 2, 4096], ['f1-micro', 1, 614], ['g1-small', 1, 1740]];

export const machineTypes: ReadonlyMap<string, MachineType> = new Map(
  [
    ...sharedMachines.map(([name, cpus, memoryMb]): MachineType => ({ name, cpus, memoryMb, shared: true, disks: 16, architecture: 'X86_64', platform: 'Intel Broadwell', diskTypes: persistent.slice(0, 3) })),
    ...[...families].flatMap(([family, { kinds, cpus, platform, disks, architecture, most = 128 }]) =>
      Object.entries(kinds).flatMap(([kind, memory]) =>
        cpus.map((count): MachineType => ({ name: `${family}-${kind}-${count}`, cpus: count, memoryMb: memory * count * 1024, shared: false, disks: most, architecture: architecture ?? 'X86_64', platform, diskTypes: disks })),
      ),
    ),
  ].map((type) => [type.name, type]),
);

export interface DiskType {
  readonly name: string;
  readonly description: string;
  /** In GB. */
  readonly smallest: number;
  readonly largest: number;
  readonly usual: number;
  /** In regional form: the smallest size, where there is one. */
  readonly regional?: number;
  readonly quota: 'DISKS_TOTAL_GB' | 'SSD_TOTAL_GB' | 'HDB_TOTAL_GB';
  /** What may be asked of it at creation, and may be changed later. */
  readonly provisions: readonly ('iops' | 'throughput')[];
  readonly changeable: boolean;
}

const fixed = { provisions: [], changeable: false } as const;

export const diskTypes: ReadonlyMap<string, DiskType> = new Map(
  (
    [
      { name: 'pd-standard', description: 'Standard Persistent Disk', smallest: 1, largest: 65_536, usual: 500, regional: 200, quota: 'DISKS_TOTAL_GB', ...fixed },
      { name: 'pd-balanced', description: 'Balanced Persistent Disk', smallest: 1, largest: 65_536, usual: 100, regional: 10, quota: 'SSD_TOTAL_GB', ...fixed },
      { name: 'pd-ssd', description: 'SSD Persistent Disk', smallest: 1, largest: 65_536, usual: 100, regional: 10, quota: 'SSD_TOTAL_GB', ...fixed },
      { name: 'pd-extreme', description: 'Extreme Persistent Disk', smallest: 500, largest: 65_536, usual: 1_000, quota: 'SSD_TOTAL_GB', provisions: ['iops'], changeable: false },
      { name: 'hyperdisk-balanced', description: 'Hyperdisk Balanced', smallest: 4, largest: 65_536, usual: 100, quota: 'HDB_TOTAL_GB', provisions: ['iops', 'throughput'], changeable: true },
      { name: 'hyperdisk-balanced-high-availability', description: 'Hyperdisk Balanced High Availability', smallest: 4, largest: 65_536, usual: 100, regional: 4, quota: 'HDB_TOTAL_GB', provisions: ['iops', 'throughput'], changeable: true },
      { name: 'hyperdisk-extreme', description: 'Hyperdisk Extreme', smallest: 64, largest: 65_536, usual: 1_000, quota: 'HDB_TOTAL_GB', provisions: ['iops'], changeable: true },
      { name: 'hyperdisk-ml', description: 'Hyperdisk ML', smallest: 4, largest: 65_536, usual: 100, quota: 'HDB_TOTAL_GB', provisions: ['throughput'], changeable: true },
      { name: 'hyperdisk-throughput', description: 'Hyperdisk Throughput', smallest: 2_048, largest: 32_768, usual: 2_048, quota: 'HDB_TOTAL_GB', provisions: ['throughput'], changeable: true },
    ] satisfies DiskType[]
  ).map((type) => [type.name, type]),
);

/** Public images by their project and family. */
export const publicImages: readonly { readonly project: string; readonly family: string; readonly name: string; readonly sizeGb: number; readonly architecture: string }[] = [
  { project: 'cos-cloud', family: 'cos-stable', name: 'cos-stable-121-18867-199-38', sizeGb: 10, architecture: 'X86_64' },
  { project: 'debian-cloud', family: 'debian-12', name: 'debian-12-bookworm-v20260915', sizeGb: 10, architecture: 'X86_64' },
  { project: 'debian-cloud', family: 'debian-12-arm64', name: 'debian-12-bookworm-arm64-v20260915', sizeGb: 10, architecture: 'ARM64' },
  { project: 'ubuntu-os-cloud', family: 'ubuntu-2404-lts-amd64', name: 'ubuntu-2404-noble-amd64-v20260901', sizeGb: 10, architecture: 'X86_64' },
];

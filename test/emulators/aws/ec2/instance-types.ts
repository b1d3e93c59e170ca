export interface InstanceType {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly architecture: 'x86_64' | 'arm64';
  readonly hypervisor: 'nitro' | 'xen';
  readonly burstable: boolean;
  /** How many volumes at once, the root's included; what `shared` types leave beside one network interface. */
  readonly attachments: number;
  readonly attachmentLimit: 'shared' | 'dedicated';
  readonly interfaces: number;
  readonly addressesPerInterface: number;
}

/** Vcpus, interfaces and addresses for each. */
const sizes: Readonly<Record<string, readonly [number, number, number]>> = {
  large: [2, 3, 10], xlarge: [4, 4, 15], '2xlarge': [8, 4, 15], '4xlarge': [16, 8, 30], '8xlarge': [32, 8, 30], '12xlarge': [48, 8, 30], '16xlarge': [64, 15, 50], '24xlarge': [96, 15, 50],
};
/** GiB of memory for each vcpu. */
const families: Readonly<Record<string, number>> = {
  m5: 4, m6i: 4, m7i: 4, m6g: 4, m7g: 4, c5: 2, c6i: 2, c7i: 2, c6g: 2, c7g: 2, r5: 8, r6i: 8, r7i: 8, r6g: 8, r7g: 8,
};
/** Vcpus, MiB, interfaces and addresses for each. */
const burstableSizes: Readonly<Record<string, readonly [number, number, number, number]>> = {
  nano: [2, 512, 2, 2], micro: [2, 1024, 2, 2], small: [2, 2048, 3, 4], medium: [2, 4096, 3, 6], large: [2, 8192, 3, 12], xlarge: [4, 16384, 4, 15], '2xlarge': [8, 32768, 4, 15],
};

/** Since the seventh generation of Intel's, interfaces do not count, and bigger sizes take more. */
function dedicatedAttachments(vcpus: number): number {
  if (vcpus >= 96) return 64;
  return vcpus >= 64 ? 48 : 32;
}

const ordinary = (family: string, size: string): InstanceType => {
  const [vcpus = 0, interfaces = 0, addressesPerInterface = 0] = sizes[size] ?? [];
  const dedicated = family.endsWith('7i');
  return {
    name: `${family}.${size}`, vcpus, interfaces, addressesPerInterface, memoryMiB: vcpus * (families[family] ?? 0) * 1024, architecture: family.endsWith('g') ? 'arm64' : 'x86_64', hypervisor: 'nitro',
    burstable: false, attachments: dedicated ? dedicatedAttachments(vcpus) : 27, attachmentLimit: dedicated ? 'dedicated' : 'shared',
  };
};
const burstable = (family: string, size: string): InstanceType => {
  const [vcpus = 0, memoryMiB = 0, interfaces = 0, addressesPerInterface = 0] = burstableSizes[size] ?? [];
  const xen = family === 't2';
  return {
    name: `${family}.${size}`, vcpus, memoryMiB, interfaces, addressesPerInterface, architecture: family === 't4g' ? 'arm64' : 'x86_64', hypervisor: xen ? 'xen' : 'nitro', burstable: true,
    attachments: xen ? 39 : 27, attachmentLimit: xen ? 'dedicated' : 'shared',
  };
};

/** By name, in the order of names. */
export const instanceTypes: ReadonlyMap<string, InstanceType> = new Map([
  ...Object.keys(families).flatMap((family) => Object.keys(sizes).map((size) => ordinary(family, size))),
  ...['t2', 't3', 't3a', 't4g'].flatMap((family) => Object.keys(burstableSizes).map((size) => burstable(family, size))),
].sort((a, b) => (a.name < b.name ? -1 : 1)).map((type) => [type.name, type]));

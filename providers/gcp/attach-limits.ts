interface Step {
  /** Up to so many vCPUs, or GPUs of an A4X. */
  readonly upTo: number;
  readonly disks: number;
}

const steps = (...pairs: readonly (readonly [number, number])[]): readonly Step[] => pairs.map(([upTo, disks]) => ({ upTo, disks }));

/** Of the newest machine series, which have hyperdisks only: how many beside the boot disk. */
const hyperdisks: ReadonlyMap<string, readonly Step[]> = new Map(Object.entries({
  c4: steps([2, 7], [4, 15], [24, 31], [48, 63], [96, 127]),
  c4a: steps([2, 7], [8, 15], [48, 31], [72, 63]),
  c4d: steps([2, 3], [4, 7], [8, 15], [96, 31], [192, 63], [384, 127]),
  n4: steps([8, 15], [80, 31]),
  a4x: steps([1, 63], [2, 127]),
}));

/** Those with shared cores. */
const smallTypes = new Set(['f1-micro', 'g1-small', 'e2-micro', 'e2-small', 'e2-medium']);
const SMALL = 15;
const USUAL = 127;

/** Most volumes of a node of this machine type beside its boot disk, after Google's published limits and its own driver; for an unknown one as for most. */
export function attachLimit(machineType = ''): number {
  if (smallTypes.has(machineType)) return SMALL;
  const [series = ''] = machineType.split('-');
  const known = hyperdisks.get(series) ?? [];
  return (known.find(({ upTo }) => sizeOf(machineType) <= upTo) ?? known.at(-1))?.disks ?? USUAL;
}

/** `c4-standard-8-lssd`, `n4-custom-8-16384`, `a4x-highgpu-4g`; those without a number, as of bare metal, are the largest. */
const sizeOf = (machineType: string): number => Number(/^[a-z0-9]+-[a-z]+-(\d+)/.exec(machineType)?.[1] ?? Infinity);

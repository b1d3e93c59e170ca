/** What an instance type takes, its root volume counted, beside one network interface. */
const SHARED = 27;
const XEN = 39;
const METAL = 31;

const xenFamilies = new Set(['c1', 'c3', 'c4', 'd2', 'f1', 'h1', 'i2', 'i3', 'm1', 'm2', 'm3', 'm4', 'p2', 'p3', 'g3', 'r3', 'r4', 't1', 't2', 'x1', 'x1e']);
/** Of these, network interfaces and local disks do not count. */
const dedicated = /^(?:[cmr]7(?:a|i|i-flex|iz)|[cmr]8[a-z-]+|g6[ef]?|gr6f?|g7e|f2|i7ie?|i8ge?|x8[a-z-]+|u7i[a-z0-9-]*|p5|p5en?|p6[a-z0-9-]*|trn2)$/;
const ofDedicatedSize: ReadonlyMap<string, number> = new Map(Object.entries({
  '16xlarge': 48, '18xlarge': 48, '24xlarge': 64, '32xlarge': 88, '48xlarge': 128, '96xlarge': 128, '112xlarge': 128, '224xlarge': 128,
  'metal-16xl': 39, 'metal-24xl': 39, 'metal-32xl': 79, 'metal-48xl': 79, 'metal-96xl': 79,
}));

/** Local NVMe disks take places: how many, by family and size. */
const localDisks: ReadonlyMap<string, Readonly<Record<string, number>>> = new Map(Object.entries<Readonly<Record<string, number>>>({
  c5ad: { '4xlarge': 2, '8xlarge': 2, '12xlarge': 2, '16xlarge': 2, '24xlarge': 2 }, c5d: { '12xlarge': 2, '18xlarge': 2, '24xlarge': 4 },
  m5ad: { '4xlarge': 2, '8xlarge': 2, '12xlarge': 2, '16xlarge': 4, '24xlarge': 4 }, m5d: { '4xlarge': 2, '8xlarge': 2, '12xlarge': 2, '16xlarge': 4, '24xlarge': 4 },
  c6gd: { '12xlarge': 2, '16xlarge': 2 }, c6id: { '12xlarge': 2, '16xlarge': 2, '24xlarge': 4, '32xlarge': 4 },
  i4i: { '8xlarge': 2, '12xlarge': 3, '16xlarge': 4, '24xlarge': 6, '32xlarge': 8 }, im4gn: { '8xlarge': 2, '16xlarge': 4 }, is4gen: { '4xlarge': 2, '8xlarge': 4 },
  i3en: { '2xlarge': 2, '6xlarge': 2, '12xlarge': 4, '24xlarge': 8 },
}));
const alike: ReadonlyMap<string, string> = new Map(Object.entries({
  m5dn: 'm5d', r5d: 'm5d', r5dn: 'm5d', r5ad: 'm5ad', m6gd: 'c6gd', r6gd: 'c6gd', c7gd: 'c6gd', m7gd: 'c6gd', r7gd: 'c6gd', m6id: 'c6id', m6idn: 'c6id', r6id: 'c6id', r6idn: 'c6id',
}));

/** Types that fit no rule: those with accelerators, which take places too, and those with many disks. */
const ofType: ReadonlyMap<string, number> = new Map(Object.entries({
  'd3.xlarge': 24, 'd3.2xlarge': 21, 'd3.4xlarge': 15, 'd3.8xlarge': 3, 'd3en.xlarge': 25, 'd3en.2xlarge': 23, 'd3en.4xlarge': 19, 'd3en.6xlarge': 15, 'd3en.8xlarge': 11, 'd3en.12xlarge': 3,
  'g4ad.8xlarge': 24, 'g4ad.16xlarge': 21, 'g4dn.12xlarge': 22, 'g5.12xlarge': 22, 'g5.24xlarge': 22, 'g5.48xlarge': 9, 'g5g.16xlarge': 25,
  'inf1.xlarge': 26, 'inf1.2xlarge': 26, 'inf1.6xlarge': 23, 'inf1.24xlarge': 11, 'p3dn.24xlarge': 17, 'p5.48xlarge': 64, 'p5e.48xlarge': 64, 'p5en.48xlarge': 64, 'mac1.metal': 16, 'mac2.metal': 10,
}));
const acceleratedFamilies: ReadonlyMap<string, number> = new Map(Object.entries({ g4ad: 25, g4dn: 25, g5: 25, g5g: 26 }));

/**
 * Most volumes that a node of this type can have beside its root volume, after Amazon's published limits and the tables of its own driver. For a type
 * that is unknown, as for most of Nitro. Further network interfaces are not counted: the setting `volumeAttachLimit` is for machines that have them.
 */
export function attachLimit(instanceType: string | undefined): number {
  const [family = '', size = ''] = (instanceType ?? '').split('.');
  return Math.max(1, (ofType.get(instanceType ?? '') ?? ofSize(family, size)) - 1);
}

function ofSize(family: string, size: string): number {
  if (xenFamilies.has(family)) return family === 'i3' && size === 'metal' ? METAL : XEN;
  if (dedicated.test(family)) return ofDedicatedSize.get(size) ?? 32;
  if (family.startsWith('u-')) return size === 'metal' ? 19 : SHARED;
  if (size.startsWith('metal')) return METAL;
  if (/^p4de?$/.test(family)) return 28;
  return acceleratedFamilies.get(family) ?? SHARED - disksOf(family, size);
}

function disksOf(family: string, size: string): number {
  const sizes = localDisks.get(alike.get(family) ?? family);
  return sizes === undefined ? 0 : (new Map(Object.entries(sizes)).get(size) ?? 1);
}

import type { AttachmentNode } from '#core/spi/volume-driver.ts';
import { volumeDriverConformance, type VolumeDriverUnderTest } from '#test/conformance/volume-driver.ts';
import type { GcpLabOptions } from '#test/fixtures/gcp-lab.ts';
import { gibi, labZone, nodeOf, persistentDiskLab } from '#test/fixtures/persistent-disk-lab.ts';

const segments = [{ 'topology.gke.io/zone': labZone }];
/** More than the platform wants between two changes of a disk, or six snapshots of it. */
const longMs = 5 * 60 * 60_000;
const quota = 50_000;

interface Kind {
  readonly machineType: string;
  readonly options?: GcpLabOptions;
  readonly given: Partial<VolumeDriverUnderTest>;
}

async function underTest({ machineType, options = {}, given }: Kind): Promise<VolumeDriverUnderTest> {
  const lab = await persistentDiskLab(options);
  const nodes: AttachmentNode[] = [];
  for (const name of ['one', 'two']) nodes.push(await lab.addInstance(name, { machineType }));
  for (const metric of ['SSD_TOTAL_GB', 'HDB_TOTAL_GB']) lab.emulator.state.setQuota(metric, quota);
  return {
    driver: lab.driver, nodes, missingNode: nodeOf('three'), nodeMissing: 'the node side has a kit of its own',
    tooLarge: 60_000n * gibi, topology: { requisite: segments, preferred: segments },
    holders: (id) => Promise.resolve(lab.holders(id)),
    volumes: () => Promise.resolve(lab.volumes()),
    sizeOf: (id) => Promise.resolve(BigInt(String(lab.at(id)?.['sizeGb'])) * gibi),
    attributesOf: (id) => Promise.resolve({ iops: String(lab.at(id)?.['provisionedIops']), throughput: `${String(lab.at(id)?.['provisionedThroughput'])}Mi` }),
    snapshots: () => Promise.resolve(lab.snapshots()),
    pass: () => Promise.resolve(lab.emulator.state.advance(longMs)),
    cleanup: () => lab.stop(),
    ...given,
  };
}

// The disk that an instance boots from counts.
const persistent: Kind = { machineType: 'e2-small', given: { size: gibi, attachLimit: 15, parameters: { type: 'pd-balanced' }, otherParameters: { type: 'pd-ssd' }, attributes: {}, otherAttributes: {} } };
const speeds = { attributes: { iops: '3500', throughput: '200Mi' }, otherAttributes: { iops: '3600', throughput: '210Mi' } };
const regional: Kind = {
  machineType: 'n4-standard-2', options: { delays: 20, seed: 3 },
  given: { size: 10n * gibi, parameters: { type: 'hyperdisk-balanced-high-availability' }, otherParameters: { type: 'pd-ssd', 'replication-type': 'regional-pd' }, ...speeds },
};

const unchangeable = 'the speed of a disk of this type comes with its size';
const notModified = [
  'changes what a volume is, each time twice', 'refuses unknown keys and values by their names, and changes nothing', 'changes nothing that is not there', 'changes nothing when aborted beforehand',
  'ends as asked for, however often it is interrupted', 'makes one change of ten calls at once', 'makes a volume with the attributes of a class', 'refuses to make a volume with unknown attributes',
];

volumeDriverConformance('Persistent Disk', () => underTest(persistent), { skip: Object.fromEntries(notModified.map((title) => [title, unchangeable])) });
volumeDriverConformance('regional Hyperdisk on a slow platform', () => underTest(regional));

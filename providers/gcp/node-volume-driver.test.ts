import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { attachLimit } from './attach-limits.ts';
import { PersistentDiskDevices } from './disk-devices.ts';
import { PersistentDiskNodeVolumeDriver, type PersistentDiskNodeVolumeDriverParts } from './node-volume-driver.ts';
import type { OwnMachine } from './place.ts';

const never = new AbortController().signal;
const zonal = 'projects/my-project/zones/us-central1-a/disks/pvc-1';
const regional = 'projects/my-project/regions/us-central1/disks/pvc-1';

describe('PersistentDiskDevices', () => {
  let folder: string;
  let devices: PersistentDiskDevices;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-pd-'));
    await mkdir(join(folder, 'dev/disk/by-id'), { recursive: true });
    devices = new PersistentDiskDevices({ deviceDir: join(folder, 'dev'), sysDir: join(folder, 'sys') });
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A SCSI disk, with the page in which it says its device name. */
  const disk = async (name: string, deviceName?: string): Promise<void> => {
    await writeFile(join(folder, 'dev', name), '');
    await mkdir(join(folder, 'sys/block', name, 'device'), { recursive: true });
    const page = Buffer.concat([Buffer.from([0, 0x83, 0, 64, 2, 1, 0, 60]), Buffer.from(`Google  PersistentDisk  ${deviceName}`), Buffer.from([0])]);
    if (deviceName !== undefined) await writeFile(join(folder, 'sys/block', name, 'device/vpd_pg83'), page);
  };
  const link = (name: string, to: string): Promise<void> => symlink(join(folder, 'dev', to), join(folder, 'dev/disk/by-id', name));
  const find = async (id: string, publishContext: Readonly<Record<string, string>> = {}, volumeContext: Readonly<Record<string, string>> = {}): Promise<string | undefined> =>
    (await devices.find(id, { publishContext, volumeContext }, never))?.slice(folder.length);
  const reasonOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => (ProviderError.is(error) ? error.reason : error));

  it('finds disks by the links of both kinds', async () => {
    expect(await find(zonal)).to.equal(undefined);
    await disk('nvme0n2');
    await disk('sdb', 'pvc-1');
    await link('scsi-0Google_PersistentDisk_pvc-1', 'sdb');
    expect(await find(zonal)).to.equal('/dev/sdb');
    await link('google-pvc-1_regional', 'nvme0n2');
    expect(await find(regional)).to.equal('/dev/nvme0n2');
    expect(await find(regional, {}, { partition: '1' })).to.equal('/dev/nvme0n2p1');
    expect(await find(zonal, {}, { partition: '2' })).to.equal('/dev/sdb2');
  });

  it('finds a regional disk that was attached under its own name', async () => {
    await disk('nvme0n3');
    await link('google-pvc-1', 'nvme0n3');
    expect(await find(regional)).to.equal('/dev/nvme0n3');
    expect(await find(regional, { deviceName: 'pvc-1' })).to.equal('/dev/nvme0n3');
  });

  it('finds a disk under another device name when it was attached so', async () => {
    await disk('sdc', 'data');
    await link('google-data', 'sdc');
    expect(await find(zonal, { deviceName: 'data' })).to.equal('/dev/sdc');
    expect(await find(zonal, { deviceName: '../../sdc' })).to.equal(undefined);
  });

  it('finds a disk without a link by what it calls itself, and takes no other for it', async () => {
    await disk('sda', 'boot');
    await disk('sdb', 'pvc-1_regional');
    expect(await find(regional)).to.equal('/dev/sdb');
    await link('google-pvc-1', 'sda');
    expect(await reasonOf(find(zonal))).to.equal('Unavailable');
    await disk('sdd', 'pvc-1');
    expect(await find(zonal)).to.equal('/dev/sdd');
  });

  it('knows the ids of disks', () => {
    for (const id of [zonal, regional, 'projects/example.com:p/zones/UNSPECIFIED/disks/d']) expect(devices.isVolumeId(id), id).to.equal(true);
    for (const id of ['', 'pvc-1', `${zonal}/../x`, 'projects/p/zones/z/disks/..', `${zonal}\n`, 'projects/p/zones/z/snapshots/s']) expect(devices.isVolumeId(id), id).to.equal(false);
  });
});

describe('PersistentDiskNodeVolumeDriver', () => {
  const machine: OwnMachine = { project: 'my-project', zone: 'us-central1-a', name: 'one', machineType: 'e2-small' };
  let asked = 0;
  const driver = (parts: Partial<PersistentDiskNodeVolumeDriverParts>, self?: OwnMachine): PersistentDiskNodeVolumeDriver => new PersistentDiskNodeVolumeDriver({
    settings: { deviceDir: '/dev', volumeAttachLimit: undefined }, clock: systemClock, log: silentLogger, ...parts,
    place: { self: () => {
      asked++;
      return Promise.resolve(self);
    } },
  });
  const of = (name: string): object => ({ nodeId: `projects/my-project/zones/us-central1-a/instances/${name}`, topology: { 'topology.gke.io/zone': 'us-central1-a' } });

  it('tells what the machine tells, once asked', async () => {
    asked = 0;
    const node = driver({}, machine);
    for (let round = 0; round < 2; round++) expect(await node.nodeTopology(never)).to.deep.equal({ ...of('one'), maxVolumes: 15 });
    expect(asked).to.equal(1);
  });

  it('tells what its provider id says, with the type of the machine only when that is the same', async () => {
    expect(await driver({ providerId: 'gce://my-project/us-central1-a/two' }, machine).nodeTopology(never)).to.deep.equal({ ...of('two'), maxVolumes: 127 });
    expect(await driver({ providerId: 'gce://my-project/us-central1-a/one' }, machine).nodeTopology(never)).to.deep.equal({ ...of('one'), maxVolumes: 15 });
    asked = 0;
    expect(await driver({ providerId: 'gce://my-project/us-central1-a/one', settings: { deviceDir: '/dev', volumeAttachLimit: 4 } }).nodeTopology(never)).to.deep.equal({ ...of('one'), maxVolumes: 4 });
    expect(asked).to.equal(0);
  });

  it('is on no instance that nobody names', async () => {
    const message = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => (ProviderError.is(error, 'Unavailable') ? error.message : error));
    expect(await message(driver({}).nodeTopology(never))).to.include('--provider-id gce://PROJECT/ZONE/INSTANCE');
    expect(await message(driver({ providerId: 'aws:///us-west-2a/i-0aa' }, machine).nodeTopology(never))).to.equal('this node is no instance of Compute Engine: its provider id is aws:///us-west-2a/i-0aa');
  });
});

describe('attach limits of Compute Engine', () => {
  it('are those of the vendor', () => {
    const limits: Readonly<Record<string, number>> = {
      'e2-micro': 15, 'f1-micro': 15, 'e2-standard-4': 127, 'n1-standard-1': 127, 'n2-custom-2-4096': 127, 'c4-standard-2': 7, 'c4-standard-24-lssd': 31, 'c4-highmem-96': 127, 'c4-standard-288-metal': 127,
      'c4a-standard-4': 15, 'c4a-standard-72': 63, 'c4d-standard-2': 3, 'c4d-standard-384': 127, 'n4-standard-8': 15, 'n4-custom-10-20480': 31, 'a4x-highgpu-4g': 127, constructor: 127, '': 127,
    };
    expect(Object.fromEntries(Object.keys(limits).map((type) => [type, attachLimit(type)]))).to.deep.equal(limits);
  });
});

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { attachLimit } from './attach-limits.ts';
import { EbsDevices } from './ebs-devices.ts';
import { EbsNodeVolumeDriver, type EbsNodeVolumeDriverParts } from './node-volume-driver.ts';
import type { Ec2Machine } from './place.ts';

const never = new AbortController().signal;
const volumeId = 'vol-0123456789abcdef0';
const byId = 'disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0';

describe('EbsDevices', () => {
  let folder: string;
  let devices: EbsDevices;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-ebs-'));
    await mkdir(join(folder, 'dev/disk/by-id'), { recursive: true });
    devices = new EbsDevices({ deviceDir: join(folder, 'dev'), sysDir: join(folder, 'sys') });
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** An NVMe disk, with a serial number as the kernel shows it. */
  const disk = async (name: string, serial?: string): Promise<void> => {
    await writeFile(join(folder, 'dev', name), '');
    await mkdir(join(folder, 'sys/block', name, 'device'), { recursive: true });
    if (serial !== undefined) await writeFile(join(folder, 'sys/block', name, 'device/serial'), `${serial} \n`);
  };
  const find = async (publishContext: Readonly<Record<string, string>> = {}, volumeContext: Readonly<Record<string, string>> = {}): Promise<string | undefined> =>
    (await devices.find(volumeId, { publishContext, volumeContext }, never))?.slice(folder.length);
  const reasonOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => (ProviderError.is(error) ? error.reason : error));

  it('finds nothing where nothing is', async () => {
    expect(await find({ devicePath: '/dev/xvdba' })).to.equal(undefined);
  });

  it('finds the disk by the link that udev makes', async () => {
    await disk('nvme1n1', 'vol0123456789abcdef0');
    await symlink(join(folder, 'dev/nvme1n1'), join(folder, 'dev', byId));
    expect(await find()).to.equal('/dev/nvme1n1');
  });

  it('finds it by its serial number where there is no link, and where that leads to another volume', async () => {
    await disk('nvme0n1', 'vol0aaaaaaaaaaaaaaa0');
    await disk('nvme1n1', 'AWS22222222222222222');
    await disk('nvme26n1', 'vol0123456789abcdef0');
    expect(await find()).to.equal('/dev/nvme26n1');
    await symlink(join(folder, 'dev/nvme0n1'), join(folder, 'dev', byId));
    expect(await find()).to.equal('/dev/nvme26n1');
  });

  it('takes no other volume for it', async () => {
    await disk('nvme1n1', 'vol0aaaaaaaaaaaaaaa0');
    await symlink(join(folder, 'dev/nvme1n1'), join(folder, 'dev', byId));
    expect(await reasonOf(find())).to.equal('Unavailable');
    await rm(join(folder, 'dev', byId));
    await symlink(join(folder, 'dev/nvme1n1'), join(folder, 'dev/xvdba'));
    expect(await reasonOf(find({ devicePath: '/dev/xvdba' }))).to.equal('Unavailable');
  });

  it('finds it on Xen by the name with which it was attached', async () => {
    await disk('xvdba');
    expect(await find({ devicePath: '/dev/xvdba' })).to.equal('/dev/xvdba');
    expect(await find({ devicePath: '/dev/sdba' })).to.equal('/dev/xvdba');
    for (const devicePath of ['', '/etc/passwd', '/dev/../xvdba', 'xvdbaa', '/dev/sda1']) expect(await find({ devicePath }), devicePath).to.equal(undefined);
  });

  it('finds a partition', async () => {
    await disk('nvme1n1', 'vol0123456789abcdef0');
    expect(await find({}, { partition: '3' })).to.equal('/dev/nvme1n1p3');
    expect(await find({}, { partition: '0' })).to.equal('/dev/nvme1n1');
    expect(await reasonOf(find({}, { partition: '../1' }))).to.equal('Invalid');
    await rm(join(folder, 'sys'), { recursive: true });
    await disk('xvdf');
    expect(await find({ devicePath: '/dev/xvdf' }, { partition: '1' })).to.equal('/dev/xvdf1');
  });

  it('knows the ids of volumes', () => {
    for (const id of [volumeId, 'vol-1']) expect(devices.isVolumeId(id), id).to.equal(true);
    for (const id of ['', 'vol-', 'vol0123', 'vol-0/../../etc', 'vol-0\n', 'snap-0123', '__proto__']) expect(devices.isVolumeId(id), id).to.equal(false);
  });
});

describe('EbsNodeVolumeDriver', () => {
  const machine: Ec2Machine = { instanceId: 'i-0aa', instanceType: 'm5d.large', zone: 'eu-west-1b', region: 'eu-west-1' };
  let asked = 0;
  const driver = (parts: Partial<EbsNodeVolumeDriverParts>, self?: Ec2Machine): EbsNodeVolumeDriver => new EbsNodeVolumeDriver({
    settings: { deviceDir: '/dev', volumeAttachLimit: undefined }, clock: systemClock, log: silentLogger, ...parts,
    place: { self: () => {
      asked++;
      return Promise.resolve(self);
    } },
  });

  it('tells what the machine tells, once asked', async () => {
    asked = 0;
    const node = driver({}, machine);
    for (let round = 0; round < 2; round++) {
      expect(await node.nodeTopology(never)).to.deep.equal({ nodeId: 'i-0aa', topology: { 'topology.kubernetes.io/zone': 'eu-west-1b', 'topology.ebs.csi.aws.com/zone': 'eu-west-1b' }, maxVolumes: 25 });
    }
    expect(asked).to.equal(1);
  });

  it('tells what its provider id says, with the type of the machine only when that is the same', async () => {
    const zone = { 'topology.kubernetes.io/zone': 'us-west-2a', 'topology.ebs.csi.aws.com/zone': 'us-west-2a' };
    expect(await driver({ providerId: 'aws:///us-west-2a/i-0bb' }, machine).nodeTopology(never)).to.deep.equal({ nodeId: 'i-0bb', topology: zone, maxVolumes: 26 });
    expect(await driver({ providerId: 'aws:///us-west-2a/i-0aa' }, { ...machine, zone: 'us-west-2a', instanceType: 't2.micro' }).nodeTopology(never)).to.deep.equal({ nodeId: 'i-0aa', topology: zone, maxVolumes: 38 });
  });

  it('asks nobody when everything is said', async () => {
    asked = 0;
    const node = driver({ providerId: 'aws:///us-west-2a/i-0bb', settings: { deviceDir: '/dev', volumeAttachLimit: 4 } });
    expect(await node.nodeTopology(never)).to.deep.include({ nodeId: 'i-0bb', maxVolumes: 4 });
    expect(asked).to.equal(0);
  });

  it('is on no instance that nobody names', async () => {
    const message = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => (ProviderError.is(error, 'Unavailable') ? error.message : error));
    expect(await message(driver({}).nodeTopology(never))).to.include('--provider-id aws:///ZONE/INSTANCE');
    expect(await message(driver({ providerId: 'gce://p/us-central1-a/one' }, machine).nodeTopology(never))).to.equal('this node is no instance of EC2: its provider id is gce://p/us-central1-a/one');
  });
});

describe('attach limits of EC2', () => {
  it('are those of the vendor, less the root volume', () => {
    const limits: Readonly<Record<string, number>> = {
      'm5.large': 26, 't3.medium': 26, 'm6g.xlarge': 26, 'c7g.large': 26, 't2.micro': 38, 'm4.large': 38, 'i3.large': 38, 'i3.metal': 30, 'm5.metal': 30,
      'm7i.large': 31, 'm7i-flex.2xlarge': 31, 'c8g.16xlarge': 47, 'r7a.48xlarge': 127, 'm7i.metal-24xl': 38, 'r8gd.24xlarge': 63, 'g6e.4xlarge': 31, 'u7i-12tb.224xlarge': 127,
      'c5d.4xlarge': 25, 'c5d.24xlarge': 22, 'm5d.8xlarge': 24, 'r5dn.16xlarge': 22, 'm6gd.medium': 25, 'r7gd.12xlarge': 24, 'i4i.32xlarge': 18, 'i3en.24xlarge': 18,
      'g5.48xlarge': 8, 'g4dn.xlarge': 24, 'inf1.24xlarge': 10, 'd3.8xlarge': 2, 'p4d.24xlarge': 27, 'u-6tb1.metal': 18, 'made.up': 26, '': 26, constructor: 26,
    };
    expect(Object.fromEntries(Object.keys(limits).map((type) => [type, attachLimit(type)]))).to.deep.equal(limits);
    expect(attachLimit(undefined)).to.equal(26);
  });
});

import { mkdir, mkdtemp, readdir, readFile, realpath, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTagsCommand, StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { AttachmentNode, NodeVolumeDriver, PublishRequest, Volume, VolumeAttacher, VolumeDriver, VolumeExpander } from '#core/spi/volume-driver.ts';
import { EbsNodeVolumeDriver } from '#providers/aws/node-volume-driver.ts';
import { PersistentDiskNodeVolumeDriver } from '#providers/gcp/node-volume-driver.ts';
import { attachOptions, EbsLab } from '#test/fixtures/ebs-lab.ts';
import { diskRequest, labProject, labZone, persistentDiskLab } from '#test/fixtures/persistent-disk-lab.ts';
import { mountingImages, requires } from '#test/fixtures/requires.ts';
import { nodeTag } from './aws-cloud.ts';
import { startCloudMachines, type CloudMachines } from './cloud-machines.ts';
import { nodeLabel } from './gcp-cloud.ts';
import { unmountBelow } from './leftovers.ts';

const GIB = 1024n ** 3n;
const never = new AbortController().signal;

/** A cloud with two instances that are nodes, and a way to look at their devices. */
interface Stage {
  readonly driver: VolumeDriver & VolumeAttacher & VolumeExpander;
  readonly machines: CloudMachines;
  readonly nodes: readonly [AttachmentNode, AttachmentNode];
  volume(): Promise<Volume>;
  /** The node's side, as the agent of a machine has it. */
  nodeDriver(node: AttachmentNode): NodeVolumeDriver;
  /** Time goes by in the cloud. */
  pass(): void;
  stop(): Promise<void>;
}

async function aws(folder: string, periodMs = 500): Promise<Stage & { readonly lab: EbsLab }> {
  const lab = await EbsLab.make();
  const [one, two] = await lab.nodes(2) as [AttachmentNode, AttachmentNode];
  for (const { nodeId, name } of [one, two]) await lab.lab.context.api.ec2(new CreateTagsCommand({ Resources: [nodeId], Tags: [{ Key: nodeTag, Value: name }] }), never);
  const machines = await startCloudMachines({ aws: lab.lab.emulator, folder, periodMs });
  return {
    lab, machines, nodes: [one, two], driver: lab.driver,
    volume: () => lab.driver.create(lab.request(), never),
    nodeDriver: ({ providerId = '' }) => new EbsNodeVolumeDriver({
      settings: { deviceDir: machines.machine(providerId)?.deviceDir ?? '', volumeAttachLimit: 3 }, place: { self: () => Promise.resolve(undefined) }, providerId, clock: systemClock, log: silentLogger,
    }),
    pass: () => lab.advance(60_000),
    stop: async () => {
      await machines.stop();
      await lab.stop();
    },
  };
}

async function gcp(folder: string): Promise<Stage> {
  const lab = await persistentDiskLab();
  const nodes = [await lab.addInstance('node-1'), await lab.addInstance('node-2')] as const;
  for (const { name } of nodes) {
    const { labelFingerprint } = await lab.raw.get(`zones/${labZone}/instances/${name}`);
    await lab.raw.make('POST', `zones/${labZone}/instances/${name}/setLabels`, { labels: { [nodeLabel]: 'true' }, labelFingerprint });
  }
  const machines = await startCloudMachines({ gcp: lab.emulator, folder });
  return {
    machines, nodes, driver: lab.driver,
    volume: () => lab.driver.create(diskRequest(), never),
    nodeDriver: ({ providerId = '' }) => new PersistentDiskNodeVolumeDriver({
      settings: { deviceDir: machines.machine(providerId)?.deviceDir ?? '', volumeAttachLimit: 3 }, place: { self: () => Promise.resolve(undefined) }, providerId, clock: systemClock, log: silentLogger,
    }),
    pass: () => lab.emulator.state.advance(60_000),
    stop: async () => {
      await machines.stop();
      await lab.stop();
    },
  };
}

const loops = async (folder: string): Promise<readonly string[]> => {
  const files = await Promise.all((await readdir('/sys/block')).filter((name) => name.startsWith('loop')).map((name) => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '')));
  return files.map((file) => file.trim()).filter((file) => file.startsWith(folder));
};

describe('machines of emulated clouds', function () {
  this.timeout(60_000);
  before(requires(...mountingImages));
  let folder: string;
  let stage: Stage | undefined;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'keelson-clouds-')));
  });
  afterEach(async () => {
    try {
      await unmountBelow(folder);
      await stage?.stop();
      expect(await loops(folder)).to.deep.equal([]);
    } finally {
      stage = undefined;
      await rm(folder, { recursive: true, force: true });
    }
  });

  const requestFor = async (volume: Volume, node: AttachmentNode, publishContext: Readonly<Record<string, string>>): Promise<PublishRequest> => {
    const stagingPath = join(folder, 'mounts', node.name);
    await mkdir(stagingPath, { recursive: true });
    return { volumeId: volume.id, stagingPath, targetPath: join(folder, 'mounts', `${node.name}-pod`), readOnly: false, use: attachOptions.use, volumeContext: volume.context, publishContext };
  };
  const bring = async ({ driver, machines, nodeDriver }: Stage, volume: Volume, node: AttachmentNode): Promise<PublishRequest> => {
    const publishContext = await driver.attach(volume.id, node, attachOptions, never);
    await machines.settle();
    const request = await requestFor(volume, node, publishContext);
    await nodeDriver(node).stage(request, never);
    await nodeDriver(node).publish(request, never);
    return request;
  };
  const takeAway = async ({ driver, machines, nodeDriver, pass }: Stage, request: PublishRequest, node: AttachmentNode): Promise<void> => {
    await nodeDriver(node).unpublish(request.volumeId, request.targetPath, never);
    await nodeDriver(node).unstage(request.volumeId, request.stagingPath, never);
    await driver.detach(request.volumeId, node, never);
    pass();
    await machines.settle();
  };

  for (const [cloud, make] of [['an EBS volume', aws], ['a persistent disk', gcp]] as const) {
    it(`give ${cloud} to one machine after the other, with its data and its new size`, async () => {
      stage = await make(join(folder, 'clouds'));
      const [one, two] = stage.nodes;
      await stage.machines.settle();
      const volume = await stage.volume();
      const first = await bring(stage, volume, one);
      await writeFile(join(first.targetPath, 'file'), 'written on one');
      await takeAway(stage, first, one);
      expect(await loops(folder), 'devices while no machine has it').to.deep.equal([]);

      await stage.driver.expand(volume.id, { required: 2n * GIB }, never);
      stage.pass();
      const second = await bring(stage, volume, two);
      expect(await readFile(join(second.targetPath, 'file'), 'utf8')).to.equal('written on one');
      const { blocks, bsize } = await statfs(second.targetPath);
      expect(blocks * bsize).to.be.greaterThan(1.8 * Number(GIB));
      expect(await loops(folder)).to.have.length(1);
      await takeAway(stage, second, two);

      await stage.driver.delete(volume.id, never);
      stage.pass();
      await stage.machines.settle();
      expect(await stage.machines.disks.list(), 'disks that are left').to.deep.equal([]);
    });
  }

  it('have the devices that Xen would show, of an instance of that kind', async () => {
    const lab = await EbsLab.make();
    const [node] = await lab.nodes(1, { type: 't2.micro' }) as [AttachmentNode];
    await lab.lab.context.api.ec2(new CreateTagsCommand({ Resources: [node.nodeId], Tags: [{ Key: nodeTag, Value: '' }] }), never);
    const machines = await startCloudMachines({ aws: lab.lab.emulator, folder: join(folder, 'clouds') });
    try {
      const volume = await lab.driver.create(lab.request(), never);
      const { devicePath = '' } = await lab.driver.attach(volume.id, node, attachOptions, never);
      await machines.settle();
      const machine = machines.machine(node.providerId ?? '');
      expect(machine?.folder).to.equal(join(folder, 'clouds/machines', node.nodeId));
      expect(await readdir(machine?.deviceDir ?? '')).to.deep.equal([devicePath.slice('/dev/'.length).replace(/^sd/, 'xvd')]);
    } finally {
      await machines.stop();
      await lab.stop();
    }
  });

  it('lose their devices when their instance stops, and everything when it is terminated', async () => {
    const built = await aws(join(folder, 'clouds'));
    stage = built;
    const { lab, machines, nodes: [one, two], driver } = built;
    const volume = await stage.volume();
    await driver.attach(volume.id, one, attachOptions, never);
    await machines.settle();
    const machine = machines.machine(one.providerId ?? '');
    expect(await loops(folder)).to.have.length(1);
    await lab.lab.context.api.ec2(new StopInstancesCommand({ InstanceIds: [one.nodeId] }), never);
    lab.advance(120_000);
    await machines.settle();
    expect(await loops(folder), 'devices of a stopped instance').to.deep.equal([]);
    expect(await readdir(machine?.folder ?? '')).to.deep.equal([]);
    await lab.lab.context.api.ec2(new StartInstancesCommand({ InstanceIds: [one.nodeId] }), never);
    lab.advance(120_000);
    await machines.settle();
    expect(await loops(folder), 'devices of an instance that runs again').to.have.length(1);
    await lab.lab.context.api.ec2(new TerminateInstancesCommand({ InstanceIds: [one.nodeId] }), never);
    lab.advance(120_000);
    await machines.settle();
    expect(machines.machine(one.providerId ?? '')).to.equal(undefined);
    expect(await readdir(join(folder, 'clouds/machines'))).to.deep.equal([two.name]);
    expect(await machines.disks.list(), 'the volume outlives the instance').to.deep.equal([volume.id]);
  });

  it('have on a volume of a snapshot what was written before it', async () => {
    const built = await aws(join(folder, 'clouds'));
    stage = built;
    const { driver, nodes: [one, two], machines, lab } = built;
    const volume = await stage.volume();
    const first = await bring(stage, volume, one);
    await writeFile(join(first.targetPath, 'file'), 'before');
    const snapshotter = lab.driver;
    await takeAway(stage, first, one);
    const snapshot = await snapshotter.createSnapshot('snapshot-1', volume.id, {}, never);
    stage.pass();
    await machines.settle();
    const again = await bring(stage, volume, one);
    await writeFile(join(again.targetPath, 'file'), 'after');
    const copy = await driver.create(lab.request({ source: { kind: 'snapshot', id: snapshot.id } }), never);
    const copied = await bring(stage, copy, two);
    expect(await readFile(join(copied.targetPath, 'file'), 'utf8')).to.equal('before');
    expect(await readFile(join(again.targetPath, 'file'), 'utf8')).to.equal('after');
  });

  it('begin anew where an earlier process was killed, with what was written on disks', async () => {
    // One that was killed looks at nothing any more.
    const built = await aws(join(folder, 'clouds'), 3_600_000);
    stage = built;
    const volume = await stage.volume();
    const first = await bring(stage, volume, stage.nodes[0]);
    await writeFile(join(first.targetPath, 'file'), 'kept');
    await unmountBelow(folder);
    // Nobody stopped the first one: what it made is all there.
    const second = await startCloudMachines({ aws: built.lab.lab.emulator, folder: join(folder, 'clouds'), keepsDisks: true });
    await second.settle();
    const request = await requestFor(volume, stage.nodes[0], {});
    await stage.nodeDriver(stage.nodes[0]).stage(request, never);
    expect(await readFile(join(request.stagingPath, 'file'), 'utf8')).to.equal('kept');
    await unmountBelow(folder);
    await second.stop();
    expect(await loops(folder)).to.deep.equal([]);
    expect(await readdir(join(folder, 'clouds'))).to.deep.equal(['disks']);
    // Of a cloud in which there is no such volume any more.
    const third = await startCloudMachines({ folder: join(folder, 'clouds') });
    await third.settle();
    expect(await third.disks.list()).to.deep.equal([]);
    await third.stop();
  });

  it(`call nothing of ${labProject} a node that has no mark`, async () => {
    const lab = await persistentDiskLab();
    await lab.addInstance('other');
    const machines = await startCloudMachines({ gcp: lab.emulator, folder: join(folder, 'clouds') });
    await machines.settle();
    expect(machines.machine(`gce://${labProject}/${labZone}/other`)).to.equal(undefined);
    await machines.stop();
    await lab.stop();
  });
});

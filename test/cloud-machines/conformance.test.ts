import { mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { AttachmentNode, NodeVolumeDriver, VolumeAttacher, VolumeDriver } from '#core/spi/volume-driver.ts';
import { readMounts } from '#plugins/volumes/block-device/block-device.module.ts';
import { EbsNodeVolumeDriver } from '#providers/aws/node-volume-driver.ts';
import { PersistentDiskNodeVolumeDriver } from '#providers/gcp/node-volume-driver.ts';
import { nodeChecks } from '#test/conformance/volume-driver-node.ts';
import { Checks, type VolumeDriverUnderTest } from '#test/conformance/volume-driver-subject.ts';
import { attachOptions, EbsLab, zone } from '#test/fixtures/ebs-lab.ts';
import { labZone, persistentDiskLab } from '#test/fixtures/persistent-disk-lab.ts';
import { mountingImages, unmet } from '#test/fixtures/requires.ts';
import { nodeTag } from './aws-cloud.ts';
import { startCloudMachines, type CloudMachines } from './cloud-machines.ts';
import { nodeLabel } from './gcp-cloud.ts';

const never = new AbortController().signal;
const place = { self: () => Promise.resolve(undefined) };

interface Surroundings {
  readonly driver: VolumeDriver & VolumeAttacher;
  readonly machines: CloudMachines;
  readonly machine: AttachmentNode;
  /** Below the folder of devices. */
  link(volumeId: string): string;
  pass(): void;
}

/** The kit's checks of nodes know nothing of attaching: here a volume is attached from the moment it is made. */
class Attached implements VolumeDriver {
  readonly name: string;
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.name = around.driver.name;
    this.#around = around;
  }

  async create(request: Parameters<VolumeDriver['create']>[0], signal: AbortSignal): ReturnType<VolumeDriver['create']> {
    const { driver, machine, machines, pass } = this.#around;
    const volume = await driver.create(request, signal);
    await driver.attach(volume.id, machine, attachOptions, signal);
    pass();
    await machines.settle();
    return volume;
  }

  async delete(id: string, signal: AbortSignal): Promise<void> {
    const { driver, machine, machines, pass, link } = this.#around;
    const device = await readlink(join(machines.machine(machine.providerId ?? '')?.deviceDir ?? '', link(id))).catch(() => '');
    const number = `7:${device.slice('/dev/loop'.length)}`;
    if ((await readMounts()).some((mount) => mount.device === number || mount.root === device.slice('/dev'.length))) throw new ProviderError('Unavailable', `volume ${id} is mounted`);
    await driver.detach(id, machine, signal);
    pass();
    await driver.delete(id, signal);
    await machines.settle();
  }
}

async function aws(): Promise<VolumeDriverUnderTest> {
  const [lab, folder] = [await EbsLab.make(), await mkdtemp(join(tmpdir(), 'keelson-clouds-'))];
  const [machine] = await lab.nodes(1) as [AttachmentNode];
  await lab.lab.context.api.ec2(new CreateTagsCommand({ Resources: [machine.nodeId], Tags: [{ Key: nodeTag, Value: machine.name }] }), never);
  const machines = await startCloudMachines({ aws: lab.lab.emulator, folder });
  await machines.settle();
  const { providerId = '' } = machine;
  const node: NodeVolumeDriver = new EbsNodeVolumeDriver({ settings: { deviceDir: machines.machine(providerId)?.deviceDir ?? '', volumeAttachLimit: undefined }, place, providerId, clock: systemClock, log: silentLogger });
  const driver = new Attached({ driver: lab.driver, machines, machine, link: (id) => `disk/by-id/nvme-Amazon_Elastic_Block_Store_${id.replace('-', '')}`, pass: () => lab.advance(60_000) });
  return {
    driver, node, size: 2n ** 30n, topology: { requisite: [{ 'topology.kubernetes.io/zone': zone }], preferred: [] }, volumes: () => Promise.resolve(lab.volumes.map(({ id }) => id)),
    cleanup: async () => {
      await machines.stop();
      await lab.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function gcp(): Promise<VolumeDriverUnderTest> {
  const [lab, folder] = [await persistentDiskLab(), await mkdtemp(join(tmpdir(), 'keelson-clouds-'))];
  const machine = await lab.addInstance('node-1');
  const { labelFingerprint } = await lab.raw.get(`zones/${labZone}/instances/node-1`);
  await lab.raw.make('POST', `zones/${labZone}/instances/node-1/setLabels`, { labels: { [nodeLabel]: 'true' }, labelFingerprint });
  const machines = await startCloudMachines({ gcp: lab.emulator, folder });
  await machines.settle();
  const { providerId = '' } = machine;
  const node: NodeVolumeDriver = new PersistentDiskNodeVolumeDriver({ settings: { deviceDir: machines.machine(providerId)?.deviceDir ?? '', volumeAttachLimit: undefined }, place, providerId, clock: systemClock, log: silentLogger });
  const driver = new Attached({ driver: lab.driver, machines, machine, link: (id) => `disk/by-id/google-${id.slice(id.lastIndexOf('/') + 1)}`, pass: () => lab.emulator.state.advance(60_000) });
  return {
    driver, node, size: 2n ** 30n, topology: { requisite: [{ 'topology.gke.io/zone': labZone }], preferred: [] }, volumes: () => Promise.resolve(lab.volumes()),
    cleanup: async () => {
      await machines.stop();
      await lab.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('NodeVolumeDriver conformance of attached volumes', () => {
  const reason = unmet(...mountingImages);
  for (const [title, make] of [['EBS', aws], ['Persistent Disk', gcp]] as const) {
    if (reason === undefined) {
      describe(title, () => nodeChecks(new Checks(make, { 'is full at its capacity, and its neighbour loses nothing': 'it writes two GiB; plugins/volumes/block-device does it with less' })));
    } else it(`${title} (skipped: ${reason})`);
  }
});

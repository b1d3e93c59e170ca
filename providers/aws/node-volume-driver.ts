import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { NodeTopology, NodeTopologyReporter } from '#core/spi/volume-driver.ts';
import { BlockDeviceDriver, type FormatOptions, type RunCommand } from '#plugins/volumes/block-device/block-device.module.ts';
import { attachLimit } from './attach-limits.ts';
import { EbsDevices } from './ebs-devices.ts';
import type { AwsPlace, Ec2Machine } from './place.ts';
import type { AwsSettings } from './settings.ts';

export interface EbsNodeVolumeDriverParts {
  readonly settings: Pick<AwsSettings, 'deviceDir' | 'volumeAttachLimit'>;
  readonly place: Pick<AwsPlace, 'self'>;
  /** `aws:///us-west-2a/i-0123`, as the agent was given it; the machine is asked when undefined. */
  readonly providerId?: string | undefined;
  /** Folder below which all mounts of the node are; those elsewhere are of other nodes of the computer. */
  readonly agentDir?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** `/sys` by default. */
  readonly sysDir?: string | undefined;
  readonly run?: RunCommand;
  readonly patienceMs?: number;
}

type Machine = Pick<Ec2Machine, 'instanceId' | 'zone'> & Partial<Pick<Ec2Machine, 'instanceType'>>;

/** The node's side of EBS volumes: finds the device of an attached volume, and tells which instance this is. */
export class EbsNodeVolumeDriver extends BlockDeviceDriver implements NodeTopologyReporter {
  readonly #parts: EbsNodeVolumeDriverParts;
  #topology: NodeTopology | undefined;

  constructor(parts: EbsNodeVolumeDriverParts) {
    const { settings: { deviceDir }, sysDir, clock, agentDir, run, patienceMs } = parts;
    super({
      name: 'ebs.csi.aws.com', finder: new EbsDevices({ deviceDir, sysDir }), clock, agentDir, format: ebsFormat,
      ...(run === undefined ? {} : { run }), ...(patienceMs === undefined ? {} : { patienceMs }),
    });
    this.#parts = parts;
  }

  async nodeTopology(signal: AbortSignal): Promise<NodeTopology> {
    return (this.#topology ??= await this.#ask(signal));
  }

  async #ask(signal: AbortSignal): Promise<NodeTopology> {
    const { instanceId, zone, instanceType } = await this.#machine(signal);
    const { settings: { volumeAttachLimit }, log } = this.#parts;
    if (volumeAttachLimit === undefined && instanceType === undefined) log.info('the instance type is not known; volumes are counted as for most of Nitro', { instanceId });
    return {
      nodeId: instanceId,
      topology: { 'topology.kubernetes.io/zone': zone, 'topology.ebs.csi.aws.com/zone': zone },
      maxVolumes: volumeAttachLimit ?? attachLimit(instanceType),
    };
  }

  async #machine(signal: AbortSignal): Promise<Machine> {
    const { providerId, place, settings: { volumeAttachLimit } } = this.#parts;
    const given = providerId === undefined ? undefined : machineOf(providerId);
    if (providerId !== undefined && given === undefined) throw new ProviderError('Unavailable', `this node is no instance of EC2: its provider id is ${providerId}`);
    if (given !== undefined && volumeAttachLimit !== undefined) return given;
    const machine = await place.self(signal);
    // A computer that plays several instances is itself another one.
    if (given !== undefined) return machine?.instanceId === given.instanceId ? machine : given;
    if (machine === undefined) throw new ProviderError('Unavailable', 'this machine does not tell which instance of EC2 it is: start the agent with --provider-id aws:///ZONE/INSTANCE');
    return machine;
  }
}

function machineOf(providerId: string): Machine | undefined {
  const [, zone = '', instanceId = ''] = /^aws:\/\/\/([a-z0-9-]+)\/(i-[0-9a-f]+)$/.exec(providerId) ?? [];
  return instanceId === '' ? undefined : { instanceId, zone };
}

/** The keys are those of a StorageClass in small letters; classes of older drivers have them as they were written. */
function ebsFormat(context: Readonly<Record<string, string>>): FormatOptions {
  const values = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
  const text = (key: string): string | undefined => values.get(key) || undefined;
  return {
    blockSize: text('blocksize'), inodeSize: text('inodesize'), bytesPerInode: text('bytesperinode'), numberOfInodes: text('numberofinodes'),
    bigAlloc: text('ext4bigalloc') === 'true', clusterSize: text('ext4clustersize'), encryption: text('ext4encryptionsupport') === 'true',
  };
}

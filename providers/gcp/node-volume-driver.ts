import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { NodeTopology, NodeTopologyReporter } from '#core/spi/volume-driver.ts';
import { BlockDeviceDriver, type RunCommand } from '#plugins/volumes/block-device/block-device.module.ts';
import { attachLimit } from './attach-limits.ts';
import { PersistentDiskDevices } from './disk-devices.ts';
import type { GcpPlace, OwnMachine } from './place.ts';
import type { GcpSettings } from './settings.ts';

export interface PersistentDiskNodeVolumeDriverParts {
  readonly settings: Pick<GcpSettings, 'deviceDir' | 'volumeAttachLimit'>;
  readonly place: Pick<GcpPlace, 'self'>;
  /** `gce://my-project/us-central1-a/node-1`, as the agent was given it; the machine is asked when undefined. */
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

type Machine = Pick<OwnMachine, 'project' | 'zone' | 'name'> & Partial<Pick<OwnMachine, 'machineType'>>;

/** The node's side of persistent disks: finds the device of an attached disk, and tells which instance this is. */
export class PersistentDiskNodeVolumeDriver extends BlockDeviceDriver implements NodeTopologyReporter {
  readonly #parts: PersistentDiskNodeVolumeDriverParts;
  #topology: NodeTopology | undefined;

  constructor(parts: PersistentDiskNodeVolumeDriverParts) {
    const { settings: { deviceDir }, sysDir, clock, agentDir, run, patienceMs } = parts;
    super({
      name: 'pd.csi.storage.gke.io', finder: new PersistentDiskDevices({ deviceDir, sysDir }), clock, agentDir,
      ...(run === undefined ? {} : { run }), ...(patienceMs === undefined ? {} : { patienceMs }),
    });
    this.#parts = parts;
  }

  async nodeTopology(signal: AbortSignal): Promise<NodeTopology> {
    return (this.#topology ??= await this.#ask(signal));
  }

  async #ask(signal: AbortSignal): Promise<NodeTopology> {
    const { project, zone, name, machineType } = await this.#machine(signal);
    const { settings: { volumeAttachLimit }, log } = this.#parts;
    if (volumeAttachLimit === undefined && machineType === undefined) log.info('the machine type is not known; volumes are counted as for most', { instance: name });
    return { nodeId: `projects/${project}/zones/${zone}/instances/${name}`, topology: { 'topology.gke.io/zone': zone }, maxVolumes: volumeAttachLimit ?? attachLimit(machineType) };
  }

  async #machine(signal: AbortSignal): Promise<Machine> {
    const { providerId, place, settings: { volumeAttachLimit } } = this.#parts;
    const given = providerId === undefined ? undefined : machineOf(providerId);
    if (providerId !== undefined && given === undefined) throw new ProviderError('Unavailable', `this node is no instance of Compute Engine: its provider id is ${providerId}`);
    if (given !== undefined && volumeAttachLimit !== undefined) return given;
    const machine = await place.self(signal);
    // A computer that plays several instances is itself another one.
    if (given !== undefined) return machine?.name === given.name && machine.zone === given.zone && machine.project === given.project ? machine : given;
    if (machine === undefined) throw new ProviderError('Unavailable', 'this machine does not tell which instance of Compute Engine it is: start the agent with --provider-id gce://PROJECT/ZONE/INSTANCE');
    return machine;
  }
}

function machineOf(providerId: string): Machine | undefined {
  const [, project = '', zone = '', name = ''] = /^gce:\/\/([a-z0-9.:-]+)\/([a-z0-9-]+)\/([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)$/.exec(providerId) ?? [];
  return name === '' ? undefined : { project, zone, name };
}

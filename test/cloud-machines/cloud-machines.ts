import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { NodeMachine } from '#core/spi/machines.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';
import type { Run } from '#providers/local/machines/ip-tool.ts';
import { LocalMachines } from '#providers/local/machines/machines.ts';
import { machineNames } from '#providers/local/machines/naming.ts';
import type { AwsEmulator } from '#test/emulators/aws/emulator.ts';
import type { GcpEmulator } from '#test/emulators/gcp/emulator.ts';
import { awsCloud, type AwsState } from './aws-cloud.ts';
import type { Cloud, CloudInstance, CloudView } from './cloud-view.ts';
import { Doors } from './doors.ts';
import { gcpCloud, type GcpMembers, type GcpState } from './gcp-cloud.ts';
import { LoopDisks } from './loop-disks.ts';
import { CloudMachine, type AgentOptions } from './machine.ts';
import { unwire, unwireAll, wire } from './wires.ts';

export interface CloudMachinesOptions {
  readonly aws?: AwsEmulator;
  readonly gcp?: GcpEmulator;
  /** Emulators in other processes, or clouds of one's own. */
  readonly clouds?: readonly Cloud[];
  /** For disks, and for what the agents keep. Removed in the end, but for `keepsDisks`. */
  readonly folder: string;
  /** How agents join. Without, machines have devices and no agents. */
  readonly join?: JoinOptions;
  /**
   * Names the network in which the machines are; `folder` by default. That of a control plane's own machines, `DATA_DIR/local/volumes`, puts
   * them on the same switch.
   */
  readonly place?: string;
  /** Settings of the providers in the agents: `{aws: {volumeAttachLimit: 3}}`. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Disks stay after the end, for clouds that go on: those of volumes that are no more go at the next start. False by default. */
  readonly keepsDisks?: boolean;
  /** What cannot be done at the moment; it is tried again. */
  readonly report?: (problem: string) => void;
  /** Told of each listener of a load balancer: its name, and where it is reached on this computer. */
  readonly opened?: (name: string, address: string) => void;
  /** How often the clouds are looked at, beside when they tell of a change; 500 ms by default. */
  readonly periodMs?: number;
}

export interface JoinOptions {
  /** Keelson's entry file. */
  readonly program: string;
  /** Where machines reach the API server: an address that `gateway` gives. */
  readonly server: string;
  /** Of somebody who may make nodes. Instead: `token` and `caHash`. */
  readonly kubeconfig?: string;
  readonly token?: string;
  readonly caHash?: string;
  /** Further arguments of `keelson agent`. */
  readonly args?: readonly string[];
}

export interface CloudMachines {
  readonly disks: LoopDisks;
  /** The machine of an instance, by its provider id; undefined while there is none. */
  machine(providerId: string): CloudMachine | undefined;
  /** Resolves when everything is as the clouds are at this moment, or rejects with what cannot be done. */
  settle(): Promise<void>;
  /** Removes everything that was made, also after failures. */
  stop(): Promise<void>;
}

const never = new AbortController().signal;
const roundsPerLook = 20;

const run: Run = async (program, args, signal) => {
  signal.throwIfAborted();
  const { exitCode = 1, stdout, stderr } = await execa(program, args, { reject: false, stdin: 'ignore' });
  return { exitCode, output: stdout, complaint: stderr };
};

/** The address at which machines of this place reach this computer; made when it is missing. An API server must listen there before agents can join. */
export const gateway = (place: string): Promise<string> => new LocalMachines(run, place).gateway(never);

/**
 * Makes real nodes of emulated instances: a machine of this computer for each instance that is marked as a node, with its agent, and for each volume that is attached to
 * one a real block device. What is done follows from how the clouds are, again and again, and not from what happened to them.
 */
export async function startCloudMachines(options: CloudMachinesOptions): Promise<CloudMachines> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const machines = new Machines({ ...options, folder: await realpath(options.folder) });
  // What an earlier process left would else be somebody's.
  await machines.clear();
  const settling = new SharedRun(() => machines.follow());
  let isStopping = false;
  let problem = '';
  const settle = (): void => {
    if (isStopping) return;
    settling.run().then(() => {
      problem = '';
    }, (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      if (text !== problem) options.report?.(text);
      problem = text;
    });
  };
  const ends = machines.clouds.flatMap((cloud) => cloud.watch?.(settle) ?? []);
  const timer = setInterval(settle, options.periodMs ?? 500);
  settle();
  return {
    disks: machines.disks,
    machine: (providerId) => machines.machines.get(providerId),
    settle: () => settling.run(),
    stop: async () => {
      isStopping = true;
      clearInterval(timer);
      for (const end of ends) end();
      await settling.run().catch(() => undefined);
      await machines.removeAll();
    },
  };
}

class Machines {
  readonly clouds: readonly Cloud[];
  readonly disks: LoopDisks;
  readonly machines = new Map<string, CloudMachine>();
  readonly #options: CloudMachinesOptions;
  readonly #local: LocalMachines;
  readonly #place: string;
  readonly #doors: Doors;
  /** Addresses that were wired, by provider id. */
  readonly #wired = new Map<string, string>();
  #wiring = '';
  #rounds = 0;

  constructor(options: CloudMachinesOptions) {
    const { aws, gcp, clouds = [], folder, place = folder } = options;
    this.#options = options;
    this.#place = place;
    this.#local = new LocalMachines(run, place);
    this.#doors = new Doors(machineNames(place).uplink, options.opened);
    this.disks = new LoopDisks(join(folder, 'disks'));
    this.clouds = [
      ...(aws === undefined ? [] : [awsCloud(() => Promise.resolve(aws.state.view() as AwsState), (changed) => aws.state.onChange(changed))]),
      ...(gcp === undefined ? [] : [gcpCloud({ resources: () => Promise.resolve(gcp.state.show('resources') as GcpState), members: () => Promise.resolve(gcp.state.show('members') as GcpMembers) }, (changed) => gcp.state.cloud.resources.watch(changed))]),
      ...clouds,
    ];
  }

  /** Once, what the clouds are at this moment. */
  async follow(): Promise<void> {
    const view = await this.#view();
    await this.#removeGone(view);
    await this.#copyDisks(view);
    for (const instance of view.instances) await this.#followInstance(instance, view);
    await this.#wire(view.instances.filter(({ isRunning }) => isRunning));
    await this.#ejectUnused(view);
    if (this.#options.join !== undefined) await this.#doors.follow(view.balancers);
  }

  /** Removes all machines, also those of an earlier process; not the network that joins them, nor disks, on which somebody has written. */
  async clear(): Promise<void> {
    const folder = this.#machinesDir;
    for (const name of await readdir(folder).catch(() => [])) {
      const known = [...this.machines.values()].find((machine) => machine.folder === join(folder, name));
      await (known ?? new CloudMachine(join(folder, name), undefined)).remove();
      await this.#local.delete(name, never);
    }
    await unwireAll(this.#place, await this.#namespaces());
    this.machines.clear();
    for (const id of await this.disks.list()) await this.disks.eject(id);
  }

  async removeAll(): Promise<void> {
    await this.#doors.close();
    await this.clear();
    if (this.#options.keepsDisks !== true) await this.disks.discardAll();
    // The network of a control plane's own machines is its own to remove.
    if (this.#place === this.#options.folder) await this.#local.removeAll(never);
    await rm(this.#options.keepsDisks === true ? this.#machinesDir : this.#options.folder, { recursive: true, force: true });
  }

  async #view(): Promise<CloudView> {
    const views = await Promise.all(this.clouds.map((cloud) => cloud.view()));
    return {
      instances: views.flatMap(({ instances }) => instances),
      disks: new Map(views.flatMap(({ disks }) => [...disks])),
      snapshots: new Map(views.flatMap(({ snapshots }) => [...snapshots])),
      balancers: views.flatMap(({ balancers }) => balancers),
    };
  }

  async #removeGone({ instances }: CloudView): Promise<void> {
    const there = new Set(instances.map(({ providerId }) => providerId));
    for (const [providerId, machine] of this.machines) {
      if (there.has(providerId)) continue;
      await machine.remove();
      await this.#local.delete(machine.folder.slice(this.#machinesDir.length + 1), never);
      await this.#unwire(providerId);
      this.machines.delete(providerId);
    }
  }

  async #followInstance(instance: CloudInstance, { disks }: CloudView): Promise<void> {
    const machine = this.#machineOf(instance);
    if (!instance.isRunning) {
      if (machine.isOn) await machine.powerOff();
      return;
    }
    if (!machine.isOn) await machine.powerOn(instance, await this.#made(instance));
    const links = new Map<string, string>();
    for (const { id, readOnly, links: paths } of instance.disks) {
      const { device } = await this.disks.insert(id, disks.get(id)?.bytes ?? 0, { readOnly });
      for (const path of paths) links.set(path, device);
    }
    await machine.setDevices(links);
  }

  #machineOf({ providerId, provider, name }: CloudInstance): CloudMachine {
    const known = this.machines.get(providerId);
    if (known !== undefined) return known;
    const made = new CloudMachine(join(this.#machinesDir, name), this.#agentOptions(provider));
    this.machines.set(providerId, made);
    return made;
  }

  #agentOptions(provider: string): AgentOptions | undefined {
    const { join: joining, config = {} } = this.#options;
    if (joining === undefined) return undefined;
    const { program, server, kubeconfig, token = '', caHash = '', args = [] } = joining;
    return { program, server, args, config: config[provider] ?? {}, credentials: kubeconfig === undefined ? ['--token', token, '--ca-hash', caHash] : ['--kubeconfig', kubeconfig] };
  }

  /** Machines without agents need no network. */
  async #made({ name, address }: CloudInstance): Promise<NodeMachine> {
    if (this.#options.join === undefined) return { name, addresses: [], within: [] };
    const made = await this.#local.create(name, never);
    if (made.netns !== undefined) await wire(this.#place, [{ netns: made.netns, address }], []);
    return made;
  }

  /** Looking takes some programs for each machine, so it is done when there is another instance, and else now and then: others make machines too, and remove them. */
  async #wire(instances: readonly CloudInstance[]): Promise<void> {
    if (this.#options.join === undefined) return;
    const wanted = JSON.stringify(instances.map(({ providerId, address }) => [providerId, address]));
    if (wanted === this.#wiring && this.#rounds++ % roundsPerLook !== 0) return;
    const all = (await this.#local.list(never)).filter(({ addresses }) => addresses.length > 0);
    const byName = new Map(all.map((machine) => [machine.name, machine]));
    const ours = instances.flatMap(({ name, address }) => {
      const netns = byName.get(name)?.netns;
      return netns === undefined ? [] : [{ netns, address }];
    });
    // A control plane that starts removes machines that it does not know. They come back in the next round.
    for (const { name, providerId } of instances) if (!byName.has(name)) await this.machines.get(providerId)?.powerOff();
    const names = new Set(instances.map(({ name }) => name));
    await wire(this.#place, ours, all.flatMap(({ name, netns }) => (names.has(name) || netns === undefined ? [] : [netns])));
    for (const { providerId, address } of instances) this.#wired.set(providerId, address);
    this.#wiring = ours.length === instances.length ? wanted : '';
  }

  async #unwire(providerId: string): Promise<void> {
    const address = this.#wired.get(providerId);
    if (address === undefined) return;
    await unwire(address, await this.#namespaces());
    this.#wired.delete(providerId);
    this.#wiring = '';
  }

  async #namespaces(): Promise<readonly string[]> {
    return (await this.#local.list(never)).flatMap(({ netns }) => netns ?? []);
  }

  /** Snapshots first: what is copied from one that is new must be found. */
  async #copyDisks({ disks, snapshots }: CloudView): Promise<void> {
    for (const [id, { disk }] of snapshots) await this.disks.copy(disk, id);
    for (const [id, { source }] of disks) if (source !== undefined) await this.disks.copy(source, id);
  }

  async #ejectUnused({ instances, disks, snapshots }: CloudView): Promise<void> {
    const used = new Set(instances.filter(({ isRunning }) => isRunning).flatMap((instance) => instance.disks.map(({ id }) => id)));
    for (const id of await this.disks.list()) {
      if (!disks.has(id) && !snapshots.has(id)) await this.disks.discard(id);
      else if (!used.has(id) && await this.disks.isInserted(id)) await this.disks.eject(id);
    }
  }

  get #machinesDir(): string {
    return join(this.#options.folder, 'machines');
  }
}

import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { NodeMachine, NodeMachines } from '#core/spi/machines.ts';
import { BackOff } from '#core/reconcile/back-off.ts';
import type { MachineNames } from './machine-names.ts';

export interface MachineNodesOptions {
  readonly machines: NodeMachines;
  readonly names: readonly string[];
  /** A folder for each of them is below. */
  readonly dir: string;
  /** Where the machines reach the API server. */
  readonly server: string;
  /** Of somebody who may make nodes. */
  readonly kubeconfig: string;
  readonly providers: readonly string[];
  /** The state of the providers, which is the control plane's. */
  readonly providerDir: string;
  /** File of their own settings; none when ''. */
  readonly providerConfig: string;
  readonly logLevel: string;
  /** Where pods ask for names. */
  readonly clusterDns: readonly string[];
  /** Answers the machines' name servers in the name of this computer. */
  readonly serveNames: () => Promise<MachineNames>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long an agent may take to end. */
const patienceMs = 15_000;

/**
 * Machines of this computer, and an agent on each: a process of its own, since a process is in one network only. An agent that ends is
 * started again, and all end with this process, however it ends; their pods run on.
 */
export class MachineNodes implements Component {
  readonly name = 'machines';
  readonly #options: MachineNodesOptions;
  readonly #stop = new AbortController();
  #running: readonly Promise<void>[] = [];
  #names: MachineNames | undefined;

  constructor(options: MachineNodesOptions) {
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { machines, names } = this.#options;
    const wanted = new Set(names);
    for (const { name } of await machines.list(signal)) if (!wanted.has(name)) await machines.delete(name, signal);
    const made: NodeMachine[] = [];
    for (const name of names) made.push(await machines.create(name, signal));
    this.#names = await this.#options.serveNames().catch((error: unknown) => {
      this.#options.logger.warn('machines ask for names outside of the cluster themselves', { error });
      return undefined;
    });
    this.#names?.setClients(made.flatMap(({ addresses }) => addresses));
    this.#running = made.map((machine) => this.#keepAgent(machine));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the machines\' agents stop'));
    await Promise.all(this.#running);
    await this.#names?.stop();
  }

  async #keepAgent(machine: NodeMachine): Promise<void> {
    const { clock, logger, dir } = this.#options;
    const { signal } = this.#stop;
    const backOff = new BackOff({ clock, baseMs: 1000, maxMs: 30_000, random: Math.random });
    const folder = join(dir, machine.name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    while (!signal.aborted) {
      const began = clock.now();
      const log = createWriteStream(join(folder, 'agent.log'), { flags: 'a', mode: 0o600 });
      const { exitCode } = await this.#runAgent(machine, folder, log);
      log.end();
      if (signal.aborted) return;
      logger.warn('the agent of a machine has ended; starting it again', { node: machine.name, exitCode, log: join(folder, 'agent.log') });
      if (clock.now() - began > 60_000) backOff.reset();
      await backOff.wait(signal).catch(() => undefined);
    }
  }

  #dnsFlag(): readonly string[] {
    const { clusterDns } = this.#options;
    if (this.#names === undefined || clusterDns.length === 0) return [];
    // Its search domains count for the machines too.
    return ['--dns', `dns://${clusterDns.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',')}?upstream=${this.#names.upstream}&resolv-conf=/etc/resolv.conf`];
  }

  async #runAgent({ name, addresses, within, netns, providerId }: NodeMachine, folder: string, log: WriteStream): Promise<{ readonly exitCode: number | undefined }> {
    const { server, kubeconfig, providers, providerDir, providerConfig, logLevel } = this.#options;
    const [enter, ...before] = [...within, process.execPath];
    const child = execa(enter, [
      ...before, ...process.execArgv, process.argv[1] ?? '', 'agent', '--server', server, '--kubeconfig', kubeconfig, '--node-name', name, '--data-dir', folder, '--provider-dir', providerDir, '--log-level', logLevel, '--with-starter',
      ...(netns === undefined ? [] : ['--netns', netns]), ...(providerId === undefined ? [] : ['--provider-id', providerId]), ...addresses.flatMap((address) => ['--node-ip', address]), ...providers.flatMap((provider) => ['--provider', provider]),
      ...(providerConfig === '' ? [] : ['--provider-config', providerConfig]),
      ...this.#dnsFlag(),
    ], { stdin: 'pipe', buffer: false, reject: false, all: true });
    child.all.pipe(log, { end: false });
    const end = (): void => ended(child);
    this.#stop.signal.addEventListener('abort', end, { once: true });
    if (this.#stop.signal.aborted) end();
    const { exitCode } = await child;
    this.#stop.signal.removeEventListener('abort', end);
    return { exitCode };
  }
}

function ended(child: ResultPromise): void {
  child.kill('SIGTERM');
  const killed = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  void child.finally(() => clearTimeout(killed));
}

import { createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa, type ResultPromise } from 'execa';
import type { NodeMachine } from '#core/spi/machines.ts';
import type { CloudInstance } from './cloud-view.ts';
import { powerOff, unmountBelow } from './leftovers.ts';

export interface AgentOptions {
  /** Keelson's entry file. */
  readonly program: string;
  /** Where machines reach the API server. */
  readonly server: string;
  /** With `server`, how an agent joins. */
  readonly credentials: readonly string[];
  /** Further arguments of `keelson agent`. */
  readonly args: readonly string[];
  /** Settings of the machine's provider, beside its folder of devices. */
  readonly config: Readonly<Record<string, unknown>>;
}

const patienceMs = 10_000;
const restartMs = 1_000;

/** One instance of a cloud, as a machine of this computer: its folder, its devices and its agent. */
export class CloudMachine {
  readonly folder: string;
  readonly deviceDir: string;
  readonly logFile: string;
  readonly #options: AgentOptions | undefined;
  #isOn = false;
  #agent: { readonly child: ResultPromise; isWanted: boolean; readonly ended: Promise<void> } | undefined;

  /** @param options of its agent; a machine without has only devices */
  constructor(folder: string, options: AgentOptions | undefined) {
    this.folder = folder;
    this.deviceDir = join(folder, 'dev');
    this.logFile = join(folder, 'agent.log');
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Starts its agent; started again when it ends. */
  async powerOn(instance: CloudInstance, machine: NodeMachine): Promise<void> {
    const options = this.#options;
    await mkdir(this.deviceDir, { recursive: true, mode: 0o700 });
    this.#isOn = true;
    if (options === undefined || this.#agent !== undefined) return;
    const config = join(this.folder, 'providers.yaml');
    // JSON is YAML.
    await writeFile(config, JSON.stringify({ [instance.provider]: { ...options.config, deviceDir: this.deviceDir } }), { mode: 0o600 });
    this.#start(options, [
      'agent', '--server', options.server, ...options.credentials, '--node-name', instance.name, '--data-dir', this.folder, '--provider-id', instance.providerId, '--cloud-provider', 'external',
      '--node-ip', instance.address, '--provider', instance.provider, '--provider-config', config, '--with-starter', ...(machine.netns === undefined ? [] : ['--netns', machine.netns]), ...options.args,
    ], machine);
  }

  #start(options: AgentOptions, args: readonly string[], machine: NodeMachine): void {
    const [enter, ...rest] = [...machine.within, process.execPath, options.program, ...args] as [string, ...string[]];
    const child = execa(enter, rest, {
      stdin: 'pipe', buffer: false, reject: false, all: true,
      // It is no instance, whatever the computer on which it plays one says.
      env: { AWS_EC2_METADATA_DISABLED: 'true', METADATA_SERVER_DETECTION: 'none' },
    });
    child.all.pipe(createWriteStream(this.logFile, { flags: 'a', mode: 0o600 }));
    const agent = { child, isWanted: true, ended: child.then(() => undefined) };
    this.#agent = agent;
    void agent.ended.then(async () => {
      await delay(restartMs);
      if (agent.isWanted) this.#start(options, args, machine);
    });
  }

  /** As when its power is cut, after its agent had a moment to end. */
  async powerOff(): Promise<void> {
    await this.endAgent();
    await powerOff(this.folder);
    await rm(this.deviceDir, { recursive: true, force: true });
    this.#isOn = false;
  }

  async endAgent(): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined) return;
    agent.isWanted = false;
    agent.child.kill('SIGTERM');
    const kill = setTimeout(() => agent.child.kill('SIGKILL'), patienceMs);
    await agent.ended;
    clearTimeout(kill);
    this.#agent = undefined;
  }

  /** Whoever made a folder of files through a mount must not find it emptied. */
  async remove(): Promise<void> {
    await this.powerOff();
    await unmountBelow(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Exactly these devices are in the machine. @param links where each device is found, by path below the folder of devices */
  async setDevices(links: ReadonlyMap<string, string>): Promise<void> {
    for (const path of await linksBelow(this.deviceDir)) if (!links.has(path)) await rm(join(this.deviceDir, path), { force: true });
    for (const [path, device] of links) {
      const link = join(this.deviceDir, path);
      if ((await readlink(link).catch(() => undefined)) === device) continue;
      await mkdir(dirname(link), { recursive: true, mode: 0o700 });
      await rm(link, { force: true });
      await symlink(device, link);
    }
  }
}

async function linksBelow(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const found = await Promise.all(names.map(async (name) => ((await lstat(join(folder, name)).catch(() => undefined))?.isSymbolicLink() === true ? [name] : [])));
  return found.flat();
}

import type { ContainerCreateOptions } from 'dockerode';
import { ProviderError } from '#core/spi/errors.ts';
import type { Sandbox, SandboxConfig, SandboxRuntime } from '#core/spi/container-runtime.ts';
import type { SandboxSide } from './container-options.ts';
import { raced } from './engine.ts';
import { toProviderError } from './failures.ts';
import { type Inspected, toSandbox, usesNodeNetwork } from './inspected.ts';
import type { Inspections } from './inspections.ts';
import type { Lifecycle } from './lifecycle.ts';
import { label, type Marks } from './marks.ts';
import type { NodeNetwork } from './node-network.ts';
import type { PauseImage } from './pause-image.ts';
import { sideBySide } from './side-by-side.ts';

const atOnce = 8;

/** Killed after everything else in the pod. */
const oomScoreAdj = -998;

/**
 * runc's words when the engine has no CAP_SYS_RESOURCE, as in a container or without root: it may not spare anybody from the OOM killer. Or somebody
 * else has heard them, and is about to replace the container.
 */
const mayNotSpare = /oom_score_adj|can't get final child's PID|marked for removal|No such container/;
const attempts = 5;

const sharedPidLabel = 'io.keelson.shared-pid';

/** Sandboxes as containers that do nothing but hold the namespaces. */
export class DockerSandboxes implements SandboxRuntime {
  readonly #lifecycle: Lifecycle;
  readonly #inspections: Inspections;
  readonly #marks: Marks;
  readonly #pause: Pick<PauseImage, 'id' | 'forget'>;
  readonly #nodeNetwork: NodeNetwork;
  #oomScoreAdj = oomScoreAdj;
  #first: Promise<unknown> | undefined;

  constructor(lifecycle: Lifecycle, inspections: Inspections, marks: Marks, pause: Pick<PauseImage, 'id' | 'forget'>, nodeNetwork: NodeNetwork) {
    this.#lifecycle = lifecycle;
    this.#inspections = inspections;
    this.#marks = marks;
    this.#pause = pause;
    this.#nodeNetwork = nodeNetwork;
  }

  /** The first one is alone: it finds out what the engine may do, so that the others need not fail as well. */
  async runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<Sandbox> {
    const first = this.#first;
    if (first === undefined) {
      const running = this.#run(config, signal);
      this.#first = running.catch(() => undefined);
      return running;
    }
    await raced(first, signal).catch((error: unknown) => {
      throw toProviderError(error, 'cannot run a sandbox');
    });
    return this.#run(config, signal);
  }

  async #run(config: SandboxConfig, signal: AbortSignal): Promise<Sandbox> {
    for (let last = attempts; ; last -= 1) {
      const id = await this.#create(config, signal);
      const made = await this.#inspections.find(id, 'sandbox', signal);
      // One that has run and does not any more stays so: the pod needs the next attempt.
      if (made !== undefined && made.status !== 'created') return this.#sandboxOf(made);
      try {
        await this.#lifecycle.start(id, signal);
        const started = await this.#started(id, config, signal);
        if (started !== undefined) return toSandbox(started);
      } catch (error) {
        if (last === 0 || !(error instanceof Error) || !mayNotSpare.test(error.message)) throw error;
        this.#oomScoreAdj = 0;
        await this.#lifecycle.remove(id, true, signal);
      }
      if (last === 0) throw new ProviderError('Unavailable', `the sandbox ${id} was removed while it was being made`);
    }
  }

  async stopSandbox(id: string, signal: AbortSignal): Promise<void> {
    const sandbox = await this.#inspections.find(id, 'sandbox', signal);
    if (sandbox === undefined) return;
    const running = (await this.#containersOf(sandbox.id, signal)).filter((each) => each.running);
    await sideBySide(running, atOnce, (each) => this.#lifecycle.kill(each.id, signal));
    await this.#lifecycle.kill(sandbox.id, signal);
  }

  async removeSandbox(id: string, signal: AbortSignal): Promise<void> {
    const sandbox = await this.#inspections.find(id, 'sandbox', signal);
    if (sandbox === undefined) return;
    // Last of all the sandbox: without it nobody would find what is left of its containers.
    await sideBySide(await this.#containersOf(sandbox.id, signal), atOnce, (each) => this.#lifecycle.remove(each.id, true, signal));
    await this.#lifecycle.remove(sandbox.id, true, signal);
  }

  async listSandboxes(signal: AbortSignal): Promise<readonly Sandbox[]> {
    return Promise.all((await this.#inspections.list('sandbox', signal)).map((seen) => this.#sandboxOf(seen)));
  }

  /** One that is in a network which is not the node's any more is of no use: the pod needs the next attempt. */
  async #sandboxOf(seen: Inspected): Promise<Sandbox> {
    const sandbox = toSandbox(seen);
    const isLost = seen.running && usesNodeNetwork(seen) && !(await this.#nodeNetwork.holds(seen.pid));
    return isLost ? { ...sandbox, state: 'NotReady' } : sandbox;
  }

  /** Undefined when somebody has removed it. */
  async #started(id: string, { namespaces }: SandboxConfig, signal: AbortSignal): Promise<Inspected | undefined> {
    const look = (): Promise<Inspected | undefined> => this.#inspections.find(id, 'sandbox', signal);
    if (namespaces.network === 'pod') return look();
    try {
      return await this.#nodeNetwork.arrival(look, signal);
    } catch (error) {
      if (!signal.aborted) await this.#lifecycle.remove(id, true, signal).catch(() => undefined);
      throw toProviderError(error, 'cannot run a sandbox');
    }
  }

  #containersOf(id: string, signal: AbortSignal): Promise<readonly Inspected[]> {
    return this.#inspections.list('container', signal, `${label.sandbox}=${id}`);
  }

  async #create(config: SandboxConfig, signal: AbortSignal): Promise<string> {
    const name = this.#marks.sandboxName(config);
    try {
      return await this.#lifecycle.create(name, 'sandbox', this.#options(config, await this.#pause.id(signal)), signal);
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) throw error;
      this.#pause.forget();
      return this.#lifecycle.create(name, 'sandbox', this.#options(config, await this.#pause.id(signal)), signal);
    }
  }

  #options(config: SandboxConfig, image: string): ContainerCreateOptions {
    const { namespaces, hostname, sysctls, cgroupParent } = config;
    const { HostConfig: network, ...asked } = namespaces.network === 'node' ? this.#nodeNetwork.options(hostname) : { Hostname: hostname, HostConfig: { NetworkMode: 'none' } };
    return {
      Image: image,
      ...asked,
      Labels: { ...this.#marks.sandboxLabels(config), [sharedPidLabel]: String(config.sharedPid) },
      HostConfig: {
        ...network,
        IpcMode: namespaces.ipc === 'node' ? 'host' : 'shareable',
        PidMode: namespaces.pid === 'node' ? 'host' : '',
        Sysctls: { ...sysctls },
        ...(cgroupParent === undefined ? {} : { CgroupParent: cgroupParent }),
        RestartPolicy: { Name: 'no' },
        Init: false,
        LogConfig: { Type: 'none', Config: {} },
        OomScoreAdj: this.#oomScoreAdj,
        CpuShares: 2,
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
      },
    };
  }
}

/** What a container of the sandbox needs of it. */
export const sideOf = ({ id, labels, pidMode, ipcMode, cgroupParent, oomScoreAdj: score }: Inspected): SandboxSide => ({
  id, sharedPid: labels[sharedPidLabel] === 'true', hostPid: pidMode === 'host', hostIpc: ipcMode === 'host',
  cgroupParent: cgroupParent === '' ? undefined : cgroupParent, lowestOomScore: score < 0 ? -1000 : score,
});

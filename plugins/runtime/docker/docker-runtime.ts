import { isAbsolute } from 'node:path';
import { type Clock, systemClock } from '#core/kernel/clock.ts';
import type {
  Container, ContainerConfig, ContainerEvent, ContainerResources, ContainerRuntime, ContainerUsage, ExecResult, LogLine, LogOptions, RegistryCredentials,
  RuntimeImage, RuntimeVersion, Sandbox, SandboxConfig, StreamOptions, StreamSession,
} from '#core/spi/container-runtime.ts';
import { DockerContainers } from './containers.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { DockerImages } from './images.ts';
import { Inspections } from './inspections.ts';
import { Lifecycle } from './lifecycle.ts';
import { DockerLogs } from './logs.ts';
import { Marks } from './marks.ts';
import { DockerMonitor } from './monitor.ts';
import { engineNetwork, NamedNetwork } from './node-network.ts';
import { PauseImage } from './pause-image.ts';
import { DockerPrograms } from './programs.ts';
import { DockerSandboxes } from './sandboxes.ts';

export interface DockerOptions extends EngineOptions {
  /** Name of the node for which this is. Containers of other nodes in the same engine are neither seen nor touched. */
  readonly node: string;
  /** Tells apart agents of different clusters whose nodes have the same name. Must be the same when the agent starts again. */
  readonly agent?: string;
  /** The network namespace that stands for the node, which pods with `hostNetwork` join: `/run/netns/NAME`. By default that of the engine. */
  readonly nodeNetwork?: string | undefined;
}

/** Pods as containers of a Docker Engine, 20.10 or later. Reads and starts nothing until its first call. */
export class DockerRuntime implements ContainerRuntime {
  readonly #sandboxes: DockerSandboxes;
  readonly #containers: DockerContainers;
  readonly #images: DockerImages;
  readonly #programs: DockerPrograms;
  readonly #logs: DockerLogs;
  readonly #monitor: DockerMonitor;

  constructor({ node, agent = '', nodeNetwork, ...where }: DockerOptions, clock: Clock = systemClock) {
    if (nodeNetwork !== undefined && !isAbsolute(nodeNetwork)) throw new Error(`nodeNetwork must be the absolute path of a network namespace, not "${nodeNetwork}"`);
    const engine = new Engine(where, clock);
    const marks = new Marks(node, agent);
    const inspections = new Inspections(engine, marks);
    const lifecycle = new Lifecycle(engine, marks, inspections);
    this.#sandboxes = new DockerSandboxes(lifecycle, inspections, marks, new PauseImage(engine), nodeNetwork === undefined ? engineNetwork : new NamedNetwork(nodeNetwork, node, clock));
    this.#containers = new DockerContainers(engine, lifecycle, inspections, marks);
    this.#images = new DockerImages(engine);
    this.#programs = new DockerPrograms(engine, inspections);
    this.#logs = new DockerLogs(engine, inspections);
    this.#monitor = new DockerMonitor(engine, marks);
  }

  runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<Sandbox> {
    return this.#sandboxes.runSandbox(config, signal);
  }

  stopSandbox(id: string, signal: AbortSignal): Promise<void> {
    return this.#sandboxes.stopSandbox(id, signal);
  }

  removeSandbox(id: string, signal: AbortSignal): Promise<void> {
    return this.#sandboxes.removeSandbox(id, signal);
  }

  listSandboxes(signal: AbortSignal): Promise<readonly Sandbox[]> {
    return this.#sandboxes.listSandboxes(signal);
  }

  createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    return this.#containers.createContainer(sandboxId, config, signal);
  }

  startContainer(id: string, signal: AbortSignal): Promise<void> {
    return this.#containers.startContainer(id, signal);
  }

  stopContainer(id: string, graceMs: number, signal: AbortSignal): Promise<void> {
    return this.#containers.stopContainer(id, graceMs, signal);
  }

  removeContainer(id: string, signal: AbortSignal): Promise<void> {
    return this.#containers.removeContainer(id, signal);
  }

  listContainers(signal: AbortSignal): Promise<readonly Container[]> {
    return this.#containers.listContainers(signal);
  }

  containerStatus(id: string, signal: AbortSignal): Promise<Container> {
    return this.#containers.containerStatus(id, signal);
  }

  updateResources(id: string, resources: ContainerResources, signal: AbortSignal): Promise<void> {
    return this.#containers.updateResources(id, resources, signal);
  }

  pullImage(reference: string, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<RuntimeImage> {
    return this.#images.pullImage(reference, credentials, signal);
  }

  imageStatus(reference: string, signal: AbortSignal): Promise<RuntimeImage | undefined> {
    return this.#images.imageStatus(reference, signal);
  }

  listImages(signal: AbortSignal): Promise<readonly RuntimeImage[]> {
    return this.#images.listImages(signal);
  }

  removeImage(id: string, signal: AbortSignal): Promise<void> {
    return this.#images.removeImage(id, signal);
  }

  exec(id: string, command: readonly string[], options: StreamOptions, signal: AbortSignal): Promise<StreamSession> {
    return this.#programs.exec(id, command, options, signal);
  }

  attach(id: string, options: StreamOptions, signal: AbortSignal): Promise<StreamSession> {
    return this.#programs.attach(id, options, signal);
  }

  execSync(id: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecResult> {
    return this.#programs.execSync(id, command, timeoutMs, signal);
  }

  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine> {
    return this.#logs.logs(id, options, signal);
  }

  version(signal: AbortSignal): Promise<RuntimeVersion> {
    return this.#monitor.version(signal);
  }

  usage(signal: AbortSignal): Promise<readonly ContainerUsage[]> {
    return this.#monitor.usage(signal);
  }

  events(signal: AbortSignal): AsyncIterable<ContainerEvent> {
    return this.#monitor.events(signal);
  }

  imageFileSystem(signal: AbortSignal): Promise<string> {
    return this.#monitor.imageFileSystem(signal);
  }
}

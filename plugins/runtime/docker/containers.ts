import type { Container, ContainerConfig, ContainerLifecycle, ContainerResources } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { containerOptions, updateOptions } from './container-options.ts';
import type { Engine } from './engine.ts';
import { type Inspected, toContainer } from './inspected.ts';
import { type Inspections, refusedWith } from './inspections.ts';
import type { Lifecycle } from './lifecycle.ts';
import { type Marks, podOf } from './marks.ts';
import { sideOf } from './sandboxes.ts';

export class DockerContainers implements ContainerLifecycle {
  readonly #engine: Engine;
  readonly #lifecycle: Lifecycle;
  readonly #inspections: Inspections;
  readonly #marks: Marks;

  constructor(engine: Engine, lifecycle: Lifecycle, inspections: Inspections, marks: Marks) {
    this.#engine = engine;
    this.#lifecycle = lifecycle;
    this.#inspections = inspections;
    this.#marks = marks;
  }

  async createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    const sandbox = await this.#inspections.find(sandboxId, 'sandbox', signal);
    if (sandbox === undefined) throw new ProviderError('NotFound', `cannot create container "${config.name}": there is no sandbox ${sandboxId}`);
    const owner = { id: sandbox.id, pod: podOf(sandbox.labels) };
    const options = { ...containerOptions(config, sideOf(sandbox)), Labels: this.#marks.containerLabels(owner, config) };
    return this.#lifecycle.create(this.#marks.containerName(owner, config.name, config.attempt), 'container', options, signal);
  }

  async startContainer(id: string, signal: AbortSignal): Promise<void> {
    const { status } = await this.#find(id, signal);
    if (status === 'exited' || status === 'dead') throw new ProviderError('Invalid', `cannot start container ${id}: it has ended, and is not started again`);
    await this.#lifecycle.start(id, signal);
  }

  async stopContainer(id: string, graceMs: number, signal: AbortSignal): Promise<void> {
    const there = await this.#inspections.find(id, 'container', signal);
    if (there?.running === true) await this.#lifecycle.stop(id, graceMs, signal);
  }

  async removeContainer(id: string, signal: AbortSignal): Promise<void> {
    if ((await this.#inspections.find(id, 'container', signal)) === undefined) return;
    try {
      await this.#lifecycle.remove(id, false, signal);
    } catch (error) {
      if (refusedWith(error, 409)) throw new ProviderError('Invalid', (error as Error).message, { cause: error });
      throw error;
    }
  }

  async listContainers(signal: AbortSignal): Promise<readonly Container[]> {
    return (await this.#inspections.list('container', signal)).map(toContainer);
  }

  async containerStatus(id: string, signal: AbortSignal): Promise<Container> {
    return toContainer(await this.#find(id, signal));
  }

  async updateResources(id: string, resources: ContainerResources, signal: AbortSignal): Promise<void> {
    await this.#find(id, signal);
    await this.#engine.call(`cannot update container ${id}`, signal, (docker, abort) => docker.getContainer(id).update({ ...updateOptions(resources), ...abort }));
  }

  async #find(id: string, signal: AbortSignal): Promise<Inspected> {
    const there = await this.#inspections.find(id, 'container', signal);
    if (there === undefined) throw new ProviderError('NotFound', `there is no container ${id}`);
    return there;
  }
}

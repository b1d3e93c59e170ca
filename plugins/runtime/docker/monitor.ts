import type { ContainerInfo, ContainerStats } from 'dockerode';
import type { ContainerEvent, ContainerUsage, RuntimeMonitor, RuntimeVersion } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { isObject, type JsonObject, own } from '#core/api/value.ts';
import type { Engine } from './engine.ts';
import { toProviderError } from './failures.ts';
import { label, type Marks } from './marks.ts';
import { jsonLines } from './progress.ts';
import { sideBySide } from './side-by-side.ts';

/** Engine 20.10 answers all questions for figures once a second, together. */
const atOnce = 64;
const promptMs = 10_000;
/** The engine walks through all files of all writable layers for their sizes. */
const layersEveryMs = 60_000;
const pulseMs = 20_000;

export class DockerMonitor implements RuntimeMonitor {
  readonly #engine: Engine;
  readonly #marks: Marks;
  #layers: { readonly measuredAt: number; readonly sizes: ReadonlyMap<string, bigint> } | undefined;

  constructor(engine: Engine, marks: Marks) {
    this.#engine = engine;
    this.#marks = marks;
  }

  async version(signal: AbortSignal): Promise<RuntimeVersion> {
    const { Version, ApiVersion } = await this.#engine.call('cannot ask for the version of the engine', signal, (docker) => docker.version(), { timeoutMs: promptMs, deaf: true });
    return { name: 'docker', version: Version, apiVersion: ApiVersion };
  }

  async imageFileSystem(signal: AbortSignal): Promise<string> {
    const { DockerRootDir } = await this.#engine.call('cannot ask for the folder of the engine', signal, (docker) => docker.info() as Promise<{ readonly DockerRootDir: string }>, { deaf: true });
    return DockerRootDir;
  }

  async usage(signal: AbortSignal): Promise<readonly ContainerUsage[]> {
    const running = await this.#list(false, signal);
    if (running.length === 0) return [];
    const layers = await this.#layerSizes(signal);
    const usages = await sideBySide(running, atOnce, async ({ Id: id }) => {
      const stats = await this.#stats(id, signal);
      return stats === undefined ? undefined : usageOf(id, stats, this.#engine.clock.now(), layers.get(id));
    });
    return usages.filter((usage) => usage !== undefined);
  }

  async *events(signal: AbortSignal): AsyncGenerator<ContainerEvent> {
    const what = 'cannot watch the events of the engine';
    if (signal.aborted) return;
    const filters = { type: ['container' as const], event: ['create', 'start', 'die', 'oom', 'destroy'], label: this.#marks.filter() };
    const silent = new AbortController();
    const either = AbortSignal.any([signal, silent.signal]);
    const stopPulse = this.#pulse(silent, either);
    try {
      const stream = await this.#engine.call(what, either, (docker, abort) => docker.getEvents({ filters, ...abort }));
      for await (const value of jsonLines(stream)) {
        const event = isObject(value) ? eventOf(value) : undefined;
        if (event !== undefined) yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw toProviderError(silent.signal.aborted ? silent.signal.reason : error, what);
    } finally {
      stopPulse();
      silent.abort();
    }
    if (!signal.aborted) throw new ProviderError('Unavailable', `${what}: the engine has ended them`);
  }

  /** An engine that hangs says as little as one in which nothing happens. */
  #pulse(silent: AbortController, signal: AbortSignal): () => void {
    let cancel = (): void => undefined;
    const beat = (): void => {
      if (signal.aborted) return;
      cancel = this.#engine.clock.after(pulseMs, () => void this.version(signal).then(beat, (error: unknown) => silent.abort(error)));
    };
    beat();
    return () => cancel();
  }

  #list(size: boolean, signal: AbortSignal): Promise<readonly (ContainerInfo & { readonly SizeRw?: number })[]> {
    const options = { size, filters: { label: this.#marks.filter(`${label.kind}=container`) } };
    return this.#engine.call('cannot list containers', signal, (docker, abort) => docker.listContainers({ ...options, ...abort }));
  }

  async #layerSizes(signal: AbortSignal): Promise<ReadonlyMap<string, bigint>> {
    const now = this.#engine.clock.now();
    if (this.#layers === undefined || now - this.#layers.measuredAt >= layersEveryMs) {
      const measured = await this.#list(true, signal);
      this.#layers = { measuredAt: now, sizes: new Map(measured.map(({ Id, SizeRw }) => [Id, BigInt(SizeRw ?? 0)])) };
    }
    return this.#layers.sizes;
  }

  async #stats(id: string, signal: AbortSignal): Promise<ContainerStats | undefined> {
    try {
      return await this.#engine.call(`cannot measure container ${id}`, signal, (docker, abort) => docker.getContainer(id).stats({ stream: false, 'one-shot': true, ...abort }));
    } catch (error) {
      if (ProviderError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

const whole = (value: unknown): bigint => (typeof value === 'number' && value > 0 ? BigInt(Math.trunc(value)) : 0n);

/** Undefined for a container that has just ended: then the engine gives no figures. */
function usageOf(id: string, { cpu_stats: cpu, memory_stats: memory }: ContainerStats, time: number, writableLayer: bigint | undefined): ContainerUsage | undefined {
  const memoryUsage = whole(memory?.usage);
  if (memoryUsage === 0n) return undefined;
  const details = (memory.stats ?? {}) as unknown as JsonObject;
  // cgroup v1 says it with the children, v2 always does.
  const inactive = whole(own(details, 'total_inactive_file') ?? own(details, 'inactive_file'));
  return {
    id, time, cpuNanoseconds: whole(cpu.cpu_usage.total_usage), memoryUsage, memoryWorkingSet: memoryUsage > inactive ? memoryUsage - inactive : 0n,
    ...(writableLayer === undefined ? {} : { writableLayer }),
  };
}

const kinds: Readonly<Record<string, ContainerEvent['kind']>> = { create: 'Created', start: 'Started', die: 'Stopped', destroy: 'Deleted', oom: 'OomKilled' };

function eventOf(value: JsonObject): ContainerEvent | undefined {
  const actor = own(value, 'Actor');
  const attributes = isObject(actor) ? own(actor, 'Attributes') : undefined;
  if (!isObject(actor) || !isObject(attributes)) return undefined;
  const kind = kinds[String(own(value, 'Action'))];
  const containerId = own(actor, 'ID');
  const podUid = own(attributes, label.podUid);
  return kind !== undefined && typeof containerId === 'string' && typeof podUid === 'string' ? { kind, containerId, podUid } : undefined;
}

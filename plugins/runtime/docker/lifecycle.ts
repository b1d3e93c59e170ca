import type { ContainerCreateOptions } from 'dockerode';
import { ProviderError } from '#core/spi/errors.ts';
import type { Call, Engine } from './engine.ts';
import { statusOf, toProviderError, toStartError } from './failures.ts';
import type { Inspected } from './inspected.ts';
import { type Inspections, refusedWith } from './inspections.ts';
import type { Kind, Marks } from './marks.ts';
import { Turns } from './turns.ts';

const retryMs = 100;
const retries = 50;

/** Each of these costs the engine a good part of a second of a processor: more of them together only take longer each, until their time is up. */
const heavyAtOnce = 8;

/** What the engine is asked to do to one container, in a form that may be repeated. */
export class Lifecycle {
  readonly #engine: Engine;
  readonly #marks: Marks;
  readonly #inspections: Inspections;
  readonly #turns = new Turns(heavyAtOnce);

  constructor(engine: Engine, marks: Marks, inspections: Inspections) {
    this.#engine = engine;
    this.#marks = marks;
    this.#inspections = inspections;
  }

  /** The container of this name, made unless it is there. @throws {ProviderError} `AlreadyExists` when the name is somebody else's */
  async create(name: string, kind: Kind, options: ContainerCreateOptions, signal: AbortSignal): Promise<string> {
    for (let attempt = 0; attempt < retries; attempt += 1) {
      try {
        const { id } = await this.#heavy(`cannot create container ${name}`, signal, (docker, abort) => docker.createContainer({ ...options, name, ...abort }));
        return id;
      } catch (error) {
        if (!refusedWith(error, 409)) throw error;
      }
      const there = await this.#inspections.inspect(name, signal);
      if (there !== undefined) return this.#adopted(name, kind, there);
      // Another call is about to make it, or just has removed it.
      await this.#pause(signal);
    }
    throw new ProviderError('Unavailable', `cannot create container ${name}: the engine says that there is one, and does not show it`);
  }

  #adopted(name: string, kind: Kind, there: Inspected): string {
    if (!this.#marks.owns(there.labels, kind)) throw new ProviderError('AlreadyExists', `cannot create container ${name}: somebody else's container ${there.id} has the name`);
    if (there.status === 'removing' || there.status === 'dead') throw new ProviderError('Unavailable', `cannot create container ${name}: the one before it, ${there.id}, is being removed`);
    return there.id;
  }

  /** @throws {ProviderError} `Invalid` when it cannot be started at all */
  async start(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#heavy(`cannot start container ${id}`, signal, (docker, abort) => docker.getContainer(id).start(abort), toStartError);
    } catch (error) {
      // It runs already.
      if (!refusedWith(error, 304)) throw error;
    }
  }

  /** Asks it to stop, kills it after `graceMs`, and resolves when it does not run. */
  async stop(id: string, graceMs: number, signal: AbortSignal): Promise<void> {
    if (graceMs <= 0) return this.kill(id, signal);
    // The engine counts whole seconds.
    const seconds = Math.min(Math.ceil(graceMs / 1000), 2 ** 31 - 1);
    const early = new AbortController();
    const cancel = graceMs % 1000 === 0 ? () => undefined : this.#engine.clock.after(graceMs, () => void this.kill(id, early.signal).catch(() => undefined));
    try {
      await gone(this.#engine.call(`cannot stop container ${id}`, signal, (docker, abort) => docker.getContainer(id).stop({ t: seconds, ...abort }), { timeoutMs: graceMs + 120_000 }));
    } finally {
      cancel();
      early.abort();
    }
  }

  async kill(id: string, signal: AbortSignal): Promise<void> {
    await gone(this.#engine.call(`cannot kill container ${id}`, signal, (docker, abort) => docker.getContainer(id).kill({ signal: 'SIGKILL', ...abort })));
  }

  /** Resolves when it is not there any more. The engine's own volumes of it go with it. */
  async remove(id: string, force: boolean, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; attempt < retries; attempt += 1) {
      try {
        await this.#heavy(`cannot remove container ${id}`, signal, (docker, abort) => docker.getContainer(id).remove({ v: true, force, ...abort }));
        return;
      } catch (error) {
        if (ProviderError.is(error, 'NotFound')) return;
        if (!refusedWith(error, 409) || !/already in progress/.test((error as Error).message)) throw error;
      }
      await this.#pause(signal);
    }
    throw new ProviderError('Unavailable', `cannot remove container ${id}: the engine says that it is removing it, and does not`);
  }

  async #heavy<T>(what: string, signal: AbortSignal, run: Call<T>, raise = toProviderError): Promise<T> {
    try {
      return await this.#turns.take(signal, () => this.#engine.call(what, signal, run, { raise }));
    } catch (error) {
      throw toProviderError(error, what);
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    try {
      await this.#engine.clock.sleep(retryMs, signal);
    } catch (error) {
      throw new ProviderError('Unavailable', 'the container engine was not done in time', { cause: error });
    }
  }
}

/** Resolves too when there is nothing that runs: 304 and 409 are the engine's words for that, 404 when it is not even there. */
async function gone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!ProviderError.is(error)) throw error;
    const status = statusOf(error.cause);
    if (status === 304 || status === 404 || (status === 409 && /is not running/.test(error.message))) return;
    throw error;
  }
}

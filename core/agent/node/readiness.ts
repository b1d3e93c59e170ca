import type { Clock } from '#core/kernel/clock.ts';
import type { RuntimeMonitor, RuntimeVersion } from '#core/spi/container-runtime.ts';
import type { NetworkPlugin } from '#core/spi/network-plugin.ts';
import { within } from './deadline.ts';

/** A runtime that was well so recently is not given up yet. */
const patienceMs = 30_000;
const answerMs = 10_000;

export interface ReadinessOptions {
  readonly runtime: Pick<RuntimeMonitor, 'version'>;
  readonly network: Pick<NetworkPlugin, 'status'>;
  readonly clock: Clock;
}

export interface Readiness {
  /** What the runtime last said of itself. */
  readonly version: RuntimeVersion | undefined;
  /** Why no pod can be run. */
  readonly problems: readonly string[];
}

/** Asks runtime and network whether they are well. A call that hangs counts as one that failed. */
export class ReadinessProbe {
  readonly #options: ReadinessOptions;
  #version: RuntimeVersion | undefined;
  #wellAt: number | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  async check(signal: AbortSignal): Promise<Readiness> {
    const { clock, runtime, network } = this.#options;
    const [, unready] = await Promise.all([
      within(clock, answerMs, signal, 'the container runtime', (limited) => runtime.version(limited)).then((version) => {
        this.#version = version;
        this.#wellAt = clock.now();
      }, () => undefined),
      within(clock, answerMs, signal, 'the network plugin', (limited) => network.status(limited)).then(() => undefined, (error: unknown) => (error instanceof Error ? error.message : String(error))),
    ]);
    signal.throwIfAborted();
    const problems = [
      ...this.#runtimeProblem(),
      ...(unready === undefined ? [] : [`container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: ${unready}`]),
    ];
    return { version: this.#version, problems };
  }

  #runtimeProblem(): string[] {
    if (this.#wellAt === undefined) return ['container runtime status check may not have completed yet'];
    return this.#options.clock.now() - this.#wellAt < patienceMs ? [] : ['container runtime is down'];
  }
}

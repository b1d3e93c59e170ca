import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { ContainerRuntime } from '#core/spi/container-runtime.ts';
import { nothing, signatureOf, snapshotOf, type PodOnRuntime, type Snapshot } from './snapshot.ts';
import { within } from './within.ts';

export interface RuntimeViewOptions {
  readonly runtime: Pick<ContainerRuntime, 'listSandboxes' | 'listContainers' | 'events' | 'version'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of each pod of which something has changed. */
  readonly changed: (podUid: string) => void;
  /** Milliseconds between two looks; 1000 by default. */
  readonly periodMs?: number;
  /** Milliseconds that the runtime may take to list; 20,000 by default. */
  readonly timeoutMs?: number;
}

/** Events come in swarms. */
const hintMs = 50;

/**
 * What runs on this node, by listing: once a second, when an event hints at a change, and when somebody needs to know what is there now.
 * While the runtime gives no answer nothing is known: nobody is told of changes, and who asks gets the runtime's error.
 */
export class RuntimeView {
  readonly #options: RuntimeViewOptions;
  #last: Snapshot | undefined;
  #name: string | undefined;
  #signatures = new Map<string, string>();
  #listing: Promise<Snapshot> | undefined;
  #next: Promise<Snapshot> | undefined;
  #failing = false;
  #stop: AbortSignal = AbortSignal.abort(new Error('the agent does not run'));
  #isHinted = false;
  #hint: () => void = () => undefined;

  constructor(options: RuntimeViewOptions) {
    this.#options = options;
  }

  /** The last answer; undefined before the first. */
  get last(): Snapshot | undefined {
    return this.#last;
  }

  /** Of container ids: `docker`. Known from the first answer on. */
  get runtimeName(): string {
    return this.#name ?? '';
  }

  /** Whether the runtime answered when it was last asked. */
  get isAnswering(): boolean {
    return this.#last !== undefined && !this.#failing;
  }

  /** Looks until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#stop = signal;
    const following = this.#follow(signal);
    while (!signal.aborted) {
      await this.fresh().catch(() => undefined);
      await this.#pause(signal);
    }
    await Promise.all([following, this.#listing?.catch(() => undefined)]);
  }

  /** What is there now: asked for after this call began. Calls at the same time share one answer. @throws {ProviderError} Unavailable */
  fresh(): Promise<Snapshot> {
    if (this.#listing === undefined) return (this.#listing = this.#list().finally(() => (this.#listing = undefined)));
    return (this.#next ??= this.#listing.catch(() => undefined).then(() => {
      this.#next = undefined;
      return this.fresh();
    }));
  }

  async freshOf(podUid: string): Promise<PodOnRuntime> {
    return (await this.fresh()).get(podUid) ?? nothing;
  }

  async #list(): Promise<Snapshot> {
    const { runtime, clock, logger, timeoutMs = 20_000 } = this.#options;
    try {
      const [sandboxes, containers] = await within(clock, timeoutMs, 'the container runtime', this.#stop, (signal) =>
        Promise.all([runtime.listSandboxes(signal), runtime.listContainers(signal)]));
      this.#name ??= (await within(clock, timeoutMs, 'the container runtime', this.#stop, (signal) => runtime.version(signal))).name;
      if (this.#failing) logger.info('the container runtime answers again');
      this.#failing = false;
      this.#take(snapshotOf(sandboxes, containers));
      return (this.#last ?? new Map()) as Snapshot;
    } catch (error) {
      if (!this.#failing && !this.#stop.aborted) logger.warn('the container runtime does not answer; what runs is left as it is', { error });
      this.#failing = true;
      throw error;
    }
  }

  #take(snapshot: Snapshot): void {
    const before = this.#signatures;
    this.#last = snapshot;
    this.#signatures = new Map([...snapshot].map(([uid, pod]) => [uid, signatureOf(pod)]));
    for (const uid of new Set([...before.keys(), ...this.#signatures.keys()])) {
      if (before.get(uid) !== this.#signatures.get(uid)) this.#options.changed(uid);
    }
  }

  /** Waits for the next turn, or for a hint that comes before. */
  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, periodMs = 1000 } = this.#options;
    const over = Promise.withResolvers<void>();
    const end = (): void => over.resolve();
    let cancel = clock.after(this.#isHinted ? hintMs : periodMs, end);
    this.#hint = () => {
      if (this.#isHinted) return;
      this.#isHinted = true;
      cancel();
      cancel = clock.after(hintMs, end);
    };
    signal.addEventListener('abort', end, { once: true });
    if (!signal.aborted) await over.promise;
    signal.removeEventListener('abort', end);
    cancel();
    this.#isHinted = false;
    // What happens during the listing that follows may be missing in it.
    this.#hint = () => {
      this.#isHinted = true;
    };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { runtime, clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        for await (const _event of runtime.events(signal)) this.#hint();
      } catch (error) {
        if (!signal.aborted) logger.debug('the container runtime tells no events; listing goes on', { error });
      }
      await clock.sleep(5000, signal).catch(() => undefined);
    }
  }
}

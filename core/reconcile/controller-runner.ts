import { StatusError } from '#core/api/status-error.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { TerminalError, type Controller, type ReconcileResult, type Source } from './controller.ts';
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts';

/** How a controller is doing. */
export interface ControllerReport {
  readonly name: string;
  /** All its sources have their first list. */
  readonly synced: boolean;
  /** It has workers; false before the sync, after the stop, and while another process leads. */
  readonly active: boolean;
  /** Keys that could be worked on now. */
  readonly depth: number;
  /** Keys that wait for their time. */
  readonly delayed: number;
  /** Keys that are worked on. */
  readonly running: number;
  /** Keys that failed last time. */
  readonly failing: number;
  /** Reconciles since the start, and how many of them rejected. */
  readonly reconciles: number;
  readonly failures: number;
  readonly lastFailure?: { readonly key: string; readonly message: string; readonly at: number };
}

export interface RunnerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queue?: Omit<WorkQueueOptions, 'clock'>;
}

/** Runs one controller: fills its queue from its sources, works on the keys, and decides what each result means. */
export class ControllerRunner {
  readonly controller: Controller;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: (() => void)[] = [];
  #active = false;
  #reconciles = 0;
  #failures = 0;
  #lastFailure: ControllerReport['lastFailure'];

  constructor(controller: Controller, options: RunnerOptions) {
    this.controller = controller;
    this.#clock = options.clock;
    this.#logger = options.logger.with({ controller: controller.name });
    this.#queue = new WorkQueue({ ...options.queue, clock: options.clock });
  }

  /** From now on what changes in the sources goes into the queue. */
  subscribe(): void {
    for (const source of this.controller.sources) this.#add(source);
    this.controller.followSources?.((source) => this.#add(source));
  }

  #add(source: Source): () => void {
    const unsubscribe = source.informer.subscribe((object, previous) => this.#enqueue(source, object, previous));
    this.#unsubscribe.push(unsubscribe);
    return unsubscribe;
  }

  /** Works on keys until the signal aborts; resolves when no reconcile is left running. May be called again. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    this.#active = true;
    const workers = Array.from({ length: Math.max(1, this.controller.workers ?? 1) }, () => this.#work(signal));
    await Promise.all(workers);
    this.#active = false;
  }

  /** Takes no more keys; what is queued is dropped. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#queue.close();
  }

  report(): ControllerReport {
    return {
      name: this.controller.name,
      synced: this.controller.sources.every((source) => source.informer.synced),
      active: this.#active,
      depth: this.#queue.depth, delayed: this.#queue.delayed, running: this.#queue.processing, failing: this.#queue.failing,
      reconciles: this.#reconciles, failures: this.#failures,
      ...(this.#lastFailure === undefined ? {} : { lastFailure: this.#lastFailure }),
    };
  }

  #enqueue(source: Source, ...[object, previous]: Parameters<Source['keys']>): void {
    try {
      for (const key of source.keys(object, previous)) this.#queue.add(key);
    } catch (error) {
      const { namespace, name } = (object ?? previous)?.metadata ?? {};
      this.#logger.error('the source could not tell the keys of a changed object', { kind: source.informer.kind.kind, namespace, name, error });
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let key: string;
      try {
        key = await this.#queue.get(signal);
      } catch {
        return;
      }
      await this.#reconcile(key, signal);
      this.#queue.done(key);
    }
  }

  /** Here and in the two below it is decided what becomes of a key; nowhere else. */
  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    this.#reconciles++;
    try {
      const result = await this.controller.reconcile(key, signal);
      if (!signal.aborted) this.#succeeded(key, result);
    } catch (error) {
      if (!signal.aborted) this.#failed(key, error);
    }
    // It may have stopped half-way: whoever leads next has to look again.
    if (signal.aborted) this.#queue.add(key);
  }

  #succeeded(key: string, result: ReconcileResult | void): void {
    if (result !== undefined) {
      if (!(result.requeueAfterMs >= 0)) throw new TypeError(`reconcile asked to come back after ${result.requeueAfterMs} ms`);
      this.#queue.addAfter(key, result.requeueAfterMs);
    }
    this.#queue.forget(key);
  }

  #failed(key: string, error: unknown): void {
    this.#failures++;
    this.#lastFailure = { key, message: error instanceof Error ? error.message : String(error), at: this.#clock.now() };
    if (TerminalError.is(error)) {
      this.#queue.forget(key);
      this.#logger.warn('reconcile failed for good; the key is left alone until something changes', { key, error });
      return;
    }
    const retryInMs = Math.round(this.#queue.addRateLimited(key, waitAskedFor(error)));
    const fields = { key, retryInMs, attempt: this.#queue.failures(key), error };
    if (StatusError.is(error, 'Conflict', 'NotFound')) this.#logger.debug('reconcile acted on an old state', fields);
    else if (StatusError.is(error) || ProviderError.is(error)) this.#logger.warn('reconcile failed', fields);
    else this.#logger.error('reconcile failed in a way that nobody foresaw', fields);
  }
}

/** Milliseconds for which the other side asked not to be called. */
function waitAskedFor(error: unknown): number {
  if (ProviderError.is(error, 'Throttled')) return error.retryAfterMs ?? 0;
  if (StatusError.is(error)) return (error.details?.retryAfterSeconds ?? 0) * 1000;
  return 0;
}

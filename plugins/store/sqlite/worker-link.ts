import { Worker } from 'node:worker_threads';
import { workerFile } from '#core/kernel/worker-file.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { fromFailure } from './errors.ts';
import type { Calls, Reply } from './protocol.ts';

/** Calls that may wait for their answer; only reads can come to so many. */
const maxPending = 10_000;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The process's own flags are not handed down: some, such as `--eval`, make a worker fail. What the worker allocates lives for one batch,
 * so a small young generation is enough; by default V8 would let it grow to more than the rest of the worker.
 */
export const startWorker = (): Worker => new Worker(workerFile(import.meta.url, 'worker'), {
  name: 'keelson-sqlite', execArgv: ['--disable-warning=ExperimentalWarning'], resourceLimits: { maxYoungGenerationSizeMb: 8 },
});

/** The main thread's end of the line to the worker. Answers come in the order of the calls. */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #onDeath: (error: ProviderError) => void;
  #lastId = 0;
  #dead: ProviderError | undefined;

  /** `onDeath` is called once when the worker ends without having been stopped, after all pending calls were rejected. */
  constructor(worker: Worker, onDeath: (error: ProviderError) => void) {
    this.#worker = worker;
    this.#onDeath = onDeath;
    worker.on('message', (reply: Reply) => this.#settle(reply));
    worker.on('error', (error) => this.#die(new ProviderError('Unavailable', 'the database worker failed', { cause: error })));
    worker.on('exit', (code) => this.#die(new ProviderError('Unavailable', `the database worker ended with code ${code}`)));
  }

  call<Method extends keyof Calls>(method: Method, ...args: Parameters<Calls[Method]>): Promise<ReturnType<Calls[Method]>> {
    if (this.#dead) return Promise.reject(this.#dead);
    if (this.#pending.size >= maxPending) return Promise.reject(new ProviderError('Throttled', `${maxPending} calls wait for the database already`));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      // The worker answers a method's call with that method's result; the port does not keep the type.
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ id, method, args });
    });
  }

  /** Ends the worker at once. */
  async stop(reason: ProviderError): Promise<void> {
    this.#dead ??= reason;
    await this.#worker.terminate();
    this.#rejectAll(reason);
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('failure' in reply) pending?.reject(fromFailure(reply.failure));
    else pending?.resolve(reply.value);
  }

  #die(error: ProviderError): void {
    if (this.#dead) return;
    this.#dead = error;
    this.#rejectAll(error);
    this.#onDeath(error);
  }

  #rejectAll(error: ProviderError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

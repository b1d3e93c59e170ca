import { ProviderError } from '#core/spi/errors.ts';
import type { KeyWrite, KeyWriteResult } from '#core/spi/key-value-store.ts';

export interface WriteLimits {
  /** Writes, and characters of their values, that may wait. */
  readonly waiting: number;
  readonly waitingCharacters: number;
  /** Writes, and characters of their values, that share a commit. */
  readonly batch: number;
  readonly batchCharacters: number;
}

interface Waiting {
  readonly write: KeyWrite;
  readonly resolve: (result: KeyWriteResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Settles its writes, some of them perhaps with a refusal, or, when it rejects, none. */
export type Commit = (writes: readonly KeyWrite[]) => Promise<readonly (KeyWriteResult | ProviderError)[]>;

/** Group commit: the writes that arrive while one batch is being committed are the next batch. Keeps their order. */
export class WriteQueue {
  readonly #commit: Commit;
  readonly #limits: WriteLimits;
  readonly #waiting: Waiting[] = [];
  #characters = 0;
  #running: Promise<void> | undefined;

  constructor(commit: Commit, limits: WriteLimits) {
    this.#commit = commit;
    this.#limits = limits;
  }

  /** Writes that wait for a commit to begin. */
  get length(): number {
    return this.#waiting.length;
  }

  add(write: KeyWrite): Promise<KeyWriteResult> {
    const { waiting, waitingCharacters } = this.#limits;
    if (this.#waiting.length >= waiting || this.#characters >= waitingCharacters) {
      return Promise.reject(new ProviderError('Throttled', `${this.#waiting.length} writes of ${this.#characters} characters wait for the disk already`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#characters += write.value?.length ?? 0;
      this.#running ??= this.#run();
    });
  }

  /** Resolves when every write that was added is settled. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Let the writes of this turn of the event loop join: the first of a crowd would else pay for a commit alone.
      await new Promise(setImmediate);
      await this.#settle(this.#take());
    }
    this.#running = undefined;
  }

  #take(): Waiting[] {
    const { batch, batchCharacters } = this.#limits;
    let count = 0;
    let characters = 0;
    while (count < this.#waiting.length && count < batch && characters < batchCharacters) {
      characters += this.#waiting[count++]?.write.value?.length ?? 0;
    }
    this.#characters -= characters;
    return this.#waiting.splice(0, count);
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#commit(batch.map(({ write }) => write));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index] ?? new Error('the commit left a write unanswered');
        if (result instanceof Error) reject(result);
        else resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

import { orAborted } from '#core/kernel/or-aborted.ts';

/** Something that is found out once for all who ask. When that fails, whoever asks next has it tried again. */
export class Once<T> {
  readonly #find: (signal: AbortSignal) => Promise<T>;
  readonly #deadlineMs: number;
  #found: Promise<T> | undefined;

  /** @param deadlineMs for finding it, as long as nobody who asked gave up earlier for himself */
  constructor(find: (signal: AbortSignal) => Promise<T>, deadlineMs = 30_000) {
    this.#find = find;
    this.#deadlineMs = deadlineMs;
  }

  /** Rejects with the signal's reason when that aborts, while others may go on waiting. */
  async get(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    return orAborted((this.#found ??= this.#start()), signal);
  }

  #start(): Promise<T> {
    const found = this.#find(AbortSignal.timeout(this.#deadlineMs));
    found.catch(() => {
      if (this.#found === found) this.#found = undefined;
    });
    return found;
  }
}

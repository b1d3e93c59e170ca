/**
 * An action that many want at once. One run goes on at a time; whoever asks meanwhile shares the next one, so that a run always begins after the asking:
 * what is read is never older than that, and what is written has it in it.
 */
export class SharedRun<T> {
  readonly #action: () => Promise<T>;
  readonly #idle: () => void;
  #current: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  /** `idle` is called when nobody waits any more. */
  constructor(action: () => Promise<T>, idle: () => void = () => undefined) {
    this.#action = action;
    this.#idle = idle;
  }

  run(): Promise<T> {
    if (this.#current === undefined) return this.#start();
    const start = (): Promise<T> => this.#start();
    return (this.#next ??= this.#current.then(start, start));
  }

  #start(): Promise<T> {
    this.#next = undefined;
    const run = this.#action().finally(() => {
      if (this.#current !== run) return;
      this.#current = undefined;
      if (this.#next === undefined) this.#idle();
    });
    this.#current = run;
    return run;
  }
}

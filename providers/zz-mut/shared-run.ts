/**
 * An action that many want at once. One run goes on at a time; whoever asks meanwhile shares the next one,
 * so that a run always begins after the asking.
 */
export class SharedRun<T> {
  readonly #action: () => Promise<T>;
  #current: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(action: () => Promise<T>) {
    this.#action = action;
  }

  run(): Promise<T> {
    if (this.#next !== undefined) return this.#next;
    if (this.#current === undefined) return this.#start();
    this.#next = this.#current.then(() => this.#start(), () => this.#start());
    return this.#next;
  }

  #start(): Promise<T> {
    this.#next = undefined;
    const run = this.#action().finally(() => {
      if (this.#current === run) this.#current = undefined;
    });
    this.#current = run;
    return run;
  }
}

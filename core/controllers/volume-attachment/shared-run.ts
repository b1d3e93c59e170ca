/** Work that many want at once. One runs at a time; whoever asks meanwhile shares the next one, which begins after they asked. */
export class SharedRun<T> {
  readonly #work: () => Promise<T>;
  readonly #idle: () => void;
  #current: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  /** `idle` is called when nobody waits any more. */
  constructor(work: () => Promise<T>, idle: () => void = () => undefined) {
    this.#work = work;
    this.#idle = idle;
  }

  get(): Promise<T> {
    if (this.#current === undefined) return this.#start();
    const start = (): Promise<T> => this.#start();
    return (this.#next ??= this.#current.then(start, start));
  }

  #start(): Promise<T> {
    this.#next = undefined;
    const running = this.#work().finally(() => {
      if (this.#current !== running) return;
      this.#current = undefined;
      if (this.#next === undefined) this.#idle();
    });
    this.#current = running;
    return running;
  }
}

/** The emulator's time: real time, scaled, and what was added to it; events in its future happen when it gets there, in order. */
export class EmulatorClock {
  readonly #started = performance.now();
  readonly #epoch: number;
  readonly #speed: number;
  readonly #events: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
  #added = 0;
  #order = 0;
  #running: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param speed seconds of the emulator for one real second; 0: only `advance` moves it */
  constructor(speed = 1, epoch = Date.now()) {
    this.#speed = speed;
    this.#epoch = epoch;
  }

  /** Milliseconds since 1970; within an event its own time, however late it runs. */
  now(): number {
    return this.#running ?? this.#wall();
  }

  at(time: number, run: () => void): void {
    const event = { at: time, order: this.#order++, run };
    const index = this.#events.findLastIndex((each) => each.at <= time);
    this.#events.splice(index + 1, 0, event);
    this.#arm();
  }

  after(milliseconds: number, run: () => void): void {
    this.at(this.now() + milliseconds, run);
  }

  /** Lets everything happen that is due. */
  settle(): void {
    if (this.#running !== undefined) return;
    for (let first = this.#events[0]; first !== undefined && first.at <= this.#wall(); first = this.#events[0]) {
      this.#events.shift();
      this.#running = first.at;
      try {
        first.run();
      } finally {
        this.#running = undefined;
      }
    }
    this.#arm();
  }

  /** When something happens next; undefined when nothing is going to. */
  next(): number | undefined {
    return this.#events[0]?.at;
  }

  advance(milliseconds: number): void {
    this.#added += milliseconds;
    this.settle();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#events.length = 0;
  }

  #wall(): number {
    return this.#epoch + this.#added + (performance.now() - this.#started) * this.#speed;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const [first] = this.#events;
    if (first === undefined || this.#stopped || this.#speed === 0) return;
    const delay = Math.min(Math.max(0, (first.at - this.#wall()) / this.#speed), 60_000);
    this.#timer = setTimeout(() => this.settle(), Math.ceil(delay)).unref();
  }
}

interface Event {
  readonly at: number;
  readonly run: () => void;
}

export interface TimeOptions {
  /** Emulated milliseconds for each real one; 0: time moves by `advance` only. */
  readonly scale?: number;
  /** Milliseconds since the epoch at the start. */
  readonly start?: number;
  /** Of the computer, in milliseconds. */
  readonly real?: () => number;
}

/**
 * The emulated time and what is going to happen. Nothing runs by itself: whoever is about to look calls `settle`, and
 * then everything that was due has happened, in its order and each at its own time. So a run does not depend on timers.
 */
export class Timeline {
  readonly #real: () => number;
  readonly #scale: number;
  readonly #origin: number;
  #base: number;
  #frozen: number | undefined;
  #events: Event[] = [];

  constructor({ scale = 1, real = Date.now, start = real() }: TimeOptions = {}) {
    this.#scale = scale;
    this.#real = real;
    this.#origin = real();
    this.#base = start;
  }

  get now(): number {
    return this.#frozen ?? this.#base + (this.#real() - this.#origin) * this.#scale;
  }

  /** Runs `run` when its time has come; of two at the same time the earlier given goes first. */
  after(ms: number, run: () => void): void {
    const event = { at: this.now + ms, run };
    const index = this.#events.findLastIndex((other) => other.at <= event.at);
    this.#events.splice(index + 1, 0, event);
  }

  advance(ms: number): void {
    this.#base += ms;
    this.settle();
  }

  settle(): void {
    if (this.#frozen !== undefined) return;
    const now = this.now;
    for (let event = this.#events[0]; event !== undefined && event.at <= now; event = this.#events[0]) {
      this.#events.shift();
      const { at, run } = event;
      this.#during(at, run);
    }
  }

  /** Lets `run` see one moment only. */
  atOnce<T>(run: () => T): T {
    this.settle();
    return this.#during(this.now, run);
  }

  #during<T>(time: number, run: () => T): T {
    this.#frozen = time;
    try {
      return run();
    } finally {
      this.#frozen = undefined;
    }
  }
}

/** The longest that an event waits for others, in milliseconds. */
const longestRestMs = 100;
/** And the shortest rest: a write wakes its reader, and a burst that comes in a few pieces would do so for each. */
const shortestRestMs = 5;

/**
 * Lets streams write together, and after a turn rests for as long as it took. What is written to many streams one event at a time costs a system call
 * and a TLS record for each; so a server with a few watchers hands on an event at once, and one with thousands hands on several together,
 * with half of its time left for requests.
 */
export class FlushTurns {
  readonly #now: () => number;
  readonly #after: (ms: number, act: () => void) => void;
  readonly #written: (act: () => void) => void;
  #waiting: (() => void)[] = [];
  #restUntil = -Infinity;

  /**
   * All are those of the process by default. `after` 0 means once what is ready now has been read; `written` when what was flushed has gone to the
   * sockets: a response keeps what it is given until the end of the tick.
   */
  constructor(now: () => number = () => performance.now(), after: (ms: number, act: () => void) => void = later, written: (act: () => void) => void = (act) => process.nextTick(act)) {
    this.#now = now;
    this.#after = after;
    this.#written = written;
  }

  /** Each flush is called once, in the next turn. It must not throw. */
  add(flush: () => void): void {
    this.#waiting.push(flush);
    if (this.#waiting.length === 1) this.#after(Math.max(0, this.#restUntil - this.#now()), () => this.#take());
  }

  #take(): void {
    const flushes = this.#waiting;
    this.#waiting = [];
    const begun = this.#now();
    for (const flush of flushes) flush();
    this.#written(() => {
      const ended = this.#now();
      this.#restUntil = ended + Math.max(shortestRestMs, Math.min(ended - begun, longestRestMs));
    });
  }
}

function later(ms: number, act: () => void): void {
  if (ms < 1) setImmediate(act);
  else setTimeout(act, ms);
}

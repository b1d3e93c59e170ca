import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#core/kernel/clock.ts';

/** Writes that may be under way before the next pod is looked at. */
const mostWrites = 256;
/** So long at most pods are scheduled in one go, in milliseconds, before others in this process have their turn. */
const sliceMs = 5;

/** When the next pod may be looked at: there is one, the API keeps up, and nobody else in this process starves. */
export class Turns {
  readonly #clock: Clock;
  readonly #writes = new Set<Promise<void>>();
  readonly #slow = new Set<Promise<void>>();
  #wake: () => void = () => undefined;
  #sliceEnds = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get writing(): number {
    return this.#writes.size + this.#slow.size;
  }

  /** Something changed. */
  wake(): void {
    this.#wake();
  }

  /** Follows work until its end. It must not reject. */
  add(work: Promise<void>): void {
    this.#follow(this.#writes, work);
  }

  /** Work of which any amount may be under way. */
  addSlow(work: Promise<void>): void {
    this.#follow(this.#slow, work);
  }

  /** Resolves with true when the next pod may be looked at, with false when the signal aborts. */
  async next(isReady: () => boolean, signal: AbortSignal): Promise<boolean> {
    const onAbort = (): void => this.#wake();
    while (!signal.aborted) {
      if (isReady() && this.#writes.size < mostWrites) {
        if (this.#clock.now() >= this.#sliceEnds) {
          await nextTurn();
          this.#sliceEnds = this.#clock.now() + sliceMs;
        }
        if (isReady()) return !signal.aborted;
        continue;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      signal.removeEventListener('abort', onAbort);
    }
    return false;
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.writing > 0) await Promise.all([...this.#writes, ...this.#slow]);
  }

  #follow(works: Set<Promise<void>>, work: Promise<void>): void {
    const followed = work.finally(() => {
      works.delete(followed);
      if (works.size === mostWrites - 1) this.#wake();
    });
    works.add(followed);
  }
}

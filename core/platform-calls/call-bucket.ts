import type { Clock } from '#core/kernel/clock.ts';
import type { CallBudget } from '#core/spi/platform-calls.ts';

interface Waiter {
  readonly signal: AbortSignal;
  go(): void;
}

/** After a refusal nothing goes for so long, and then at half the rate. */
const pauseMs = 500;
/** How fast the rate comes back: from half to whole in so long without a refusal. */
const recoveryMs = 30_000;
const slowest = 1 / 64;

/** Lets calls pass at a platform's own rate, first come, first served; slower for a while when the platform refuses all the same, since others use it too. */
export class CallBucket {
  readonly #budget: CallBudget;
  readonly #clock: Clock;
  readonly #waiting: Waiter[] = [];
  #tokens: number;
  #at: number;
  /** Part of the budget's rate that is used at present. */
  #share = 1;
  #cancel: (() => void) | undefined;

  constructor(budget: CallBudget, clock: Clock) {
    this.#budget = budget;
    this.#clock = clock;
    this.#tokens = budget.burst;
    this.#at = clock.now();
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Resolves when a call may go. */
  take(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const aborted = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        signal,
        go: () => {
          signal.removeEventListener('abort', aborted);
          resolve();
        },
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  /** The platform refused one that was let pass. */
  refused(): void {
    this.#refill();
    this.#share = Math.max(slowest, this.#share / 2);
    this.#tokens = Math.min(this.#tokens, -(pauseMs / 1000) * this.#perSecond());
  }

  #serve(): void {
    this.#refill();
    while (this.#tokens >= 1 && this.#waiting.length > 0) {
      this.#tokens--;
      this.#waiting.shift()?.go();
    }
    if (this.#waiting.length === 0 || this.#cancel !== undefined) return;
    this.#cancel = this.#clock.after(Math.max(1, Math.ceil(((1 - this.#tokens) / this.#perSecond()) * 1000)), () => {
      this.#cancel = undefined;
      this.#serve();
    });
  }

  #perSecond(): number {
    return this.#budget.perSecond * this.#share;
  }

  #refill(): void {
    const now = this.#clock.now();
    const passed = Math.max(0, now - this.#at);
    this.#tokens = Math.min(this.#budget.burst, this.#tokens + (passed / 1000) * this.#perSecond());
    this.#share = Math.min(1, this.#share + passed / (2 * recoveryMs));
    this.#at = now;
  }
}

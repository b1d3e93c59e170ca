import type { Clock } from '#core/kernel/clock.ts';

/** This process leads no more. */
export class LeadershipLostError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LeadershipLostError';
  }
}

/** One attempt to take or renew the lease; exactly one of the two is called. */
export interface Renewal {
  /** The deadline now counts from when the attempt began. Returns false when it had passed before. */
  worked(): boolean;
  failed(): void;
}

/** The time for which a lease is known to be held: its signal aborts at the renew deadline, and when the parent's does. */
export class LeadershipTerm {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #parent: AbortSignal;
  readonly #controller = new AbortController();
  readonly #parentAborted = (): void => this.end(this.#parent.reason);
  #cancelDeadline: () => void;

  constructor(clock: Clock, deadlineMs: number, parent: AbortSignal) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#parent = parent;
    this.#cancelDeadline = this.#startDeadline();
    parent.addEventListener('abort', this.#parentAborted, { once: true });
    if (parent.aborted) this.#parentAborted();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  startRenewal(): Renewal {
    const cancel = this.#startDeadline();
    return {
      worked: () => {
        if (this.signal.aborted) {
          cancel();
          return false;
        }
        this.#cancelDeadline();
        this.#cancelDeadline = cancel;
        return true;
      },
      failed: cancel,
    };
  }

  end(reason: unknown = new Error('the lead is over')): void {
    this.#parent.removeEventListener('abort', this.#parentAborted);
    this.#cancelDeadline();
    this.#controller.abort(reason);
  }

  #startDeadline(): () => void {
    return this.#clock.after(this.#deadlineMs, () => this.end(new LeadershipLostError(`the lease could not be renewed for ${this.#deadlineMs} ms`)));
  }
}

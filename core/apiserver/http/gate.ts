import { StatusError } from '#core/api/status-error.ts';

/** Bounds the requests under way, so that a flood is turned away at once instead of drowning those being served. */
export class Gate {
  private running = 0;
  private readonly limit: number;
  private readonly what: string;

  constructor(what: string, limit: number) {
    this.what = what;
    this.limit = limit;
  }

  /** @returns what to call when the request is over @throws {StatusError} TooManyRequests */
  enter(): () => void {
    if (this.running >= this.limit) {
      throw new StatusError('TooManyRequests', `the server has ${this.limit} ${this.what} requests under way already, please try again later`, { retryAfterSeconds: 1 });
    }
    this.running++;
    let left = false;
    return () => {
      if (!left) this.running--;
      left = true;
    };
  }
}

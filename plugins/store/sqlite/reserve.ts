import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, statSync, statfsSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Room on the disk that nobody else gets: a file that is given up when there is none left even for clearing up. It has to hold what a full
 * write-ahead log adds to the database.
 */
export class Reserve {
  readonly #path: string;
  readonly #bytes: number;

  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#bytes = bytes;
  }

  get held(): boolean {
    return this.#missing() === 0;
  }

  /**
   * Makes what is missing of the reserve, as far as there is room: somebody else would take it.
   * False when the disk has not enough for all of it, and an eighth more to work with.
   */
  hold(): boolean {
    const missing = this.#missing();
    const free = this.#free();
    if (missing > 0) this.#grow(Math.min(missing, free));
    return free >= missing + this.#bytes / 8 && this.held;
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }

  #free(): number {
    const { bavail, bsize, blocks } = statfsSync(dirname(this.#path));
    // Some file systems do not tell.
    return blocks === 0 ? Infinity : bavail * bsize;
  }

  #missing(): number {
    return Math.max(0, this.#bytes - (statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0));
  }

  #grow(bytes: number): void {
    // Not zeros: a file system that compresses would keep no room for them.
    const block = randomBytes(Math.min(bytes, 1 << 20));
    const descriptor = openSync(this.#path, 'a', 0o600);
    try {
      for (let left = bytes; left > 0;) left -= writeSync(descriptor, block, 0, Math.min(block.length, left));
    } catch {
      // What was written counts.
    } finally {
      closeSync(descriptor);
    }
  }
}

import type { KeptMessage } from './kept-message.ts';

interface Kept {
  readonly message: KeptMessage;
  readonly since: number;
  /** Asked for since it was last thought of forgetting it. */
  used: boolean;
}

export interface CacheLimits {
  readonly entries: number;
  readonly bytes: number;
}

/** Answers from elsewhere, for as long as they say, and no more than the limits: then old ones go that were not used lately. */
export class AnswerCache {
  readonly #limits: CacheLimits;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** With its age in milliseconds. */
  get(key: string, now: number): { readonly message: KeptMessage; readonly ageMs: number } | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    const ageMs = now - kept.since;
    // A clock that was put back would make an answer live for ever.
    if (ageMs < 0 || ageMs >= kept.message.lifetimeMs) {
      this.delete(key);
      return undefined;
    }
    kept.used = true;
    return { message: kept.message, ageMs };
  }

  set(key: string, message: KeptMessage, now: number): void {
    this.delete(key);
    if (message.lifetimeMs === 0 || message.size > this.#limits.bytes) return;
    this.#kept.set(key, { message, since: now, used: false });
    this.#bytes += message.size;
    // Who was used comes to the end once more: that costs less than moving it at each use.
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size <= this.#limits.entries && this.#bytes <= this.#limits.bytes) break;
      if (oldest === key) continue;
      if (kept.used) this.#postpone(oldest, kept);
      else this.delete(oldest);
    }
  }

  #postpone(key: string, kept: Kept): void {
    kept.used = false;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
  }

  delete(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= kept.message.size;
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }
}

import { createHash } from 'node:crypto';

/** Random numbers that a seed decides. */
export class Seeded {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between([low, high]: readonly [number, number]): number {
    return low + this.next() * (high - low);
  }

  /** A resource's id: a decimal number of 18 digits. */
  id(): string {
    const digits = () => String(Math.floor(this.next() * 1e9)).padStart(9, '0');
    return `${1 + Math.floor(this.next() * 9)}${digits().slice(1)}${digits()}`;
  }

  /** From 0 up to 1, by the seed and the words alone: whatever else was drawn in between. */
  of(...words: readonly (string | number)[]): number {
    return createHash('sha256').update(`${this.seed} ${words.join(' ')}`).digest().readUInt32BE(0) / 2 ** 32;
  }
}

/** The form of the API's fingerprints: eight bytes in base64. */
export function fingerprintOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value) ?? '').digest().subarray(0, 8).toString('base64');
}

import type { KeyEvent, KeyRange, KeyValue, KeyWrite, KeyWriteResult } from '#core/spi/key-value-store.ts';

/** The laws once more, as naively as possible: a list of all events, folded anew for each question. */
export class NaiveStore {
  readonly events: KeyEvent[] = [];
  newest = 1;
  oldest = 1;

  write({ key, value, expected }: KeyWrite): KeyWriteResult {
    const current = this.state(this.newest).get(key);
    if (expected !== undefined && expected !== (current?.modRevision ?? 0)) return { applied: false, current };
    if (value === undefined && !current) return { applied: false, current };
    const modRevision = ++this.newest;
    this.events.push({ key, value, modRevision, createRevision: current?.createRevision ?? modRevision });
    return { applied: true, revision: modRevision };
  }

  state(revision: number): Map<string, KeyValue> {
    const state = new Map<string, KeyValue>();
    for (const { key, value, modRevision, createRevision } of this.events) {
      if (modRevision > revision) break;
      if (value === undefined) state.delete(key);
      else state.set(key, { key, value, modRevision, createRevision });
    }
    return state;
  }

  list({ prefix, after, limit = Infinity, revision = this.newest }: KeyRange): { items: KeyValue[]; more: boolean; revision: number } {
    const found = [...this.state(revision).values()]
      .filter(({ key }) => bytes(key).subarray(0, bytes(prefix).length).equals(bytes(prefix)) && (after === undefined || byBytes(key, after) > 0))
      .toSorted((left, right) => byBytes(left.key, right.key));
    return { items: found.slice(0, limit), more: found.length > limit, revision };
  }

  compact(revision: number): void {
    this.oldest = Math.max(this.oldest, revision);
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
export const byBytes = (left: string, right: string): number => Buffer.compare(bytes(left), bytes(right));

/** Repeatable randomness (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to, not including, `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }
}

import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';

/** How long after a call whose answer was lost its effect is seen at the latest, if it has one. */
const settleMs = 5_000;
/** What is in doubt for longer is of interest to nobody. */
const longestMs = 60 * 60_000;
const many = 1_000;

interface Doubt<Kind> {
  readonly kind: Kind;
  readonly about: string;
  readonly since: number;
}

/**
 * Calls of which nobody knows what became of them, by what they are about. What a process before this one began is in doubt too, whatever it was,
 * until this one has lived for a moment.
 */
export class Doubts<Kind extends string> {
  readonly #clock: Clock;
  readonly #born: number;
  readonly #doubts = new Map<string, Doubt<Kind>>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#born = clock.now();
  }

  has(key: string, kind: Kind): boolean {
    return this.#doubts.get(key)?.kind === kind;
  }

  /** What was said of the calls of a kind, by their keys. */
  of(kind: Kind): readonly (readonly [key: string, about: string])[] {
    return [...this.#doubts].flatMap(([key, doubt]) => (doubt.kind === kind ? [[key, doubt.about] as const] : []));
  }

  /** It is known how things stand. */
  end(key: string): void {
    this.#doubts.delete(key);
  }

  /** In doubt while it runs, and afterwards when its answer is lost. */
  async during<T>(key: string, kind: Kind, work: () => Promise<T>, about = key): Promise<T> {
    const before = this.#doubts.get(key);
    this.#note(key, kind, about);
    try {
      const result = await work();
      this.end(key);
      return result;
    } catch (error) {
      if (!ProviderError.is(error) || ProviderError.is(error, 'Unknown')) this.#note(key, kind, about);
      else if (before === undefined) this.end(key);
      else this.#doubts.set(key, before);
      throw error;
    }
  }

  /** Waits until what was taken can be seen. */
  async settled(key: string, signal: AbortSignal): Promise<void> {
    const since = Math.max(this.#born, this.#doubts.get(key)?.since ?? this.#born);
    const left = since + settleMs - this.#clock.now();
    if (left > 0) await this.#clock.sleep(left, signal);
  }

  #note(key: string, kind: Kind, about: string): void {
    const now = this.#clock.now();
    if (this.#doubts.size >= many) for (const [old, { since }] of this.#doubts) if (now - since > longestMs) this.#doubts.delete(old);
    this.#doubts.set(key, { kind, about, since: now });
  }
}

import { dropOldest } from '#core/kernel/oldest.ts';

const most = 10_000;

/** Numbers by names; the oldest are forgotten when they become too many. */
export class RecentNames {
  readonly #numbers = new Map<string, number>();

  /** 0 for a name that is not known. */
  get(name: string): number {
    return this.#numbers.get(name) ?? 0;
  }

  set(name: string, number: number): void {
    this.#numbers.delete(name);
    this.#numbers.set(name, number);
    if (this.#numbers.size > most) dropOldest(this.#numbers);
  }
}

/** How many matching pods each place has, one that has none included. */
export interface DomainSource {
  readonly size: number;
  get(value: string): number;
  values(): Iterable<string>;
}

/** Matching pods by place, with those that are only tried out, and the fewest of them all. */
export class SpreadDomains {
  readonly #source: DomainSource;
  readonly #tried = new Map<string, number>();
  /** The two places with fewest, and their numbers. */
  #lowest: readonly (readonly [string, number])[] | undefined;

  constructor(source: DomainSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#source.size;
  }

  get(value: string): number {
    return this.#source.get(value) + (this.#tried.get(value) ?? 0);
  }

  try(value: string, change: 1 | -1): void {
    const sum = (this.#tried.get(value) ?? 0) + change;
    if (sum === 0) this.#tried.delete(value);
    else this.#tried.set(value, sum);
  }

  /** The fewest in any place; Infinity when there is no place. Pods are tried out on one node at a time, so two candidates are enough. */
  get least(): number {
    if (this.#tried.size > 1) return Math.min(...Array.from(this.#source.values(), (value) => this.get(value)));
    const [first, second] = (this.#lowest ??= this.#findLowest());
    return Math.min(...[first, second].map((place) => (place === undefined ? Infinity : this.get(place[0]))), ...Array.from(this.#tried.keys(), (value) => this.get(value)));
  }

  #findLowest(): readonly (readonly [string, number])[] {
    let first: readonly [string, number] | undefined;
    let second: readonly [string, number] | undefined;
    for (const value of this.#source.values()) {
      const count = this.#source.get(value);
      if (first === undefined || count < first[1]) {
        second = first;
        first = [value, count];
      } else if (second === undefined || count < second[1]) {
        second = [value, count];
      }
      // There is nothing less than none.
      if (second?.[1] === 0) break;
    }
    return [first, second].filter((place) => place !== undefined);
  }
}

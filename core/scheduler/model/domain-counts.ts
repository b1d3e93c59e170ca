/** Numbers by value of a node label: how many there are in each place. What falls to zero is forgotten. */
export class DomainCounts {
  readonly #counts = new Map<string, number>();

  #total = 0;

  /** All of them together. */
  get total(): number {
    return this.#total;
  }

  get size(): number {
    return this.#counts.size;
  }

  get(value: string): number {
    return this.#counts.get(value) ?? 0;
  }

  add(value: string, count: number): void {
    this.#total += count;
    const sum = (this.#counts.get(value) ?? 0) + count;
    if (sum === 0) this.#counts.delete(value);
    else this.#counts.set(value, sum);
  }

  values(): IterableIterator<string> {
    return this.#counts.keys();
  }
}

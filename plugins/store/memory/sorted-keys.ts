import { compareKeys } from './key-order.ts';

/** A set of keys in order: a sorted array, which serves well up to some 100,000 keys. */
export class SortedKeys {
  #keys: string[] = [];

  /** The key must not be in the set yet. */
  add(key: string): void {
    this.#keys.splice(this.#firstFrom(key), 0, key);
  }

  removeAll(keys: ReadonlySet<string>): void {
    if (keys.size > 0) this.#keys = this.#keys.filter((key) => !keys.has(key));
  }

  /** The keys that start with `prefix` and come after `after`, in order. The set may not change meanwhile. */
  *range(prefix: string, after: string | undefined): Generator<string> {
    // The least key after `after` is the same with a zero appended.
    const start = Math.max(this.#firstFrom(prefix), after === undefined ? 0 : this.#firstFrom(`${after}\0`));
    for (let index = start; index < this.#keys.length; index++) {
      const key = this.#keys[index];
      if (key === undefined || !key.startsWith(prefix)) return;
      yield key;
    }
  }

  /** Index of the first key that is not before `key`. */
  #firstFrom(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle] ?? '', key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

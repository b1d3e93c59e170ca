import type { KubernetesObject } from '#core/api/schema/kind.ts';

interface Capacity {
  readonly texts: number;
  readonly characters: number;
}

/** For the next reader. */
const keptTexts: Capacity = { texts: Infinity, characters: 32 * 1024 * 1024 };
/** What was just written is read at once, by its writer and by those who watch. */
const freshTexts: Capacity = { texts: 256, characters: 1024 * 1024 };

/**
 * Texts in two halves, of which the older goes when the newer has half of the capacity: to drop one entry at a time from the front of a Map costs more with each
 * that was dropped before. A text that is larger than that is held all the same, until the next one after it.
 */
class Texts {
  readonly #capacity: Capacity;
  #newer = new Map<KubernetesObject, string>();
  #older: ReadonlyMap<KubernetesObject, string> = new Map();
  #characters = 0;

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
  }

  get(object: KubernetesObject): string | undefined {
    return this.#newer.get(object) ?? this.#older.get(object);
  }

  set(object: KubernetesObject, text: string): void {
    this.#newer.set(object, text);
    this.#characters += text.length;
    if (this.#newer.size < this.#capacity.texts / 2 && this.#characters < this.#capacity.characters / 2) return;
    this.#older = this.#newer;
    this.#newer = new Map();
    this.#characters = 0;
  }
}

/** Gone at the next full collection, and then begun anew. */
class Passing<T extends object> {
  readonly #make: () => T;
  #held: WeakRef<T>;

  constructor(make: () => T) {
    this.#make = make;
    this.#held = new WeakRef(make());
  }

  get current(): T {
    const held = this.#held.deref();
    if (held !== undefined) return held;
    const renewed = this.#make();
    this.#held = new WeakRef(renewed);
    return renewed;
  }
}

/**
 * The JSON text of stored objects that were written or read a moment ago: a list, a watcher among many and the next list write the same text again.
 * All of it is held weakly, so that a process at rest holds every object once.
 */
class ObjectText {
  readonly #kept = new Passing(() => new Texts(keptTexts));
  readonly #fresh = new Passing(() => new Texts(freshTexts));

  of(object: KubernetesObject): string {
    // Only what cannot change any more; a view made for one request is of no use to another.
    if (!Object.isFrozen(object)) return JSON.stringify(object);
    const fresh = this.#fresh.current.get(object);
    if (fresh !== undefined) return fresh;
    const kept = this.#kept.current;
    const known = kept.get(object);
    if (known !== undefined) return known;
    const text = JSON.stringify(object);
    kept.set(object, text);
    return text;
  }

  /** Takes note of the text of an object that was just made from it. */
  written(object: KubernetesObject, text: string): void {
    this.#fresh.current.set(object, text);
  }
}

/** One for the process: an object is the same object to every reader. */
export const objectText = new ObjectText();

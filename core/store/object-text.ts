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

/**
 * The JSON text of stored objects that were written or read a moment ago: a list, a watcher among many and the next list write the same text again.
 * What was read is held weakly and gone at the next full collection, so that a process at rest holds every object once.
 */
class ObjectText {
  #kept = new WeakRef(new Texts(keptTexts));
  readonly #fresh = new Texts(freshTexts);

  of(object: KubernetesObject): string {
    // Only what cannot change any more; a view made for one request is of no use to another.
    if (!Object.isFrozen(object)) return JSON.stringify(object);
    const fresh = this.#fresh.get(object);
    if (fresh !== undefined) return fresh;
    const kept = this.#current();
    const known = kept.get(object);
    if (known !== undefined) return known;
    const text = JSON.stringify(object);
    kept.set(object, text);
    return text;
  }

  /** Takes note of the text of an object that was just made from it. */
  written(object: KubernetesObject, text: string): void {
    this.#fresh.set(object, text);
  }

  #current(): Texts {
    const kept = this.#kept.deref();
    if (kept !== undefined) return kept;
    const renewed = new Texts(keptTexts);
    this.#kept = new WeakRef(renewed);
    return renewed;
  }
}

/** One for the process: an object is the same object to every reader. */
export const objectText = new ObjectText();

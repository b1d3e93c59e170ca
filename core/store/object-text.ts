import type { KubernetesObject } from '#core/api/schema/kind.ts';

/** Characters of text that are kept for the next reader, in each of two halves. */
const capacity = 16 * 1024 * 1024;
/** What was just written is read at once, by its writer and by those who watch; the texts of so many objects are at hand for them, in each of two halves. */
const freshObjects = 128;

/** The older half goes when the newer is full: to drop one entry at a time from the front of a Map costs more with each that was dropped before. */
class Halves {
  #newer = new Map<KubernetesObject, string>();
  #older: ReadonlyMap<KubernetesObject, string> = new Map();

  get size(): number {
    return this.#newer.size;
  }

  get(object: KubernetesObject): string | undefined {
    return this.#newer.get(object) ?? this.#older.get(object);
  }

  set(object: KubernetesObject, text: string): void {
    this.#newer.set(object, text);
  }

  turn(): void {
    this.#older = this.#newer;
    this.#newer = new Map();
  }
}

interface Kept {
  readonly texts: Halves;
  characters: number;
}

/**
 * The JSON text of stored objects that were written or read a moment ago: a list, a watcher among many and the next list write the same text again.
 * What was read is held weakly and gone at the next full collection, so that a process at rest holds every object once.
 */
class ObjectText {
  #kept = new WeakRef<Kept>({ texts: new Halves(), characters: 0 });
  readonly #fresh = new Halves();

  of(object: KubernetesObject): string {
    // Only what cannot change any more; a view made for one request is of no use to another.
    if (!Object.isFrozen(object)) return JSON.stringify(object);
    const fresh = this.#fresh.get(object);
    if (fresh !== undefined) return fresh;
    const kept = this.#current();
    const known = kept.texts.get(object);
    if (known !== undefined) return known;
    const text = JSON.stringify(object);
    kept.texts.set(object, text);
    kept.characters += text.length;
    if (kept.characters > capacity) {
      kept.texts.turn();
      kept.characters = 0;
    }
    return text;
  }

  /** Takes note of the text of an object that was just made from it. */
  written(object: KubernetesObject, text: string): void {
    this.#fresh.set(object, text);
    if (this.#fresh.size >= freshObjects) this.#fresh.turn();
  }

  #current(): Kept {
    const kept = this.#kept.deref();
    if (kept !== undefined) return kept;
    const renewed: Kept = { texts: new Halves(), characters: 0 };
    this.#kept = new WeakRef(renewed);
    return renewed;
  }
}

/** One for the process: an object is the same object to every reader. */
export const objectText = new ObjectText();

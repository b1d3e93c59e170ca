import type { KubernetesObject } from '#core/api/schema/kind.ts';

/** Text that is kept for the next reader, in characters. */
const capacity = 32 * 1024 * 1024;

interface Kept {
  readonly texts: Map<KubernetesObject, string>;
  characters: number;
}

/**
 * The JSON text of stored objects that were read a moment ago: a list, a watcher among many and the next list write the same text again.
 * All of it is held weakly and gone at the next full collection, so that a process at rest holds every object once.
 */
class ObjectText {
  private kept = new WeakRef<Kept>({ texts: new Map(), characters: 0 });

  of(object: KubernetesObject): string {
    // Only what cannot change any more; a view made for one request is of no use to another.
    if (!Object.isFrozen(object)) return JSON.stringify(object);
    const kept = this.current();
    const known = kept.texts.get(object);
    if (known !== undefined) return known;
    const text = JSON.stringify(object);
    kept.texts.set(object, text);
    kept.characters += text.length;
    for (const [oldest, old] of kept.texts) {
      if (kept.characters <= capacity) break;
      kept.texts.delete(oldest);
      kept.characters -= old.length;
    }
    return text;
  }

  private current(): Kept {
    const kept = this.kept.deref();
    if (kept !== undefined) return kept;
    const fresh: Kept = { texts: new Map(), characters: 0 };
    this.kept = new WeakRef(fresh);
    return fresh;
  }
}

/** One for the process: an object is the same object to every reader. */
export const objectText = new ObjectText();

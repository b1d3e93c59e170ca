import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { objectText } from './object-text.ts';
import { freezeSharing } from './shared-strings.ts';
import { versionedText } from './stored-text.ts';

/** A stored value and its version, not yet an object. */
export interface Packed {
  readonly value: string;
  readonly modRevision: number;
}

/**
 * Parsed objects are packed tightly and share their shapes; those that a request built up field by field take twice the room.
 * @param isNew whether its first readers are about to ask for its text
 */
export function unpack({ value, modRevision }: Packed, isNew = false): KubernetesObject {
  const text = versionedText(value, modRevision);
  const object = JSON.parse(text ?? value) as KubernetesObject;
  if (text === undefined) object.metadata.resourceVersion = String(modRevision);
  freezeSharing(object);
  if (isNew && text !== undefined) objectText.written(object, text);
  return object;
}

export interface ResourceCacheOptions {
  /** The newest revision when the cache is made. */
  readonly revision: number;
  /** Changes kept for watchers that come back, at least. */
  readonly historySize: number;
  /** Keep text instead of objects: a third of the room, and parsed at each read. For what is written often and hardly read. */
  readonly packed: boolean;
}

/** One step of one object. For a deletion `object` is the last state, with the version of the deletion. */
export interface Change {
  readonly deleted: boolean;
  readonly object: KubernetesObject;
  readonly previous: KubernetesObject | undefined;
  readonly revision: number;
  /** Characters of the object's text: what holding on to it costs, about. */
  readonly size: number;
}

/** Text that becomes an object when somebody asks for it. */
class Folded {
  #held: Packed | KubernetesObject;
  #isText = true;

  constructor(text: Packed) {
    this.#held = text;
  }

  get object(): KubernetesObject {
    if (this.#isText) this.#held = unpack(this.#held as Packed, true);
    this.#isText = false;
    return this.#held as KubernetesObject;
  }
}

/** Stays text until it is asked what it says: to what is written often, few listen. */
class PackedChange implements Change {
  readonly deleted: boolean;
  readonly revision: number;
  readonly size: number;
  readonly #object: Folded;
  readonly #previous: Folded | undefined;

  constructor(object: Packed, previous: Packed | undefined, deleted: boolean) {
    this.#object = new Folded(object);
    this.#previous = previous && new Folded(previous);
    this.deleted = deleted;
    this.revision = object.modRevision;
    this.size = deleted ? 0 : object.value.length;
  }

  get object(): KubernetesObject {
    return this.#object.object;
  }

  get previous(): KubernetesObject | undefined {
    return this.#previous?.object;
  }
}

/** History is cut when it holds more text than this, however few changes that are. */
const historyCharacters = 16 * 1024 * 1024;

export type ChangeListener = (change: Change) => void;

/**
 * All objects of one kind, in key order, with the newest changes. Objects are frozen and shared with every reader.
 * `apply` calls the listeners synchronously, so that all of them see the same order.
 */
export class ResourceCache {
  private readonly objects = new Map<string, KubernetesObject | Packed>();
  /** Sorted; a list in a namespace is a range of it. */
  private readonly keys: string[] = [];
  private readonly recent: Change[] = [];
  private recentCharacters = 0;
  private readonly listeners = new Map<ChangeListener, (() => void) | undefined>();
  private readonly historySize: number;
  private readonly packed: boolean;
  /** Changes after this revision are in `recent`. */
  private floor: number;
  /** Revision of the newest change; what happened before this cache was loaded counts as one. */
  lastChange: number;

  constructor({ revision, historySize, packed }: ResourceCacheOptions) {
    this.floor = revision;
    this.lastChange = revision;
    this.historySize = historySize;
    this.packed = packed;
  }

  get size(): number {
    return this.keys.length;
  }

  get(key: string): KubernetesObject | undefined {
    const held = this.objects.get(key);
    // Their fields do not tell them apart: a PriorityClass has a `value` too.
    return held !== undefined && this.packed ? unpack(held as Packed) : (held as KubernetesObject | undefined);
  }

  /** Objects whose keys start with `prefix`, after the key `after`. */
  *range(prefix: string, after?: string): IterableIterator<readonly [string, KubernetesObject]> {
    const start = after === undefined ? this.position(prefix) : this.positionAfter(after);
    // A copy, because callers may let other code run between two items.
    const keys = this.keys.slice(start, this.position(`${prefix}\uffff`));
    for (const key of keys) {
      const object = this.get(key);
      if (object !== undefined) yield [key, object];
    }
  }

  count(prefix: string, after?: string): number {
    const start = after === undefined ? this.position(prefix) : this.positionAfter(after);
    return this.position(`${prefix}\uffff`) - start;
  }

  load(key: string, stored: Packed): void {
    this.put(key, this.packed ? stored : unpack(stored));
  }

  /** Takes in what happened to one key: its new value, or its end. A deletion of what is not there is no change. */
  apply(key: string, value: string | undefined, revision: number): void {
    const change = this.packed ? this.packedChange(key, value, revision) : this.change(key, value, revision);
    if (change === undefined) return;
    this.lastChange = revision;
    this.remember(change);
    for (const listener of this.listeners.keys()) listener(change);
  }

  private change(key: string, value: string | undefined, revision: number): Change | undefined {
    const previous = this.objects.get(key) as KubernetesObject | undefined;
    if (value !== undefined) {
      const object = unpack({ value, modRevision: revision }, true);
      this.put(key, object);
      return { deleted: false, object, previous, revision, size: value.length };
    }
    if (previous === undefined) return undefined;
    this.drop(key);
    return { deleted: true, object: withRevision(previous, revision), previous, revision, size: 0 };
  }

  private packedChange(key: string, value: string | undefined, revision: number): Change | undefined {
    const previous = this.objects.get(key) as Packed | undefined;
    if (value === undefined) {
      if (previous === undefined) return undefined;
      this.drop(key);
      return new PackedChange({ value: previous.value, modRevision: revision }, previous, true);
    }
    const stored = { value, modRevision: revision };
    this.put(key, stored);
    return new PackedChange(stored, previous, false);
  }

  private put(key: string, held: KubernetesObject | Packed): void {
    if (!this.objects.has(key)) this.keys.splice(this.position(key), 0, key);
    this.objects.set(key, held);
  }

  private drop(key: string): void {
    this.objects.delete(key);
    this.keys.splice(this.position(key), 1);
  }

  /** @param lost called when changes were missed; nothing comes after it. Without it the listener hears of the difference as changes. */
  subscribe(listener: ChangeListener, lost?: () => void): () => void {
    this.listeners.set(listener, lost);
    return () => this.listeners.delete(listener);
  }

  /** Ends the subscriptions of those who want to be told that changes were missed; the others hear of the difference. */
  cutOff(): void {
    for (const [listener, lost] of this.listeners) {
      if (lost === undefined) continue;
      this.listeners.delete(listener);
      lost();
    }
  }

  /** The version of each object, by key. */
  versions(): Map<string, number> {
    return new Map([...this.objects].map(([key, held]) => [key, this.packed ? (held as Packed).modRevision : Number((held as KubernetesObject).metadata.resourceVersion)]));
  }

  /** What was applied up to now is the state at `revision`, and no history. */
  begin(revision: number): void {
    this.recent.length = 0;
    this.recentCharacters = 0;
    this.floor = revision;
    this.lastChange = revision;
  }

  /** The changes after `revision`; undefined when that is too long ago for this cache. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.floor) return undefined;
    let low = 0;
    let high = this.recent.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.recent[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.recent.slice(low);
  }

  private remember(change: Change): void {
    this.recent.push(change);
    this.recentCharacters += change.size;
    // Cut in blocks: shifting an array at every change costs as much as the change itself.
    const tooMany = this.recent.length >= this.historySize * 2;
    if (!tooMany && this.recentCharacters < historyCharacters) return;
    const dropped = this.recent.splice(0, tooMany ? this.recent.length - this.historySize : Math.ceil(this.recent.length / 2));
    this.floor = dropped.at(-1)?.revision ?? this.floor;
    for (const { size } of dropped) this.recentCharacters -= size;
  }

  private position(key: string): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private positionAfter(key: string): number {
    const at = this.position(key);
    return this.keys[at] === key ? at + 1 : at;
  }
}

/** The same object, as of another version; shares everything else. */
export function withRevision<T extends KubernetesObject>(object: T, revision: number): T {
  return Object.freeze({ ...object, metadata: Object.freeze({ ...object.metadata, resourceVersion: String(revision) }) });
}

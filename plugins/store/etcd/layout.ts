import { ProviderError } from '#core/spi/errors.ts';
import type { KeyValue } from '#core/spi/key-value-store.ts';
import type { Message } from './messages.ts';

export interface KeySpan {
  /** First key. */
  readonly key: string;
  /** The least bytes above all keys of the span. */
  readonly rangeEnd: Uint8Array;
}

/**
 * Where the store's keys lie in etcd: `outer + key without inner`. With `/registry/` for both, a key is the same here and there.
 * The order of keys is kept. The key `outer` itself is the store's own: its marker.
 */
export class Layout {
  /** Ends with a slash. */
  readonly outer: string;
  readonly #inner: string;

  /** `prefix`: `/registry`. `inner`: what all keys of the store's user begin with. */
  constructor(prefix: string, inner: string) {
    this.outer = prefix.endsWith('/') ? prefix : `${prefix}/`;
    this.#inner = inner;
  }

  get marker(): string {
    return this.outer;
  }

  /** All of the store's keys, and the marker. */
  get everything(): KeySpan {
    return { key: this.outer, rangeEnd: prefixEnd(Buffer.from(this.outer)) };
  }

  holds(key: string): boolean {
    return key.isWellFormed() && key.startsWith(this.#inner) && key.length > this.#inner.length;
  }

  /** @throws {ProviderError} Invalid, for a key that has no place */
  toEtcd(key: string): string {
    if (!this.holds(key)) throw new ProviderError('Invalid', `cannot store ${JSON.stringify(key)}: keys begin with ${JSON.stringify(this.#inner)} and go on after it`);
    return this.outer + key.slice(this.#inner.length);
  }

  /** Undefined for the marker. */
  fromEtcd(key: string): string | undefined {
    return key.length > this.outer.length ? this.#inner + key.slice(this.outer.length) : undefined;
  }

  /** Undefined for nothing, and for the marker. */
  keyValue(kv: Message<'KeyValue'> = {}): KeyValue | undefined {
    const { key: outer = '', value = '', modRevision = 0, createRevision = 0 } = kv;
    const key = this.fromEtcd(outer);
    return key === undefined ? undefined : { key, value, modRevision, createRevision };
  }

  /** The keys that start with `prefix` and come after `after`; undefined when there can be none. */
  span(prefix: string, after?: string): KeySpan | undefined {
    if (!prefix.isWellFormed() || (!prefix.startsWith(this.#inner) && !this.#inner.startsWith(prefix))) return undefined;
    const outside = after !== undefined && !after.startsWith(this.#inner);
    if (outside && compare(after, this.#inner) > 0) return undefined;
    const start = this.outer + prefix.slice(this.#inner.length);
    const rangeEnd = prefixEnd(Buffer.from(start));
    // The least key after one is the same with a zero appended; for `outer` that steps over the marker.
    const following = after === undefined || outside ? `${this.outer}\0` : `${this.outer}${after.slice(this.#inner.length)}\0`;
    const key = compare(start, following) < 0 ? following : start;
    return Buffer.compare(Buffer.from(key), rangeEnd) < 0 ? { key, rangeEnd } : undefined;
  }
}

const compare = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

/** The least bytes above all that start with `prefix`: its last byte below 255 raised, and the rest dropped. */
function prefixEnd(prefix: Uint8Array): Uint8Array {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  const end = Uint8Array.from(prefix.subarray(0, last + 1));
  end[last] = (end[last] ?? 0) + 1;
  return end;
}

import { RevisionError, type KeyPage, type KeyRange, type KeyValue } from '#core/spi/key-value-store.ts';
import { isCompacted, isFuture, toProviderError } from './failures.ts';
import type { Layout } from './layout.ts';
import type { Members } from './members.ts';
import type { Request, Response } from './messages.ts';
import type { Revisions } from './revisions.ts';

/** Keys that are asked for first, and characters that one answer should hold. */
const firstPage = 200;
const pageCharacters = 4 << 20;
const largestPage = 10_000;

/** A list without a revision begins anew when what it reads is compacted by others meanwhile; so often at most. */
const attempts = 5;

/** Reads by quorum: each sees every write that was answered before it began. */
export class Reads {
  readonly #members: Members;
  readonly #layout: Layout;
  readonly #revisions: Revisions;
  /** Lists under way. */
  readonly lists = new Set<Promise<unknown>>();

  constructor(members: Members, layout: Layout, revisions: Revisions) {
    this.#members = members;
    this.#layout = layout;
    this.#revisions = revisions;
  }

  async get(key: string): Promise<KeyValue | undefined> {
    if (!this.#layout.holds(key)) return undefined;
    const { kvs = [] } = await this.#range({ key: this.#layout.toEtcd(key) }, `cannot read ${JSON.stringify(key)}`);
    return this.#layout.keyValue(kvs[0]);
  }

  list(range: KeyRange): Promise<KeyPage> {
    const list = this.#list(range, attempts);
    this.lists.add(list);
    return list.finally(() => this.lists.delete(list));
  }

  async #list(range: KeyRange, left: number): Promise<KeyPage> {
    // To etcd zero is the newest revision.
    if (range.revision !== undefined && range.revision < this.#revisions.oldest) throw await this.#revisions.failure('compacted', range.revision);
    try {
      return await this.#pages(range);
    } catch (error) {
      if (!RevisionError.is(error, 'compacted') || range.revision !== undefined || left <= 1) throw error;
      return this.#list(range, left - 1);
    }
  }

  /** All pages at the revision of the first. */
  async #pages({ prefix, after, limit = Infinity, revision }: KeyRange): Promise<KeyPage> {
    const items: KeyValue[] = [];
    const wanted = Math.max(0, limit);
    let size = firstPage;
    let last = after;
    let at = revision;
    for (;;) {
      const page = await this.#page(prefix, last, Math.max(1, Math.min(size, wanted - items.length)), at);
      at ??= page.revision;
      const left = wanted - items.length;
      for (const item of page.items.slice(0, left)) items.push(item);
      const more = page.more || page.items.length > left;
      if (!more || items.length >= wanted) return { items, more, revision: at };
      last = page.items.at(-1)?.key;
      size = nextSize(page.items);
    }
  }

  async #page(prefix: string, after: string | undefined, limit: number, revision = 0): Promise<KeyPage> {
    const span = this.#layout.span(prefix, after);
    // Where there can be no keys, the revision is still to be told, or refused.
    const where = span ?? { key: this.#layout.marker, countOnly: true };
    try {
      const { header, kvs = [], more = false } = await this.#range({ ...where, limit, revision }, `cannot list ${JSON.stringify(prefix)}`);
      return { items: kvs.flatMap((kv) => this.#layout.keyValue(kv) ?? []), more, revision: header?.revision ?? 0 };
    } catch (error) {
      const { cause } = error as Error;
      if (isCompacted(cause)) throw await this.#revisions.failure('compacted', revision);
      if (isFuture(cause)) throw await this.#revisions.failure('future', revision);
      throw error;
    }
  }

  async #range(request: Request<'Range'>, what: string): Promise<Response<'Range'>> {
    try {
      return await this.#members.call('Range', request, { repeatable: true });
    } catch (error) {
      throw toProviderError(error, what, false);
    }
  }
}

/** So many that the next answer has about the wanted size. */
function nextSize(items: readonly KeyValue[]): number {
  const average = items.reduce((sum, { key, value }) => sum + key.length + value.length, 0) / Math.max(1, items.length);
  return Math.max(10, Math.min(largestPage, Math.floor(pageCharacters / Math.max(1, average))));
}

import { RevisionError, type KeyEvent, type KeyListener, type KeyPage, type KeyRange, type KeyValue, type KeyValueStore, type KeyWrite, type KeyWriteResult, type SharedStore } from '#core/spi/key-value-store.ts';

/** Which revision of a shared store is which write of a case, counted from 2. It outlives the stores of one case. */
export class Numbering {
  /** Revisions in the store: that of the beginning, then one for each write. */
  readonly #real: number[] = [];
  /** By the revision of an event: at which one its key was made. */
  readonly #created = new Map<number, number>();
  readonly #living = new Map<string, number>();

  /** Revision of the last write that a listener has been told of. */
  get newest(): number {
    return this.#real.at(-1) ?? 0;
  }

  begin(newest: number): void {
    if (this.#real.length === 0) this.#real.push(newest);
  }

  take({ key, value, modRevision, createRevision }: KeyEvent): void {
    this.#real.push(modRevision);
    this.#created.set(modRevision, value === undefined ? this.#living.get(key) ?? 0 : createRevision);
    if (value === undefined) this.#living.delete(key);
    else this.#living.set(key, createRevision);
  }

  /** The number of the last write at or before this revision; 1 when there is none. */
  upTo(revision: number): number {
    let low = 0;
    let high = this.#real.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#real[middle] ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return Math.max(1, low);
  }

  /** @throws {Error} when no listener has been told of a write at this revision */
  of(revision: number): number {
    const number = this.upTo(revision);
    if (number === 1 || this.#real[number - 1] !== revision) throw new Error(`revision ${revision} is known before its event was delivered`);
    return number;
  }

  createdBefore(event: KeyEvent): number {
    return this.of(this.#created.get(event.modRevision) ?? 0);
  }

  real(number: number): number {
    if (number < 1) return 0;
    return this.#real[number - 1] ?? (this.#real.at(-1) ?? 0) + 1e9 + number;
  }
}

/**
 * A shared store, of which one case uses a part that nobody else writes to, as if its revisions grew by one: so that all cases hold for it too,
 * and that a store which skips, repeats or swaps a write is found out.
 */
export class Renumbered implements KeyValueStore {
  readonly #inner: SharedStore;
  readonly #numbering: Numbering;

  constructor(inner: SharedStore, numbering: Numbering) {
    this.#inner = inner;
    this.#numbering = numbering;
  }

  async open(): Promise<void> {
    await this.#inner.open();
    const { newest } = await this.#inner.revisions();
    this.#numbering.begin(newest);
    await this.#inner.watch('', newest, { events: (events) => events.forEach((event) => this.#numbering.take(event)), closed: () => undefined }, new AbortController().signal);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async revisions(): Promise<{ newest: number; oldest: number }> {
    const { newest, oldest } = await this.#inner.revisions();
    await this.#told(newest);
    return { newest: this.#numbering.upTo(newest), oldest: this.#numbering.upTo(oldest) };
  }

  async get(key: string): Promise<KeyValue | undefined> {
    const item = await this.#inner.get(key);
    await this.#told(item?.modRevision ?? 0);
    return this.#renumbered(item);
  }

  async list({ revision, ...range }: KeyRange): Promise<KeyPage> {
    const page = await this.#explained(revision, this.#inner.list({ ...range, ...(revision === undefined ? {} : { revision: this.#numbering.real(revision) }) }));
    await this.#told(page.revision);
    return { ...page, items: page.items.flatMap((item) => this.#renumbered(item) ?? []), revision: this.#numbering.upTo(page.revision) };
  }

  async write({ expected, ...write }: KeyWrite): Promise<KeyWriteResult> {
    const result = await this.#inner.write({ ...write, ...(expected === undefined ? {} : { expected: this.#numbering.real(expected) }) });
    return result.applied ? { applied: true, revision: this.#numbering.of(result.revision) } : { applied: false, current: this.#renumbered(result.current) };
  }

  watch(prefix: string, from: number, listener: KeyListener, signal: AbortSignal): Promise<void> {
    return this.#explained(from, this.#inner.watch(prefix, this.#numbering.real(from), {
      events: (events) => listener.events(events.map((event) => ({ ...event, modRevision: this.#numbering.of(event.modRevision), createRevision: this.#numbering.createdBefore(event) }))),
      closed: (reason) => listener.closed(reason),
    }, signal));
  }

  compact(revision: number): Promise<void> {
    return this.#explained(revision, this.#inner.compact(this.#numbering.real(revision)));
  }

  /** A read may be ahead of the listeners, and then numbers are not known yet. */
  async #told(revision: number): Promise<void> {
    if (revision <= this.#numbering.newest) return;
    const reached = await this.#inner.progress();
    if (reached < revision) throw new Error(`progress() reached revision ${reached}, but ${revision} was the newest before it was called`);
  }

  #renumbered(item: KeyValue | undefined): KeyValue | undefined {
    return item && { ...item, modRevision: this.#numbering.of(item.modRevision), createRevision: this.#numbering.of(item.createRevision) };
  }

  async #explained<T>(asked: number | undefined, call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (!RevisionError.is(error)) throw error;
      throw new RevisionError(error.kind, asked ?? 0, this.#numbering.upTo(error.oldest), this.#numbering.upTo(error.newest));
    }
  }
}

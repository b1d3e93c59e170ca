/** What every resource has. Rows are never changed, but replaced. */
export interface Row {
  readonly id: string;
  /** Grows with each resource of the region: the order of lists and pages. */
  readonly sequence: number;
  readonly tags: ReadonlyMap<string, string>;
}

interface Version<T> {
  readonly visibleAt: number;
  /** Absent: deleted, or not yet made. */
  readonly value: T | undefined;
}

/** The resources of one kind in a region: the truth, and what an eventually consistent read shows of it. */
export class Table<T extends Row> {
  readonly #now: () => number;
  readonly #lag: () => number;
  readonly #changed: (before: Row | undefined, after: Row | undefined) => void;
  readonly #rows = new Map<string, T>();
  /** Only of rows whose last change is not visible everywhere yet; oldest first. */
  readonly #versions = new Map<string, Version<T>[]>();

  /**
   * @param lag milliseconds until a change shows in reads, asked for each change
   * @param changed told of each change after it was made
   */
  constructor(now: () => number, lag: () => number, changed: (before: Row | undefined, after: Row | undefined) => void = () => {}) {
    this.#now = now;
    this.#lag = lag;
    this.#changed = changed;
  }

  /** @param visible at once in reads: for what was there before anybody came */
  insert(row: T, visible = false): T {
    const before = this.#rows.get(row.id);
    if (!visible) this.#record(row.id, before, row);
    this.#rows.set(row.id, row);
    this.#changed(before, row);
    return row;
  }

  update(id: string, patch: Partial<T>): T {
    const before = this.#rows.get(id);
    if (before === undefined) throw new Error(`nothing has the id ${id}`);
    const row = { ...before, ...patch };
    this.#record(id, before, row);
    this.#rows.set(id, row);
    this.#changed(before, row);
    return row;
  }

  remove(id: string): void {
    const before = this.#rows.get(id);
    if (before === undefined) return;
    this.#record(id, before, undefined);
    this.#rows.delete(id);
    this.#changed(before, undefined);
  }

  /** The truth. */
  get(id: string): T | undefined {
    return this.#rows.get(id);
  }

  rows(): IterableIterator<T> {
    return this.#rows.values();
  }

  get size(): number {
    return this.#rows.size;
  }

  find(matches: (row: T) => boolean): T | undefined {
    for (const row of this.#rows.values()) if (matches(row)) return row;
    return undefined;
  }

  /** What a read shows now. */
  seen(id: string): T | undefined {
    const versions = this.#versions.get(id);
    if (versions === undefined) return this.#rows.get(id);
    const now = this.#now();
    const index = versions.findLastIndex((version) => version.visibleAt <= now);
    if (index === versions.length - 1) this.#versions.delete(id);
    return versions[index]?.value;
  }

  /** The truth of what calls can already name: a change of something too young is refused as if it did not exist. */
  known(id: string): T | undefined {
    return this.seen(id) === undefined ? undefined : this.#rows.get(id);
  }

  seenRows(): T[] {
    if (this.#versions.size === 0) return [...this.#rows.values()];
    const ids = new Set([...this.#rows.keys(), ...this.#versions.keys()]);
    return [...ids].flatMap((id) => this.seen(id) ?? []).sort((a, b) => a.sequence - b.sequence);
  }

  #record(id: string, before: T | undefined, after: T | undefined): void {
    const lag = this.#lag();
    const versions = this.#versions.get(id) ?? [];
    if (lag <= 0 && versions.length === 0) return;
    if (versions.length === 0) versions.push({ visibleAt: -Infinity, value: before });
    // A later change never shows before an earlier one.
    versions.push({ visibleAt: Math.max(versions.at(-1)?.visibleAt ?? 0, this.#now() + lag), value: after });
    this.#versions.set(id, versions);
  }
}

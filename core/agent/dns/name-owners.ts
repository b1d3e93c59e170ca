import type { NameEntry, NameRecord } from '#core/spi/name-server.ts';
import { recordText } from './record-text.ts';
import type { Names } from './service-names.ts';

/** What each owner says of each name. A name of several owners, such as that of an address behind several services, has the records of all. */
export class NameOwners {
  readonly #ttl: number;
  readonly #byOwner = new Map<string, Names>();
  /** Nearly all names have one owner, for which a set would be the largest part. */
  readonly #byName = new Map<string, string | Set<string>>();
  readonly #changed = new Set<string>();

  /** @param ttl seconds, of all names */
  constructor(ttl: number) {
    this.#ttl = ttl;
  }

  /** These are the owner's names in place of all that it had; undefined when it is gone. */
  set(owner: string, names: Names | undefined): void {
    const before = this.#byOwner.get(owner);
    for (const [name, records] of before ?? []) if (!sameRecords(names?.get(name), records)) this.#leave(name, owner);
    if (names === undefined) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, names);
    for (const [name, records] of names ?? []) if (!sameRecords(before?.get(name), records)) this.#enter(name, owner);
  }

  /** The names that have changed since the last call. */
  takeChanges(): ReadonlyMap<string, NameEntry | undefined> {
    const changes = new Map([...this.#changed].map((name) => [name, this.#entryOf(name)]));
    this.#changed.clear();
    return changes;
  }

  #leave(name: string, owner: string): void {
    const owners = this.#byName.get(name);
    if (owners instanceof Set) owners.delete(owner);
    if (owners === owner || (owners instanceof Set && owners.size === 0)) this.#byName.delete(name);
    this.#changed.add(name);
  }

  #enter(name: string, owner: string): void {
    const owners = this.#byName.get(name);
    if (owners === undefined) this.#byName.set(name, owner);
    else if (owners instanceof Set) owners.add(owner);
    else if (owners !== owner) this.#byName.set(name, new Set([owners, owner]));
    this.#changed.add(name);
  }

  #entryOf(name: string): NameEntry | undefined {
    const known = this.#byName.get(name);
    if (known === undefined) return undefined;
    const owners = typeof known === 'string' ? [known] : [...known];
    const lists = owners.map((owner) => this.#byOwner.get(owner)?.get(name) ?? []);
    return { ttl: this.#ttl, records: lists.length === 1 ? lists[0] ?? [] : distinct(lists.flat()) };
  }
}

const distinct = (records: readonly NameRecord[]): readonly NameRecord[] => [...new Map(records.map((record) => [recordText(record), record])).values()];

const isSame = (a: NameRecord, b: NameRecord | undefined): boolean => a === b || (b !== undefined && recordText(a) === recordText(b));

function sameRecords(a: readonly NameRecord[] | undefined, b: readonly NameRecord[]): boolean {
  return a !== undefined && a.length === b.length && a.every((record, index) => isSame(record, b[index]));
}

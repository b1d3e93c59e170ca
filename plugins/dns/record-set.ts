import { encode, type Answer as PacketRecord } from 'dns-packet';
import type { NameEntry, NameRecord } from '#core/spi/name-server.ts';
import type { Section } from './reply.ts';
import { headerSize, nameKey, rrType } from './wire.ts';

/** The question's name, as the owner of a record. https://www.rfc-editor.org/rfc/rfc1035#section-4.1.4 */
const questionName = Buffer.from([0xc0, headerSize]);

const mostTypes = 8;

/** Records of one type under one name, encoded. */
export class RecordSet {
  /** What comes after the owners. */
  readonly #bodies: readonly Buffer[];
  /** Owned by the question's name. */
  readonly #all: Section;
  /** All of them twice, so that any rotation is one slice; undefined when they are not to be turned. */
  readonly #twice: Buffer | undefined;
  #turn = 0;

  constructor(bodies: readonly Buffer[]) {
    this.#bodies = bodies;
    const bytes = withOwner(questionName, bodies);
    this.#all = { count: bodies.length, bytes };
    this.#twice = bodies.length > 1 && bodies.every(({ length }) => length === bodies[0]?.length) ? Buffer.concat([bytes, bytes]) : undefined;
  }

  /** Owned by the question's name; each time another one first, where there are several of the same length. */
  section(): Section {
    if (this.#twice === undefined) return this.#all;
    const { count, bytes: { length } } = this.#all;
    this.#turn = (this.#turn + 1) % count;
    const start = this.#turn * (length / count);
    return { count, bytes: this.#twice.subarray(start, start + length) };
  }

  /** Owned by another name than the question's. */
  ownedBy(key: string): Section {
    return { count: this.#all.count, bytes: withOwner(Buffer.from(key, 'latin1'), this.#bodies) };
  }
}

const withOwner = (owner: Buffer, bodies: readonly Buffer[]): Buffer => Buffer.concat(bodies.flatMap((body) => [owner, body]));

/** What is under a name. Encoded when it is asked for, for most names never are. */
export class NameRecords {
  readonly #entry: NameEntry;
  #sets: Map<number, RecordSet | undefined> | undefined;

  constructor(entry: NameEntry) {
    this.#entry = entry;
  }

  ofType(type: number): RecordSet | undefined {
    const known = this.#sets?.get(type);
    if (known !== undefined || this.#sets?.has(type) === true) return known;
    const set = this.#encode(type);
    // Clients choose the types: what is not there is remembered for a few only.
    if (set !== undefined || (this.#sets?.size ?? 0) < mostTypes) (this.#sets ??= new Map()).set(type, set);
    return set;
  }

  /** The keys of the names that the SRV records lead to, and of the CNAME. */
  targets(type: 'SRV' | 'CNAME'): readonly string[] {
    const keys = this.#entry.records.flatMap((record) => (record.type === type ? [nameKey(record.target)] : []));
    return [...new Set(keys.filter((key) => key !== undefined))];
  }

  #encode(type: number): RecordSet | undefined {
    const bodies = this.#entry.records.filter((record) => rrType[record.type] === type && isSound(record)).map((record) => encodeBody(record, this.#entry.ttl));
    return bodies.length === 0 ? undefined : new RecordSet(bodies);
  }
}

/** Whether DNS can carry it. */
const isSound = (record: NameRecord): boolean => !('target' in record) || nameKey(record.target) !== undefined;

/** Type, class, TTL, and the data with its length. */
export const encodeBody = (record: NameRecord, ttl: number): Buffer => bodyOf({ name: '.', ttl, class: 'IN', ...dataOf(record) } as PacketRecord);

/** Encodes a record that the library knows, without its owner. */
export const bodyOf = (record: PacketRecord): Buffer => encode({ type: 'response', answers: [{ ...record, name: '.' }] }).subarray(headerSize + 1);

function dataOf(record: NameRecord): object {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return { type: record.type, data: record.address };
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return { type: record.type, data: record.target };
    case 'SRV': {
      const { target, port, priority, weight } = record;
      return { type: 'SRV', data: { target, port, priority, weight } };
    }
    case 'TXT':
      return { type: 'TXT', data: [record.text] };
  }
}

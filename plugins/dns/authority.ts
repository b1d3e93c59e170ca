import type { Names } from './names.ts';
import type { Query } from './query.ts';
import { bodyOf, type NameRecords, type RecordSet } from './record-set.ts';
import { emptyAnswer, noRecords, type Answer, type Section } from './reply.ts';
import { rcode, rrType } from './wire.ts';
import type { Zone } from './zone.ts';

/** A chain of aliases that leads out of what is published. */
export interface Alias {
  readonly chain: Section;
  readonly target: string;
}

/** Aliases that are followed one after the other, and SRV targets whose addresses are added. */
const mostLinks = 8;
const mostTargets = 32;

/** The answer to ANY: https://www.rfc-editor.org/rfc/rfc8482#section-4.2 */
const anyBody = bodyOf({ name: '.', type: 'HINFO', ttl: 3600, class: 'IN', data: { cpu: 'RFC8482', os: '' } });
export const anyAnswer = (authoritative: boolean): Answer =>
  ({ ...emptyAnswer(rcode.NOERROR), authoritative, answers: { count: 1, bytes: Buffer.concat([Buffer.from([0xc0, 12]), anyBody]) } });

/** Answers from what was published. */
export class Authority {
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  /** Undefined when somebody else knows. */
  answer(query: Query): Answer | Alias | undefined {
    const { key, type } = query;
    const records = this.#names.get(key);
    const set = records?.ofType(type);
    if (set !== undefined && type !== rrType.SRV) return this.#found(set.section());
    const zone = this.#names.zoneOf(key);
    if (records !== undefined) return this.#atName(query, records, zone);
    if (zone === undefined) return undefined;
    if (key === zone.key) return this.#atApex(query, zone);
    return this.#missing(query, zone);
  }

  #found(answers: Section, additional = noRecords): Answer {
    return { rcode: rcode.NOERROR, authoritative: true, answers, authority: noRecords, additional };
  }

  #atName(query: Query, records: NameRecords, zone: Zone | undefined): Answer | Alias {
    const srv = query.type === rrType.SRV ? records.ofType(rrType.SRV) : undefined;
    if (srv !== undefined) return this.#found(srv.section(), this.#addresses(records.targets('SRV')));
    if (query.type === rrType.ANY) return anyAnswer(true);
    const alias = records.ofType(rrType.CNAME);
    if (alias !== undefined) return this.#follow(query, alias.section(), records);
    if (zone !== undefined && query.key === zone.key) return this.#atApex(query, zone);
    return this.#nothing(query.key, zone, rcode.NOERROR);
  }

  #atApex({ key, type }: Query, zone: Zone): Answer {
    if (type === rrType.SOA) return this.#found(zone.soa(key, this.#names.serial));
    if (type === rrType.NS) return this.#found(zone.ns(key), this.#addresses([zone.nameServer]));
    return type === rrType.ANY ? anyAnswer(true) : this.#nothing(key, zone, rcode.NOERROR);
  }

  #missing({ key }: Query, zone: Zone): Answer {
    if (!this.#names.isComplete) return emptyAnswer(rcode.SERVFAIL);
    return this.#nothing(key, zone, this.#names.hasBelow(key) ? rcode.NOERROR : rcode.NXDOMAIN);
  }

  #nothing(key: string, zone: Zone | undefined, code: number): Answer {
    return { ...emptyAnswer(code), authoritative: true, authority: zone?.soa(key, this.#names.serial) ?? noRecords };
  }

  /** As far as published names go. A name that a zone lacks ends the chain: NXDOMAIN is said of the last name. https://www.rfc-editor.org/rfc/rfc6604#section-3 */
  #follow(query: Query, first: Section, from: NameRecords): Answer | Alias {
    const chain = [first];
    let [target] = from.targets('CNAME');
    for (let links = 0; links < mostLinks && target !== undefined; links++) {
      const records: NameRecords | undefined = this.#names.get(target);
      if (records === undefined) {
        const zone = this.#names.zoneOf(target);
        if (zone === undefined) return { chain: joined(chain), target };
        const end = this.#missing({ ...query, key: target }, zone);
        return end.rcode === rcode.SERVFAIL ? end : { ...end, answers: joined(chain), authority: noRecords };
      }
      const set: RecordSet | undefined = records.ofType(query.type) ?? records.ofType(rrType.CNAME);
      if (set === undefined) return this.#found(joined(chain));
      chain.push(set.ownedBy(target));
      target = records.ofType(query.type) === undefined ? records.targets('CNAME')[0] : undefined;
    }
    return target === undefined ? this.#found(joined(chain)) : emptyAnswer(rcode.SERVFAIL);
  }

  #addresses(targets: readonly string[]): Section {
    const sections: Section[] = [];
    for (const target of targets.slice(0, mostTargets)) {
      const records = this.#names.get(target);
      for (const type of [rrType.A, rrType.AAAA]) {
        const set = records?.ofType(type);
        if (set !== undefined) sections.push(set.ownedBy(target));
      }
    }
    return joined(sections);
  }
}

const joined = (sections: readonly Section[]): Section =>
  ({ count: sections.reduce((sum, { count }) => sum + count, 0), bytes: Buffer.concat(sections.map(({ bytes }) => bytes)) });

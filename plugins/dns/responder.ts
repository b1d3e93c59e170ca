import { decode } from 'dns-packet';
import { Authority, anyAnswer, type Alias } from './authority.ts';
import type { Forwarder } from './forwarder.ts';
import type { Names } from './names.ts';
import { opcodeOf, readQuery, type Query } from './query.ts';
import type { Question } from './question.ts';
import { bodyOf } from './record-set.ts';
import { bareReply, emptyAnswer, encodeReply, type Answer, type Section, type Transport } from './reply.ts';
import { classIn, flag, headerSize, nameKey, rcode, rrType } from './wire.ts';

export interface ResponderOptions {
  readonly names: Names;
  readonly forwarder: Forwarder;
  /** Whether a name comes from a list of search domains, and nobody else can know it. */
  readonly isSearchMiss: (key: string) => boolean;
  /** Told of each question that is to be forwarded; true when it is one of this server's own, come back. */
  readonly isOwnProbe: (key: string) => boolean;
}

type Reply = Buffer | Promise<Buffer> | undefined;

/** What to say to a packet. */
export class Responder {
  readonly #names: Names;
  readonly #authority: Authority;
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
    this.#names = options.names;
    this.#authority = new Authority(options.names);
  }

  /** Undefined when nothing is to be said: answers are never answered, or two servers could keep each other busy. Never throws or rejects. */
  reply(packet: Buffer, transport: Transport, mayAsk: boolean): Reply {
    if (packet.length < headerSize || (packet.readUInt16BE(2) & flag.response) !== 0) return undefined;
    if (opcodeOf(packet) !== 0) return bareReply(packet, mayAsk ? rcode.NOTIMP : rcode.REFUSED);
    const query = readQuery(packet);
    if (query === undefined) return bareReply(packet, mayAsk ? rcode.FORMERR : rcode.REFUSED);
    const refusal = mayAsk ? refusalOf(query) : rcode.REFUSED;
    if (refusal !== undefined) return encodeReply(query, emptyAnswer(refusal), transport);
    return this.#answer(query, transport);
  }

  #answer(query: Query, transport: Transport): Reply {
    if (!this.#names.hasZones) return encodeReply(query, emptyAnswer(rcode.SERVFAIL), transport);
    const own = this.#authority.answer(query);
    if (own === undefined) return this.#forward(query, transport);
    if (!('target' in own)) return encodeReply(query, own, transport);
    return this.#followOut(query, own, transport);
  }

  #forward(query: Query, transport: Transport): Reply {
    const question = questionOf(query);
    const kept = this.#options.forwarder.cached(question);
    if (kept !== undefined) return kept.message.replyTo(query, transport, kept.ageMs);
    const early = this.#withoutAsking(query);
    return early === undefined ? this.#ask(query, question, transport) : encodeReply(query, early, transport);
  }

  #withoutAsking({ key, type, flags }: Query): Answer | undefined {
    if (this.#options.isOwnProbe(key)) return emptyAnswer(rcode.NXDOMAIN);
    if (this.#options.isSearchMiss(key)) return emptyAnswer(rcode.NXDOMAIN);
    if ((flags & flag.recursionDesired) === 0) return emptyAnswer(rcode.REFUSED);
    return type === rrType.ANY ? anyAnswer(false) : undefined;
  }

  async #ask(query: Query, question: Question, transport: Transport): Promise<Buffer> {
    const message = await this.#options.forwarder.ask(question);
    return message === undefined ? encodeReply(query, emptyAnswer(rcode.SERVFAIL), transport) : message.replyTo(query, transport, 0);
  }

  async #followOut(query: Query, { chain, target }: Alias, transport: Transport): Promise<Buffer> {
    const alias: Answer = { ...emptyAnswer(rcode.NOERROR), authoritative: true, answers: chain };
    if ((query.flags & flag.recursionDesired) === 0) return encodeReply(query, alias, transport);
    const question = { ...questionOf(query), key: target };
    const kept = this.#options.forwarder.cached(question);
    const message = kept?.message ?? await this.#options.forwarder.ask(question);
    const rest = message === undefined ? undefined : answersOf(message.message, kept?.ageMs ?? 0);
    if (message === undefined || rest === undefined) return encodeReply(query, emptyAnswer(rcode.SERVFAIL), transport);
    return encodeReply(query, { ...alias, rcode: message.rcode, answers: { count: chain.count + rest.count, bytes: Buffer.concat([chain.bytes, rest.bytes]) } }, transport);
  }
}

/** Types from 128 on are about messages, not names. */
function refusalOf({ edns, class: cls, type }: Query): number | undefined {
  if (edns !== undefined && edns.version !== 0) return rcode.BADVERS;
  if (type === 0 || type === rrType.OPT) return rcode.FORMERR;
  if (cls !== classIn || type === rrType.AXFR || type === rrType.IXFR) return rcode.REFUSED;
  return type >= 128 && type < rrType.ANY ? rcode.NOTIMP : undefined;
}

const questionOf = ({ key, type, edns, flags }: Query): Question =>
  ({ key, type, dnssecOk: edns?.dnssecOk === true, checkingDisabled: (flags & flag.checkingDisabled) !== 0 });

/** The answers of a message as they can stand in another one: names point to other places there. Undefined when they cannot be read. */
function answersOf(message: Buffer, ageMs: number): Section | undefined {
  try {
    const age = Math.floor(ageMs / 1000);
    const records = (decode(message).answers ?? []).map((record) => {
      const aged = 'ttl' in record ? { ...record, ttl: Math.max(0, (record.ttl ?? 0) - age) } : record;
      return Buffer.concat([Buffer.from(nameKey(record.name) ?? '', 'latin1'), bodyOf(aged)]);
    });
    return { count: records.length, bytes: Buffer.concat(records) };
  } catch {
    return undefined;
  }
}

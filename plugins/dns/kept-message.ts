import { ednsRecord, type Query } from './query.ts';
import { limitOf, replyFlags, shorten, type Transport } from './reply.ts';
import { flag, headerSize, largestUdp, rcode, readKey, readRecord, recordFixed, rrType, skipName, type RawRecord } from './wire.ts';

/** Seconds. A name that changes more often than a resolver asks is nobody's; one that does not exist may come to exist. */
const longest = { found: 3600, missing: 1800, failed: 2 } as const;

/** An answer from elsewhere as it came, to be given to many. */
export class KeptMessage {
  readonly rcode: number;
  /** Milliseconds for which it may be given out; 0 for once. */
  readonly lifetimeMs: number;
  readonly #message: Buffer;
  readonly #questionEnd: number;
  readonly #ttls: readonly number[];
  readonly #longestTtl: number;
  /** Where the question's name is spelled out again as an owner: in the spelling that was sent, which is at random. */
  readonly #owners: readonly number[];

  private constructor(message: Buffer, questionEnd: number, records: Records) {
    this.#message = message;
    this.#questionEnd = questionEnd;
    const key = readKey(message, headerSize)?.key;
    this.#owners = records.all.map(({ start }) => start).filter((start) => readKey(message, start)?.key === key);
    this.#ttls = records.all.map(({ fixed }) => fixed + 4);
    this.rcode = message.readUInt16BE(2) & flag.rcode;
    const { seconds, most } = lifetimeOf(message, this.rcode, records);
    this.lifetimeMs = seconds * 1000;
    this.#longestTtl = most;
  }

  get size(): number {
    return this.#message.length;
  }

  get message(): Buffer {
    return this.#message;
  }

  /** Undefined when the message is broken. It is copied, without its OPT and what comes after. */
  static of(message: Buffer): KeptMessage | undefined {
    const question = message.length >= headerSize && message.readUInt16BE(4) === 1 ? readKey(message, headerSize) : undefined;
    if (question === undefined || question.end + 4 > message.length) return undefined;
    const records = readAll(message, question.end + 4);
    if (records === undefined) return undefined;
    const kept = Buffer.from(message.subarray(0, records.end));
    kept.writeUInt16BE(records.all.length - records.answers - records.authority, 10);
    return new KeptMessage(kept, question.end + 4, records);
  }

  /** For this client: its id, its spelling of the name, and the time that is left. */
  replyTo(query: Query, transport: Transport, ageMs: number): Buffer {
    const opt = query.edns === undefined ? undefined : ednsRecord(query.edns, largestUdp);
    const reply = Buffer.allocUnsafe(this.#message.length + (opt?.length ?? 0));
    this.#message.copy(reply);
    query.packet.copy(reply, 0, 0, 2);
    query.packet.copy(reply, headerSize, headerSize, query.end);
    for (const at of this.#owners) query.packet.copy(reply, at, headerSize, query.end - 4);
    reply.writeUInt16BE(replyFlags(query, this.rcode, false) | (wantsValidation(query) ? this.#message.readUInt16BE(2) & authenticData : 0), 2);
    const age = Math.floor(ageMs / 1000);
    for (const at of this.#ttls) reply.writeUInt32BE(Math.max(0, Math.min(reply.readUInt32BE(at), this.#longestTtl) - age), at);
    if (opt !== undefined) {
      opt.copy(reply, this.#message.length);
      reply.writeUInt16BE(reply.readUInt16BE(10) + 1, 10);
    }
    const limit = limitOf(query, transport);
    return reply.length <= limit ? reply : shorten(reply, this.#questionEnd, limit, opt);
  }
}

const authenticData = 0x0020;

/** Who does not ask whether an answer was validated may not expect to be told. https://www.rfc-editor.org/rfc/rfc6840#section-5.8 */
const wantsValidation = ({ flags, edns }: Query): boolean => edns?.dnssecOk === true || (flags & authenticData) !== 0;

interface Records {
  readonly all: readonly RawRecord[];
  readonly answers: number;
  readonly authority: number;
  readonly end: number;
}

function readAll(message: Buffer, start: number): Records | undefined {
  const [answers, authority, additional] = [message.readUInt16BE(6), message.readUInt16BE(8), message.readUInt16BE(10)];
  const all: RawRecord[] = [];
  let end = start;
  while (all.length < answers + authority + additional) {
    const record = readRecord(message, end);
    if (record === undefined) return undefined;
    if (record.type === rrType.OPT) break;
    all.push(record);
    end = record.end;
  }
  return all.length < answers + authority ? undefined : { all, answers, authority, end };
}

/** https://www.rfc-editor.org/rfc/rfc2308#section-5 for what does not exist. */
function lifetimeOf(message: Buffer, code: number, { all, answers, authority }: Records): { readonly seconds: number; readonly most: number } {
  const ttlOf = ({ fixed }: RawRecord): number => message.readUInt32BE(fixed + 4) & 0x7fffffff;
  const asked = message.readUInt16BE(skipName(message, headerSize));
  const found = all.slice(0, answers);
  if (code !== rcode.NOERROR && code !== rcode.NXDOMAIN) return { seconds: longest.failed, most: longest.failed };
  if (code === rcode.NOERROR && found.some(({ type }) => type === asked)) return { seconds: Math.min(longest.found, ...found.map(ttlOf)), most: longest.found };
  const soa = all.slice(answers, answers + authority).find(({ type }) => type === rrType.SOA);
  if (soa === undefined || soa.end - soa.data < recordFixed) return { seconds: 0, most: longest.missing };
  const minimum = message.readUInt32BE(soa.end - 4) & 0x7fffffff;
  return { seconds: Math.min(longest.missing, minimum, ttlOf(soa), ...found.map(ttlOf)), most: Math.min(longest.missing, minimum) };
}

import { ednsRecord, type Query } from './query.ts';
import { flag, headerSize, largestTcp, largestUdp, plainUdp, readRecord, rrType } from './wire.ts';

export type Transport = 'udp' | 'tcp';

/** Records of one section, encoded. Owners that are the question's name are pointers to it. */
export interface Section {
  readonly count: number;
  readonly bytes: Buffer;
}

export const noRecords: Section = { count: 0, bytes: Buffer.alloc(0) };

export interface Answer {
  readonly rcode: number;
  /** It comes from what was published, not from elsewhere. */
  readonly authoritative: boolean;
  readonly answers: Section;
  readonly authority: Section;
  readonly additional: Section;
}

export const emptyAnswer = (code: number): Answer => ({ rcode: code, authoritative: false, answers: noRecords, authority: noRecords, additional: noRecords });

/** How large the answer may be. */
export function limitOf({ edns }: Query, transport: Transport): number {
  if (transport === 'tcp') return largestTcp;
  return edns === undefined ? plainUdp : Math.min(largestUdp, Math.max(plainUdp, edns.size));
}

/** The whole message: what does not fit is left out, and said to be. */
export function encodeReply(query: Query, answer: Answer, transport: Transport): Buffer {
  const { packet, end, edns } = query;
  const { answers, authority, additional } = answer;
  const opt = edns === undefined ? undefined : ednsRecord(edns, largestUdp, answer.rcode >> 4);
  const size = end + answers.bytes.length + authority.bytes.length + additional.bytes.length;
  const message = Buffer.allocUnsafe(size + (opt?.length ?? 0));
  packet.copy(message, 0, 0, end);
  writeHeader(message, replyFlags(query, answer.rcode, answer.authoritative), [answers.count, authority.count, additional.count + (opt === undefined ? 0 : 1)]);
  answers.bytes.copy(message, end);
  authority.bytes.copy(message, end + answers.bytes.length);
  additional.bytes.copy(message, size - additional.bytes.length);
  opt?.copy(message, size);
  const limit = limitOf(query, transport);
  return message.length <= limit ? message : shorten(message, end, limit, opt);
}

/** The flags of an answer: https://www.rfc-editor.org/rfc/rfc1035#section-4.1.1, https://www.rfc-editor.org/rfc/rfc4035#section-3.2.2 */
export const replyFlags = ({ flags }: Query, code: number, authoritative: boolean): number =>
  flag.response | flag.recursionAvailable | (authoritative ? flag.authoritative : 0) | (flags & (flag.opcode | flag.recursionDesired | flag.checkingDisabled)) | (code & flag.rcode);

function writeHeader(message: Buffer, flags: number, counts: readonly [number, number, number]): void {
  message.writeUInt16BE(flags, 2);
  for (const [index, count] of counts.entries()) message.writeUInt16BE(count, 6 + 2 * index);
}

/** Whole records only, as many as fit: clients without TCP use what they got. Names point backwards, so any number of records can be left out at the end. */
export function shorten(message: Buffer, questionEnd: number, limit: number, opt: Buffer | undefined): Buffer {
  const [answers, authority] = [message.readUInt16BE(6), message.readUInt16BE(8)];
  const { kept, end } = fitting(message, questionEnd, limit - (opt?.length ?? 0));
  const short = Buffer.concat(opt === undefined ? [message.subarray(0, end)] : [message.subarray(0, end), opt]);
  const truncated = kept < answers ? flag.truncated : 0;
  const keptAnswers = Math.min(kept, answers);
  const keptAuthority = Math.min(kept - keptAnswers, authority);
  writeHeader(short, message.readUInt16BE(2) | truncated, [keptAnswers, keptAuthority, kept - keptAnswers - keptAuthority + (opt === undefined ? 0 : 1)]);
  return short;
}

/** How many records end before the limit, without an OPT, and where the last of them ends. */
function fitting(message: Buffer, start: number, limit: number): { readonly kept: number; readonly end: number } {
  let end = start;
  let kept = 0;
  for (let record = readRecord(message, end); record !== undefined && record.end <= limit && record.type !== rrType.OPT; record = readRecord(message, end)) {
    end = record.end;
    kept++;
  }
  return { kept, end };
}

/** An answer without a question, for what cannot be read: it is as long as a header. */
export function bareReply(packet: Buffer, code: number): Buffer {
  const message = Buffer.alloc(headerSize);
  packet.copy(message, 0, 0, 2);
  message.writeUInt16BE(flag.response | (packet.readUInt16BE(2) & (flag.opcode | flag.recursionDesired)) | code, 2);
  return message;
}

import { randomBytes, randomInt } from 'node:crypto';
import { ednsRecord } from './query.ts';
import { classIn, flag, headerSize, largestUdp, readKey } from './wire.ts';

/** What is asked elsewhere, for whoever wants to know. */
export interface Question {
  readonly key: string;
  readonly type: number;
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
}

/** Equal for questions that have the same answer. */
export const questionId = ({ key, type, dnssecOk, checkingDisabled }: Question): string => `${type} ${dnssecOk ? 'd' : ''}${checkingDisabled ? 'c' : ''} ${key}`;

/** A packet that asks, with an id and a spelling that nobody can guess. https://www.ietf.org/archive/id/draft-vixie-dnsext-dns0x20-00.txt */
export function encodeQuestion({ key, type, dnssecOk, checkingDisabled }: Question, withEdns: boolean): Buffer {
  const opt = withEdns ? ednsRecord({ size: largestUdp, version: 0, dnssecOk }, largestUdp) : Buffer.alloc(0);
  const packet = Buffer.alloc(headerSize + key.length + 4);
  packet.writeUInt16BE(randomInt(0x10000), 0);
  packet.writeUInt16BE(flag.recursionDesired | (checkingDisabled ? flag.checkingDisabled : 0), 2);
  packet.writeUInt16BE(1, 4);
  packet.writeUInt16BE(withEdns ? 1 : 0, 10);
  packet.write(key, headerSize, 'latin1');
  spellAtRandom(packet, headerSize, headerSize + key.length);
  packet.writeUInt16BE(type, headerSize + key.length);
  packet.writeUInt16BE(classIn, headerSize + key.length + 2);
  return Buffer.concat([packet, opt]);
}

function spellAtRandom(packet: Buffer, start: number, end: number): void {
  const random = randomBytes(end - start);
  for (let i = start; i < end; i++) {
    const byte = packet[i] ?? 0;
    if (byte >= 97 && byte <= 122 && (random[i - start] ?? 0) >= 128) packet[i] = byte - 32;
  }
}

/** `spelled` when all but the spelling of the name is right: a server that does not keep it, or somebody who guesses. */
export type Match = 'yes' | 'spelled' | 'no';

/** Whether a message is the answer to what was asked. */
export function matches(asked: Buffer, answer: Buffer): Match {
  const { key = '', end = 0 } = readKey(asked, headerSize) ?? {};
  if (answer.length < end + 4 || answer.readUInt16BE(0) !== asked.readUInt16BE(0)) return 'no';
  if ((answer.readUInt16BE(2) & (flag.response | flag.opcode)) !== flag.response || answer.readUInt16BE(4) !== 1) return 'no';
  if (asked.compare(answer, end, end + 4, end, end + 4) !== 0 || readKey(answer, headerSize)?.key !== key) return 'no';
  return asked.compare(answer, headerSize, end, headerSize, end) === 0 ? 'yes' : 'spelled';
}

import { flag, headerSize, readKey, readRecord, recordFixed, rrType } from './wire.ts';

/** What a client asks. */
export interface Query {
  readonly packet: Buffer;
  /** The 16 bits after the id. */
  readonly flags: number;
  readonly key: string;
  readonly type: number;
  readonly class: number;
  /** Where the question ends. */
  readonly end: number;
  /** Undefined without EDNS. */
  readonly edns: Edns | undefined;
}

export interface Edns {
  /** The largest answer that the client takes by UDP. */
  readonly size: number;
  readonly version: number;
  readonly dnssecOk: boolean;
}

/** Reads a query. Undefined when it is malformed; nothing in it is followed, so the time is that of its length. */
export function readQuery(packet: Buffer): Query | undefined {
  if (packet.readUInt16BE(4) !== 1) return undefined;
  const name = readKey(packet, headerSize);
  if (name === undefined || name.end + 4 > packet.length) return undefined;
  const { key, end } = name;
  const edns = readEdns(packet, end + 4);
  if (edns === false) return undefined;
  return { packet, flags: packet.readUInt16BE(2), key, type: packet.readUInt16BE(end), class: packet.readUInt16BE(end + 2), end: end + 4, edns };
}

/** False when the rest of the packet is malformed. https://www.rfc-editor.org/rfc/rfc6891#section-6.1 */
function readEdns(packet: Buffer, start: number): Edns | undefined | false {
  const records = packet.readUInt16BE(6) + packet.readUInt16BE(8);
  const all = records + packet.readUInt16BE(10);
  let edns: Edns | undefined;
  for (let index = 0, at = start; index < all; index++) {
    const record = readRecord(packet, at);
    if (record === undefined) return false;
    if (record.type === rrType.OPT) {
      if (edns !== undefined || index < records || packet[at] !== 0 || !areOptions(packet, record.data, record.end)) return false;
      edns = { size: packet.readUInt16BE(record.fixed + 2), version: packet[record.fixed + 5] ?? 0, dnssecOk: ((packet[record.fixed + 6] ?? 0) & 0x80) !== 0 };
    }
    at = record.end;
  }
  return edns;
}

function areOptions(packet: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at + 4 <= end) at += 4 + packet.readUInt16BE(at + 2);
  return at === end;
}

/** The end of an answer to a query with EDNS: that this server has version 0, and takes so much by UDP. */
export function ednsRecord({ dnssecOk }: Edns, size: number, extendedRcode = 0): Buffer {
  const record = Buffer.alloc(1 + recordFixed);
  record.writeUInt16BE(rrType.OPT, 1);
  record.writeUInt16BE(size, 3);
  record[5] = extendedRcode;
  if (dnssecOk) record[7] = 0x80;
  return record;
}

export const opcodeOf = (packet: Buffer): number => (packet.readUInt16BE(2) & flag.opcode) >> 11;

import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { decode, encode, type DecodedPacket, type Packet, type Question } from 'dns-packet';

export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface AskOptions {
  readonly transport?: 'udp' | 'tcp';
  /** Without it the query has no EDNS. */
  readonly udpPayloadSize?: number;
  readonly ednsVersion?: number;
  /** Recursion is desired by default. */
  readonly flags?: number;
}

/** An answer as an independent codec reads it, with its code and size. */
export type Asked = DecodedPacket & { readonly rcode: string; readonly size: number };

const patienceMs = 4900;
const recursionDesired = 0x0100;

export const readAnswer = (message: Buffer): Asked => ({ ...(decode(message) as DecodedPacket & { rcode: string }), size: message.length });

/** Sends one packet and resolves to what comes back; undefined when nothing does. */
export async function exchange({ address, port }: Place, packet: Buffer, transport: 'udp' | 'tcp' = 'udp', waitMs = patienceMs): Promise<Buffer | undefined> {
  return transport === 'udp' ? byUdp({ address, port }, packet, waitMs) : byTcp({ address, port }, packet, waitMs);
}

async function byUdp({ address, port }: Place, packet: Buffer, waitMs: number): Promise<Buffer | undefined> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const timer = setTimeout(() => resolve(undefined), waitMs);
  socket.on('message', resolve).on('error', reject);
  socket.send(packet, port, address);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

async function byTcp({ address, port }: Place, packet: Buffer, waitMs: number): Promise<Buffer | undefined> {
  const socket = connect(port, address);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const timer = setTimeout(() => resolve(undefined), waitMs);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    const all = Buffer.concat(chunks);
    if (all.length >= 2 && all.length >= 2 + all.readUInt16BE(0)) resolve(all.subarray(2, 2 + all.readUInt16BE(0)));
  }).on('close', () => resolve(undefined)).on('error', reject);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(packet.length);
  socket.write(Buffer.concat([length, packet]));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

let lastId = 0;

export function queryPacket(question: Question, { udpPayloadSize, ednsVersion = 0, flags = recursionDesired }: AskOptions = {}): Buffer {
  const query: Packet = { type: 'query', id: (lastId = (lastId + 1) & 0xffff), flags, questions: [question] };
  if (udpPayloadSize !== undefined) query.additionals = [{ type: 'OPT', name: '.', udpPayloadSize, ednsVersion, extendedRcode: 0, flags: 0, flag_do: false, options: [] }];
  return encode(query);
}

/** @throws {Error} when no answer comes */
export async function ask(place: Place, name: string, type: Question['type'], options: AskOptions = {}): Promise<Asked> {
  const packet = queryPacket({ name, type }, options);
  const message = await exchange(place, packet, options.transport);
  if (message === undefined) throw new Error(`no answer for ${type} ${name}`);
  if (message.readUInt16BE(0) !== packet.readUInt16BE(0)) throw new Error('the answer has another id than the question');
  return readAnswer(message);
}

/** `A 10.0.0.1` for each record of a section, in order. */
export function recordsOf(answers: Packet['answers']): string[] {
  return (answers ?? []).filter(({ type }) => type !== 'OPT').map((record) => {
    const data = 'data' in record ? record.data as unknown : '';
    if (record.type === 'SRV') {
      const { priority = 0, weight = 0, port, target } = record.data;
      return `SRV ${priority} ${weight} ${port} ${target}`;
    }
    if (record.type === 'SOA') return `SOA ${record.data.mname}`;
    return `${record.type} ${Array.isArray(data) ? data.map(String).join(' ') : String(data)}`;
  });
}

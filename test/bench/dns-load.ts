import { createSocket } from 'node:dgram';
import { text } from 'node:stream/consumers';
import { encode, type Question } from 'dns-packet';
import { percentile } from './table.ts';

/** What a load process is told, as JSON in its only argument. */
export interface DnsLoad {
  readonly port: number;
  readonly questions: readonly Question[];
  /** Questions that are under way at the same time. */
  readonly atOnce: number;
  readonly seconds: number;
}

export interface DnsLoadResult {
  readonly answered: number;
  readonly lost: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const lostAfterMs = 1000;
/** One of so many answers is timed: the clock costs as much as the rest. */
const timed = 8;

/** A process that does little itself: packets are made before, answers are told by their id alone. */
async function load({ port, questions, atOnce, seconds }: DnsLoad): Promise<DnsLoadResult> {
  const packets = questions.map((question) => encode({ type: 'query', flags: 0x0100, questions: [question] }));
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  const sentAt = new Float64Array(0x10000);
  const times: number[] = [];
  let [next, answered, lost, last] = [0, 0, 0, performance.now()];
  const send = (): void => {
    const id = next & 0xffff;
    const packet = Buffer.from(packets[next++ % packets.length] ?? Buffer.alloc(0));
    packet.writeUInt16BE(id);
    sentAt[id] = id % timed === 0 ? performance.now() : 0;
    socket.send(packet);
  };
  const begun = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('message', (answer) => {
    const id = answer.readUInt16BE();
    answered++;
    if (id % timed === 0) {
      last = performance.now();
      times.push(last - (sentAt[id] ?? last));
      if (last - begun > seconds * 1000) return resolve();
    }
    send();
  });
  const watch = setInterval(() => {
    if (performance.now() - last < lostAfterMs) return;
    lost += atOnce;
    if (lost > 10 * atOnce) resolve();
    for (let i = 0; i < atOnce; i++) send();
  }, lostAfterMs);
  for (let i = 0; i < atOnce; i++) send();
  await promise;
  clearInterval(watch);
  const elapsed = (performance.now() - begun) / 1000;
  socket.close();
  return { answered, lost, perSecond: answered / elapsed, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await load(JSON.parse(await text(process.stdin)) as DnsLoad))}\n`);

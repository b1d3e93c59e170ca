import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { matches } from './question.ts';
import { FrameReader, frame } from './tcp-frames.ts';
import { flag } from './wire.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Packets that are no answer, after which it is somebody who guesses: the rest is left to TCP. */
const mostStrangers = 16;

/** What came by UDP; undefined when it has to be asked by TCP. Each question has a port of its own, which the kernel chooses at random. */
export function askByUdp({ address, port }: Endpoint, packet: Buffer, signal: AbortSignal): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
  const abort = (): void => reject(signal.reason);
  let strangers = 0;
  socket.on('error', reject);
  socket.on('message', (answer) => {
    const match = matches(packet, answer);
    if (match === 'yes') resolve((answer.readUInt16BE(2) & flag.truncated) === 0 ? answer : undefined);
    else if (match === 'spelled' || ++strangers >= mostStrangers) resolve(undefined);
  });
  // Connected, so that only the server's packets come in, and its refusals as errors.
  socket.once('connect', () => socket.send(packet, (error) => {
    if (error !== null) reject(error);
  }));
  socket.connect(port, address);
  signal.addEventListener('abort', abort, { once: true });
  return promise.finally(() => {
    signal.removeEventListener('abort', abort);
    socket.close();
  });
}

export function askByTcp({ address, port }: Endpoint, packet: Buffer, signal: AbortSignal): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connect({ host: address, port });
  const abort = (): void => reject(signal.reason);
  const frames = new FrameReader();
  socket.on('error', reject);
  socket.on('close', () => reject(new Error(`${address} closed the connection without an answer`)));
  socket.on('data', (chunk: Buffer) => {
    const [answer] = frames.push(chunk);
    if (answer === undefined) return;
    if (matches(packet, answer) === 'no') reject(new Error(`${address} answered something else than what was asked`));
    else resolve(answer);
  });
  socket.write(frame(packet));
  signal.addEventListener('abort', abort, { once: true });
  return promise.finally(() => {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  });
}

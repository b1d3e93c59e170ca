import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** One forwarded connection, at the client's end. */
export interface ForwardedStream {
  readonly port: number;
  readonly readable: Readable;
  readonly writable: Writable;
  /** The port cannot be reached, and why: the client is told. */
  refuse(why: string): void;
  /** The pod has said all, or broke off. */
  end(isBroken: boolean): void;
}

/** Which pod, as refusals name it. */
export interface ForwardTarget {
  readonly name: string;
  readonly uid: string;
  /** Rejects when nothing takes the connection. */
  readonly dial: (port: number) => Promise<Socket>;
}

/** Connects a stream with a port, each at the other's pace. What one side has ended the other may still answer. Never rejects. */
export async function forward(stream: ForwardedStream, { name, uid, dial }: ForwardTarget): Promise<void> {
  const { port, readable, writable } = stream;
  let socket: Socket;
  try {
    socket = await dial(port);
  } catch (error) {
    stream.refuse(`error forwarding port ${port} to pod ${name}, uid ${uid}: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  socket.setNoDelay(true);
  const up = pipeline(readable, socket).catch(() => undefined);
  try {
    await pipeline(socket, writable, { end: false });
    stream.end(false);
  } catch {
    stream.end(true);
  }
  await up;
}

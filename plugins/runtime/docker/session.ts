import { once } from 'node:events';
import { type Duplex, PassThrough, type Readable, Writable } from 'node:stream';
import type { StreamOptions } from '#core/spi/container-runtime.ts';
import { FrameReader } from './frames.ts';

/** A program's streams, taken out of a connection of the engine. */
export interface Streams {
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  /** Resolves when the engine has ended the connection and all is handed on; rejects when it broke. */
  readonly drained: Promise<void>;
  /** Ends the connection from this side. */
  destroy(): void;
}

/** The output waits for its readers, and so does the program: nothing is kept but what a stream holds. */
export function streamsOf(connection: Duplex, { stdin, stdout, stderr, tty }: StreamOptions): Streams {
  const out = stdout ? new PassThrough() : undefined;
  const err = stderr && !tty ? new PassThrough() : undefined;
  const destroy = (): void => {
    connection.destroy();
    out?.destroy();
    err?.destroy();
  };
  const drained = forward(connection, tty ? undefined : new FrameReader(), out, err).finally(() => {
    out?.end();
    err?.end();
    connection.destroy();
  });
  drained.catch(() => undefined);
  connection.on('error', () => undefined);
  return { ...(stdin ? { stdin: inputOf(connection) } : {}), ...(out ? { stdout: out } : {}), ...(err ? { stderr: err } : {}), drained, destroy };
}

async function forward(connection: Readable, reader: FrameReader | undefined, out: PassThrough | undefined, err: PassThrough | undefined): Promise<void> {
  for await (const chunk of connection as AsyncIterable<Buffer>) {
    const frames = reader === undefined ? [{ stream: 'stdout', content: chunk }] : reader.push(chunk);
    for (const { stream, content } of frames) await written(stream === 'stdout' ? out : err, content);
  }
}

async function written(to: PassThrough | undefined, content: Buffer): Promise<void> {
  if (to === undefined || to.destroyed || to.writableEnded || to.write(content)) return;
  await Promise.race([once(to, 'drain'), once(to, 'close')]);
}

/** Its end is the program's end of input, and leaves the output alone. What a program that has ended does not read is dropped. */
const inputOf = (connection: Duplex): Writable => new Writable({
  write: (chunk: Buffer, _encoding, done) => void connection.write(chunk, () => done()),
  final: (done) => void connection.end(() => done()),
  destroy: (error, done) => {
    connection.end();
    done(error);
  },
});

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
export function streamsOf(connection: Duplex, { stdin, stdout, stderr, tty, outlivesInput = false }: StreamOptions & { readonly outlivesInput?: boolean }): Streams {
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
  return { ...(stdin ? { stdin: inputOf(connection, outlivesInput) } : {}), ...(out ? { stdout: out } : {}), ...(err ? { stderr: err } : {}), drained, destroy };
}

async function forward(connection: Readable, reader: FrameReader | undefined, out: PassThrough | undefined, err: PassThrough | undefined): Promise<void> {
  for await (const chunk of connection as AsyncIterable<Buffer>) {
    const frames = reader === undefined ? [{ stream: 'stdout', content: chunk }] : reader.push(chunk);
    for (const { stream, content } of frames) await written(stream === 'stdout' ? out : err, content);
  }
}

async function written(to: PassThrough | undefined, content: Buffer): Promise<void> {
  if (to === undefined || to.destroyed || to.writableEnded || to.write(content)) return;
  // Whichever comes second must not leave its listener behind.
  const over = new AbortController();
  await Promise.race(['drain', 'close'].map((event) => once(to, event, { signal: over.signal }))).finally(() => over.abort());
}

/**
 * Its end is the program's end of input, and leaves the output alone. What a program that has ended does not read is dropped.
 * @param outlives the program's input does not end with this: then the engine must not hear of it, or it would close the output too
 */
const inputOf = (connection: Duplex, outlives: boolean): Writable => new Writable({
  write: (chunk: Buffer, _encoding, done) => void connection.write(chunk, () => done()),
  final: (done) => (outlives ? done() : void connection.end(() => done())),
  destroy: (error, done) => {
    if (!outlives) connection.end();
    done(error);
  },
});

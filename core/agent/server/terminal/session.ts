import type { Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { Status } from '#core/api/schema/meta.ts';
import type { StreamSession } from '#core/spi/container-runtime.ts';
import type { TerminalChannels } from './channels.ts';
import { TerminalSizes } from './sizes.ts';
import { exitStatus, failureStatus } from './status.ts';

export interface TerminalProgram {
  /** Begins the words for what goes wrong: `error executing command in container`. */
  readonly failure: string;
  /** Whether the client waits for an exit code. */
  readonly hasExitCode: boolean;
  open(signal: AbortSignal): Promise<StreamSession>;
}

/** Connects a client with a program until one of them leaves, each at the other's pace. */
export async function runTerminal(channels: TerminalChannels, program: TerminalProgram): Promise<void> {
  let session: StreamSession;
  try {
    session = await program.open(channels.gone);
  } catch (error) {
    if (!channels.gone.aborted) await channels.finish(failureStatus(program.failure, error));
    return;
  }
  const letGo = (): void => session.close();
  channels.gone.addEventListener('abort', letGo, { once: true });
  if (channels.gone.aborted) letGo();
  try {
    passIn(channels.stdin, session.stdin);
    passSizes(channels.sizes, session);
    const outputs = Promise.allSettled([passOut(session.stdout, channels.stdout), passOut(session.stderr, channels.stderr)]);
    const status = await statusOf(session, program);
    await outputs;
    if (!channels.gone.aborted) await channels.finish(status);
  } finally {
    channels.gone.removeEventListener('abort', letGo);
    letGo();
  }
}

async function statusOf({ ended }: StreamSession, { hasExitCode, failure }: TerminalProgram): Promise<Status> {
  try {
    const code = await ended;
    if (!hasExitCode) return exitStatus(undefined);
    return code === undefined ? failureStatus(failure, 'the runtime lost the program') : exitStatus(code);
  } catch (error) {
    return failureStatus(failure, error);
  }
}

async function passOut(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (to === undefined) from?.resume();
  else if (from === undefined) to.end();
  else await pipeline(from, to);
}

function passIn(from: Readable | undefined, to: Writable | undefined): void {
  if (from === undefined) return;
  from.on('error', () => undefined);
  if (to === undefined) {
    from.resume();
    return;
  }
  from.pipe(to);
  // A client that goes on sending to a program that no longer reads must not come to a halt.
  const discard = (): void => {
    from.unpipe(to);
    from.resume();
  };
  to.on('error', discard);
  void finished(to).then(discard, discard);
}

function passSizes(from: Readable | undefined, session: StreamSession): void {
  const sizes = new TerminalSizes((size) => void session.resize(size).catch(() => undefined));
  from?.on('error', () => undefined).on('data', (chunk: Buffer) => sizes.take(chunk));
}

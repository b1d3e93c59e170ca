import type { Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { Status } from '#core/api/schema/meta.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { StreamSession } from '#core/spi/container-runtime.ts';
import type { TerminalChannels } from './channels.ts';
import { TerminalSizes, type TerminalSize } from './sizes.ts';
import { exitStatus, failureStatus } from './status.ts';

const retryMs = 50;
const mostTries = 20;

export interface TerminalProgram {
  /** Begins the words for what goes wrong: `error executing command in container`. */
  readonly failure: string;
  /** Whether the client waits for an exit code. */
  readonly hasExitCode: boolean;
  open(signal: AbortSignal): Promise<StreamSession>;
}

/** Connects a client with a program until one of them leaves, each at the other's pace. */
export async function runTerminal(channels: TerminalChannels, program: TerminalProgram, clock: Clock): Promise<void> {
  let session: StreamSession;
  try {
    session = await program.open(channels.gone);
  } catch (error) {
    if (!channels.gone.aborted) await channels.finish(failureStatus(program.failure, error));
    return;
  }
  const left = Promise.withResolvers<undefined>();
  const letGo = (): void => {
    session.close();
    left.resolve(undefined);
  };
  channels.gone.addEventListener('abort', letGo, { once: true });
  if (channels.gone.aborted) letGo();
  try {
    passIn(channels.stdin, session.stdin);
    passSizes(channels.sizes, session, clock, channels.gone);
    const outputs = Promise.allSettled([passOut(session.stdout, channels.stdout), passOut(session.stderr, channels.stderr)]);
    // Once the client has left nobody waits for what the runtime makes of it.
    const status = await Promise.race([left.promise, Promise.all([statusOf(session, program), outputs])]);
    if (status !== undefined) await channels.finish(status[0]);
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

/** One at a time, and of those that come meanwhile only the last. */
function passSizes(from: Readable | undefined, session: StreamSession, clock: Clock, signal: AbortSignal): void {
  if (from === undefined) return;
  let wanted: TerminalSize | undefined;
  let isBusy = false;
  const resize = async (): Promise<void> => {
    isBusy = true;
    for (let failures = 0; wanted !== undefined && failures < mostTries && !signal.aborted;) {
      const size = wanted;
      try {
        await session.resize(size);
        failures = 0;
        if (wanted === size) wanted = undefined;
      } catch {
        // A program that has hardly begun may have no terminal yet.
        failures++;
        await clock.sleep(retryMs, signal).catch(() => undefined);
      }
    }
    isBusy = false;
  };
  const sizes = new TerminalSizes((size) => {
    wanted = size;
    if (!isBusy) void resize();
  });
  from.on('error', () => undefined).on('data', (chunk: Buffer) => sizes.take(chunk));
}

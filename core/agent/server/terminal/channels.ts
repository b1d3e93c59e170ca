import type { Readable, Writable } from 'node:stream';
import type { Status } from '#core/api/schema/meta.ts';

/** What a client of `exec` or `attach` has opened, in whatever framing. Those that it did not ask for are undefined. */
export interface TerminalChannels {
  readonly stdin?: Readable | undefined;
  readonly stdout?: Writable | undefined;
  readonly stderr?: Writable | undefined;
  /** JSON objects `{"Width": 80, "Height": 25}`, one after the other. */
  readonly sizes?: Readable | undefined;
  /** Aborts when the client has left, or the connection was idle for too long. */
  readonly gone: AbortSignal;
  /** Says how it ended, and resolves when the client has taken all and left, or had time enough for it. */
  finish(status: Status): Promise<void>;
}

/** How long a client may take for what was said last, in milliseconds. */
export const lastWordsMs = 5 * 60_000;

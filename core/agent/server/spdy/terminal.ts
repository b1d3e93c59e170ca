import type { Duplex } from 'node:stream';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { StreamOptions } from '#core/spi/container-runtime.ts';
import { lastWordsMs, type TerminalChannels } from '#core/agent/server/terminal/channels.ts';
import { plainStatus } from '#core/agent/server/terminal/status.ts';
import { SpdyConnection } from './connection.ts';
import type { SpdyStream } from './stream.ts';

/** Protocols of `exec` and `attach` over SPDY, the best first. */
export const spdyTerminalProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

const jsonStatus = new Set(['v5.channel.k8s.io', 'v4.channel.k8s.io']);
const withSizes = new Set([...jsonStatus, 'v3.channel.k8s.io']);
const mostStreams = 5;

export interface SpdyTerms {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly idleMs: number;
  /** How long the client may take to open its streams, in milliseconds. */
  readonly creationMs: number;
}

/** The streams of `exec` or `attach` by what they carry. Undefined when the client does not open all of them in time. */
export async function spdyTerminal(socket: Duplex, protocol: string, options: StreamOptions, terms: SpdyTerms): Promise<TerminalChannels | undefined> {
  const expected = ['error', ...(options.stdin ? ['stdin'] : []), ...(options.stdout ? ['stdout'] : []), ...(options.stderr ? ['stderr'] : []),
    ...(options.tty && withSizes.has(protocol) ? ['resize'] : [])];
  const streams = new Map<string, SpdyStream>();
  const complete = Promise.withResolvers<boolean>();
  const connection = new SpdyConnection(socket, {
    ...terms, maxStreams: mostStreams,
    accepts: (headers) => {
      const type = headers.get('streamtype') ?? '';
      return expected.includes(type) && !streams.has(type);
    },
    opened: (stream) => {
      streams.set(stream.headers.get('streamtype') ?? '', stream);
      if (streams.size === expected.length) complete.resolve(true);
    },
  });
  const gone = new AbortController();
  void connection.closed.then(() => {
    gone.abort();
    complete.resolve(false);
  });
  const stop = terms.clock.after(terms.creationMs, () => complete.resolve(false));
  const isComplete = await complete.promise.finally(stop);
  if (!isComplete) {
    connection.destroy();
    return undefined;
  }
  const [error, stdout, stderr] = [streams.get('error'), streams.get('stdout'), streams.get('stderr')];
  // What a client says there has no meaning; its end has to be taken note of.
  for (const stream of [error, stdout, stderr]) stream?.resume();
  return {
    stdin: streams.get('stdin'), stdout, stderr, sizes: streams.get('resize'), gone: gone.signal,
    finish: async (status) => {
      stdout?.end();
      stderr?.end();
      error?.end(jsonStatus.has(protocol) ? JSON.stringify(status) : plainStatus(status));
      await connection.closeWithin(lastWordsMs);
    },
  };
}

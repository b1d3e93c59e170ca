import type { Duplex } from 'node:stream';
import { SpdyConnection } from '#core/agent/server/spdy/connection.ts';
import type { SpdyTerms } from '#core/agent/server/spdy/terminal.ts';
import type { ForwardTarget } from './forward.ts';
import { ForwardPairs, isForwardStream } from './pairs.ts';

export const spdyForwardProtocols = ['portforward.k8s.io'];
/** Twice the connections that are forwarded at a time. */
const mostStreams = 2000;

/** Forwards ports for one client. Resolves when it has left. */
export async function forwardOverSpdy(socket: Duplex, target: ForwardTarget, terms: SpdyTerms): Promise<void> {
  const pairs = new ForwardPairs(target, terms.clock, terms.creationMs);
  const connection = new SpdyConnection(socket, { ...terms, maxStreams: mostStreams, accepts: (headers) => pairs.hasRoom && isForwardStream(headers), opened: (stream) => pairs.add(stream) });
  await connection.closed;
  pairs.close();
}

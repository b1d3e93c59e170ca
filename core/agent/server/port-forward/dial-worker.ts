import { connect, type Socket } from 'node:net';
import type { DialAnswer, DialRequest } from './dial-process.ts';

/*
 * Runs inside a pod's network namespace, connects to what listens there on the loopback, and hands the connected sockets to its parent.
 * No data pass through here: a socket stays in the namespace in which it was made, whoever has it.
 */

const timeoutMs = 10_000;
const hosts = ['127.0.0.1', '::1'];

/** @throws {Error} with a `code` */
function dial(host: string, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host, port, allowHalfOpen: true });
  // A server that speaks first must find the parent listening, not this process.
  socket.pause();
  socket.setTimeout(timeoutMs, () => socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })));
  socket.once('error', reject);
  socket.once('connect', () => {
    socket.setTimeout(0);
    resolve(socket);
  });
  return promise;
}

const answer = (message: DialAnswer, socket?: Socket): void => void process.send?.(message, socket);

async function serve({ id, port }: DialRequest): Promise<void> {
  const codes: string[] = [];
  for (const host of hosts) {
    try {
      const socket = await dial(host, port);
      answer({ id }, socket);
      return;
    } catch (error) {
      codes.push((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }
  answer({ id, codes });
}

process.on('message', (request) => void serve(request as DialRequest));
process.on('disconnect', () => process.disconnect?.());
answer({ id: 0 });

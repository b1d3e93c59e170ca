import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { begin, answerOf, BackendError, type Backend, type Outgoing } from './backend.ts';
import { handBack, type ForwardOptions } from './forward.ts';

/** A request that asks to go on in another protocol, on its own connection. */
export interface Upgrade {
  readonly socket: Duplex;
  /** What the client has sent already after its request. */
  readonly head: Buffer;
}

/** After one side has ended, the other is heard until it has been silent for so long. */
const lastWordsMs = 5000;
const keepAliveMs = 30_000;

/**
 * Asks the backend for the protocol that the client wants. If it agrees, both talk to each other until one of them leaves; if it refuses,
 * its answer goes back. Resolves when that is over.
 * @param response bound to the upgrade's socket
 * @throws {BackendError} when there is no answer, or one that makes no sense
 */
export async function tunnel(upgrade: Upgrade, response: ServerResponse, backend: Backend, outgoing: Outgoing, options: ForwardOptions): Promise<void> {
  const sent = begin(backend, outgoing, true);
  const leave = (): void => void sent.destroy();
  upgrade.socket.once('close', leave);
  try {
    const agreed = new Promise<{ answer: IncomingMessage; socket: Duplex; head: Buffer }>((resolve) => {
      sent.once('upgrade', (answer, socket, head) => resolve({ answer, socket, head }));
    });
    sent.end();
    const refused = answerOf(sent, options.timeoutMs);
    // Once they have agreed there is no other answer.
    refused.catch(() => undefined);
    const result = await Promise.race([agreed, refused]);
    if (!('head' in result)) return await handBackRefusal(result, response, options);
    options.started?.(101);
    response.statusCode = 101;
    response.detachSocket(upgrade.socket as Socket);
    upgrade.socket.write(headOf(result.answer));
    await join(upgrade, result, options.stopping);
  } finally {
    upgrade.socket.off('close', leave);
  }
}

async function handBackRefusal(answer: IncomingMessage, response: ServerResponse, options: ForwardOptions): Promise<void> {
  const code = answer.statusCode ?? 0;
  if (code >= 400) return handBack(answer, response, options);
  answer.destroy();
  throw new BackendError(new Error(`invalid upgrade response: status code ${code}`));
}

function headOf({ statusMessage = 'Switching Protocols', rawHeaders }: IncomingMessage): Buffer {
  const lines = [`HTTP/1.1 101 ${statusMessage}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i] ?? ''}: ${rawHeaders[i + 1] ?? ''}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Lets both sides talk, each at the other's pace. One may end before the other: both are told all that was said. Resolves when both connections are closed. */
export async function join(client: Upgrade, backend: Upgrade, stopping: AbortSignal): Promise<void> {
  const sockets = [client.socket, backend.socket];
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  let last: NodeJS.Timeout | undefined;
  let gone: NodeJS.Timeout | undefined;
  const pass = (from: Duplex, to: Duplex): Promise<unknown> => {
    from.allowHalfOpen = true;
    from.on('error', cut);
    from.on('data', () => void last?.refresh());
    from.on('end', () => {
      last ??= setTimeout(cut, lastWordsMs);
    });
    from.on('close', () => {
      if (!from.readableEnded) return cut();
      // What it said last is still on its way; nobody hears an answer.
      to.resume();
      gone ??= setTimeout(cut, lastWordsMs);
    });
    keepAlive(from);
    return once(from, 'close');
  };
  const ends = [pass(client.socket, backend.socket), pass(backend.socket, client.socket)];
  stopping.addEventListener('abort', cut, { once: true });
  if (stopping.aborted) cut();
  if (backend.head.length > 0) client.socket.write(backend.head);
  if (client.head.length > 0) backend.socket.write(client.head);
  client.socket.pipe(backend.socket);
  backend.socket.pipe(client.socket);
  await Promise.allSettled(ends);
  stopping.removeEventListener('abort', cut);
  clearTimeout(last);
  clearTimeout(gone);
}

/** A peer that vanished says nothing. */
function keepAlive(socket: Duplex): void {
  const { setKeepAlive, setNoDelay, setTimeout: limit } = socket as Partial<Socket>;
  limit?.call(socket, 0);
  setKeepAlive?.call(socket, true, keepAliveMs);
  setNoDelay?.call(socket, true);
}

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { lastWordsMs } from '#core/agent/server/terminal/channels.ts';

/** A client sends what it reads of a file or terminal at once; nobody sends more than a few of 64 KiB. */
const longestMessage = 16 * 1024 * 1024;

let servers: Promise<Pick<WebSocketServer, 'handleUpgrade'>> | undefined;
/** What was agreed for a request, for the handshake to say. */
const agreed = new WeakMap<IncomingMessage, string>();

async function server(): Promise<Pick<WebSocketServer, 'handleUpgrade'>> {
  const { WebSocketServer: Server } = await import('ws');
  const options = { noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: longestMessage, closeTimeout: lastWordsMs };
  const made = new Server(options);
  made.on('headers', (headers, request) => {
    const protocol = agreed.get(request) ?? '';
    if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
  });
  return made;
}

export const isWebSocket = ({ headers: { upgrade = '' } }: IncomingMessage): boolean => upgrade.toLowerCase() === 'websocket';

export function offeredSubprotocols({ headers }: IncomingMessage): readonly string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
}

export interface Accepted {
  /** Paused. */
  readonly client: WebSocket;
  /** '' when the client named none. */
  readonly protocol: string;
}

/**
 * Answers the handshake. The client's first protocol that is ours is taken; a client that names none gets none.
 * Undefined when it names only others, or its request is no handshake: then it has been refused.
 */
export async function acceptWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer, protocols: readonly string[]): Promise<Accepted | undefined> {
  const offered = offeredSubprotocols(request);
  const protocol = offered.length === 0 ? '' : offered.find((name) => protocols.includes(name));
  if (protocol === undefined) {
    const text = `requested protocol(s) are not supported: [${offered.join(' ')}]; supports [${protocols.join(' ')}]`;
    socket.end(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    return undefined;
  }
  // The library knows no names with a slash, as `SPDY/3.1+portforward.k8s.io`.
  delete request.headers['sec-websocket-protocol'];
  agreed.set(request, protocol);
  const { handleUpgrade } = await (servers ??= server()).then((made) => ({ handleUpgrade: made.handleUpgrade.bind(made) }));
  return new Promise((resolve) => {
    const refused = (): void => resolve(undefined);
    socket.once('close', refused);
    handleUpgrade(request, socket, head, (client) => {
      socket.off('close', refused);
      // What comes before somebody listens would be lost.
      client.pause();
      resolve({ client, protocol });
    });
  });
}

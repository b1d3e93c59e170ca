import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { acceptWebSocket, offeredSubprotocols } from '#core/agent/server/websocket/accept.ts';
import { WebSocketChannels } from '#core/agent/server/websocket/channels.ts';
import type { SpdyTerms } from '#core/agent/server/spdy/terminal.ts';
import { forward, type ForwardTarget } from './forward.ts';
import { forwardOverSpdy } from './spdy.ts';

const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const protocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
const mostPorts = 64;

export const isTunnel = (request: IncomingMessage): boolean => offeredSubprotocols(request).includes(tunnelProtocol);

/** SPDY inside a WebSocket (KEP-4006). Resolves when the client has left. */
export async function forwardOverTunnel(request: IncomingMessage, socket: Duplex, head: Buffer, target: ForwardTarget, terms: SpdyTerms): Promise<void> {
  const accepted = await acceptWebSocket(request, socket, head, [tunnelProtocol]);
  if (accepted === undefined) return;
  const { createWebSocketStream } = await import('ws');
  await forwardOverSpdy(createWebSocketStream(accepted.client), target, terms);
}

/** The ports that the query of a WebSocket names: `port=80,443&port=81`. @throws {Error} in upstream's words */
export function portsOf(query: URLSearchParams): readonly number[] {
  const texts = query.getAll('port');
  if (texts.length === 0) throw new Error('query parameter "port" is required');
  if (texts.includes('')) throw new Error('query parameter "port" cannot be empty');
  const ports = texts.flatMap((text) => text.split(',').map((port) => portOf(port, text)));
  if (ports.length > mostPorts) throw new Error(`${ports.length} ports, where ${mostPorts} are the most`);
  return ports;
}

function portOf(port: string, text: string): number {
  const quoted = JSON.stringify(text.slice(0, 100));
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    throw new Error(`unable to parse ${quoted} as a port: strconv.ParseUint: parsing ${JSON.stringify(port.slice(0, 100))}: ${/^\d+$/.test(port) ? 'value out of range' : 'invalid syntax'}`);
  }
  if (Number(port) < 1) throw new Error(`port ${quoted} must be > 0`);
  return Number(port);
}

/** One connection to each port, which has two channels: its data, and what goes wrong. Each begins with the port, little-endian. Resolves when all are over. */
export async function forwardOverWebSocket(
  request: IncomingMessage, socket: Duplex, head: Buffer, forwarded: { readonly ports: readonly number[]; readonly target: ForwardTarget }, terms: SpdyTerms,
): Promise<void> {
  const channels = await WebSocketChannels.open(request, socket, head, protocols, terms);
  if (channels === undefined) return;
  const forwards = forwarded.ports.map((port, i) => {
    const [data, errors] = [2 * i, 2 * i + 1];
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(port);
    for (const channel of [data, errors]) channels.send(channel, bytes);
    const readable = channels.reader(data);
    return forward({
      port, readable, writable: channels.writer(data),
      refuse: (why) => channels.send(errors, Buffer.from(why)),
      // There is no other way to say that a channel is over.
      end: () => readable.destroy(),
    }, forwarded.target);
  });
  channels.begin();
  await Promise.all(forwards);
  await channels.close();
}

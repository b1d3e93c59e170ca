import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { issueAuthority, issueLeaf } from '#core/authn/pki-issue.ts';
import type { Choices } from './choices.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

/** What comes back instead of an answer, or in place of a good one. */
const answers: readonly string[] = [
  '', '\u0000\u0001\u0002', 'HTTP/1.1', 'HTTP/1.1 200', 'HTTP/9.9 200 OK\r\n\r\n', 'HTTP/1.1 999 X\r\n\r\n', 'HTTP/1.1 99 X\r\n\r\n', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello', 'HTTP/1.1 304 Not Modified\r\n\r\n',
  `${ok}Content-Length: 2\r\n\r\n{}`, `${ok}Content-Length: 20\r\n\r\n{}`, `${ok}Content-Length: 1\r\n\r\n{}{}{}`, `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`, `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, `${ok}Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\nx`, `${ok}X: ${'x'.repeat(70_000)}\r\n\r\n`, `${ok}${'X: y\r\n'.repeat(5000)}\r\n`, `${ok}X\u0000Y: z\r\n\r\n`, `${ok}X: \u0000\r\n\r\n`, `${ok}: y\r\n\r\n`,
  `${ok}Connection: Keep-Alive, Transfer-Encoding, X\r\nX: y\r\nContent-Length: 0\r\n\r\n`, `${ok}Set-Cookie: a=b\r\nLocation: //evil\r\nContent-Length: 0\r\n\r\n`, 'HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\u0081\u00ff', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20), `${'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(3)}${ok}Content-Length: 2\r\n\r\n{}`,
  'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n', `${ok}\r\n${'x'.repeat(2_000_000)}`, `${ok}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc`,
];

export interface HostileBackend {
  readonly port: number;
  stop(): Promise<void>;
}

/** Whoever connects is answered badly: late, wrongly, too much or not at all; with and without TLS. */
export async function startHostileBackend(choices: Choices): Promise<HostileBackend> {
  const validity = { notBefore: new Date(Date.now() - 3600_000), notAfter: new Date(Date.now() + 24 * 3600_000) };
  const { cert, key } = await issueLeaf(await issueAuthority('hostile', validity), { ...validity, commonName: 'hostile', usage: 'server', hosts: ['127.0.0.1'] });
  const sockets = new Set<Socket>();
  const answer = (stream: Duplex): void => {
    stream.on('error', () => undefined);
    const text = choices.one(answers);
    const lateMs = choices.chance(0.1) ? choices.below(500) : 0;
    const cut = choices.chance(0.2) ? choices.below(text.length + 1) : text.length;
    setTimeout(() => {
      stream.write(Buffer.from(text.slice(0, cut), 'latin1'));
      setTimeout(() => stream.destroy(), 100);
    }, lateMs);
  };
  const secure = createTlsServer({ cert, key }, (socket) => socket.once('data', () => answer(socket)));
  secure.on('tlsClientError', () => undefined);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (choices.chance(0.1)) return void socket.destroy();
    socket.once('data', (first) => {
      if (first[0] !== 0x16 || choices.chance(0.2)) return answer(socket);
      socket.pause();
      socket.unshift(first);
      secure.emit('connection', socket);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    }),
  };
}

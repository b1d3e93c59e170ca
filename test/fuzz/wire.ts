import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { ControlPlane } from '#test/fixtures/control-plane.ts';
import type { Choices } from './choices.ts';

const get = 'GET /api/v1/namespaces/default HTTP/1.1\r\nHost: x\r\n';
const post = 'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const exec = 'GET /api/v1/namespaces/default/pods/fixed/exec?command=ls HTTP/1.1\r\nHost: x\r\n';

/** Requests that no client of ours would write. */
const texts: readonly string[] = [
  `${get}X: ${'x'.repeat(100_000)}\r\n\r\n`, `${get}${'X: y\r\n'.repeat(5000)}\r\n`, `${get}X\u0000Y: z\r\n\r\n`, `${get}X: a\u0000b\r\n\r\n`, `${get}X: a\r\n folded\r\n\r\n`, `${get}: empty\r\n\r\n`, `${get}X : y\r\n\r\n`, `${get}Host: y\r\n\r\n`, 'GET / HTTP/1.1\r\n\r\n', 'GET /\r\n', 'GET / HTTP/0.9\r\n\r\n', 'GET / HTTP/1.0\r\n\r\n', 'GET / HTTP/2.0\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'get / HTTP/1.1\r\nHost: x\r\n\r\n', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', 'CONNECT /api HTTP/1.1\r\nHost: x\r\n\r\n', 'GET https://x/api HTTP/1.1\r\nHost: x\r\n\r\n', 'GET //evil.example/api HTTP/1.1\r\nHost: x\r\n\r\n', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', `GET /${'x'.repeat(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 'GET /api\u00ff\u0080 HTTP/1.1\r\nHost: x\r\n\r\n', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n',
  `${post}Content-Length: -1\r\n\r\n{}`, `${post}Content-Length: 99999999999999999999\r\n\r\n{}`, `${post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`, `${post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n`, `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`, `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `${post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx`, `${post}Transfer-Encoding: chunked\r\n\r\n-1\r\nx`, `${post}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(50_000)}\r\n{}\r\n0\r\n\r\n`, `${post}Transfer-Encoding: chunked\r\n\r\n${'1\r\n{\r\n'.repeat(3000)}0\r\n\r\n`, `${post}Transfer-Encoding: chunked\r\n\r\n0\r\n${'X: y\r\n'.repeat(3000)}\r\n`,
  `${post}Content-Length: 1000\r\n\r\n{`, `${post}Content-Length: 5000000\r\n\r\n${'x'.repeat(4_000_000)}`, `${post}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`, `${post}Expect: x\r\nContent-Length: 2\r\n\r\n{}`, `${get}\r\n`.repeat(50), `${get}\r\n`.repeat(3).slice(0, -7), `${get}Connection: close\r\n\r\n${get}\r\n`, `${get}Content-Length: 5\r\n\r\nhello`,
  `${get}${upgrade}\r\n`, `${exec}${upgrade}\r\n\u0081\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff`, `${exec}${upgrade}Content-Length: 5\r\n\r\nhello`, `${exec}${upgrade}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, `${exec}Connection: Upgrade\r\nUpgrade: ${'x,'.repeat(2000)}\r\n\r\n`, `${get}Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`, `${exec}${upgrade}\r\n${get}\r\n`,
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', '\u0000'.repeat(5000), '\r\n'.repeat(5000), `${'x'.repeat(20)}\r\n`.repeat(500), '',
];

/** How clients begin to speak TLS. */
const greetings: readonly ConnectionOptions[] = [{}, {}, {}, {}, { maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }, { ciphers: 'NULL' }, { servername: 'x'.repeat(200) }, { servername: 'evil.example' }, { ALPNProtocols: ['h2', 'http/1.1', 'x'] }];

/** Sends bytes that are no proper request over a connection of its own, and goes away; resolves to what is wrong with the answers. */
export async function abuse({ server, pki }: ControlPlane, choices: Choices): Promise<string | undefined> {
  const { hostname, port } = new URL(server.url);
  const text = choices.one(texts);
  const bytes = Buffer.from(choices.chance(0.2) ? text.slice(0, choices.below(text.length + 1)) : text, 'latin1');
  const slices = choices.chance(0.2) ? 5 : 1;
  if (choices.chance(0.2)) return exchange(connect(Number(port), hostname), bytes, slices);
  const greeting = choices.one(greetings);
  const identity = choices.chance(0.8) ? { cert: pki.admin.cert, key: pki.admin.key } : {};
  try {
    const socket = connectTls({ host: hostname, port: Number(port), ca: pki.ca, rejectUnauthorized: false, ...identity, ...greeting });
    if (greeting.maxVersion === 'TLSv1.2') socket.once('secureConnect', () => renegotiate(socket));
    return await exchange(socket, bytes, slices);
  } catch {
    // This side's TLS does not take the greeting.
    return undefined;
  }
}

function renegotiate(socket: ReturnType<typeof connectTls>): void {
  for (let i = 0; i < 5; i++) socket.renegotiate({}, () => undefined);
}

/** A server that neither answers nor closes by then is left alone: it waits for the rest, as it should. */
const waitMs = 150;

function exchange(socket: Duplex & Pick<Socket, 'destroy'>, bytes: Buffer, slices: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      // What the backend says is handed on.
      const bad = [...answer.matchAll(/^HTTP\/1\.1 (5\d\d)/gm)].map(([, code]) => code).find((code) => code !== '505' && code !== '501');
      resolve(bad === undefined || bytes.includes('/pods/fixed/exec') ? undefined : `${bad} for ${JSON.stringify(bytes.subarray(0, 300).toString('latin1'))}: ${answer.slice(0, 500)}`);
    };
    const timer = setTimeout(end, waitMs);
    socket.on('data', (chunk: Buffer) => {
      if (answer.length < 20_000) answer += chunk.toString('latin1');
    });
    socket.on('error', end);
    socket.on('close', end);
    const size = Math.ceil(bytes.length / slices);
    for (let i = 0; i < slices; i++) setTimeout(() => !socket.destroyed && socket.write(bytes.subarray(i * size, (i + 1) * size)), i * 5);
  });
}

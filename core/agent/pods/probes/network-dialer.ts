import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { dialError } from './dial-error.ts';
import { checkHealth } from './grpc-health.ts';
import type { HttpLook, ProbeDialer } from './probe-dialer.ts';

const mostBytes = 10 * 1024;
const mostRedirects = 10;

/** Dials from this process. */
export const networkDialer: ProbeDialer = {
  http: (look, signal) => get(look, signal, 0),
  tcp: ({ host, port }, signal) => new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port });
    const end = (settle: () => void): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      settle();
    };
    const abort = (): void => end(() => reject(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => end(resolve));
    socket.once('error', (error) => end(() => reject(dialError(host, port, error))));
  }),
  grpc: checkHealth,
};

type Answer = Awaited<ReturnType<ProbeDialer['http']>>;

async function get(look: HttpLook, signal: AbortSignal, redirects: number): Promise<Answer> {
  const answer = await once(look, signal);
  const { statusCode = 0, headers: { location } } = answer;
  if (statusCode < 300 || statusCode >= 400 || location === undefined) return { status: statusCode, body: await bodyOf(answer) };
  answer.destroy();
  const base = new URL(`${look.tls ? 'https' : 'http'}://${look.host.includes(':') ? `[${look.host}]` : look.host}:${look.port}${look.path}`);
  const next = URL.parse(location, base.href);
  if (next === null || next.hostname !== base.hostname) return { status: statusCode, body: '', isRedirectElsewhere: true };
  if (redirects >= mostRedirects) throw new Error(`stopped after ${mostRedirects} redirects`);
  const tls = next.protocol === 'https:';
  return get({ ...look, tls, port: Number(next.port || (tls ? 443 : 80)), path: next.pathname + next.search }, signal, redirects + 1);
}

async function once({ host, port, path, tls, headers }: HttpLook, signal: AbortSignal): Promise<IncomingMessage> {
  // Small servers end header lines as they like, and upstream's client takes them all.
  const options: RequestOptions = { insecureHTTPParser: true, host, port, path: path.startsWith('/') ? path : `/${path}`, headers: headersOf(headers), agent: false, signal };
  const start: (options: RequestOptions & { rejectUnauthorized?: boolean }) => ClientRequest = tls ? (await import('node:https')).request : httpRequest;
  return new Promise((resolve, reject) => {
    const request = start({ ...options, ...(tls ? { rejectUnauthorized: false } : {}) });
    request.once('response', resolve);
    request.once('error', (error) => reject(signal.aborted ? signal.reason : new Error(`Get "${tls ? 'https' : 'http'}://${host}:${port}${path}": ${dialError(host, port, error).message}`, { cause: error })));
    request.end();
  });
}

/** Headers of the probe win over those that every probe sends; an empty one takes them away. */
function headersOf(given: HttpLook['headers']): Record<string, string | string[]> {
  const headers = new Map<string, string[]>([['user-agent', ['kube-probe/1.34']], ['accept', ['*/*']]]);
  const own = new Set<string>();
  for (const { name, value } of given) {
    const key = name.toLowerCase();
    if (!own.has(key)) headers.delete(key);
    own.add(key);
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  const sent = [...headers].filter(([name, values]) => !((name === 'user-agent' || name === 'accept') && values[0] === ''));
  return Object.fromEntries(sent.map(([name, values]) => [name, values.length === 1 ? values[0] ?? '' : values]));
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= mostBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, mostBytes).toString('utf8');
}

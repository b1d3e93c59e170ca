import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { Admin } from './admin.ts';
import type { Api } from './api.ts';
import { answerBatch } from './batch.ts';
import type { Credentials } from './credentials.ts';
import { isObject } from './json.ts';
import { metadataAnswer, type MachineIdentity } from './metadata-server.ts';

interface Parts {
  readonly api: Api;
  readonly credentials: Credentials;
  readonly admin: Admin;
  readonly identity: MachineIdentity;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** The longest body that is read, in bytes. */
const longest = 8 * 2 ** 20;

/** The API, a token endpoint, a machine's metadata server and the test's own side, on one port. */
export function emulatorServer(parts: Parts): Server {
  return createServer((request, response) => {
    answer(parts, request)
      .then((answered) => send(response, answered))
      .catch((error: unknown) => send(response, { status: 500, type: 'text/plain', body: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
  });
}

function send(response: ServerResponse, answered: Answer | 'cut'): void {
  if (answered === 'cut') {
    response.destroy();
    return;
  }
  response.writeHead(answered.status, { 'content-type': `${answered.type}${answered.type.startsWith('multipart') ? '' : '; charset=UTF-8'}`, 'content-length': Buffer.byteLength(answered.body), 'metadata-flavor': 'Google', 'server': 'ESF' });
  response.end(answered.body);
}

async function answer({ api, credentials, admin, identity }: Parts, request: IncomingMessage): Promise<Answer | 'cut'> {
  const url = new URL(request.url ?? '/', 'http://emulator');
  const body = await readBody(request);
  if (body === undefined) return { status: 413, type: 'text/html', body: '<title>Error 413 (Request Entity Too Large)!!1</title>' };
  const { pathname } = url;
  const verb = request.method ?? 'GET';
  if (pathname.startsWith('/_emulator/')) return administer(admin, verb, pathname.slice('/_emulator/'.length), body);
  if (pathname === '/token' || pathname === '/oauth2/v4/token') return exchanged(credentials, verb, body);
  if (pathname.startsWith('/computeMetadata/v1')) return metadataAnswer(pathname, headerOf(request, 'metadata-flavor'), credentials, identity);
  if (pathname === '/') return { status: 200, type: 'text/plain', body: 'computeMetadata/\n' };
  const authorization = headerOf(request, 'authorization');
  if (pathname === '/batch/compute/v1' || pathname === '/batch') return answerBatch(api, headerOf(request, 'content-type') ?? '', body, authorization);
  return api.answer({ verb, url: withFields(url, request), authorization, body });
}

/** A header says the same as the parameter `fields`. */
function withFields(url: URL, request: IncomingMessage): URL {
  const mask = headerOf(request, 'x-goog-fieldmask');
  if (mask !== undefined && !url.searchParams.has('fields')) url.searchParams.set('fields', mask);
  return url;
}

function exchanged(credentials: Credentials, verb: string, body: string): Answer {
  if (verb !== 'POST') return { status: 405, type: 'text/plain', body: 'POST' };
  const { status, body: result } = credentials.exchange(new URLSearchParams(body));
  return { status, type: 'application/json', body: JSON.stringify(result) };
}

function administer(admin: Admin, verb: string, what: string, body: string): Answer {
  const json = (status: number, value: unknown): Answer => ({ status, type: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n` });
  if (verb === 'GET') {
    const shown = admin.show(what);
    return shown === undefined ? json(404, { error: `there is no ${what}: resources, calls, faults` }) : json(200, shown);
  }
  try {
    const args: unknown = body === '' ? {} : JSON.parse(body);
    if (!isObject(args)) return json(400, { error: 'the arguments are an object' });
    return json(200, admin.run(what, args));
  } catch (error) {
    return json(400, { error: error instanceof Error ? error.message : String(error) });
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= longest) chunks.push(chunk);
  }
  return length > longest ? undefined : Buffer.concat(chunks).toString();
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

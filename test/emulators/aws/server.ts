import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Dispatcher } from './dispatcher.ts';
import type { MetadataService } from './metadata.ts';

/** Longer requests are none of this API's. */
const mostBytes = 1024 * 1024;

/** What stands beside the vendor's API. */
export type SideDoor = (method: string, path: string, body: string) => { readonly status: number; readonly body: unknown };

export interface Doors {
  readonly dispatcher: Dispatcher;
  /** Answers what begins with `/latest/`. */
  readonly metadata: MetadataService;
  /** Answers what begins with `/_emulator/`. */
  readonly sideDoor: SideDoor;
}

export function emulatorServer(doors: Doors): Server {
  return createServer((request, response) => {
    serve(doors, request, response).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      response.destroy();
    });
  });
}

async function serve({ dispatcher, metadata, sideDoor }: Doors, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const method = request.method ?? 'GET';
  if (path.startsWith('/_emulator/')) {
    const { status, body: answer } = sideDoor(method, path.slice('/_emulator/'.length), body.toString('utf8'));
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(answer, null, 2)}\n`);
    return;
  }
  const facts = metadata.answer({ method, path, headers: request.headers });
  if (facts !== undefined) {
    response.writeHead(facts.status, { 'content-type': 'text/plain' }).end(facts.body);
    return;
  }
  const answer = dispatcher.answer({ method, path, query, headers: request.headers, body });
  if (answer.lost === true) {
    request.socket.destroy();
    return;
  }
  response.writeHead(answer.status, { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': answer.requestId, 'cache-control': 'no-cache, no-store' }).end(answer.body);
}

/** Undefined when it is too long; then it is read all the same, so that the answer is heard. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= mostBytes) chunks.push(chunk);
  }
  return length > mostBytes ? undefined : Buffer.concat(chunks);
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect } from 'chai';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { StatusError } from '#core/api/status-error.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import type { WatchEvent } from './client.ts';
import { HttpClient, type HttpClientOptions } from './http-client.ts';

interface Request {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}
type Answer = (response: ServerResponse, request: Request) => void;

const json = (code: number, body: unknown, headers: Record<string, string> = {}): Answer => (response) => {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};
const status = (code: number, reason: string, more: object = {}): object => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: `${reason}!`, reason, code, ...more });
const namespace = (name: string, resourceVersion = '1') => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: 'u', resourceVersion, creationTimestamp: '2025-01-01T00:00:00Z' } });
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settle();
}

const failure = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => expect.fail('it worked'), (error: unknown) => error);

describe('HttpClient', () => {
  let server: Server;
  let url: string;
  let clock: FakeClock;
  let client: HttpClient;
  let requests: Request[];
  let sockets: Set<Socket>;
  let answer: Answer;

  const connect = (options: Partial<HttpClientOptions> = {}, path = ''): HttpClient => {
    client?.close();
    client = new HttpClient({ server: `${url}${path}`, token: 'secret' }, { clock, random: () => 0.5, ...options });
    return client;
  };
  /** Answers in turn, then by the last one for ever. */
  const inTurn = (...answers: Answer[]): void => {
    answer = (response, request) => (answers.length > 1 ? answers.shift() : answers[0])?.(response, request);
  };

  beforeEach(async () => {
    clock = new FakeClock();
    requests = [];
    sockets = new Set();
    const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
      let body = '';
      for await (const chunk of incoming) body += String(chunk);
      const request: Request = { line: `${incoming.method} ${incoming.url}`, headers: incoming.headers, body: body === '' ? undefined : JSON.parse(body) };
      requests.push(request);
      answer(response, request);
    };
    server = createServer((incoming, response) => void serve(incoming, response));
    server.on('connection', (socket) => sockets.add(socket).size && socket.on('close', () => sockets.delete(socket)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    connect();
  });

  afterEach(async () => {
    client.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    expect(clock.pending).to.equal(0);
  });

  it('sends each verb as the API wants it', async () => {
    answer = json(200, namespace('x'));
    const event = { apiVersion: 'v1', kind: 'Event', metadata: { namespace: 'ns', name: 'e' }, message: 'm' } as Event;
    await client.get(Namespace, { name: 'x' });
    await client.create(Event, { metadata: { namespace: 'ns', name: 'e' }, message: 'm' }, { dryRun: true, fieldManager: 'me' });
    await client.update(Event, event);
    await client.updateStatus(Event, event);
    await client.patch(Event, { namespace: 'ns', name: 'e' }, { type: 'json', operations: [{ op: 'remove', path: '/message' }] });
    await client.patch(Event, { namespace: 'ns', name: 'e' }, { type: 'merge', document: { count: 2 } });
    await client.patchStatus(Namespace, { name: 'x' }, { type: 'strategic', document: { status: {} } }, { fieldManager: 'me' });
    await client.update(Namespace, namespace('x') as Namespace, { subresource: 'finalize' });
    await client.create(Event, event, { subresource: 'binding' });
    await client.delete(Event, { namespace: 'ns', name: 'e' }, { dryRun: true, gracePeriodSeconds: 0, propagationPolicy: 'Orphan', preconditions: { uid: 'u' } });
    expect(requests.map(({ line, headers, body }) => [line, headers['content-type'], body])).to.deep.equal([
      ['GET /api/v1/namespaces/x', undefined, undefined],
      ['POST /api/v1/namespaces/ns/events?dryRun=All&fieldManager=me', 'application/json', event],
      ['PUT /api/v1/namespaces/ns/events/e', 'application/json', event],
      ['PUT /api/v1/namespaces/ns/events/e/status', 'application/json', event],
      ['PATCH /api/v1/namespaces/ns/events/e', 'application/json-patch+json', [{ op: 'remove', path: '/message' }]],
      ['PATCH /api/v1/namespaces/ns/events/e', 'application/merge-patch+json', { count: 2 }],
      ['PATCH /api/v1/namespaces/x/status?fieldManager=me', 'application/strategic-merge-patch+json', { status: {} }],
      ['PUT /api/v1/namespaces/x/finalize', 'application/json', namespace('x')],
      ['POST /api/v1/namespaces/ns/events/e/binding', 'application/json', event],
      ['DELETE /api/v1/namespaces/ns/events/e', 'application/json',
        { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, propagationPolicy: 'Orphan', preconditions: { uid: 'u' }, dryRun: ['All'] }],
    ]);
    expect(requests[0]?.headers).to.include({ authorization: 'Bearer secret', accept: 'application/json', 'user-agent': 'keelson' });
  });

  it('keeps the path of a server behind a proxy', async () => {
    answer = json(200, namespace('x'));
    await connect({}, '/k8s/clusters/c-1/').get(Namespace, { name: 'x' });
    expect(requests[0]?.line).to.equal('GET /k8s/clusters/c-1/api/v1/namespaces/x');
  });

  it('gives frozen objects', async () => {
    answer = json(200, namespace('x'));
    const object = await client.get(Namespace, { name: 'x' });
    expect([Object.isFrozen(object), Object.isFrozen(object.metadata)]).to.deep.equal([true, true]);
  });

  it('lists with its options, and names the kind of items whose server left it out', async () => {
    answer = json(200, { kind: 'NamespaceList', apiVersion: 'v1', metadata: { resourceVersion: '9', continue: 'next' }, items: [{ metadata: { name: 'a' } }] });
    const list = await client.list(Event, { namespace: 'ns', limit: 5, continue: 'token', labelSelector: 'a=b', fieldSelector: 'type=Warning', resourceVersion: '0' });
    expect(requests[0]?.line).to.equal('GET /api/v1/namespaces/ns/events?limit=5&continue=token&labelSelector=a%3Db&fieldSelector=type%3DWarning&resourceVersion=0');
    expect(list.metadata).to.deep.equal({ resourceVersion: '9', continue: 'next' });
    expect(list.items).to.deep.equal([{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'a' } }]);
    expect(Object.isFrozen(list.items[0]?.metadata)).to.equal(true);
    answer = json(200, { kind: 'NamespaceList', apiVersion: 'v1', metadata: {}, items: null });
    expect((await client.list(Namespace)).items).to.deep.equal([]);
  });

  it('turns a Status into the error it reports', async () => {
    answer = json(409, status(409, 'Conflict', { details: { name: 'x', kind: 'namespaces', causes: [{ field: 'f' }] } }));
    const error = await failure(client.get(Namespace, { name: 'x' }));
    expect(StatusError.is(error, 'Conflict')).to.equal(true);
    expect(error).to.deep.include({ message: 'Conflict!', code: 409, details: { name: 'x', kind: 'namespaces', causes: [{ field: 'f' }] } });
  });

  const bare: readonly [number, string][] = [[401, 'Unauthorized'], [404, 'NotFound'], [410, 'Expired'], [418, 'InternalError'], [502, 'InternalError'], [503, 'ServiceUnavailable']];
  for (const [code, reason] of bare) {
    it(`makes ${reason} of a bare ${code}`, async () => {
      answer = (response) => response.writeHead(code).end('<html>a proxy says no</html>');
      expect(await failure(client.get(Namespace, { name: 'x' }))).to.include({ reason, code, message: `GET /api/v1/namespaces/x: the server answered ${code}: <html>a proxy says no</html>` });
    });
  }

  it('says so when the answer is no JSON, or too long', async () => {
    answer = (response) => response.end('<html>');
    expect(await failure(client.get(Namespace, { name: 'x' }))).to.include({ reason: 'InternalError', message: 'GET /api/v1/namespaces/x: the server\'s answer is no JSON: "<html>"' });
    connect({ maxAnswerBytes: 5 });
    expect(await failure(client.get(Namespace, { name: 'x' }))).to.include({ message: "GET /api/v1/namespaces/x: the server's answer is longer than 5 bytes" });
  });

  it('says so when nobody answers, or the answer breaks off', async () => {
    answer = (response) => response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy());
    const broken = await failure(client.get(Namespace, { name: 'x' }));
    expect(broken).to.include({ reason: 'ServiceUnavailable' }).and.have.property('cause');
    client.close();
    client = new HttpClient({ server: 'http://127.0.0.1:1' }, { clock });
    const refused = await failure(client.get(Namespace, { name: 'x' }));
    expect(refused).to.include({ reason: 'ServiceUnavailable', message: 'GET /api/v1/namespaces/x: no answer from the server: connect ECONNREFUSED 127.0.0.1:1' });
  });

  it('waits as long as a busy server asks, a bounded number of times', async () => {
    inTurn(json(429, status(429, 'TooManyRequests'), { 'retry-after': '3' }), json(429, {}, { 'retry-after': '1' }), json(200, namespace('x')));
    const got = client.get(Namespace, { name: 'x' });
    await until(() => clock.nextInMs === 3000);
    await clock.advance(3000);
    await until(() => clock.nextInMs === 1000);
    await clock.advance(1000);
    expect((await got).metadata.name).to.equal('x');
    expect(requests).to.have.length(3);

    inTurn(json(429, status(429, 'TooManyRequests'), { 'retry-after': '0' }));
    connect({ retries: 2 });
    requests.length = 0;
    const given = failure(client.get(Namespace, { name: 'x' }));
    while (requests.length < 3) await clock.advance(0);
    expect(await given).to.deep.include({ reason: 'TooManyRequests', details: { retryAfterSeconds: 0 } });
  });

  it('leaves it to the caller when the server does not say for how long, or for too long', async () => {
    answer = json(429, status(429, 'TooManyRequests'));
    expect(await failure(client.get(Namespace, { name: 'x' }))).to.include({ reason: 'TooManyRequests' });
    answer = json(429, status(429, 'TooManyRequests'), { 'retry-after': '3600' });
    expect(await failure(client.get(Namespace, { name: 'x' }))).to.deep.include({ details: { retryAfterSeconds: 3600 } });
    expect(requests).to.have.length(2);
  });

  it('gives up an answer that does not come in time', async () => {
    answer = () => undefined;
    const late = failure(client.get(Namespace, { name: 'x' }));
    await until(() => requests.length > 0);
    await clock.advance(30_000);
    expect(await late).to.include({ reason: 'Timeout', message: 'GET /api/v1/namespaces/x: no answer from the server within 30000 ms' });
  });

  it('rejects with the reason of its signal: before, during, and while it waits', async () => {
    const reason = new Error('enough');
    expect(await failure(client.get(Namespace, { name: 'x' }, AbortSignal.abort(reason)))).to.equal(reason);
    expect(requests).to.have.length(0);

    answer = () => undefined;
    const during = new AbortController();
    const unanswered = failure(client.get(Namespace, { name: 'x' }, during.signal));
    await until(() => requests.length > 0);
    during.abort(reason);
    expect(await unanswered).to.equal(reason);

    answer = json(429, status(429, 'TooManyRequests'), { 'retry-after': '3' });
    const waiting = new AbortController();
    const busy = failure(client.get(Namespace, { name: 'x' }, waiting.signal));
    await until(() => clock.nextInMs === 3000);
    waiting.abort(reason);
    expect(await busy).to.equal(reason);
  });

  it('uses one connection again and again', async () => {
    answer = json(200, namespace('x'));
    for (let i = 0; i < 5; i++) await client.get(Namespace, { name: 'x' });
    expect(sockets.size).to.equal(1);
  });

  it('reads once more when the server closes a kept connection under it, but does not write twice', async () => {
    let kills = 0;
    answer = json(200, namespace('x'));
    const killing: Answer = (response, request) => {
      if (requests.length % 2 === 0 && kills++ < 2) response.socket?.resetAndDestroy();
      else json(200, namespace('x'))(response, request);
    };
    await client.get(Namespace, { name: 'x' });
    answer = killing;
    await client.get(Namespace, { name: 'x' });
    expect(requests).to.have.length(3);
    const lost = await failure(client.create(Namespace, { metadata: { name: 'y' } }));
    expect(lost).to.include({ reason: 'ServiceUnavailable' });
    expect(requests).to.have.length(4);
  });

  it('refuses an address that is no URL of a server', () => {
    expect(() => new HttpClient({ server: 'ftp://x' }, { clock })).to.throw('the server\'s address must begin with https:// or http://, got "ftp://x"');
  });

  describe('watch', () => {
    const event = (type: string, resourceVersion: string): string => `${JSON.stringify({ type, object: namespace('x', resourceVersion) })}\n`;
    const abort = (): AbortController => new AbortController();
    const collect = async (events: AsyncIterable<WatchEvent<Namespace>>, into: string[] = []): Promise<string[]> => {
      for await (const { type, object } of events) into.push(`${type} ${object.metadata.resourceVersion}`);
      return into;
    };

    it('yields frozen events as they come, and ends when the server ends it', async () => {
      let open: ServerResponse | undefined;
      answer = (response) => {
        open = response;
        response.write(event('ADDED', '5').slice(0, 20));
      };
      const seen: string[] = [];
      const done = collect(client.watch(Namespace, { resourceVersion: '4', bookmarks: true, labelSelector: 'a' }, abort().signal), seen);
      await until(() => open !== undefined);
      open?.write(event('ADDED', '5').slice(20) + event('BOOKMARK', '6'));
      await until(() => seen.length === 2);
      expect(seen).to.deep.equal(['ADDED 5', 'BOOKMARK 6']);
      open?.end(event('DELETED', '7'));
      expect(await done).to.deep.equal(['ADDED 5', 'BOOKMARK 6', 'DELETED 7']);
      expect(requests[0]?.line).to.equal('GET /api/v1/namespaces?watch=true&resourceVersion=4&labelSelector=a&allowWatchBookmarks=true&timeoutSeconds=450');
    });

    it('throws Expired for 410, as an answer and as an event, whatever reason it carries', async () => {
      const gone: Answer[] = [
        json(410, status(410, 'Gone')), json(410, status(410, 'Expired')),
        (response) => response.end(`${event('ADDED', '5')}${JSON.stringify({ type: 'ERROR', object: status(410, 'Gone') })}\n`),
        (response) => response.end(`${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired') })}\n`),
      ];
      for (answer of gone) {
        const error = await failure(collect(client.watch(Namespace, { resourceVersion: '1' }, abort().signal)));
        expect(StatusError.is(error, 'Expired'), String(error)).to.equal(true);
      }
    });

    it('throws what the server refuses, and what is no event', async () => {
      const expected: readonly [Answer, string, string][] = [
        [json(403, status(403, 'Forbidden')), 'Forbidden', 'Forbidden!'],
        [(response) => response.end(`${JSON.stringify({ type: 'ERROR', object: status(500, 'InternalError') })}\n`), 'InternalError', 'InternalError!'],
        [(response) => response.end('{"type":"ERROR"}\n'), 'InternalError', 'watch of namespaces: the server ended the watch with an error that is no Status'],
        [(response) => response.end('{"type":"HELLO"}\n'), 'InternalError', 'watch of namespaces: unknown type of event "HELLO"'],
        [(response) => response.end('hello\n'), 'InternalError', 'watch of namespaces: an event is no JSON: "hello"'],
        [(response) => response.end(event('ADDED', '1'.repeat(500))), 'InternalError', 'watch of namespaces: a line is longer than 500 bytes'],
      ];
      connect({ maxEventBytes: 500 });
      for (const [given, reason, message] of expected) {
        answer = given;
        expect(await failure(collect(client.watch(Namespace, {}, abort().signal)))).to.include({ reason, message });
      }
    });

    it('throws when the connection breaks, after what came before', async () => {
      answer = (response) => response.write(`${event('ADDED', '5')}{"type":`, () => setImmediate(() => response.destroy()));
      const seen: string[] = [];
      expect(await failure(collect(client.watch(Namespace, {}, abort().signal), seen))).to.include({ reason: 'ServiceUnavailable' });
      expect(seen).to.deep.equal(['ADDED 5']);
    });

    it('rejects with the reason of its signal, and closes the connection', async () => {
      answer = (response) => response.write(event('ADDED', '5'));
      const stop = abort();
      const seen: string[] = [];
      const watching = failure(collect(client.watch(Namespace, {}, stop.signal), seen));
      await until(() => seen.length > 0);
      const closed = Promise.all([...sockets].map((socket) => once(socket, 'close')));
      const reason = new Error('enough');
      stop.abort(reason);
      expect(await watching).to.equal(reason);
      await closed;
    });

    it('closes the connection when nobody reads on', async () => {
      answer = (response) => response.write(event('ADDED', '5') + event('ADDED', '6'));
      for await (const { object } of client.watch(Namespace, {}, abort().signal)) {
        expect(object.metadata.resourceVersion).to.equal('5');
        break;
      }
      await until(() => sockets.size === 0);
    });

    it('waits thirty seconds for the answer to begin', async () => {
      answer = () => undefined;
      const late = failure(collect(client.watch(Namespace, {}, abort().signal)));
      await until(() => requests.length > 0);
      await clock.advance(30_000);
      expect(await late).to.include({ reason: 'Timeout' });
    });

    it('ends by itself when a server forgets to', async () => {
      answer = (response) => response.write(event('ADDED', '5'));
      const seen: string[] = [];
      const done = collect(client.watch(Namespace, {}, abort().signal), seen);
      await until(() => seen.length > 0);
      await clock.advance(480_000);
      expect(await done).to.deep.equal(['ADDED 5']);
    });

    it('does not take connections away from requests', async () => {
      answer = (response, request) => (request.line.includes('watch') ? response.flushHeaders() : json(200, namespace('x'))(response, request));
      const stop = abort();
      const watches = Array.from({ length: 100 }, () => failure(collect(client.watch(Namespace, {}, stop.signal))));
      await until(() => requests.length === 100);
      expect((await client.get(Namespace, { name: 'x' })).metadata.name).to.equal('x');
      stop.abort();
      await Promise.all(watches);
    });

    it('reads no further ahead of a slow reader than buffers go', async () => {
      let written = 0;
      const line = event('ADDED', '9'.repeat(10_000));
      answer = (response) => {
        const fill = (): void => {
          while (!response.destroyed && response.write(line)) written += line.length;
          response.once('drain', fill);
        };
        fill();
      };
      for await (const _event of client.watch(Namespace, {}, abort().signal)) {
        let before = -1;
        while (before !== written) {
          before = written;
          await settle(50);
        }
        break;
      }
      expect(written).to.be.lessThan(64 * 2 ** 20);
    });
  });
});

import { once } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import type { AgentAuth } from '#core/agent/server/access/agent-auth.ts';
import { issueAuthority, issueLeaf, type KeyPair } from '#core/authn/pki-issue.ts';
import { AgentLab } from '#test/fixtures/agent-lab.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { SpdyClient } from '#test/fixtures/spdy-client.ts';
import { frame } from '#test/fuzz/streams/websocket-frames.ts';

const validity = () => ({ notBefore: new Date(Date.now() - 3600_000), notAfter: new Date(Date.now() + 3600_000) });
const mib = 1 << 20;

/** Alice may read the pods, and everything through the proxy; the two others are certificates' names. */
const auth: AgentAuth = {
  userOfToken: async (bearer) => {
    if (bearer === 'broken') throw new Error('nobody answers');
    return bearer === 'alice-token' ? { name: 'alice', groups: [] } : undefined;
  },
  allows: async ({ name, groups }, { verb, subresource }) => {
    if (subresource === 'stats') throw new Error('nobody answers');
    return groups.includes('system:masters') || (name === 'alice' && verb === 'get' && ['pods', 'proxy'].includes(subresource));
  },
};

describe('the server of a node agent, over HTTPS', () => {
  let clients: KeyPair;
  let admin: KeyPair;
  let lab: AgentLab;
  let trouble: string | undefined;
  const sockets = new Set<TLSSocket>();

  before(async () => {
    clients = await issueAuthority('clients', validity());
    admin = await issueLeaf(clients, { ...validity(), commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters', usage: 'client' });
  });
  beforeEach(async () => {
    trouble = undefined;
    lab = await AgentLab.start({ clientCa: clients.cert, auth, limits: { sessions: 4, creationMs: 300 }, syncLoop: () => trouble });
    const pod = lab.pods.put('ns', 'web', { containers: [{ name: 'main', image: 'i', stdin: true }, { name: 'late', image: 'i' }, { name: 'idle', image: 'i', tty: true }] }, {
      phase: 'Running', startTime: '2026-01-01T00:00:00Z',
      containerStatuses: [
        { name: 'main', containerID: 'process://c1', state: { running: { startedAt: '2026-01-01T00:00:05Z' } } },
        { name: 'late', state: { waiting: { reason: 'ImagePullBackOff' } } }, { name: 'idle', state: {} },
      ],
    });
    lab.pods.putContainer(pod, 'main', 'c1');
    lab.runtime.say('c1', 'one\n', 'stdout', '2026-01-01T00:00:01.000000000Z');
    lab.runtime.say('c1', 'two\n', 'stderr', '2026-01-01T00:00:02.000000000Z');
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await lab.stop();
  });

  async function send(method: string, path: string, { token, as = admin, headers = {} }: { token?: string; as?: KeyPair | null; headers?: Record<string, string> } = {}): Promise<{ code: number; text: string; headers: IncomingMessage['headers'] }> {
    const agent = new Agent({ ca: lab.authority.cert, ...(token === undefined ? as : {}) });
    try {
      const request = httpsRequest({ host: '127.0.0.1', port: lab.server.port, path, method, agent, headers: { ...headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) } });
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      let text = '';
      for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
      return { code: response.statusCode ?? 0, text, headers: response.headers };
    } finally {
      agent.destroy();
    }
  }

  async function upgrade(path: string, protocol: string, headers: Record<string, string> = {}, credentials: Partial<KeyPair> = admin): Promise<{ head: string; socket: TLSSocket }> {
    const socket = tlsConnect({ host: '127.0.0.1', port: lab.server.port, ca: lab.authority.cert, ...credentials });
    sockets.add(socket);
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    const lines = Object.entries({ Host: 'x', Connection: 'Upgrade', Upgrade: protocol, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    let head = '';
    while (!head.includes('\r\n\r\n')) {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) head += chunk.toString('latin1');
      else if (socket.readableEnded || socket.destroyed) break;
      else await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
    }
    const end = head.indexOf('\r\n\r\n') + 4;
    if (head.startsWith('HTTP/1.1 101') && head.length > end) socket.unshift(Buffer.from(head.slice(end), 'latin1'));
    return { head: head.startsWith('HTTP/1.1 101') ? head.slice(0, end) : head, socket };
  }

  const webSocket = (path: string, protocols: string[]) => {
    const socket = new WebSocket(`wss://127.0.0.1:${lab.server.port}${path}`, protocols, { ca: lab.authority.cert, ...admin });
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer) => void messages.push(data));
    socket.on('error', () => undefined);
    const closed = once(socket, 'close') as Promise<[number]>;
    return { socket, messages, closed, said: (channel: number) => Buffer.concat(messages.filter(([first]) => first === channel).map((message) => message.subarray(1))).toString('latin1') };
  };

  describe('lets in', () => {
    it('those with a certificate of the cluster, or a token, if they may', async () => {
      expect((await send('GET', '/healthz')).text).to.equal('ok');
      expect((await send('GET', '/pods', { token: 'alice-token' })).code).to.equal(200);
    });

    it('nobody else', async () => {
      const stranger = await issueLeaf(await issueAuthority('strangers', validity()), { ...validity(), commonName: 'x', organization: 'system:masters', usage: 'client' });
      const attempts: Parameters<typeof send>[2][] = [{ as: null }, { as: stranger }, { token: 'forged' }, { token: 'broken' }, { as: null, headers: { Authorization: 'Basic eA==' } }];
      for (const path of ['/healthz', '/pods', '/containerLogs/ns/web/main', '/no/such/page']) {
        for (const attempt of attempts) {
          const { code, text } = await send('GET', path, attempt ?? {});
          expect([code, text], path).to.deep.equal([401, 'Unauthorized']);
        }
      }
      expect((await upgrade('/exec/ns/web/main?output=1&command=true', 'SPDY/3.1', {}, {})).head).to.match(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    });

    it('who may read, but not to run programs', async () => {
      const token = 'alice-token';
      expect((await send('GET', '/containerLogs/ns/web/main', { token })).text).to.equal('one\ntwo\n');
      expect(await send('GET', '/metrics', { token })).to.deep.include({ code: 403, text: 'Forbidden (user=alice, verb=get, resource=nodes, subresource(s)=[metrics])\n' });
      expect((await send('POST', '/pods', { token })).text).to.equal('Forbidden (user=alice, verb=create, resource=nodes, subresource(s)=[pods proxy])\n');
      const { head } = await upgrade('/exec/ns/web/main?output=1&command=true', 'SPDY/3.1', { Authorization: `Bearer ${token}` }, {});
      expect(head).to.match(/^HTTP\/1\.1 403 /).and.to.include('Forbidden (user=alice, verb=create, resource=nodes, subresource(s)=[proxy])');
      const reading = new WebSocket(`wss://127.0.0.1:${lab.server.port}/exec/ns/web/main?output=1&command=true`, { ca: lab.authority.cert, headers: { Authorization: `Bearer ${token}` } });
      const [error] = await once(reading, 'error');
      expect((error as Error).message).to.include('403');
    });

    it('nobody while it cannot find out', async () => {
      expect(await send('GET', '/stats/summary')).to.deep.include({ code: 500, text: 'Authorization error (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource=stats)' });
    });
  });

  it('shows a new certificate as soon as there is one', async () => {
    const shown = async (): Promise<string> => {
      const socket = tlsConnect({ host: '127.0.0.1', port: lab.server.port, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const first = await shown();
    expect(await shown()).to.equal(first);
    lab.serving = await AgentLab.issue(lab.authority);
    const second = await shown();
    expect(second).to.not.equal(first);
    lab.serving = { cert: 'none', key: 'none' };
    expect(await shown(), 'one that cannot be used').to.equal(second);
  });

  describe('pages', () => {
    it('health, with what the pods\' side says of itself', async () => {
      expect((await send('GET', '/healthz/ping')).text).to.equal('ok');
      trouble = 'no pod was looked at for 3 minutes';
      const { code, text } = await send('GET', '/healthz');
      expect([code, text]).to.deep.equal([500, '[+]ping ok\n[-]syncloop failed: no pod was looked at for 3 minutes\nhealthz check failed\n']);
      expect((await send('GET', '/healthz/ping')).code).to.equal(200);
    });

    it('pods', async () => {
      const list = JSON.parse((await send('GET', '/pods')).text);
      expect([list.kind, list.items.length, list.items[0].metadata.name]).to.deep.equal(['PodList', 1, 'web']);
    });

    it('metrics', async () => {
      lab.runtime.usages = [{ id: 'c1', time: Date.UTC(2026, 0, 1, 0, 0, 9), cpuNanoseconds: 1_500_000_000n, memoryUsage: 10n, memoryWorkingSet: 7n }, { id: 'other', time: 0, cpuNanoseconds: 1n, memoryUsage: 1n, memoryWorkingSet: 1n }];
      const { text, headers } = await send('GET', '/metrics/resource');
      expect(headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(lines).to.deep.equal([
        'container_cpu_usage_seconds_total{container="main",namespace="ns",pod="web"} 1.5 1767225609000', 'container_memory_working_set_bytes{container="main",namespace="ns",pod="web"} 7 1767225609000',
        'container_start_time_seconds{container="main",namespace="ns",pod="web"} 1767225605',
        'pod_cpu_usage_seconds_total{namespace="ns",pod="web"} 1.5 1767225609000', 'pod_memory_working_set_bytes{namespace="ns",pod="web"} 7 1767225609000', 'resource_scrape_error 0',
      ]);
      expect((await send('GET', '/metrics')).text).to.match(/^kubelet_running_pods 1$/m).and.to.match(/^kubelet_running_containers\{container_state="running"\} 1$/m);
    });

    it('and no others', async () => {
      for (const path of ['/', '/nothing', '/exec/ns/web', '/exec/ns//main', '/containerLogs/ns/web/uid/main', '/portForward/ns', '/pods/../metrics', '/a/./b']) {
        expect((await send('GET', path)).code, path).to.equal(404);
      }
      expect((await send('GET', '/exec/%zz/web/main')).code).to.equal(400);
      expect((await send('DELETE', '/pods')).code).to.equal(405);
      expect(await send('POST', '/exec/ns/web/main?command=x&output=1')).to.deep.include({ code: 400, text: 'Upgrade request required' });
      expect((await upgrade('/pods', 'SPDY/3.1')).head).to.match(/^HTTP\/1\.1 400 /);
    });
  });

  describe('logs', () => {
    const log = (query: string, container = 'main') => send('GET', `/containerLogs/ns/web/${container}?${query}`);

    it('of one stream, with times, since a time', async () => {
      expect((await log('stream=Stderr&timestamps=true')).text).to.equal('2026-01-01T00:00:02.000000000Z two\n');
      expect((await log('stream=All&tail=1')).text).to.equal('two\n');
      expect((await log('sinceTime=2026-01-01T01:00:02%2B01:00')).text).to.equal('two\n');
      expect((await log('tailLines=0')).text).to.equal('');
    });

    it('are refused in upstream\'s words', async () => {
      const refusals: [string, string, number, string][] = [
        ['', 'none', 404, 'container "none" not found in pod "web"'], ['', 'late', 400, 'container "late" in pod "web" is waiting to start: trying and failing to pull image'],
        ['', 'idle', 400, 'container "idle" in pod "web" is waiting to start - no logs yet'], ['previous=true', 'main', 400, 'previous terminated container "main" in pod "web" not found'],
        ['tailLines=x', 'main', 400, '{"message": "Unable to decode query."}'], ['limitBytes=0', 'main', 422, '{"message": "Invalid request."}'],
        ['sinceTime=yesterday', 'main', 400, '{"message": "Unable to decode query."}'], ['sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 'main', 422, '{"message": "Invalid request."}'],
        ['stream=Both', 'main', 422, '{"message": "Invalid request."}'], ['stream=Stdout&tailLines=1', 'main', 422, '{"message": "Invalid request."}'],
      ];
      for (const [query, container, code, text] of refusals) {
        const refused = await log(query, container);
        expect([refused.code, refused.text], `${container}?${query}`).to.deep.equal([code, text]);
      }
      expect(await send('GET', '/containerLogs/ns/none/main')).to.deep.include({ code: 404, text: 'pod "none" does not exist' });
      lab.pods.putContainer(lab.pods.pod('ns', 'web')!, 'idle', 'gone');
      expect(await log('', 'idle'), 'collected meanwhile').to.deep.include({ code: 400, text: 'no container gone' });
    });

    it('that say nothing yet begin all the same, and are left with their reader', async () => {
      lab.runtime.say('quiet', '');
      lab.pods.putContainer(lab.pods.pod('ns', 'web')!, 'idle', 'quiet');
      const request = httpsRequest({ host: '127.0.0.1', port: lab.server.port, path: '/containerLogs/ns/web/idle?follow=true', ca: lab.authority.cert, ...admin, agent: false });
      request.on('error', () => undefined).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      expect(response.statusCode).to.equal(200);
      const sessions = async () => /^keelson_agent_sessions (\d+)$/m.exec((await send('GET', '/metrics')).text)?.[1];
      expect(await sessions()).to.equal('1');
      request.destroy();
      await eventually(async () => await sessions() === '0', 'the reader to be missed');
    });

    it('wait for slow readers', async () => {
      const line = Buffer.from(`${'x'.repeat(mib)}\n`);
      let taken = 0;
      lab.runtime.logs = async function* () {
        for (; taken < 64; taken++) yield { stream: 'stdout', time: '', content: line };
      };
      lab.pods.putContainer(lab.pods.pod('ns', 'web')!, 'idle', 'big');
      const request = httpsRequest({ host: '127.0.0.1', port: lab.server.port, path: '/containerLogs/ns/web/idle', ca: lab.authority.cert, ...admin, agent: false });
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.pause();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(taken).to.be.within(1, 32);
      let size = 0;
      for await (const chunk of response as AsyncIterable<Buffer>) size += chunk.length;
      expect(size).to.equal(64 * (mib + 1));
    });
  });

  describe('commands in WebSockets', () => {
    const path = (command: string, flags = 'input=1&output=1&error=1') => `/exec/ns/web/main?${flags}&${['sh', '-c', command].map((word) => `command=${encodeURIComponent(word)}`).join('&')}`;
    const failed = { metadata: {}, status: 'Failure', message: 'command terminated with non-zero exit code: exit status 3', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '3' }] } };

    it('v5: with an end of the input', async () => {
      const { socket, said, closed } = webSocket(path('cat; echo oops >&2; exit 3'), ['v5.channel.k8s.io', 'v4.channel.k8s.io']);
      await once(socket, 'open');
      expect(socket.protocol).to.equal('v5.channel.k8s.io');
      socket.send(Buffer.from('\0hello'));
      await eventually(() => said(1) === 'hello', 'an echo');
      socket.send(Buffer.from([255, 0]));
      const [code] = await closed;
      expect([code, said(1), said(2), JSON.parse(said(3))]).to.deep.equal([1000, 'hello', 'oops\n', failed]);
    });

    it('v4: whose first message says that it is connected', async () => {
      const { said, messages, closed } = webSocket(path('echo hi', 'output=1'), ['v4.channel.k8s.io']);
      await closed;
      expect([...messages[0]!]).to.deep.equal([1]);
      expect([said(1), JSON.parse(said(3))]).to.deep.equal(['hi\n', { metadata: {}, status: 'Success' }]);
    });

    it('base64, and old ones that are told in words', async () => {
      const { socket, messages, closed } = webSocket(path('head -c 3; exit 3'), ['v4.base64.channel.k8s.io']);
      await once(socket, 'open');
      socket.send(`0${Buffer.from('abc').toString('base64')}`);
      await closed;
      const texts = messages.map(String);
      expect(texts).to.include('1YWJj');
      expect(JSON.parse(Buffer.from(texts.at(-1)!.slice(1), 'base64').toString())).to.deep.equal(failed);
      const old = webSocket(path('exit 3', 'output=1'), []);
      await old.closed;
      expect(old.said(3)).to.equal(failed.message);
      const fine = webSocket(path('true', 'output=1'), ['channel.k8s.io']);
      await fine.closed;
      expect(fine.messages.map((message) => message[0])).to.deep.equal([1]);
    });

    it('take what came with the handshake', async () => {
      const socket = tlsConnect({ host: '127.0.0.1', port: lab.server.port, ca: lab.authority.cert, ...admin });
      sockets.add(socket);
      await once(socket, 'secureConnect');
      const frame = (...bytes: number[]): Buffer => Buffer.from([0x82, 0x80 | bytes.length, 0, 0, 0, 0, ...bytes]);
      const head = `GET ${path('cat', 'input=1&output=1')} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`;
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      socket.write(Buffer.concat([Buffer.from(head), frame(0, 104, 105, 33), frame(255, 0)]));
      await eventually(() => text.includes('\u0001hi!') && text.includes('"Success"'), 'an echo');
    });

    it('with a terminal, which has a size', async () => {
      const { socket, closed } = webSocket(path('read x', 'input=1&output=1&tty=1'), ['v5.channel.k8s.io']);
      await once(socket, 'open');
      socket.send(Buffer.from('\u0004{"Width":100,"Hei'));
      socket.send(Buffer.from('\u0004ght":30}{"Width":101,"Height":31}\n'));
      await eventually(() => lab.runtime.sizes.length === 2, 'the sizes');
      expect(lab.runtime.sizes).to.deep.equal([{ width: 100, height: 30 }, { width: 101, height: 31 }]);
      socket.send(Buffer.from('\0x\n'));
      await closed;
    });

    it('are refused where the protocol is unknown, or no stream is wanted', async () => {
      const { socket, closed } = webSocket(path('true'), ['v9.channel.k8s.io']);
      const [, response] = await once(socket, 'unexpected-response').catch(() => [undefined, { statusCode: 403 }]) as [unknown, IncomingMessage];
      expect(response.statusCode).to.equal(403);
      socket.terminate();
      await closed.catch(() => undefined);
      expect((await upgrade(path('true', 'tty=1&error=1'), 'SPDY/3.1')).head).to.match(/ 400 /).and.to.include('you must specify at least 1 of stdin, stdout, stderr');
    });

    it('that do not read keep the client waiting', async () => {
      const { socket } = webSocket(path('sleep 1000'), ['v5.channel.k8s.io']);
      await once(socket, 'open');
      for (let i = 0; i < 64; i++) socket.send(Buffer.alloc(mib));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(socket.bufferedAmount).to.be.above(32 * mib);
      socket.terminate();
    });

    it('take and give much, and nothing is lost', async () => {
      const { socket, said, closed } = webSocket(path('cat'), ['v5.channel.k8s.io']);
      await once(socket, 'open');
      const piece = Buffer.alloc(64 * 1024, 'x');
      piece[0] = 0;
      for (let i = 0; i < 200; i++) await new Promise<void>((resolve) => socket.send(piece, () => resolve()));
      socket.send(Buffer.from([255, 0]));
      await closed;
      expect(said(1).length).to.equal(200 * (64 * 1024 - 1));
    });
  });

  describe('commands in SPDY', () => {
    const exec = (command: string, flags: string) => `/exec/ns/web/main?${flags}&command=sh&command=-c&command=${encodeURIComponent(command)}`;

    it('with all protocols from the first on', async () => {
      for (const [offered, json] of [['v4.channel.k8s.io,v3.channel.k8s.io', true], ['v3.channel.k8s.io', false], ['v2.channel.k8s.io', false], ['', false]] as const) {
        const { head, socket } = await upgrade(exec('cat; exit 3', 'input=1&output=1'), 'SPDY/3.1', offered === '' ? {} : { 'X-Stream-Protocol-Version': offered });
        expect(head).to.match(/^HTTP\/1\.1 101 /).and.to.match(/Upgrade: SPDY\/3\.1\r\n/);
        expect(head.includes('X-Stream-Protocol-Version'), offered).to.equal(offered !== '');
        const client = new SpdyClient(socket);
        const [errors, stdin, stdout] = [await client.open({ streamtype: 'error' }), await client.open({ streamtype: 'stdin' }), await client.open({ streamtype: 'stdout' })];
        client.data(stdin, 'hello', true);
        await eventually(() => client.isOver(errors) && client.isOver(stdout), 'the end');
        expect(client.said(stdout)).to.equal('hello');
        const message = 'command terminated with non-zero exit code: exit status 3';
        expect(json ? JSON.parse(client.said(errors)).message : client.said(errors), offered).to.equal(message);
        await client.leave();
      }
    });

    it('need their streams in time, and only those', async () => {
      const { socket } = await upgrade(exec('sleep 100', 'input=1&output=1'), 'SPDY/3.1', { 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' });
      const client = new SpdyClient(socket);
      await client.open({ streamtype: 'error' });
      for (const type of ['error', 'stderr', 'nothing']) await client.open({ streamtype: type });
      expect(client.frames.map(({ type }) => type)).to.deep.equal([2, 3, 3, 3]);
      await eventually(() => client.ended, 'the end');
      expect(lab.runtime.running.size).to.equal(0);
    });

    it('are refused where nothing can be agreed', async () => {
      const { head } = await upgrade(exec('true', 'output=1'), 'SPDY/3.1', { 'X-Stream-Protocol-Version': 'v9.channel.k8s.io' });
      expect(head).to.match(/ 403 /).and.to.include('unable to upgrade: unable to negotiate protocol: client supports [v9.channel.k8s.io], server accepts [v5.channel.k8s.io');
      expect((await upgrade(exec('true', 'output=1'), 'h2c')).head).to.match(/ 400 /);
      for (const [path, code, why] of [['/exec/ns/none/main?output=1', 404, 'pod does not exist'], ['/exec/ns/web/other-uid/main?output=1', 404, 'pod does not exist'], ['/exec/ns/web/none?output=1', 500, 'container not found ("none")'], ['/attach/ns/web/late?output=1', 500, 'container late not found in pod web_ns']] as const) {
        expect((await upgrade(path, 'SPDY/3.1')).head, path).to.match(new RegExp(` ${code} `)).and.to.include(why);
      }
      expect((await upgrade('/exec/ns/web/uid-of-web/main?output=1&command=true', 'SPDY/3.1')).head).to.match(/ 101 /);
    });
  });

  describe('ports in WebSockets', () => {
    let echo: Server;
    let port: number;

    before(async () => {
      echo = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
      await once(echo, 'listening');
      ({ port } = echo.address() as AddressInfo);
    });
    after(() => void echo.close());

    it('each with two channels that begin with its number', async () => {
      const closedPort = 1;
      const { socket, messages, said } = webSocket(`/portForward/ns/web?port=${port},${closedPort}&port=${port}`, ['v4.channel.k8s.io']);
      await once(socket, 'open');
      socket.send(Buffer.from('\u0000first'));
      socket.send(Buffer.from('\u0004third'));
      await eventually(() => said(0).length === 7 && said(4).length === 7 && said(3).length > 2, 'echoes');
      expect(messages.slice(0, 6).map((message) => [message[0], message.readUInt16LE(1)])).to.deep.equal([[0, port], [1, port], [2, closedPort], [3, closedPort], [4, port], [5, port]]);
      expect([said(0).slice(2), said(4).slice(2)]).to.deep.equal(['first', 'third']);
      expect(said(3).slice(2)).to.equal('error forwarding port 1 to pod web, uid uid-of-web: failed to connect to localhost:1, IPv4: dial tcp4 127.0.0.1:1: connect: connection refused IPv6: dial tcp6 [::1]:1: connect: connection refused');
      const open = await new Promise<number>((resolve) => echo.getConnections((_error, count) => resolve(count)));
      expect(open).to.equal(2);
      socket.terminate();
      await eventually(() => new Promise((resolve) => echo.getConnections((_error, count) => resolve(count === 0))), 'the connections to close');
    });

    it('are refused when they are none', async () => {
      for (const [query, why] of [['', 'query parameter "port" is required'], ['port=', 'query parameter "port" cannot be empty'], ['port=http', 'unable to parse "http" as a port: strconv.ParseUint: parsing "http": invalid syntax'], ['port=0', 'port "0" must be > 0'], ['port=70000', 'unable to parse "70000" as a port: strconv.ParseUint: parsing "70000": value out of range']] as const) {
        const { head } = await upgrade(`/portForward/ns/web?${query}`, 'websocket', { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' });
        expect(head, query).to.match(/ 400 /).and.to.include(why);
      }
    });

    it('that nobody opens keep no client from leaving that sends on, whatever it is told', async () => {
      const socket = tlsConnect({ host: '127.0.0.1', port: lab.server.port, ca: lab.authority.cert, ...admin });
      sockets.add(socket);
      await once(socket, 'secureConnect');
      socket.write(`GET /portForward/ns/web?port=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
      let heard = '';
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
      await eventually(() => heard.includes('connection refused'), 'the refusal');
      for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => socket.write(frame(Buffer.alloc(64 * 1024)), () => resolve()));
      socket.destroy();
      await eventually(async () => (await send('GET', '/metrics')).text.includes('\nkeelson_agent_sessions 0\n'), 'the session to end');
    });

    it('in SPDY: pairs of streams, that wait for each other only so long', async () => {
      const { socket } = await upgrade('/portForward/ns/web', 'SPDY/3.1', { 'X-Stream-Protocol-Version': 'portforward.k8s.io' });
      const client = new SpdyClient(socket);
      const wrong: Record<string, string>[] = [{ streamtype: 'data' }, { streamtype: 'data', port: '0' }, { streamtype: 'data', port: '65536' }, { streamtype: 'other', port: '80' }, { streamtype: 'data', port: '8x' }];
      for (const headers of wrong) await client.open(headers);
      expect(client.frames.map(({ type }) => type)).to.deep.equal([3, 3, 3, 3, 3]);
      // An old client, without request ids.
      const [errors, data] = [await client.open({ streamtype: 'error', port: String(port) }), await client.open({ streamtype: 'data', port: String(port) })];
      const alone = await client.open({ streamtype: 'error', port: String(port), requestid: '7' });
      const twice = await client.open({ streamtype: 'error', port: String(port), requestid: '7' });
      await eventually(() => client.isOver(twice), 'a refusal');
      expect(client.said(twice)).to.equal('error processing stream for request 7: error stream already assigned');
      client.data(data, 'hello', true);
      await eventually(() => client.isOver(data) && client.isOver(errors) && client.isOver(alone), 'the end');
      expect([client.said(data), client.said(errors), client.said(alone)]).to.deep.equal(['hello', '', '(request=7) timed out waiting for streams']);
    });
  });

  it('takes only so many at a time', async () => {
    lab.runtime.say('quiet', '');
    lab.pods.putContainer(lab.pods.pod('ns', 'web')!, 'idle', 'quiet');
    const held = Array.from({ length: 4 }, () => webSocket('/exec/ns/web/main?output=1&command=sleep&command=100', ['v5.channel.k8s.io']));
    await Promise.all(held.map(({ socket }) => once(socket, 'open')));
    expect((await send('GET', '/containerLogs/ns/web/main')).code).to.equal(503);
    expect((await send('GET', '/healthz')).code).to.equal(200);
    held[0]!.socket.terminate();
    await eventually(async () => (await send('GET', '/containerLogs/ns/web/main')).code === 200, 'room');
  });

  it('ends what is under way when it stops', async () => {
    const { socket, closed } = webSocket('/exec/ns/web/main?input=1&output=1&command=sleep&command=1000', ['v5.channel.k8s.io']);
    await once(socket, 'open');
    await eventually(() => lab.runtime.running.size === 1, 'the program');
    await lab.server.stop();
    await closed;
    await eventually(() => lab.runtime.running.size === 0, 'the program to end');
  });
});

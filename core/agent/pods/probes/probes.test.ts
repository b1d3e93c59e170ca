import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { expect } from 'chai';
import { networkDialer } from './network-dialer.ts';
import { portNumber } from './port-number.ts';
import type { ProbeDialer } from './probe-dialer.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { ExecResult } from '#core/spi/container-runtime.ts';
import { conditionOf, PodLab } from '#test/fixtures/pod-lab.ts';

const ok: ExecResult = { exitCode: 0, stdout: '', stderr: '' };
const bad: ExecResult = { exitCode: 1, stdout: 'out', stderr: 'err' };

describe('Probes of a pod', () => {
  let lab: PodLab;
  let http: { status: number; asked: string[] };
  beforeEach(async () => {
    http = { status: 200, asked: [] };
    const dialer: ProbeDialer = {
      http: async ({ host, port, path }) => {
        http.asked.push(`${host}:${port}${path}`);
        return { status: http.status, body: 'body' };
      },
      tcp: () => Promise.reject(new Error('dial tcp: connection refused')),
      grpc: () => Promise.resolve('NOT_SERVING'),
    };
    lab = await PodLab.start({ dialer });
  });
  afterEach(() => lab.stop());

  const main = (probes: object) => ({ containers: [{ name: 'main', image: 'busybox:1', ports: [{ name: 'web', containerPort: 8080 }], ...probes }] });

  it('for readiness take a pod in and out of service', async () => {
    await lab.create('web', main({ readinessProbe: { httpGet: { port: 'web', path: '/ready' }, periodSeconds: 2, failureThreshold: 2, successThreshold: 2 } }));
    const began = lab.clock.now();
    const pod = await lab.untilReady('web');
    expect(lab.clock.now() - began).to.be.within(2000, 4000);
    expect(http.asked[0]).to.equal(`${pod.status.podIP}:8080/ready`);
    http.status = 500;
    await lab.until(async () => conditionOf(await lab.get('web'), 'Ready')?.status === 'False', 'not ready');
    const now = await lab.get('web');
    expect(conditionOf(now, 'ContainersReady')).to.include({ reason: 'ContainersNotReady', message: 'containers with unready status: [main]' });
    expect(lab.eventsOf('web')).to.include('Warning Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 500');
    expect(lab.runtime.find('main')?.attempt).to.equal(0);
  });

  it('for liveness have a container restarted, with the probe\'s own grace', async () => {
    let result = ok;
    lab.runtime.programs.set('main', { exec: () => result, stopsMs: Infinity });
    await lab.create('web', main({ livenessProbe: { exec: { command: ['alive'] }, periodSeconds: 1, failureThreshold: 2, terminationGracePeriodSeconds: 3 } }));
    await lab.untilReady('web');
    await lab.pass(5000);
    result = bad;
    const began = lab.clock.now();
    await lab.until(() => lab.runtime.find('main')?.attempt === 1, 'a restart');
    expect(lab.clock.now() - began).to.be.within(4000, 7500);
    expect(lab.eventsOf('web')).to.include.members(['Warning Unhealthy Liveness probe failed: outerr', 'Normal Killing Container main failed liveness probe, will be restarted']);
  });

  it('for liveness end a container that is shown as it ended, until the next begins', async () => {
    let result = ok;
    lab.runtime.programs.set('main', { exec: () => result, exitCode: 143 });
    await lab.create('web', main({ livenessProbe: { exec: { command: ['alive'] }, periodSeconds: 1, failureThreshold: 1 } }));
    await lab.untilReady('web');
    lab.runtime.before = (call) => (call === 'createContainer' ? new Promise(() => undefined) : undefined);
    result = bad;
    const state = async () => (await lab.get('web')).status.containerStatuses?.[0]?.state;
    await lab.until(async () => (await state())?.running === undefined, 'it is ended');
    expect((await state())?.terminated).to.include({ reason: 'Error', exitCode: 143 });
    lab.runtime.before = () => undefined;
    await lab.client.delete(Pod, { namespace: 'default', name: 'web' });
    await lab.untilGone('web');
  });

  it('for liveness have a container restarted that ends well, where only failures are', async () => {
    let result = bad;
    lab.runtime.programs.set('main', { exec: () => result, exitCode: 0 });
    await lab.create('web', { restartPolicy: 'OnFailure', ...main({ livenessProbe: { exec: { command: ['alive'] }, periodSeconds: 1, failureThreshold: 1 } }) });
    await lab.until(() => lab.runtime.find('main')?.attempt === 1, 'a restart');
    result = ok;
    expect((await lab.untilReady('web')).status.phase).to.equal('Running');
  });

  it('for startup hold back the others, and restart what does not start', async () => {
    const asked: string[] = [];
    let startup = bad;
    lab.runtime.programs.set('main', { exec: ([command = '']) => {
      asked.push(command);
      return command === 'started' ? startup : ok;
    } });
    await lab.create('web', main({
      startupProbe: { exec: { command: ['started'] }, periodSeconds: 1, failureThreshold: 5 }, livenessProbe: { exec: { command: ['alive'] }, periodSeconds: 1 },
    }));
    await lab.until(() => lab.runtime.find('main')?.attempt === 1, 'a restart');
    expect(asked).to.not.include('alive');
    expect(lab.eventsOf('web')).to.include('Normal Killing Container main failed startup probe, will be restarted');
    startup = ok;
    await lab.untilReady('web');
    await lab.pass(3000);
    expect(asked).to.include('alive');
    const begun = asked.filter((one) => one === 'started').length;
    await lab.pass(5000);
    expect(asked.filter((one) => one === 'started')).to.have.length(begun);
  });

  it('that take too long have failed', async () => {
    lab.runtime.programs.set('main', { exec: async (_command, signal) => {
      await lab.clock.sleep(60_000, signal);
      return ok;
    } });
    await lab.create('web', main({ readinessProbe: { exec: { command: ['slow'] }, timeoutSeconds: 2, periodSeconds: 3 } }));
    await lab.until(() => lab.eventsOf('web').includes('Warning Unhealthy Readiness probe failed: command timed out: "slow" timed out after 2s'), 'the event');
  });

  it('by TCP and gRPC say what they found', async () => {
    await lab.create('tcp', main({ readinessProbe: { tcpSocket: { port: 'web' } } }));
    await lab.create('grpc', main({ readinessProbe: { grpc: { port: 9090 } } }));
    await lab.until(() => lab.eventsOf('tcp').includes('Warning Unhealthy Readiness probe failed: dial tcp: connection refused'), 'tcp');
    await lab.until(() => lab.eventsOf('grpc').includes('Warning Unhealthy Readiness probe failed: service unhealthy (responded with "NOT_SERVING")'), 'grpc');
  });

  it('for liveness end with the pod', async () => {
    let asked = 0;
    lab.runtime.programs.set('main', { stopsMs: 10_000, exec: () => {
      asked++;
      return asked > 2 ? bad : ok;
    } });
    await lab.create('web', main({ livenessProbe: { exec: { command: ['alive'] }, periodSeconds: 1, failureThreshold: 100 } }));
    await lab.untilReady('web');
    await lab.client.delete(Pod, { namespace: 'default', name: 'web' });
    await lab.pass(1000);
    const before = asked;
    await lab.pass(8000);
    expect(asked).to.equal(before);
    await lab.untilGone('web');
  });

  it('name ports by number or by name', () => {
    expect(portNumber('web', { ports: [{ name: 'web', containerPort: 80 }] })).to.equal(80);
    expect(portNumber('81', {})).to.equal(81);
    for (const port of ['none', 0, 70_000, '']) expect(() => portNumber(port, {})).to.throw(`invalid port number: ${port}`);
  });
});

describe('The dialer of probes', () => {
  const { signal } = new AbortController();
  const target = { host: '127.0.0.1', tls: false, headers: [] };
  let server: Server;
  let seen: IncomingMessage[];
  let port: number;
  beforeEach(async () => {
    seen = [];
    server = createHttpServer((request, response) => {
      seen.push(request);
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://pod');
      if (pathname === '/to') response.writeHead(302, { Location: searchParams.get('where') ?? '' }).end();
      else response.writeHead(pathname === '/bad' ? 503 : 200).end('x'.repeat(50_000));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('asks as a kubelet does, and reads no more than it needs', async () => {
    const answer = await networkDialer.http({ ...target, port, path: '/a?b=c', headers: [{ name: 'Host', value: 'example.com' }, { name: 'X-One', value: '1' }] }, signal);
    expect(answer.status).to.equal(200);
    expect(answer.body.length).to.equal(10 * 1024);
    expect(seen[0]?.url).to.equal('/a?b=c');
    expect(seen[0]?.headers).to.include({ 'user-agent': 'kube-probe/1.34', host: 'example.com', 'x-one': '1', accept: '*/*' });
  });

  it('follows redirects to the same host only', async () => {
    expect((await networkDialer.http({ ...target, port, path: '/to?where=/bad' }, signal)).status).to.equal(503);
    expect(await networkDialer.http({ ...target, port, path: '/to?where=http://192.0.2.1/x' }, signal)).to.include({ status: 302, isRedirectElsewhere: true });
    const failure = await networkDialer.http({ ...target, port, path: '/to?where=/to%3Fwhere=/to' }, signal).catch((error: unknown) => error);
    expect(failure === undefined).to.equal(false);
  });

  it('says in Go\'s words that nobody answers', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port: closed } = free.address() as AddressInfo;
    free.close();
    const failed = (work: Promise<unknown>): Promise<string> => work.then(() => '', (error: Error) => error.message);
    expect(await failed(networkDialer.tcp({ host: '127.0.0.1', port: closed }, signal))).to.equal(`dial tcp 127.0.0.1:${closed}: connect: connection refused`);
    expect(await failed(networkDialer.http({ ...target, port: closed, path: '/x' }, signal))).to.equal(`Get "http://127.0.0.1:${closed}/x": dial tcp 127.0.0.1:${closed}: connect: connection refused`);
    await networkDialer.tcp({ host: '127.0.0.1', port }, signal);
  });

  it('asks the health service of gRPC', async () => {
    const grpc = new GrpcServer();
    const asked: Buffer[] = [];
    const raw = { requestSerialize: (value: Buffer) => value, requestDeserialize: (value: Buffer) => value, responseSerialize: (value: Buffer) => value, responseDeserialize: (value: Buffer) => value };
    grpc.addService({ check: { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false, ...raw } }, {
      check: (call: { request: Buffer }, answer: (error: null, value: Buffer) => void) => {
        asked.push(call.request);
        answer(null, Buffer.from([0x08, call.request.length === 0 ? 1 : 2]));
      },
    });
    const bound = await new Promise<number>((resolve, reject) => grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, got) => (error === null ? resolve(got) : reject(error))));
    try {
      expect(await networkDialer.grpc({ host: '127.0.0.1', port: bound, service: '' }, signal)).to.equal('SERVING');
      expect(await networkDialer.grpc({ host: '127.0.0.1', port: bound, service: 'one' }, signal)).to.equal('NOT_SERVING');
      expect(asked[1]?.toString('latin1')).to.equal('\n\x03one');
    } finally {
      grpc.forceShutdown();
    }
    const gone = await networkDialer.grpc({ host: '127.0.0.1', port: bound, service: '' }, signal).catch((error: unknown) => error);
    expect((gone as Error).message).to.equal(`error: failed to connect service at "127.0.0.1:${bound}": dial tcp 127.0.0.1:${bound}: connect: connection refused`);
  });
});

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { execa, type ResultPromise } from 'execa';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { PodDialer } from '#core/agent/server/port-forward/pod-dialer.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { linux, program, requires, root } from '#test/fixtures/requires.ts';

const signal = new AbortController().signal;
const server = `
  const { createServer } = require('node:net');
  createServer({ allowHalfOpen: true }, (socket) => {
    socket.write('220 ready;');
    socket.on('error', () => 0).pipe(socket);
  }).listen(8080, '127.0.0.1', () => createServer((socket) => socket.end('six')).listen(8086, '::1', () => console.log('listening')));
`;

describe('PodDialer, in network namespaces', () => {
  before(requires(linux, root, program('ip', 'iproute2'), program('nsenter', 'util-linux')));
  const name = `keelson-dial-${process.pid}`;
  const path = `/run/netns/${name}`;
  let inside: ResultPromise;
  let clock: FakeClock;
  let dialer: PodDialer;
  let place: string | undefined;

  before(async () => {
    await execa('ip', ['netns', 'add', name]);
    await execa('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    const started = execa('ip', ['netns', 'exec', name, process.execPath, '-e', server], { reject: false });
    inside = started;
    await once(started.stdout, 'data');
  });
  after(async () => {
    inside?.kill('SIGKILL');
    await inside;
    await execa('ip', ['netns', 'del', name], { reject: false });
  });
  beforeEach(() => {
    clock = new FakeClock();
    place = path;
    dialer = new PodDialer({ networkNamespace: async () => place }, clock, silentLogger);
  });
  afterEach(() => dialer.stop());

  const pod = (podIP?: string) => ({ metadata: { name: 'web', uid: 'u' }, spec: {}, status: { ...(podIP === undefined ? {} : { podIP }) } }) as unknown as Pod;
  const dial = (port: number, podIP?: string): Promise<Socket> => dialer.dial(pod(podIP), port, signal);
  const all = async (socket: Socket): Promise<string> => {
    let text = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk.toString('latin1');
    return text;
  };
  /** Processes in the namespace, without the server. */
  const helpers = async (): Promise<number> => (await execa('ip', ['netns', 'pids', name])).stdout.split('\n').filter((pid) => pid !== '' && pid !== String(inside.pid)).length;

  it('reaches the loopback there, by both families, with all that the server says first', async () => {
    const socket = await dial(8080);
    socket.end('hello');
    expect(await all(socket)).to.equal('220 ready;hello');
    expect(await all(await dial(8086))).to.equal('six');
  });

  it('takes one process for many connections, also at once', async () => {
    const texts = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const socket = await dial(8080);
      socket.end('x'.repeat(50_000 + i));
      return (await all(socket)).length;
    }));
    expect(texts).to.deep.equal(Array.from({ length: 100 }, (_, i) => 50_010 + i));
    expect(await helpers()).to.equal(1);
  });

  it('says in upstream\'s words that nothing listens', async () => {
    const message = await dial(81).then(() => '', (error: Error) => error.message);
    expect(message).to.equal(`failed to connect to localhost:81 inside namespace "${path}", IPv4: dial tcp4 127.0.0.1:81: connect: connection refused IPv6: dial tcp6 [::1]:81: connect: connection refused`);
  });

  it('ends the process half a minute after the last connection', async () => {
    const socket = await dial(8080);
    await clock.advance(3600_000);
    expect(await helpers()).to.equal(1);
    socket.destroy();
    await once(socket, 'close');
    await clock.advance(29_999);
    const again = await dial(8080);
    await clock.advance(60_000);
    expect(await helpers()).to.equal(1);
    again.destroy();
    await once(again, 'close');
    await clock.advance(30_000);
    await eventually(async () => await helpers() === 0, 'the process to end');
    (await dial(8080)).destroy();
  });

  it('goes on when the process was killed', async () => {
    (await dial(8080)).destroy();
    const { stdout } = await execa('ip', ['netns', 'pids', name]);
    for (const pid of stdout.split('\n')) if (pid !== String(inside.pid)) process.kill(Number(pid), 'SIGKILL');
    await eventually(async () => {
      const socket = await dial(8080).catch(() => undefined);
      socket?.destroy();
      return socket !== undefined;
    }, 'another process');
  });

  it('tries the pod\'s address where no process can be started, and the machine\'s own for pods in its network', async () => {
    place = '/proc/self/ns/uts';
    const message = await dial(8080).then(() => '', (error: Error) => error.message);
    expect(message).to.include('nsenter');
    const code = await dial(1, '127.0.0.1').then(() => '', (error: NodeJS.ErrnoException) => error.code);
    expect(code).to.equal('ECONNREFUSED');
    place = undefined;
    expect(await dial(1).then(() => '', (error: Error) => error.message)).to.equal('failed to connect to localhost:1, IPv4: dial tcp4 127.0.0.1:1: connect: connection refused IPv6: dial tcp6 [::1]:1: connect: connection refused');
  });

  it('rejects for a namespace that is gone', async () => {
    place = '/run/netns/none';
    expect(await dial(8080).then(() => '', (error: NodeJS.ErrnoException) => error.code)).to.equal('ENOENT');
  });
});

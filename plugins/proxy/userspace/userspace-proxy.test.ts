import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import type { ProxyEndpoint, ProxyPort } from '#core/spi/service-proxy.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { ProxyWorld, proxyPort } from '#test/fixtures/proxy-ports.ts';
import { UserspaceProxy, type UserspaceProxyOptions } from './userspace-proxy.ts';

const never = new AbortController().signal;
const loopback = '127.0.0.1';
/** No machine has it. */
const elsewhere = '192.0.2.1';
const nodePort = 30_999;

describe('the userspace proxy', () => {
  const closing: (() => unknown)[] = [];
  let clock: FakeClock;
  let world: ProxyWorld;
  beforeEach(() => {
    clock = new FakeClock();
    world = new ProxyWorld({ serviceCidrs: [], clusterCidrs: [] });
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  function start(options: Partial<UserspaceProxyOptions> = {}) {
    const proxy = new UserspaceProxy({ clock, ...options });
    closing.push(() => proxy.remove());
    return { proxy, sync: (...ports: readonly ProxyPort[]) => proxy.sync(world.state, world.put(...ports), never) };
  }
  const web = (endpoints: readonly ProxyEndpoint[], rest: Partial<ProxyPort> = {}) => proxyPort('web', elsewhere, endpoints, { nodePort, ...rest });

  async function tcpServer(serve: (socket: Socket) => void): Promise<ProxyEndpoint & { readonly server: Server }> {
    const server = createServer({ allowHalfOpen: true }, serve).listen(0, loopback);
    await once(server, 'listening');
    // Half of a connection stays open until somebody ends it.
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => sockets.add(socket));
    closing.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return { address: loopback, port: (server.address() as AddressInfo).port, place: 'here', server };
  }

  async function udpServer(): Promise<ProxyEndpoint & { readonly clients: Set<number> }> {
    const socket = createSocket('udp4').bind(0, loopback);
    await once(socket, 'listening');
    const clients = new Set<number>();
    socket.on('message', (bytes, { port, address }) => {
      clients.add(port);
      socket.send(bytes, port, address);
    });
    closing.push(() => socket.close());
    return { address: loopback, port: socket.address().port, place: 'here', clients };
  }

  async function udpClient(): Promise<(text: string) => Promise<string>> {
    const socket: UdpSocket = createSocket('udp4');
    closing.push(() => socket.close());
    return async (text) => {
      const answer = once(socket, 'message');
      socket.send(text, nodePort, loopback);
      return ((await answer) as [Buffer])[0].toString();
    };
  }

  const open = (): Socket => {
    const socket = connect({ host: loopback, port: nodePort, allowHalfOpen: true });
    closing.push(() => socket.destroy());
    return socket;
  };
  const all = async (socket: Socket): Promise<string> => {
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    return Buffer.concat(parts).toString();
  };

  it('serves a node port on loopback when the cluster IP is none of the machine\'s', async () => {
    const { sync } = start();
    const server = await tcpServer((socket) => socket.end('hello'));
    expect(await sync(web([server]))).to.eql({ problems: [], repaired: 0 });
    expect(await all(open())).to.equal('hello');
  });

  it('says of a port that nobody can reach why that is so', async () => {
    const { sync } = start();
    const { problems } = await sync(proxyPort('hidden', elsewhere, []), proxyPort('associations', elsewhere, [], { protocol: 'SCTP' }));
    expect(problems).to.eql([
      { port: 'default/associations:p/SCTP/IPv4', message: 'a program cannot forward SCTP' }, { port: 'default/hidden:p/TCP/IPv4', message: `${elsewhere} is no address of this machine` },
    ]);
  });

  it('says that it does not serve external IPs, until the service has none any more, and serves the rest', async () => {
    const { sync } = start();
    const server = await tcpServer((socket) => socket.end('hello'));
    const { problems } = await sync(web([server], { externalIPs: ['203.0.113.7'] }));
    expect(problems.map(({ port, message }) => `${port} ${message}`).join()).to.match(/^default\/web:p\/TCP\/IPv4 externalIPs are not served here, .* 203\.0\.113\.7$/);
    expect(await all(open())).to.equal('hello');
    expect((await sync(web([server]))).problems).to.deep.equal([]);
  });

  it('passes on that one side has nothing more to say, and lets the other go on', async () => {
    const { sync } = start();
    const server = await tcpServer((socket) => {
      void all(socket).then((text) => socket.end(`${text.length} bytes`));
    });
    await sync(web([server]));
    const client = open();
    client.end('x'.repeat(300_000));
    expect(await all(client)).to.equal('300000 bytes');
  });

  it('tries another endpoint when one does not take the connection', async () => {
    const { sync } = start();
    const dead = await tcpServer(() => undefined);
    dead.server.close();
    const live = await tcpServer((socket) => socket.end('alive'));
    await sync(web([dead, live], { affinitySeconds: 100 }));
    for (let i = 0; i < 4; i++) expect(await all(open())).to.equal('alive');
  });

  it('gives up a connection on which nothing is said', async () => {
    const { sync } = start({ idleMs: 50 });
    const ended = Promise.withResolvers<void>();
    const server = await tcpServer((socket) => socket.on('close', () => ended.resolve()).on('error', () => undefined).on('end', () => socket.end()).resume());
    await sync(web([server]));
    await once(open().resume(), 'end');
    await ended.promise;
  });

  it('takes no more connections than it may', async () => {
    const { sync } = start({ mostConnections: 2 });
    const server = await tcpServer((socket) => socket.on('error', () => undefined).write('in'));
    await sync(web([server]));
    const [first, second] = [open(), open()];
    await Promise.all([once(first, 'data'), once(second, 'data')]);
    const third = open();
    third.on('error', () => undefined);
    let heard = false;
    third.on('data', () => {
      heard = true;
    });
    await once(third, 'end');
    expect(heard).to.equal(false);
  });

  it('keeps UDP clients apart, forgets who is silent, and makes room for new ones', async () => {
    const { sync } = start({ mostClients: 2, udpIdleMs: 1000 });
    const server = await udpServer();
    await sync(web([server], { protocol: 'UDP' }));
    const [a, b, c] = [await udpClient(), await udpClient(), await udpClient()];
    expect([await a('a'), await b('b'), await a('aa')]).to.eql(['a', 'b', 'aa']);
    expect(server.clients.size).to.equal(2);
    await c('c');
    await a('still known');
    expect(server.clients.size, 'the one that was silent longest had to go').to.equal(3);
    await clock.advance(2000);
    await a('new again');
    expect(server.clients.size).to.equal(4);
  });

  it('lets only those of the source ranges in at a load balancer\'s address', async () => {
    const { sync } = start();
    const server = await tcpServer((socket) => socket.end('hello'));
    const balanced = (sourceRanges: readonly string[]) => proxyPort('web', elsewhere, [server], { port: nodePort, loadBalancerIPs: [loopback], sourceRanges });
    await sync(balanced(['127.0.0.0/8']));
    expect(await all(open())).to.equal('hello');
    await sync(balanced(['10.0.0.0/8']));
    const refused = open();
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNRESET');
  });

  it('gives an address that two services want to the same one always, and tells the other', async () => {
    const { sync } = start();
    const [one, two] = [await tcpServer((socket) => socket.end('one')), await tcpServer((socket) => socket.end('two'))];
    const { problems } = await sync(web([two], { key: 'default/b:p/TCP/IPv4' }), web([one], { key: 'default/a:p/TCP/IPv4' }));
    expect(problems.map(({ port }) => port)).to.eql(['default/b:p/TCP/IPv4']);
    expect(await all(open())).to.equal('one');
  });

  it('keeps connections of a service that is gone until they end, but not beyond its own removal', async () => {
    const { proxy, sync } = start();
    const server = await tcpServer((socket) => socket.on('error', () => undefined).on('data', (bytes) => socket.write(bytes)));
    await sync(web([server]));
    const client = open();
    client.write('1');
    await once(client, 'data');
    await proxy.sync(world.state, world.delete(web([])), never);
    client.write('2');
    expect(((await once(client, 'data')) as [Buffer])[0].toString()).to.equal('2');
    await sync(web([server]));
    client.on('error', () => undefined);
    const later = open();
    later.on('error', () => undefined).write('3');
    await once(later, 'data');
    await proxy.remove();
    await eventually(() => later.destroyed || later.readableEnded, 'the end of the connection');
  });
});

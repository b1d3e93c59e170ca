import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { IpFamily } from '#core/api/ip.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerIngress, LoadBalancerRequest } from '#core/spi/load-balancers.ts';
import type { ProxyState, ServiceProxy } from '#core/spi/service-proxy.ts';
import { userspaceProxy } from '#plugins/proxy/userspace/userspace.module.ts';
import { loadBalancersConformance } from '#test/conformance/load-balancers.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { AddressPool } from './address-pool.ts';
import { Ledger } from './balancer-ledger.ts';
import type { HostAddresses } from './host-addresses.ts';
import { LocalLoadBalancers, releaseAddresses } from './load-balancers.ts';
import { ask, type Check } from './target-health.ts';

const signal = new AbortController().signal;

/** A machine whose loopback range is all it has at first. */
class FakeHost implements HostAddresses {
  readonly given = new Set<string>();
  ownAddress: string | undefined = '127.93.0.1';

  async own(family: IpFamily): Promise<string | undefined> {
    return family === 'IPv4' ? this.ownAddress : undefined;
  }

  has(address: string): boolean {
    return address.startsWith('127.') || this.given.has(address);
  }

  async add(address: string): Promise<void> {
    this.given.add(address);
  }

  async remove(address: string): Promise<void> {
    this.given.delete(address);
  }
}

/** Takes what it is told, and says of it what a test wants. */
class NotedProxy implements ServiceProxy {
  readonly name = 'noted';
  state: ProxyState = { ports: new Map(), serviceCidrs: [], clusterCidrs: [] };
  problem: string | undefined;

  async sync(state: ProxyState): Promise<{ problems: { port: string; message: string }[]; repaired: number }> {
    this.state = state;
    return { problems: this.problem === undefined ? [] : [...state.ports.keys()].map((port) => ({ port, message: this.problem ?? '' })), repaired: 0 };
  }

  async status(): Promise<void> {
    // It has nothing that could fail.
  }

  async remove(): Promise<void> {
    this.state = { ports: new Map(), serviceCidrs: [], clusterCidrs: [] };
  }

  /** `address:port → endpoints` */
  get routes(): string[] {
    return [...this.state.ports.values()].map(({ clusterIP, port, endpoints }) => `${clusterIP}:${port} → ${endpoints.map((one) => `${one.address}:${one.port}`).join(' ')}`);
  }
}

const servers: Server[] = [];

async function serve(address: string, port: number, text: string): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => undefined).end(text));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen({ host: address, port }, resolve));
}

function read({ ip }: LoadBalancerIngress, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: ip, port });
    socket.on('data', (bytes) => {
      text += bytes.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text === '' ? undefined : text));
  });
}

for (const pool of [undefined, ['127.91.0.0/28']]) {
  loadBalancersConformance(`local, ${pool === undefined ? 'at the machine\'s own address' : 'with a pool'}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-balancers-'));
    const made: LocalLoadBalancers[] = [];
    const make = (): LocalLoadBalancers => {
      const balancers = new LocalLoadBalancers({
        proxy: userspaceProxy({ clock: systemClock, nodePortAddresses: [], connectMs: 1000 }), ledger: new Ledger(folder), host: new FakeHost(), pool: pool && new AddressPool(pool), clock: systemClock, log: silentLogger,
      });
      made.push(balancers);
      return balancers;
    };
    const ports = [{ name: 'a', protocol: 'TCP', port: 20_080, nodePort: 30_080 }, { name: 'b', protocol: 'TCP', port: 20_081, nodePort: 30_081 }] as const;
    const targets = ['n1', 'n2'].map((node, index) => ({ node, providerId: '', addresses: [`127.92.0.${index + 1}`] }));
    for (const { node, addresses: [address = ''] } of targets) for (const { nodePort } of ports) await serve(address, nodePort, node);
    return {
      balancers: make(), targets, ports, reach: read,
      things: async ({ uid }) => (await readdir(folder)).filter((name) => name.includes(uid)),
      restart: async () => {
        await made.at(-1)?.stop();
        return make();
      },
      cleanup: async () => {
        await Promise.all(made.map((balancers) => balancers.stop()));
        await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
        await rm(folder, { recursive: true });
      },
    };
  });
}

describe('local load balancers', () => {
  let folder: string;
  let host: FakeHost;
  let proxy: NotedProxy;
  let clock: FakeClock;
  let ill: Set<string>;
  let asked: Check[];
  let balancers: LocalLoadBalancers;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-balancers-'));
    host = new FakeHost();
    proxy = new NotedProxy();
    clock = new FakeClock();
    ill = new Set();
    asked = [];
    balancers = make(['10.99.0.1-10.99.0.2']);
  });
  afterEach(async () => {
    await balancers.stop();
    await rm(folder, { recursive: true });
  });
  const make = (pool?: string[]): LocalLoadBalancers => new LocalLoadBalancers({
    proxy, ledger: new Ledger(folder), host, pool: pool && new AddressPool(pool), clock, log: silentLogger,
    probe: async (check) => {
      asked.push(check);
      return !ill.has(check.address);
    },
  });
  const request = (number: number, more: Partial<LoadBalancerRequest> = {}): LoadBalancerRequest => ({
    owner: { namespace: 'default', name: `s${number}`, uid: `00000000-0000-0000-0000-00000000000${number}` }, name: `s${number}`,
    ports: [{ name: '', protocol: 'TCP', port: 80, nodePort: 30_080 }], targets: ['10.1.0.1', '10.1.0.2'].map((address, index) => ({ node: `n${index}`, providerId: '', addresses: [address] })),
    families: ['IPv4'], sourceRanges: [], annotations: {}, ingress: [], ...more,
  });
  const ensure = async (number: number, more?: Partial<LoadBalancerRequest>): Promise<string> => {
    const { ingress } = await balancers.ensure(request(number, more), signal);
    return ingress.map(({ ip, ipMode }) => `${ip} ${ipMode}`).join(', ');
  };
  const failure = async (call: Promise<unknown>): Promise<string> => call.then(() => 'none', (error: unknown) => (ProviderError.is(error) ? `${error.reason}: ${error.message}` : String(error)));

  it('gives addresses of the pool to the machine, one for each service, and takes them back', async () => {
    expect([await ensure(1), await ensure(2)]).to.deep.equal(['10.99.0.1 Proxy', '10.99.0.2 Proxy']);
    expect([...host.given]).to.deep.equal(['10.99.0.1', '10.99.0.2']);
    expect(await failure(ensure(3))).to.equal('Exhausted: no IPv4 address of the pool of load balancers is free');
    await balancers.delete(request(1).owner, signal);
    expect([...host.given]).to.deep.equal(['10.99.0.2']);
    expect(await ensure(3)).to.equal('10.99.0.1 Proxy');
    expect(proxy.routes).to.have.members(['10.99.0.2:80 → 10.1.0.1:30080 10.1.0.2:30080', '10.99.0.1:80 → 10.1.0.1:30080 10.1.0.2:30080']);
  });

  it('gives the same again after a restart, also when what was written down is lost, or the machine has forgotten it', async () => {
    await ensure(1);
    await ensure(2);
    host.given.clear();
    balancers = make(['10.99.0.1-10.99.0.2']);
    expect([await ensure(2), [...host.given]]).to.deep.equal(['10.99.0.2 Proxy', ['10.99.0.2']]);
    await rm(folder, { recursive: true });
    balancers = make(['10.99.0.1-10.99.0.2']);
    expect(await ensure(2, { ingress: [{ ip: '10.99.0.2' }] })).to.equal('10.99.0.2 Proxy');
  });

  it('moves when the pool has moved, and leaves nothing behind', async () => {
    await ensure(1);
    balancers = make(['10.99.1.0/30']);
    expect([await ensure(1), [...host.given]]).to.deep.equal(['10.99.1.1 Proxy', ['10.99.1.1']]);
  });

  it('gives an address that is wished for, when it can', async () => {
    expect(await ensure(1, { address: '10.99.0.2' })).to.equal('10.99.0.2 Proxy');
    expect(await failure(ensure(2, { address: '10.99.0.2' }))).to.equal('Exhausted: spec.loadBalancerIP 10.99.0.2 is that of service default/s1');
    expect(await failure(ensure(2, { address: '10.98.0.2' }))).to.equal('Invalid: spec.loadBalancerIP 10.98.0.2 is not in the pool of load balancers\' addresses');
    balancers = make();
    expect(await failure(ensure(3, { address: '10.98.0.2' }))).to.equal('Invalid: spec.loadBalancerIP 10.98.0.2 cannot be had: without a pool of addresses there is only 127.93.0.1');
  });

  it('shares the machine\'s own address by its ports, and remembers whose is which', async () => {
    balancers = make();
    expect([await ensure(1), await ensure(2, { ports: [{ name: '', protocol: 'TCP', port: 81, nodePort: 30_081 }] })]).to.deep.equal(['127.93.0.1 Proxy', '127.93.0.1 Proxy']);
    balancers = make();
    expect(await failure(ensure(3))).to.equal('Exhausted: port TCP 80 of 127.93.0.1 belongs to service default/s1: give load balancers a pool of addresses, or this service another port');
    expect([...host.given]).to.deep.equal([]);
    host.ownAddress = undefined;
    expect(await failure(ensure(4))).to.equal('Exhausted: this machine has no IPv4 address but that of loopback: give load balancers a pool of addresses');
  });

  it('serves the family that it has, and says which is missing', async () => {
    const { ingress, warnings } = await balancers.ensure(request(1, { families: ['IPv4', 'IPv6'] }), signal);
    expect([ingress.length, warnings]).to.deep.equal([1, ['there is no IPv6 address for the load balancer']]);
    balancers = make(['10.99.0.8', 'fd00:99::1']);
    const targets = [{ node: 'n', providerId: '', addresses: ['10.1.0.1', 'fd00:1::1'] }];
    expect(await ensure(2, { families: ['IPv4', 'IPv6'], targets })).to.equal('10.99.0.8 Proxy, fd00:99::1 Proxy');
    expect(proxy.routes).to.deep.equal(['10.99.0.8:80 → 10.1.0.1:30080', 'fd00:99::1:80 → fd00:1::1:30080']);
  });

  it('says what it cannot do', async () => {
    expect(await failure(ensure(1, { ports: [{ name: '', protocol: 'TCP', port: 80 }] }))).to.equal('Invalid: port 80 has no node port, by which this provider\'s load balancers reach it: leave allocateLoadBalancerNodePorts true');
    proxy.problem = 'something else listens on 10.99.0.1 port 80';
    expect(await failure(ensure(1))).to.equal('Exhausted: something else listens on 10.99.0.1 port 80');
  });

  it('lets in only who may come', async () => {
    await ensure(1, { sourceRanges: ['192.0.2.0/24', 'fd00::/8'] });
    expect([...proxy.state.ports.values()].map(({ sourceRanges }) => sourceRanges)).to.deep.equal([['192.0.2.0/24']]);
  });

  describe('and the health of nodes', () => {
    it('passes over nodes that do not answer, from the first moment, and takes them in when they do', async () => {
      ill.add('10.1.0.2');
      await ensure(1, { healthCheck: { port: 32_000, path: '/healthz' } });
      expect(asked).to.deep.include({ address: '10.1.0.1', port: 32_000, path: '/healthz' });
      expect(proxy.routes).to.deep.equal(['10.99.0.1:80 → 10.1.0.1:30080']);
      ill.clear();
      await clock.advance(5000);
      await until(() => proxy.routes.join() === '10.99.0.1:80 → 10.1.0.1:30080 10.1.0.2:30080');
    });

    it('waits for a second failure of a node that was well', async () => {
      await ensure(1);
      expect(asked[0]).to.deep.equal({ address: '10.1.0.1', port: 30_080 });
      ill.add('10.1.0.1');
      const before = asked.length;
      await clock.advance(5000);
      await until(() => asked.length === before + 2 && clock.pending > 0);
      expect(proxy.routes).to.deep.equal(['10.99.0.1:80 → 10.1.0.1:30080 10.1.0.2:30080']);
      await clock.advance(5000);
      await until(() => proxy.routes.join() === '10.99.0.1:80 → 10.1.0.2:30080');
    });

    it('uses all when none is well', async () => {
      ill.add('10.1.0.1').add('10.1.0.2');
      await ensure(1);
      expect(proxy.routes).to.deep.equal(['10.99.0.1:80 → 10.1.0.1:30080 10.1.0.2:30080']);
    });

    it('asks nobody any more when there is nothing to know', async () => {
      await ensure(1);
      await balancers.delete(request(1).owner, signal);
      expect(clock.pending).to.equal(0);
    });
  });

  it('gives addresses back for a machine that is cleared, and keeps whose they are', async () => {
    await ensure(1);
    await releaseAddresses(new Ledger(folder), host, signal);
    expect([...host.given]).to.deep.equal([]);
    balancers = make(['10.99.0.1-10.99.0.2']);
    expect((await balancers.owners()).map(({ name }) => name)).to.deep.equal(['s1']);
  });
});

describe('asking a target how it is', () => {
  it('counts an answer of 200, or a connection, and nothing else', async () => {
    const server = createHttpServer((incoming, response) => {
      if (incoming.url === '/silent') return;
      response.writeHead(incoming.url === '/healthz' ? 200 : 503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const wells = await Promise.all(['/healthz', '/other', '/silent', undefined].map((path) => ask({ address: '127.0.0.1', port, ...(path === undefined ? {} : { path }) }, 200)));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect([...wells, await ask({ address: '127.0.0.1', port }, 200)]).to.deep.equal([true, false, false, true, false]);
  });
});

describe('pools of addresses', () => {
  it('are ranges in three spellings', () => {
    const pool = new AddressPool(['10.0.0.0/30', '10.1.0.5-10.1.0.6', '10.2.0.1', 'fd00::/126']);
    expect(['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.1.0.4', '10.1.0.5', '10.1.0.6', '10.2.0.1', 'fd00::', 'x'].filter((address) => pool.has(address)))
      .to.deep.equal(['10.0.0.1', '10.0.0.2', '10.1.0.5', '10.1.0.6', '10.2.0.1', 'fd00::']);
    const taken = new Set<string>();
    for (let next = pool.free('IPv4', (address) => taken.has(address)); next !== undefined; next = pool.free('IPv4', (address) => taken.has(address))) taken.add(next);
    expect([...taken]).to.deep.equal(['10.0.0.1', '10.0.0.2', '10.1.0.5', '10.1.0.6', '10.2.0.1']);
  });

  it('refuse what is none', () => {
    for (const part of ['', '10.0.0', '10.0.0.2-10.0.0.1', '10.0.0.1-fd00::1', '10.0.0.1-2-3', '10.0.0.0/33', '010.0.0.1']) expect(() => new AddressPool([part]), part).to.throw(RangeError, 'no range of addresses');
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !holds(); turn++) await new Promise(setImmediate);
  expect(holds(), 'it came to be').to.equal(true);
}

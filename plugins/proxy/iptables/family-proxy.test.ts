import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { ProxyEndpoint, ProxyPort } from '#core/spi/service-proxy.ts';
import { FakeIptables } from '#test/fixtures/fake-iptables.ts';
import { ProxyWorld, proxyPort } from '#test/fixtures/proxy-ports.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { IptablesProxy, type IptablesProxyOptions } from './iptables-proxy.ts';

const never = new AbortController().signal;
const network = { serviceCidrs: ['10.96.0.0/12'], clusterCidrs: ['10.244.0.0/16'] };
const away = (number: number): ProxyEndpoint => ({ address: `10.244.2.${number}`, port: 80, place: number % 2 === 0 ? 'here' : 'elsewhere' });

function start(kernel = new FakeIptables(), options: Partial<IptablesProxyOptions> = {}) {
  const proxy = new IptablesProxy({ logger: silentLogger, run: kernel.run, families: ['IPv4'], ...options });
  const world = new ProxyWorld(network);
  return { kernel, proxy, world, sync: (changed?: ReadonlySet<string>) => proxy.sync(world.state, changed, never) };
}

describe('the rules of one family', () => {
  it('come to the same after any changes as if written at once, and no step leads to a chain that is missing', async () => {
    const random = seededRandom(7);
    const pick = (most: number): number => Math.floor(random() * most);
    const { kernel, proxy, world, sync } = start();
    await sync();
    for (let round = 0; round < 150; round++) {
      const changed = new Set<string>();
      for (let change = 0; change <= pick(4); change++) for (const key of randomChange(world, pick)) changed.add(key);
      await sync(changed);
      if (round % 30 === 0) await proxy.sync({ ...world.state, serviceCidrs: round % 60 === 0 ? ['10.96.0.0/16', '10.97.3.0/24'] : [] }, undefined, never);
      if (round % 30 === 0) await sync();
    }
    const fresh = start();
    await fresh.proxy.sync(world.state, undefined, never);
    expect(kernel.summary()).to.equal(fresh.kernel.summary());
    expect((await sync()).repaired).to.equal(0);
  });

  it('of a service change in a few lines, however many services there are', async () => {
    const { kernel, world, sync } = start();
    const web = (number: number, ...endpoints: ProxyEndpoint[]) => proxyPort(`web${number}`, `10.96.${number >> 8}.${number & 255}`, endpoints);
    world.put(...Array.from({ length: 3000 }, (_, number) => web(number, away(1))));
    await sync();
    kernel.inputs.length = 0;
    await sync(world.put(web(1234, away(1), away(3))));
    expect(kernel.inputs).to.have.length(1);
    expect(kernel.inputs[0]?.split('\n'), 'table, chain, three rules, commit').to.have.length(7);
    kernel.inputs.length = 0;
    await sync(world.delete(web(1234)));
    expect(kernel.inputs[0]?.split('\n').length).to.be.lessThan(270);
  });

  it('are given to the kernel in pieces when there are many', async () => {
    const ports = Array.from({ length: 1200 }, (_, number) => proxyPort(`web${number}`, `10.96.${number >> 8}.${number & 255}`, [away(2)]));
    const shared = start();
    shared.world.put(...ports);
    await shared.sync();
    expect(shared.kernel.inputs.length).to.be.greaterThan(3);
    await shared.proxy.remove(never);
    expect(shared.kernel.summary()).to.equal(new FakeIptables().summary());
  });

  it('leave out a port that the kernel does not take, until it changes', async () => {
    const { kernel, world, sync } = start();
    const [bad, good] = [proxyPort('bad', '10.96.0.1', [away(66)]), proxyPort('good', '10.96.0.2', [away(1)])];
    kernel.poison = '10.244.2.66';
    world.put(bad, good);
    const { problems } = await sync();
    expect(problems.map(({ port }) => port)).to.eql([bad.key]);
    expect(problems[0]?.message).to.match(/^the kernel does not take its rules: .*Invalid argument/);
    expect(kernel.save()).to.include('--to-destination 10.244.2.1:80').and.not.to.include('10.244.2.66');
    expect((await sync(world.put(proxyPort('bad', '10.96.0.1', [away(3)])))).problems).to.eql([]);
    expect(kernel.save()).to.include('10.244.2.3:80');
  });

  it('know again what this machine prints in other words', async () => {
    const { kernel, world, sync } = start();
    kernel.print = (rule) => rule.replace('--set-xmark', '--or-mark').replaceAll('0.50000000000', '0.5');
    world.put(proxyPort('web', '10.96.0.1', [away(1), away(3)]));
    await sync();
    await sync();
    kernel.inputs.length = 0;
    expect((await sync()).repaired).to.equal(0);
    expect(kernel.inputs).to.eql([]);
    await kernel.run('iptables-restore', ['--noflush'], '*nat\n:KEELSON-MARK-MASQ - [0:0]\nCOMMIT\n', never);
    expect((await sync()).repaired).to.equal(1);
  });

  it('that fail for all are reported, and compared with the kernel the next time', async () => {
    const { kernel, world, sync } = start();
    const web = (...endpoints: ProxyEndpoint[]) => proxyPort('web', '10.96.0.1', endpoints);
    world.put(web(away(1)));
    await sync();
    kernel.failure = { exitCode: 4, output: '', complaint: 'Another app is currently holding the xtables lock. Stopped waiting after 5s.' };
    const error: unknown = await sync(world.put(web(away(3)))).catch((reason: unknown) => reason);
    expect(ProviderError.is(error, 'Unavailable') && error.message).to.match(/^another program holds the lock of iptables; waited 5 s/);
    kernel.failure = undefined;
    await sync(new Set());
    expect(kernel.save()).to.include('10.244.2.3:80');
  });

  it('of IPv6 are nobody\'s trouble where there is no IPv6', async () => {
    const kernel = new FakeIptables();
    const proxy = new IptablesProxy({
      logger: silentLogger,
      run: (program, ...rest) => (program.startsWith('ip6') ? Promise.reject(new ProviderError('Invalid', `${program} is not there`)) : kernel.run(program, ...rest)),
    });
    const world = new ProxyWorld(network);
    world.put(proxyPort('four', '10.96.0.1', [away(1)]));
    expect((await proxy.sync(world.state, undefined, never)).problems).to.eql([]);
    const six = proxyPort('six', 'fd96::1', []);
    const { problems } = await proxy.sync(world.state, world.put(six), never);
    expect(problems).to.eql([{ port: six.key, message: 'this machine has no packet filter for IPv6: ip6tables-save is not there' }]);
    await proxy.status(never);
  });

  it('work without conntrack, and say what does not', async () => {
    const kernel = new FakeIptables();
    const proxy = new IptablesProxy({
      logger: silentLogger, families: ['IPv4'],
      run: (program, ...rest) => (program === 'conntrack' ? Promise.reject(new ProviderError('Invalid', 'conntrack is not there')) : kernel.run(program, ...rest)),
    });
    const world = new ProxyWorld(network);
    world.put(proxyPort('web', '10.96.0.1', [away(1)]));
    expect((await proxy.sync(world.state, undefined, never)).problems).to.eql([{ message: 'stale connections are not forgotten: conntrack is not there' }]);
  });
});

/** A service is made, changed or removed: in one of three ranges, with up to three endpoints, local or not, seen from outside or not. */
function randomChange(world: ProxyWorld, pick: (most: number) => number): ReadonlySet<string> {
  const number = pick(40);
  const clusterIP = [`10.96.0.${number}`, `10.97.${number}.1`, `172.20.0.${number}`][number % 3] ?? '';
  const endpoints = Array.from({ length: pick(4) }, (_, index) => away(index + 1 + pick(3) * 10));
  const rest: Partial<ProxyPort> = {
    ...(pick(3) === 0 ? { nodePort: 30_000 + number * 40 } : {}), loadBalancerIPs: pick(3) === 0 ? [`203.0.113.${number}`] : [], ...(pick(4) === 0 ? { sourceRanges: ['192.0.2.0/24'] } : {}),
    externalLocal: pick(2) === 0, internalLocal: pick(3) === 0, localEndpoints: endpoints.filter(({ place }) => place === 'here'),
  };
  const port = proxyPort(`web${number}`, clusterIP, endpoints, rest);
  return pick(4) === 0 ? world.delete(port) : world.put(port);
}

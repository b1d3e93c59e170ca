import { expect } from 'chai';
import { execa } from 'execa';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { ProxyEndpoint, ProxyPort } from '#core/spi/service-proxy.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { labBench, serverPort } from '#test/fixtures/iptables-bench.ts';
import { networkLabNeeds, type LabPlace, type NetworkLab } from '#test/fixtures/network-lab.ts';
import { ProxyWorld, proxyPort } from '#test/fixtures/proxy-ports.ts';
import { program, requires } from '#test/fixtures/requires.ts';
import { IptablesProxy, type IptablesProxyOptions } from './iptables-proxy.ts';

const never = new AbortController().signal;
const balancer = '203.0.113.10';

describe('the iptables proxy on a node', function () {
  this.timeout(30_000);
  let lab: NetworkLab;
  let cleanup = async (): Promise<void> => undefined;
  let proxy: IptablesProxy;
  let world: ProxyWorld;
  let number = 0;
  let here: ProxyEndpoint;
  let second: ProxyEndpoint;
  let away: ProxyEndpoint;

  before(requires(...networkLabNeeds));
  before(async () => {
    const bench = await labBench(() => make());
    ({ lab, cleanup } = bench);
    const { one, two, remote } = lab.addresses.IPv4;
    here = { address: one, port: serverPort, place: 'here' };
    second = { address: two, port: serverPort, place: 'here' };
    away = { address: remote, port: serverPort, place: 'elsewhere' };
  });
  after(() => cleanup());
  beforeEach(() => {
    proxy = make();
    world = new ProxyWorld(lab);
  });
  afterEach(() => proxy.remove(never));

  const make = (options: Partial<IptablesProxyOptions> = {}) => new IptablesProxy({ logger: silentLogger, netns: `/run/netns/${lab.netns}`, ...options });
  const clusterIP = (): string => `10.96.1.${++number}`;
  const sync = (...ports: readonly ProxyPort[]) => proxy.sync(world.state, world.put(...ports), never);
  const ask = (from: LabPlace, host: string, port = 80, timeoutMs = 1000) => lab.peer(from).ask('tcp', host, port, { timeoutMs });
  const failure = (asked: Promise<{ name: string }>): Promise<string> => asked.then(({ name }) => `answered by ${name}`, (error: unknown) => (error as Error).message);
  const save = async (): Promise<readonly string[]> => (await lab.run('iptables-save', [])).split('\n').filter((line) => !line.startsWith('#')).map((line) => line.replace(/\[\d+:\d+\]/, ''));
  const flows = async (ip: string): Promise<string[]> => (await lab.run('conntrack', ['-L', '-f', 'ipv4', '-p', 'udp', '--orig-dst', ip, '-o', 'id'])).split('\n').filter((line) => line !== '');

  it('keeps the address of a pod, and masks who is none, and a pod that is its own client', async () => {
    const web = proxyPort('web', clusterIP(), [here]);
    await sync(web);
    expect(await ask('client', web.clusterIP)).to.eql({ name: 'one', client: lab.addresses.IPv4.client });
    expect((await ask('outside', web.clusterIP)).client).to.equal('10.244.1.1');
    expect(await ask('one', web.clusterIP), 'hairpin').to.eql({ name: 'one', client: '10.244.1.1' });
    expect((await ask('node', web.clusterIP)).name).to.equal('one');
  });

  it('serves node ports and load balancers from outside, masked; with policy Local by pods of the node only, unmasked', async () => {
    const open = proxyPort('open', clusterIP(), [here, away], { nodePort: 30_090, loadBalancerIPs: [balancer] });
    const local = proxyPort('local', clusterIP(), [here, away], { port: 81, nodePort: 30_091, loadBalancerIPs: [balancer], externalLocal: true, localEndpoints: [here] });
    await sync(open, local);
    for (const [host, port] of [[lab.nodeAddress.IPv4, 30_090], [balancer, 80]] as const) {
      const heard = new Set<string>();
      for (let i = 0; i < 30 && heard.size < 2; i++) {
        const { name, client } = await ask('outside', host, port);
        heard.add(`${name} ${client}`);
      }
      expect([...heard].toSorted(), `${host}:${port}`).to.eql(['one 10.244.1.1', `remote ${lab.nodeAddress.IPv4}`]);
    }
    for (const [host, port] of [[lab.nodeAddress.IPv4, 30_091], [balancer, 81]] as const) {
      for (let i = 0; i < 8; i++) expect(await ask('outside', host, port)).to.eql({ name: 'one', client: lab.addresses.IPv4.outside });
    }
    const fromPods = new Set<string>();
    for (let i = 0; i < 40 && fromPods.size < 2; i++) fromPods.add((await ask('client', balancer, 81)).name);
    expect([...fromPods].toSorted(), 'pods are not bound to their node').to.eql(['one', 'remote']);
  });

  it('drops what would have to stay where no endpoint is, and refuses what nobody serves at all', async () => {
    const elsewhere = proxyPort('elsewhere', clusterIP(), [away], { nodePort: 30_092, externalLocal: true, internalLocal: true, hasEndpoints: true });
    const nowhere = proxyPort('nowhere', clusterIP(), [], { nodePort: 30_093, loadBalancerIPs: [balancer], externalLocal: true });
    await sync(elsewhere, nowhere);
    expect(await failure(ask('outside', lab.nodeAddress.IPv4, 30_092, 400))).to.equal('ETIMEDOUT');
    expect(await failure(ask('client', elsewhere.clusterIP, 80, 400))).to.equal('ETIMEDOUT');
    expect((await ask('client', lab.nodeAddress.IPv4, 30_092)).name).to.equal('remote');
    for (const [host, port] of [[lab.nodeAddress.IPv4, 30_093], [balancer, 80], [nowhere.clusterIP, 80]] as const) expect(await failure(ask('outside', host, port)), host).to.equal('ECONNREFUSED');
    await sync(proxyPort('nowhere', nowhere.clusterIP, [here], { nodePort: 30_093 }));
    expect((await ask('outside', lab.nodeAddress.IPv4, 30_093)).name).to.equal('one');
  });

  it('lets only those of the source ranges use a load balancer, and everybody the node port', async () => {
    const ranges = (sourceRanges: readonly string[]) => proxyPort('fenced', '10.96.1.200', [here], { nodePort: 30_094, loadBalancerIPs: [balancer], sourceRanges });
    await sync(ranges(['192.0.2.0/24', '198.51.100.2/32']));
    expect((await ask('outside', balancer)).name).to.equal('one');
    await sync(ranges(['192.0.2.0/24']));
    expect(await failure(ask('outside', balancer, 80, 400))).to.equal('ETIMEDOUT');
    await sync(ranges([]));
    expect(await failure(ask('outside', balancer, 80, 400))).to.equal('ETIMEDOUT');
    expect((await ask('outside', lab.nodeAddress.IPv4, 30_094)).name).to.equal('one');
    await sync(ranges(['0.0.0.0/0']));
    expect((await ask('outside', balancer)).name).to.equal('one');
    expect((await proxy.sync(world.state, undefined, never)).repaired).to.equal(0);
  });

  it('serves IPv6 alike', async () => {
    const { one } = lab.addresses.IPv6;
    const web = proxyPort('six', 'fd96::66', [{ address: one, port: serverPort, place: 'here' }], { nodePort: 30_095, externalLocal: true, localEndpoints: [{ address: one, port: serverPort, place: 'here' }] });
    const none = proxyPort('none', 'fd96::67', []);
    await sync(web, none);
    expect(await ask('outside', lab.nodeAddress.IPv6, 30_095)).to.eql({ name: 'one', client: lab.addresses.IPv6.outside });
    expect((await ask('one', web.clusterIP)).client, 'hairpin').to.equal('fd44:0:0:1::1');
    expect(await failure(ask('client', none.clusterIP))).to.equal('ECONNREFUSED');
  });

  it('ignores external IPs unless told otherwise', async () => {
    const claimed = proxyPort('claimed', clusterIP(), [here], { externalIPs: ['203.0.113.77'] });
    expect((await sync(claimed)).problems).to.deep.equal([{ port: claimed.key, message: 'externalIPs are not served here, since by them anybody could take over an address (CVE-2020-8554): 203.0.113.77' }]);
    expect((await sync(proxyPort('other', clusterIP(), [here]))).problems, 'still').to.have.length(1);
    expect(await failure(ask('client', '203.0.113.77', 80, 400))).to.match(/^E/);
    await proxy.remove(never);
    proxy = make({ externalIPs: true });
    expect((await proxy.sync(world.state, undefined, never)).problems).to.deep.equal([]);
    expect((await ask('client', '203.0.113.77')).name).to.equal('one');
  });

  it('takes SCTP', async () => {
    const sctp = proxyPort('sctp', clusterIP(), [here, away], { protocol: 'SCTP', port: 9, nodePort: 30_132, affinitySeconds: 10 });
    expect((await sync(sctp)).problems).to.deep.equal([]);
    expect((await save()).join('\n')).to.include('-p sctp -m sctp --dport 30132');
  });

  it('lets a client go elsewhere once it has been away for the time of its affinity', async () => {
    const sticky = proxyPort('sticky', clusterIP(), [here, second], { affinitySeconds: 1 });
    await sync(sticky);
    const names = async (pauseMs: number): Promise<ReadonlySet<string>> => {
      const heard = new Set<string>();
      for (let i = 0; i < 12 && heard.size < 2; i++) {
        heard.add((await ask('client', sticky.clusterIP)).name);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      return heard;
    };
    expect((await names(50)).size).to.equal(1);
    expect((await names(1300)).size).to.equal(2);
  });

  it('finds out and puts right what somebody flushed, changed or deleted', async () => {
    const web = proxyPort('web', clusterIP(), [here, second]);
    await sync(web);
    expect(await proxy.intact(never)).to.equal(true);
    const before = await save();
    for (const damage of [['-t', 'nat', '-F'], ['-t', 'nat', '-D', 'PREROUTING', '-j', 'KEELSON-SERVICES'], ['-F']]) {
      await lab.run('iptables', damage);
      expect(await proxy.intact(never), damage.join(' ')).to.equal(false);
      expect((await proxy.sync(world.state, undefined, never)).repaired, damage.join(' ')).to.be.greaterThan(0);
      expect(await save()).to.eql(before);
    }
    const chain = before.find((line) => line.startsWith(':KEELSON-SVC-'))?.slice(1).split(' ')[0] ?? '';
    await lab.run('iptables', ['-t', 'nat', '-D', chain, '2']);
    expect(await proxy.intact(never), 'one rule is too little for the tripwire').to.equal(true);
    expect((await proxy.sync(world.state, undefined, never)).repaired).to.equal(1);
    expect(await save()).to.eql(before);
    expect((await ask('client', web.clusterIP)).name).to.be.oneOf(['one', 'two']);
  });

  it('leaves everybody else\'s rules alone, from the first sync to the removal', async () => {
    await lab.run('iptables-restore', ['--noflush'], '*nat\n:OTHERS - [0:0]\n-A OTHERS -d 192.0.2.7/32 -j RETURN\n-A PREROUTING -j OTHERS\nCOMMIT\n*filter\n:KEELSON-NETPOL - [0:0]\n-A FORWARD -s 192.0.2.9/32 -j DROP\nCOMMIT\n');
    const before = await save();
    await sync(proxyPort('web', clusterIP(), [here]));
    expect(await save()).to.include.members(before.filter((line) => line.startsWith('-A')));
    await proxy.remove(never);
    expect(await save()).to.eql(before);
    await lab.run('iptables-restore', ['--noflush'], '*nat\n-D PREROUTING -j OTHERS\n-F OTHERS\n-X OTHERS\nCOMMIT\n*filter\n-D FORWARD -s 192.0.2.9/32 -j DROP\n-X KEELSON-NETPOL\nCOMMIT\n');
  });

  it('writes nothing when it starts again over the same services, and removes what has gone meanwhile', async () => {
    const [stays, goes] = [proxyPort('stays', clusterIP(), [here]), proxyPort('goes', clusterIP(), [here], { nodePort: 30_096 })];
    await sync(stays, goes);
    const counting = make();
    const before = await save();
    await counting.sync(world.state, undefined, never);
    expect(await save()).to.eql(before);
    world.delete(goes);
    await make().sync(world.state, undefined, never);
    expect((await save()).join('\n')).not.to.include('30096');
    expect((await ask('client', stays.clusterIP)).name).to.equal('one');
  });

  describe('forgets flows of UDP', () => {
    const dns = (ip: string, ...endpoints: readonly ProxyEndpoint[]) => proxyPort('dns', ip, endpoints, { protocol: 'UDP', port: 53 });
    const talk = (ip: string, conversation: string, timeoutMs = 300) => lab.peer('client').ask('udp', ip, 53, { conversation, timeoutMs });

    it('of a service that has lost its last endpoint, and has a new one', async () => {
      const ip = clusterIP();
      await sync(dns(ip, here));
      expect((await talk(ip, 'lost')).name).to.equal('one');
      await sync(dns(ip));
      await failure(talk(ip, 'lost'));
      expect((await flows(ip)).filter((line) => line.includes(`src=${here.address}`))).to.eql([]);
      await sync(dns(ip, second));
      expect((await talk(ip, 'lost')).name).to.equal('two');
    });

    it('of a service that is gone', async () => {
      const ip = clusterIP();
      await sync(dns(ip, here));
      await talk(ip, 'deleted');
      expect(await flows(ip)).to.have.length(1);
      await proxy.sync(world.state, world.delete(dns(ip)), never);
      expect(await flows(ip)).to.eql([]);
    });

    it('that were sent into the void before there was an endpoint', async () => {
      const ip = clusterIP();
      await sync();
      await failure(talk(ip, 'early'));
      await sync(dns(ip, here));
      expect((await talk(ip, 'early')).name).to.equal('one');
    });

    it('but none of those that are well, when it starts again', async () => {
      const ip = clusterIP();
      await sync(dns(ip, here, second));
      await talk(ip, 'kept');
      const before = (await flows(ip)).map((line) => /id=\d+/.exec(line)?.[0]);
      await make().sync(world.state, undefined, never);
      expect((await flows(ip)).map((line) => /id=\d+/.exec(line)?.[0])).to.eql(before).and.have.length(1);
    });
  });

  it('lets a connection attempt to a dead endpoint go on to one that lives', async () => {
    const ip = clusterIP();
    await sync(proxyPort('moved', ip, [{ ...away, address: '10.244.2.99' }]));
    const asked = ask('client', ip, 80, 8000);
    await eventually(async () => (await lab.run('conntrack', ['-L', '-p', 'tcp', '--orig-dst', ip])).includes('SYN_SENT'), 'an attempt');
    await sync(proxyPort('moved', ip, [here]));
    expect((await asked).name).to.equal('one');
  });

  it('says who holds the lock, waits no longer than it should, and goes on when it is free', async function () {
    requires(program('iptables-legacy-restore', 'iptables'), program('flock', 'util-linux')).call(this);
    const netns = `keelson-lab${process.pid}-lock`;
    const lockFile = `/tmp/${netns}.lock`;
    await execa('ip', ['netns', 'add', netns]);
    process.env['XTABLES_LOCKFILE'] = lockFile;
    const holder = execa('flock', ['--no-fork', lockFile, 'sleep', '60'], { reject: false, stdio: 'ignore' });
    try {
      await eventually(async () => (await execa('flock', ['-n', lockFile, 'true'], { reject: false })).exitCode === 1, 'the lock to be held');
      const legacy = make({ netns: `/run/netns/${netns}`, backend: 'legacy', lockSeconds: 1, families: ['IPv4'] });
      world.put(proxyPort('web', clusterIP(), [here]));
      const began = performance.now();
      const error: unknown = await legacy.sync(world.state, undefined, never).catch((reason: unknown) => reason);
      expect(ProviderError.is(error, 'Unavailable') && error.message).to.match(/another program holds the lock of iptables; waited 1 s/);
      expect(performance.now() - began).to.be.lessThan(5000);
      holder.kill();
      await holder;
      expect((await legacy.sync(world.state, undefined, never)).problems).to.eql([]);
      expect((await legacy.sync(world.state, undefined, never)).repaired).to.equal(0);
    } finally {
      delete process.env['XTABLES_LOCKFILE'];
      holder.kill('SIGKILL');
      await holder;
      await execa('ip', ['netns', 'delete', netns], { reject: false });
      await execa('rm', ['-f', lockFile]);
    }
  });

  it('says so when its network is gone, and has nothing to remove then', async () => {
    const gone = make({ netns: `/run/netns/keelson-lab${process.pid}-gone` });
    const error: unknown = await gone.sync(world.state, undefined, never).catch((reason: unknown) => reason);
    expect(ProviderError.is(error, 'Unavailable') && error.message).to.match(/^iptables-save failed .*No such file or directory/);
    await gone.remove(never);
  });

  it('carries ten thousand services, and changes one of them', async function () {
    this.timeout(60_000);
    const web = (index: number, ...endpoints: readonly ProxyEndpoint[]) => proxyPort(`web${index}`, `10.96.${10 + (index >> 8)}.${index & 255}`, endpoints);
    const ports = Array.from({ length: 10_000 }, (_, index) => web(index, away, { ...away, port: 9 }));
    world.put(...ports);
    expect((await proxy.sync(world.state, undefined, never)).problems).to.eql([]);
    const last = ports.at(-1)?.clusterIP ?? '';
    await sync(web(9999, away));
    expect((await ask('client', last)).name).to.equal('remote');
    await sync(web(9999, second));
    for (let i = 0; i < 5; i++) expect((await ask('client', last)).name).to.equal('two');
  });
});

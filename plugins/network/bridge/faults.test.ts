import { createHash } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import type { NetworkAttachment } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { program, requires, skipBecause, unmet } from '#test/fixtures/requires.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { leasesIn, leftoversOf } from './test-leftovers.ts';
import { TestNode, type TestNodeOptions } from './test-node.ts';

const never = new AbortController().signal;
const network = { nodeName: 'node', podCidrs: ['10.196.1.0/24', 'fd96:0:0:1::/64'], clusterCidrs: ['10.196.0.0/16', 'fd96::/48'] };

const failureOf = async (promise: Promise<unknown>): Promise<NetworkError> => {
  const outcome = await promise.then(() => undefined, (error: unknown) => error);
  expect(outcome).to.be.instanceOf(NetworkError);
  return outcome as NetworkError;
};

describe('the bridge network and faults', function () {
  this.timeout(120_000);
  let namespaces: Namespaces;
  let folder: { path: string; remove(): Promise<void> };
  let netns: string;
  let node: TestNode;
  let made = 0;

  before(requires(...namespaceTools));
  beforeEach(async () => {
    namespaces = new Namespaces();
    folder = await temporaryFolder();
    netns = await namespaces.make('node');
  });
  afterEach(async () => {
    await node?.stop();
    await namespaces.clear();
    await folder.remove();
  });

  const start = async (options: TestNodeOptions = {}, of: { podCidrs: string[] } = network): Promise<TestNode> => {
    node = await TestNode.start(netns, { stateDir: folder.path, mode: 'none', epoch: 'boot 1', ...options });
    await node.configure({ ...network, ...of });
    return node;
  };
  const attachment = async (change: Partial<NetworkAttachment> = {}): Promise<NetworkAttachment & { netns: string }> => {
    const containerId = createHash('sha256').update(`${namespaces.prefix} ${made++}`).digest('hex');
    return { containerId, ifName: 'eth0', pod: { namespace: 'default', name: 'pod', uid: containerId }, portMappings: [], ...change, netns: change.netns ?? (await namespaces.make('pod')) };
  };
  const added = async (each: NetworkAttachment): Promise<string[]> => (await node.add(each, never)).ips.map(({ address }) => address);
  const leftovers = (): Promise<string[]> => leftoversOf(namespaces, netns, folder.path);
  const save = async (of = netns): Promise<string> => (await Promise.all(['iptables-save', 'ip6tables-save'].map((each) => namespaces.run(of, each)))).join('\n').replaceAll(/^#.*$|\[\d+:\d+\]/gm, '');

  it('have nothing stale after a reboot', async () => {
    await start();
    const before = await added(await attachment());
    await node.stop();
    for (const link of JSON.parse(await namespaces.run(netns, 'ip', '-json', 'link', 'show', 'type', 'veth'))) await namespaces.run(netns, 'ip', 'link', 'delete', link.ifname);
    await start({ epoch: 'boot 2' });
    expect(await added(await attachment())).to.deep.equal(before);
    expect(await leasesIn(folder.path)).to.have.length(1);
  });

  it('give IPv6 to pods whose runtime switched it off', async () => {
    await start();
    const pod = await attachment();
    await namespaces.run(pod.netns, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1');
    await added(pod);
    expect((await namespaces.interface(pod.netns, 'eth0'))?.addresses).to.deep.equal(['10.196.1.2/24', 'fd96:0:0:1::2/64']);
    expect(await namespaces.reaches(pod.netns, 'fd96:0:0:1::1')).to.equal(true);
  });

  it('keep leases over a restart without a reboot, and go on in the round of addresses', async () => {
    await start();
    const [a, b] = [await attachment(), await attachment()];
    expect([await added(a), await added(b)]).to.deep.equal([['10.196.1.2/24', 'fd96:0:0:1::2/64'], ['10.196.1.3/24', 'fd96:0:0:1::3/64']]);
    await node.del(a);
    await node.stop();
    await start();
    await node.check(b);
    expect(await added(await attachment())).to.deep.equal(['10.196.1.4/24', 'fd96:0:0:1::4/64']);
  });

  it('leak nothing when killed in the middle of many ADDs', async () => {
    for (const after of [5, 25, 60, 120]) {
      await start();
      const attachments = await Promise.all(Array.from({ length: 20 }, () => attachment({ portMappings: made % 5 === 0 ? [{ hostPort: 20_000 + made, containerPort: 80, protocol: 'tcp' }] : [] })));
      const adds = attachments.map((each) => node.add(each, never).then(() => each, () => undefined));
      await new Promise((resolve) => setTimeout(resolve, after));
      await node.kill();
      const done = (await Promise.all(adds)).filter((each) => each !== undefined);
      await start();
      await node.gc(done);
      for (const each of done) await node.check(each);
      expect(await leasesIn(folder.path), `killed after ${after} ms`).to.have.members(done.map(({ containerId }) => containerId));
      const addresses = await Promise.all(attachments.map(added));
      expect(new Set(addresses.flat()).size).to.equal(40);
      await node.gc([]);
      expect(await leftovers()).to.deep.equal([]);
      await node.stop();
    }
  });

  it('add and delete 200 at once', async () => {
    await start();
    const attachments = await Promise.all(Array.from({ length: 200 }, () => attachment()));
    const addresses = await Promise.all(attachments.map(added));
    expect(new Set(addresses.flat()).size).to.equal(400);
    await Promise.all(attachments.map((each) => node.del(each)));
    await node.call('settled');
    expect(await leftovers()).to.deep.equal([]);
  });

  it('give no address again before it has cooled down, and say when there is none', async () => {
    await start({ cooldownMs: 60_000 }, { podCidrs: ['10.196.1.0/28'] });
    const attachments = await Promise.all(Array.from({ length: 13 }, () => attachment()));
    const more = await attachment();
    await Promise.all(attachments.map(added));
    const full = await failureOf(node.add(more, never));
    expect([full.code, full.message]).to.deep.equal([11, 'all addresses of 10.196.1.0/28 are in use']);
    await node.status();
    await Promise.all(attachments.map((each) => node.del(each)));
    const hot = await failureOf(node.add(more, never));
    expect([hot.code, hot.message]).to.deep.equal([11, 'the free addresses of 10.196.1.0/28 were released less than 60 s ago']);
    await node.call('advance', 59_000);
    expect((await failureOf(node.add(more, never))).code).to.equal(11);
    await node.call('advance', 1001);
    expect(await added(more)).to.deep.equal(['10.196.1.2/28']);
  });

  it('say what is wrong with a pod whose namespace was removed under them, and let it go', async () => {
    await start();
    const gone = await attachment({ portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] });
    await node.add(gone, never);
    await namespaces.remove(gone.netns);
    expect((await failureOf(node.check(gone))).code).to.equal(101);
    expect((await failureOf(node.add(gone, never))).code).to.equal(8);
    await node.del(gone);
    await node.call('settled');
    expect(await leftovers()).to.deep.equal([]);
  });

  it('give a host port to one pod only', async () => {
    await start();
    const port = (hostIP?: string) => ({ portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' as const, ...(hostIP === undefined ? {} : { hostIP }) }] });
    const first = await attachment(port('10.0.0.1'));
    await node.add(first, never);
    await node.add(await attachment(port('10.0.0.2')), never);
    const refused = await failureOf(node.add(await attachment(port()), never));
    expect([refused.code, refused.message]).to.deep.equal([11, 'host port 8080/tcp is taken by pod default/pod']);
    const rules = await namespaces.run(netns, 'iptables', '-t', 'nat', '-S', 'KEELSON-NET-HOSTPORTS');
    expect(rules).to.include('-d 10.0.0.1/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.196.1.2:80');
    expect(await namespaces.run(netns, 'ip6tables', '-t', 'nat', '-S', 'KEELSON-NET-HOSTPORTS')).not.to.include('DNAT');
    await node.del(first);
    expect(await namespaces.run(netns, 'iptables', '-t', 'nat', '-S', 'KEELSON-NET-HOSTPORTS')).not.to.include('10.0.0.1');
  });

  it('repair what others broke, and nothing else', async () => {
    await start();
    const each = await attachment({ portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] });
    await node.add(each, never);
    await namespaces.run(netns, 'iptables', '-N', 'KUBE-SERVICES');
    await namespaces.run(netns, 'iptables', '-I', 'FORWARD', '-j', 'KUBE-SERVICES');
    await namespaces.run(netns, 'iptables', '-A', 'KEELSON-NET-POLICY', '-d', '10.196.1.2', '-j', 'RETURN');
    const before = await save();
    expect(before).to.match(/-A FORWARD -j KUBE-SERVICES\n-A FORWARD -j KEELSON-NET-FORWARD/);
    await node.call('repair');
    expect(await save()).to.equal(before);
    for (const table of ['nat', 'filter']) await namespaces.run(netns, 'iptables', '-t', table, '-F');
    await namespaces.run(netns, 'ip6tables', '-t', 'nat', '-F');
    await namespaces.run(netns, 'ip', 'address', 'flush', 'dev', 'keelson0');
    await namespaces.run(netns, 'ip', 'link', 'set', 'keelson0', 'down');
    expect((await failureOf(node.status())).code).to.equal(51);
    await namespaces.run(netns, 'iptables', '-A', 'FORWARD', '-j', 'KUBE-SERVICES');
    await namespaces.run(netns, 'iptables', '-A', 'KEELSON-NET-POLICY', '-d', '10.196.1.2', '-j', 'RETURN');
    await node.call('repair');
    expect(await save()).to.equal(before);
    expect((await namespaces.interface(netns, 'keelson0'))?.addresses).to.deep.equal(['10.196.1.1/24', 'fd96:0:0:1::1/64']);
    await node.status();
    await node.check(each);
  });

  it('put policies back too, when others flushed the packet filter', async () => {
    await start();
    await node.call('enforce', [{ podUid: 'u1', addresses: ['10.196.1.2'], ingress: [] }]);
    const before = await save();
    expect(before).to.include('10.196.1.2');
    await namespaces.run(netns, 'iptables', '-F');
    await node.call('repair');
    expect(await save()).to.equal(before);
  });

  it('keep a range that pods still use, after the node got another', async () => {
    await start();
    const old = await attachment();
    await node.add(old, never);
    await node.configure({ ...network, podCidrs: ['10.196.2.0/24', 'fd96:0:0:2::/64'] });
    const fresh = await attachment();
    expect(await added(fresh)).to.deep.equal(['10.196.2.2/24', 'fd96:0:0:2::2/64']);
    await node.check(old);
    expect(await namespaces.reaches(old.netns, '10.196.2.2')).to.equal(true);
    await node.del(old);
    await node.call('repair');
    expect((await namespaces.interface(netns, 'keelson0'))?.addresses).to.deep.equal(['10.196.2.1/24', 'fd96:0:0:2::1/64']);
  });

  it('do not touch a bridge of this name that is someone else\'s', async () => {
    await namespaces.run(netns, 'ip', 'link', 'add', 'keelson0', 'type', 'bridge');
    const failure = await failureOf(start());
    expect([failure.code, failure.message]).to.deep.equal([7, 'the interface keelson0 was not made by this plugin; give the bridge another name']);
    await node.call('remove');
    expect(await namespaces.interface(netns, 'keelson0')).not.to.equal(undefined);
  });

  it('refuse nonsense for a range', async () => {
    await start();
    for (const podCidrs of [[], ['10.196.1.0/31'], ['10.196.1.0/24', '10.196.2.0/24'], ['10.196.1.0/24 up'], ['__proto__']]) {
      expect((await failureOf(node.configure({ ...network, podCidrs }))).code, String(podCidrs)).to.equal(7);
    }
    await node.status();
  });

  it('drop a last line that a crash cut off, and refuse a journal that is damaged before', async () => {
    await start();
    const kept = await attachment();
    await node.add(kept, never);
    await node.stop();
    const path = join(folder.path, 'leases');
    await appendFile(path, '{"lease":{"containerId":"ab');
    await start();
    await node.check(kept);
    await node.add(await attachment(), never);
    await node.stop();
    const lines = (await readFile(path, 'utf8')).split('\n');
    await writeFile(path, lines.with(1, 'x').join('\n'));
    const failure = await failureOf(start());
    expect([failure.code, failure.message]).to.deep.equal([5, `the journal of leases ${path} is damaged at line 2; remove it when no pods run on this node`]);
  });

  it('wait for a lock that someone else holds, and give up after a while without leaving anything', async function () {
    const missing = unmet(program('iptables-legacy', 'iptables'), program('flock', 'util-linux'));
    if (missing !== undefined) skipBecause(this, missing);
    const lockFile = join(folder.path, 'xtables.lock');
    await start({ iptables: 'iptables-legacy', lockFile });
    const hold = (seconds: number) => execa('flock', ['--no-fork', lockFile, 'sleep', String(seconds)], { reject: false });
    const mapped = (hostPort: number) => attachment({ portMappings: [{ hostPort, containerPort: 80, protocol: 'tcp' }] });
    const [one, two] = [await mapped(8080), await mapped(8081)];
    let holder = hold(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await node.add(one, never);
    await holder;
    holder = hold(60);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const failure = await failureOf(node.add(two, never));
    expect([failure.code, failure.message]).to.deep.equal([11, failure.message]).and.to.satisfy(([, message]: [number, string]) => message.includes('lock'));
    holder.kill('SIGKILL');
    await holder;
    await node.add(two, never);
    await node.gc([]);
    await eventually(async () => (await namespaces.run(netns, 'iptables-legacy', '-t', 'nat', '-S', 'KEELSON-NET-HOSTPORTS')) === '-N KEELSON-NET-HOSTPORTS', 'no host ports');
  });

  it('limit what goes to a pod and what comes from it', async () => {
    await start();
    const each = await attachment({ bandwidth: { ingressRate: 8_000_000, egressRate: 16_000_000 } });
    const result = await node.add(each, never);
    const link = result.interfaces[1]?.name ?? '';
    expect(await namespaces.run(netns, 'tc', 'qdisc', 'show', 'dev', link)).to.match(/tbf .* rate 8Mbit/).and.to.include('ingress ffff:');
    const shaper = link.replace('kl', 'kb');
    expect(await namespaces.run(netns, 'tc', 'filter', 'show', 'dev', link, 'ingress')).to.include(`Redirect to device ${shaper}`);
    expect(await namespaces.run(netns, 'tc', 'qdisc', 'show', 'dev', shaper)).to.match(/tbf .* rate 16Mbit/);
    expect(await namespaces.reaches(each.netns, '10.196.1.1')).to.equal(true);
    await namespaces.remove(each.netns);
    await node.del(each);
    await node.call('settled');
    expect(await namespaces.interface(netns, shaper)).to.equal(undefined);
    expect(await leftovers()).to.deep.equal([]);
  });

  it('are removed with all that is theirs', async () => {
    await namespaces.run(netns, 'iptables', '-A', 'FORWARD', '-d', '10.1.2.3', '-j', 'ACCEPT');
    await namespaces.run(netns, 'ip', 'link', 'add', 'other', 'type', 'dummy').catch(() => namespaces.run(netns, 'ip', 'link', 'add', 'other', 'type', 'bridge'));
    await namespaces.run(netns, 'ip', 'link', 'add', 'uplink', 'type', 'bridge');
    await namespaces.run(netns, 'ip', 'address', 'add', '172.31.5.1/24', 'dev', 'uplink');
    await namespaces.run(netns, 'ip', 'link', 'set', 'uplink', 'up');
    const rulesOf = (saved: string): string[] => saved.split('\n').filter((line) => /^-|^:.*-/.test(line));
    const [rules, links] = [await save(), await namespaces.run(netns, 'ip', '-brief', 'link')];
    await start({ mode: 'vxlan', device: 'uplink' });
    await node.setPeers([{ nodeName: 'other', addresses: ['172.31.5.2'], podCidrs: ['10.196.9.0/24'], tunnel: '0a:00:00:00:00:01' }]);
    await node.add(await attachment({ portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }), never);
    await node.call('remove');
    expect(rulesOf(await save())).to.deep.equal(rulesOf(rules));
    expect(await namespaces.run(netns, 'ip', '-brief', 'link')).to.equal(links);
    expect((await namespaces.run(netns, 'ip', 'route')).split('\n')).to.have.length(1);
    await node.call('remove');
  });
});

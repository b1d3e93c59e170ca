import { expect } from 'chai';
import type { PodPolicy } from '#core/spi/network-plugin.ts';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { requires } from '#test/fixtures/requires.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { TestCluster, type Pod } from './test-cluster.ts';

describe('policies between pods', function () {
  this.timeout(60_000);
  const namespaces = new Namespaces();
  let cluster: TestCluster;
  let folder: { path: string; remove(): Promise<void> };
  let [server, neighbour, remote] = [] as unknown as [Pod, Pod, Pod];

  before(requires(...namespaceTools));
  before(async () => {
    folder = await temporaryFolder();
    cluster = new TestCluster(namespaces, folder.path);
    await cluster.start(2, { mode: 'host-gw' });
    await cluster.configure();
    [server, neighbour, remote] = await Promise.all([cluster.pod(1), cluster.pod(1), cluster.pod(2)]);
    await Promise.all([[server, 80], [server, 81], [neighbour, 80], [remote, 80]].map(([pod, port]) => cluster.serve((pod as Pod).attachment.netns, 'it', port as number)));
  });
  after(async () => {
    await cluster?.stop();
    await namespaces.clear();
    await folder?.remove();
  });

  /** All have met before: who is not heard soon is not heard at all. */
  const isHeard = async (from: string, to: string, port = 80, protocol: 'tcp' | 'udp' = 'tcp', patienceMs = 1500): Promise<boolean> => (await cluster.ask(from, to, port, protocol, patienceMs)).startsWith('it ');
  const of = (pod: Pod, more: Partial<PodPolicy>): PodPolicy => ({ podUid: pod.attachment.containerId, addresses: [pod.v4, pod.v6], ...more });
  const enforce = (...policies: readonly PodPolicy[]) => cluster.node(1).call('enforce', policies);
  const only = (...pods: readonly Pod[]) => ({ peers: [{ cidrs: pods.flatMap(({ v4, v6 }) => [v4, v6]), except: [] }] });
  /** Whether the server hears its neighbour, the pod of the other node, and its own node. */
  const heard = async (port = 80): Promise<boolean[]> => Promise.all([neighbour.attachment.netns, remote.attachment.netns, cluster.node(1).netns].map((from) => isHeard(from, server.v4, port)));

  it('isolate a pod from all but its node, in both families', async () => {
    const all = [server, neighbour, remote];
    for (const from of all) for (const to of all) for (const address of [to.v4, to.v6]) if (from !== to) expect(await isHeard(from.attachment.netns, address, 80, 'tcp', 10_000)).to.equal(true);
    expect(await heard()).to.deep.equal([true, true, true]);
    await enforce(of(server, { ingress: [] }));
    expect(await heard()).to.deep.equal([false, false, true]);
    expect(await isHeard(neighbour.attachment.netns, server.v6)).to.equal(false);
    // What the pod itself begins is answered.
    expect(await isHeard(server.attachment.netns, remote.v4)).to.equal(true);
    expect(await isHeard(server.attachment.netns, neighbour.v6)).to.equal(true);
  });

  it('let in whom and where they say', async () => {
    await enforce(of(server, { ingress: [{ ...only(neighbour), ports: [{ protocol: 'TCP', port: 80 }] }] }));
    expect(await heard()).to.deep.equal([true, false, true]);
    expect(await heard(81)).to.deep.equal([false, false, true]);
    expect(await isHeard(neighbour.attachment.netns, server.v6)).to.equal(true);
    expect(await isHeard(neighbour.attachment.netns, server.v4, 80, 'udp')).to.equal(false);
    await enforce(of(server, { ingress: [{ peers: [{ cidrs: ['10.197.0.0/16', 'fd97::/48'], except: [neighbour.v4] }] }] }));
    expect(await heard()).to.deep.equal([false, true, true]);
  });

  it('keep a pod from going where they do not say, and ask both ends', async () => {
    await enforce(of(neighbour, { egress: [only(server)] }));
    expect(await isHeard(neighbour.attachment.netns, server.v4)).to.equal(true);
    expect(await isHeard(neighbour.attachment.netns, remote.v4)).to.equal(false);
    await enforce(of(neighbour, { egress: [only(server)] }), of(server, { ingress: [only(remote)] }));
    expect(await isHeard(neighbour.attachment.netns, server.v4)).to.equal(false);
    expect(await isHeard(remote.attachment.netns, server.v4)).to.equal(true);
  });

  it('are enforced beside the rules of services, which stay', async () => {
    const others = ['KEELSON-NP-TCP-30080', 'KEELSON-SVC-0123456789ABCDEF', 'KEELSON-NETPOL'];
    const { netns } = cluster.node(1);
    const input = ['*filter', ...others.map((chain) => `:${chain} - [0:0]`), ...others.map((chain) => `-A FORWARD -d 192.0.2.1 -j ${chain}`), 'COMMIT', ''].join('\n');
    for (const tool of ['iptables-restore', 'ip6tables-restore']) await namespaces.feed(netns, input.replaceAll('192.0.2.1', tool.startsWith('ip6') ? '2001:db8::1' : '192.0.2.1'), tool, '--noflush');
    await enforce(of(server, { ingress: [] }));
    await enforce(of(neighbour, { ingress: [] }));
    for (const tool of ['iptables', 'ip6tables']) {
      const rules = await namespaces.run(netns, tool, '-S');
      for (const chain of others) expect(rules, tool).to.include(`-N ${chain}`);
      expect(rules.match(/-N KEELSON-POL-/g), tool).to.have.length(1);
    }
  });

  it('leave nothing behind when they go', async () => {
    await enforce();
    expect(await heard()).to.deep.equal([true, true, true]);
    expect(await namespaces.run(cluster.node(1).netns, 'iptables', '-t', 'filter', '-S')).not.to.include('KEELSON-POL-');
  });
});

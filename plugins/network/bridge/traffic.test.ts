import { expect } from 'chai';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { requires } from '#test/fixtures/requires.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { networkOf, peerOf, TestCluster, type Pod } from './test-cluster.ts';

const web = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' as const }, { hostPort: 8080, containerPort: 80, protocol: 'udp' as const }];

/** Until they are made. */
const noPod = {} as Pod;

for (const mode of ['host-gw', 'vxlan'] as const) {
  describe(`traffic of pods on two nodes, ${mode}`, function () {
    this.timeout(60_000);
    const namespaces = new Namespaces();
    let cluster: TestCluster;
    let folder: { path: string; remove(): Promise<void> };
    let [a, b, c]: [Pod, Pod, Pod] = [noPod, noPod, noPod];

    before(requires(...namespaceTools));
    before(async () => {
      folder = await temporaryFolder();
      cluster = new TestCluster(namespaces, folder.path);
      await cluster.start(2, { mode });
      await cluster.configure();
      [a, b, c] = await Promise.all([cluster.pod(1, { portMappings: web }), cluster.pod(1), cluster.pod(2)]);
      await Promise.all([cluster.serve(a.attachment.netns, 'a', 80), cluster.serve(c.attachment.netns, 'c', 80), cluster.serve(cluster.outside, 'outside', 80)]);
    });
    after(async () => {
      await cluster?.stop();
      await namespaces.clear();
      await folder?.remove();
    });

    it('keeps the source between pods of one node and of two', async () => {
      expect(await cluster.ask(b.attachment.netns, a.v4, 80)).to.equal(`a ${b.v4}`);
      expect(await cluster.ask(b.attachment.netns, a.v6, 80)).to.equal(`a ${b.v6}`);
      for (const protocol of ['tcp', 'udp'] as const) {
        expect(await cluster.ask(b.attachment.netns, c.v4, 80, protocol), protocol).to.equal(`c ${b.v4}`);
        expect(await cluster.ask(b.attachment.netns, c.v6, 80, protocol), protocol).to.equal(`c ${b.v6}`);
      }
    });

    it('lets nodes reach pods, their own and others', async () => {
      expect(await cluster.ask(cluster.node(1).netns, a.v4, 80)).to.match(/^a 10\.197\.1\.1$/);
      expect(await cluster.ask(cluster.node(1).netns, c.v4, 80)).to.match(mode === 'vxlan' ? /^c 10\.197\.1\.0$/ : /^c 172\.31\.0\.11$/);
      expect(await cluster.ask(cluster.node(1).netns, c.v6, 80)).to.match(/^c fd/);
    });

    it('stands for its pods outside of the cluster', async () => {
      expect(await cluster.ask(b.attachment.netns, '172.31.0.10', 80)).to.equal('outside 172.31.0.11');
      expect(await cluster.ask(c.attachment.netns, '172.31.0.10', 80, 'udp')).to.equal('outside 172.31.0.12');
      expect(await cluster.ask(b.attachment.netns, 'fd31::10', 80)).to.equal('outside fd31::11');
    });

    it('forwards host ports of the node, whoever asks', async () => {
      expect(await cluster.ask(cluster.outside, '172.31.0.11', 8080)).to.equal('a 172.31.0.10');
      expect(await cluster.ask(cluster.outside, '172.31.0.11', 8080, 'udp')).to.equal('a 172.31.0.10');
      expect(await cluster.ask(cluster.outside, 'fd31::11', 8080)).to.equal('a fd31::10');
      expect(await cluster.ask(cluster.node(1).netns, '172.31.0.11', 8080)).to.match(/^a /);
      expect(await cluster.ask(c.attachment.netns, '172.31.0.11', 8080)).to.match(/^a /);
      expect(await cluster.ask(b.attachment.netns, '172.31.0.11', 8080), 'a neighbour').to.match(/^a /);
      expect(await cluster.ask(a.attachment.netns, '172.31.0.11', 8080), 'hairpin').to.match(/^a /);
      expect(await cluster.ask(a.attachment.netns, 'fd31::11', 8080), 'hairpin').to.match(/^a /);
      expect(await cluster.ask(cluster.outside, '172.31.0.12', 8080), 'another node').to.equal('ECONNREFUSED');
    });

    it('leaves alone what passes through to the same port elsewhere', async () => {
      await cluster.serve(cluster.outside, 'elsewhere', 8080);
      expect(await cluster.ask(b.attachment.netns, '172.31.0.10', 8080)).to.match(/^elsewhere /);
      expect(await cluster.ask(b.attachment.netns, 'fd31::10', 8080)).to.match(/^elsewhere /);
      expect(await cluster.ask(cluster.node(1).netns, '172.31.0.10', 8080)).to.match(/^elsewhere /);
    });

    it('gives pods an MTU that fits into the tunnel', async () => {
      const expected = mode === 'vxlan' ? 1450 : 1500;
      expect((await namespaces.interface(b.attachment.netns, 'eth0'))?.mtu).to.equal(expected);
      const payload = String(expected - 28);
      expect(await namespaces.run(b.attachment.netns, 'busybox', 'ping', '-c', '1', '-W', '2', '-s', payload, c.v4)).to.match(/1 packets received/);
    });

    it('forgets nodes that are gone, and finds those that come back', async () => {
      const first = cluster.node(1);
      await first.setPeers([]);
      expect(await namespaces.run(first.netns, 'ip', 'route', 'show', 'proto', '75')).to.equal('');
      expect(await namespaces.run(first.netns, 'ip', '-6', 'route', 'show', 'proto', '75')).to.equal('');
      if (mode === 'vxlan') {
        expect(await namespaces.run(first.netns, 'ip', 'neighbour', 'show', 'dev', 'keelson-vx', 'nud', 'permanent')).to.equal('');
        expect(await namespaces.run(first.netns, 'bridge', 'fdb', 'show', 'dev', 'keelson-vx')).not.to.match(/dst/);
      }
      await cluster.configure();
      expect(await cluster.ask(b.attachment.netns, c.v4, 80)).to.equal(`c ${b.v4}`);
    });

    it('reaches all others when one node says nonsense', async () => {
      const nonsense = [
        { ...peerOf(3), podCidrs: ['10.197.1.0/24'] }, { ...peerOf(4), podCidrs: ['0.0.0.0/0'] }, { ...peerOf(5), podCidrs: ['10.197.5.0/24 proto kernel'] },
        { ...peerOf(6), addresses: ['172.31.0.16; reboot'] }, { ...peerOf(7), tunnel: 'aa' }, { ...peerOf(2), nodeName: 'thief', addresses: ['172.31.0.99'] },
      ];
      const { tunnel } = await cluster.node(2).configure(networkOf(2));
      const outcome = await cluster.node(1).setPeers([{ ...peerOf(2), ...(tunnel === undefined ? {} : { tunnel }) }, ...nonsense]).then(() => undefined, (error: Error) => error.message);
      expect(outcome).to.include('node "node3": 10.197.1.0/24 overlaps').and.to.include('node "node4": 0.0.0.0/0 overlaps');
      expect(await cluster.ask(b.attachment.netns, c.v4, 80)).to.equal(`c ${b.v4}`);
      await cluster.configure();
    });

    it('forwards although the policy of others is to drop', async () => {
      const { netns } = cluster.node(1);
      for (const program of ['iptables', 'ip6tables']) await namespaces.run(netns, program, '-P', 'FORWARD', 'DROP');
      await namespaces.run(netns, 'iptables', '-I', 'FORWARD', '-j', 'DROP');
      expect(await cluster.ask(b.attachment.netns, c.v4, 80, 'tcp', 1000), 'before the repair').to.equal('silence');
      await cluster.node(1).call('repair');
      expect(await cluster.ask(b.attachment.netns, c.v4, 80)).to.equal(`c ${b.v4}`);
      expect(await cluster.ask(b.attachment.netns, c.v6, 80)).to.equal(`c ${b.v6}`);
      await namespaces.run(netns, 'iptables', '-D', 'FORWARD', '-j', 'DROP');
    });
  });
}

import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { execa } from 'execa';
import type { PodPolicy } from '#core/spi/network-plugin.ts';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { program, requires } from '#test/fixtures/requires.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { networkOf, TestCluster, type Pod } from './test-cluster.ts';
import { TestNode } from './test-node.ts';

const flood = fileURLToPath(new URL('flood-child.ts', import.meta.url));

describe('policies that somebody tries to get round', function () {
  this.timeout(60_000);
  const namespaces = new Namespaces();
  let cluster: TestCluster;
  let folder: { path: string; remove(): Promise<void> };
  let [kept, neighbour] = [] as unknown as [Pod, Pod];
  const senders: { kill(signal: 'SIGKILL'): boolean }[] = [];

  before(requires(...namespaceTools, program('conntrack', 'conntrack')));
  before(async () => {
    folder = await temporaryFolder();
    cluster = new TestCluster(namespaces, folder.path);
    await cluster.start(1, { mode: 'none' });
    await cluster.configure();
    [kept, neighbour] = [await cluster.pod(1), await cluster.pod(1)];
  });
  afterEach(() => {
    for (const sender of senders.splice(0)) sender.kill('SIGKILL');
  });
  after(async () => {
    await cluster?.stop();
    await namespaces.clear();
    await folder?.remove();
  });

  const of = (pod: Pod, more: Partial<PodPolicy>): PodPolicy => ({ podUid: pod.attachment.containerId, addresses: [pod.v4, pod.v6], ...more });
  const denied = (): PodPolicy => of(kept, { ingress: [], egress: [] });
  const enforce = (...policies: readonly PodPolicy[]) => cluster.node(1).call('enforce', policies);
  const inside = (pod: Pod, ...command: readonly string[]) => namespaces.run(pod.attachment.netns, ...command);

  /** Counts what arrives on port 9, of UDP and attempts of TCP, whether or not somebody listens. */
  const listen = async (pod: Pod): Promise<void> => {
    for (const tool of ['iptables', 'ip6tables']) {
      await inside(pod, tool, '-F', 'INPUT');
      for (const protocol of ['udp', 'tcp']) await inside(pod, tool, '-A', 'INPUT', '-p', protocol, '--dport', '9');
    }
  };
  const arrived = async (pod: Pod): Promise<number> => {
    const listed = await Promise.all(['iptables', 'ip6tables'].map((tool) => inside(pod, tool, '-nvxL', 'INPUT')));
    return listed.join('\n').split('\n').filter((line) => line.includes('dpt:9')).reduce((sum, line) => sum + Number(/^\s*(\d+)/.exec(line)?.[1]), 0);
  };
  /** Sends to port 9 of all of these, over and over. */
  const send = async (from: Pod, ...to: readonly string[]): Promise<void> => {
    const sender = execa('nsenter', [`--net=${from.attachment.netns}`, process.execPath, '--disable-warning=ExperimentalWarning', flood, ...to], { reject: false, stdin: 'ignore', stderr: 'inherit' });
    senders.push(sender);
    await new Promise((resolve) => sender.stdout.once('data', resolve));
  };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('hold while they are replaced, and over a death of the agent and the start of the next', async () => {
    await enforce(denied());
    for (const pod of [kept, neighbour]) await listen(pod);
    await send(kept, neighbour.v4, neighbour.v6);
    await send(neighbour, kept.v4, kept.v6);
    for (let round = 0; round < 20; round++) {
      await enforce(of(kept, { ingress: [{ peers: [{ cidrs: ['192.0.2.1'], except: [] }] }], egress: [] }), ...(round % 2 === 0 ? [of(neighbour, { ingress: [{}] })] : []));
    }
    await enforce(denied());
    const { netns } = cluster.node(1);
    await cluster.node(1).kill();
    await pause(200);
    const next = (cluster.nodes[0] = await TestNode.start(netns, { mode: 'none', stateDir: `${folder.path}/node1` }));
    await next.configure(networkOf(1));
    expect(await next.call('attachedPods')).to.have.deep.members([kept, neighbour].map(({ attachment: { pod }, v4, v6 }) => ({ pod, addresses: [v4, v6] })));
    await pause(200);
    await enforce(denied());
    await next.call('repair');
    await pause(200);
    expect(await arrived(kept), 'to the pod').to.equal(0);
    expect(await arrived(neighbour), 'from the pod').to.equal(0);
    // The instrument works.
    await enforce();
    await pause(500);
    expect(await arrived(kept)).to.be.above(10);
    expect(await arrived(neighbour)).to.be.above(10);
  });

  it('are not passed by addresses of the link, nor by what is sent to all', async () => {
    const linkLocal = async (pod: Pod): Promise<string> => {
      const [{ addr_info: all }] = JSON.parse(await inside(pod, 'ip', '-json', '-6', 'address', 'show', 'dev', 'eth0'));
      return `${all.find(({ scope }: { scope: string }) => scope === 'link').local}%eth0`;
    };
    const ways = [await linkLocal(kept), 'ff02::1%eth0', '224.0.0.1', '10.197.1.255', '255.255.255.255'];
    await enforce();
    for (const way of ways) {
      await listen(kept);
      await send(neighbour, way);
      await pause(300);
      expect(await arrived(kept), `${way} without policies`).to.be.above(0);
    }
    await enforce(of(kept, { ingress: [] }));
    await pause(100);
    await listen(kept);
    await pause(300);
    expect(await arrived(kept)).to.equal(0);
    // Neighbours still find each other.
    await inside(kept, 'ip', 'neighbour', 'flush', 'all');
    await listen(neighbour);
    await send(kept, neighbour.v4, neighbour.v6);
    await pause(500);
    expect(await arrived(neighbour)).to.be.above(10);
  });

  it('are not passed by connections of the pod that had the address before', async () => {
    await enforce();
    const first = await cluster.pod(1);
    // Both say something: the connection counts as answered from now on.
    const talk = (from: Pod, to: string) => inside(from, process.execPath, '-e', `const s = require('dgram').createSocket('udp4'); s.bind(9, () => { let n = 0; const t = setInterval(() => { s.send('x', 9, '${to}'); if (++n > 5) { clearInterval(t); s.close(); } }, 50); })`);
    await Promise.all([talk(neighbour, first.v4), talk(first, neighbour.v4)]);
    const flows = () => namespaces.run(cluster.node(1).netns, 'conntrack', '-L', '-p', 'udp');
    expect(await flows()).to.include(`src=${first.v4}`);
    await cluster.node(1).del(first.attachment);
    const end = Date.now() + 10_000;
    while ((await flows()).includes(`=${first.v4} `) && Date.now() < end) await pause(100);
    expect(await flows()).not.to.include(`=${first.v4} `);
  });

  it('find a pod with its address again when its network has to be made anew', async () => {
    await enforce(denied());
    await cluster.node(1).del(kept.attachment);
    const { ips } = await cluster.node(1).add(kept.attachment, new AbortController().signal);
    expect(ips.map(({ address }) => address.slice(0, address.indexOf('/')))).to.deep.equal([kept.v4, kept.v6]);
  });
});

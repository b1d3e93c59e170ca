import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { execa } from 'execa';
import { NetworkPolicyAgent } from '#core/agent/network-policy/network-policy-agent.ts';
import { PodManager } from '#core/agent/pods/pod-manager.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { NetworkPolicy } from '#core/api/schema/networking-v1.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import type { AttachedPod, NetworkPolicyEnforcer } from '#core/spi/network-plugin.ts';
import { TestCluster, type Pod as Neighbour } from '#plugins/network/bridge/test-cluster.ts';
import { containers as dockerNeeds } from '#test/fixtures/busybox-image.ts';
import { DockerNode } from '#test/fixtures/docker-node.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { FakePodVolumes } from '#test/fixtures/pod-lab.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { requires } from '#test/fixtures/requires.ts';

const flood = fileURLToPath(new URL('../../plugins/network/bridge/flood-child.ts', import.meta.url));
/** Of the pods to come, which have addresses one after the other. */
const starts = Number(process.env['KEELSON_POLICY_STARTS'] ?? 16);

/** What the kernel of the pod's network has heard: datagrams to port 9, and attempts of TCP, which it answers by resets. */
const counters = `/bin/busybox awk '/^Udp:/ && $2 ~ /[0-9]/ { print "udp", $2 + $3 } /^Tcp:/ && $2 ~ /[0-9]/ { print "tcp", $15 }' /proc/net/snmp | /bin/busybox tr '\\n' ' '`;

describe('pods that NetworkPolicies select, on Docker', function () {
  this.timeout(180_000);
  const namespaces = new Namespaces();
  const logger = recordingLogger();
  let docker: DockerNode;
  let cluster: TestCluster;
  let neighbour: Neighbour;
  let api: InMemoryApi;
  let folder: string;
  let agent: NetworkPolicyAgent;
  let manager: PodManager;
  let sender: { kill(signal: 'SIGKILL'): boolean } | undefined;
  const over = new AbortController();

  before(requires(...namespaceTools, ...dockerNeeds));
  before(async () => {
    docker = await DockerNode.make();
    folder = await mkdtemp(join(tmpdir(), 'keelson-policies-'));
    cluster = new TestCluster(namespaces, join(folder, 'network'));
    await cluster.start(1, { mode: 'none' });
    await cluster.configure();
    api = await inMemoryApi(systemClock);
    await api.client.create(Node, { metadata: { name: docker.node } });
    const amounts = { cpu: '8', memory: '8Gi', pods: '200' };
    const node = await api.client.patchStatus(Node, { name: docker.node }, { type: 'merge', document: { status: { capacity: amounts, allocatable: amounts } } });
    const network = cluster.node(1);
    const enforcer: NetworkPolicyEnforcer = {
      // Longer than Docker takes to make and start a container.
      enforce: async (policies) => {
        await systemClock.sleep(2000);
        await network.call('enforce', policies);
      },
      attachedPods: async () => (await network.call('attachedPods')) as readonly AttachedPod[],
    };
    const informers = new SharedInformers({ reader: api.client, clock: systemClock, logger });
    const record = (): void => undefined;
    agent = new NetworkPolicyAgent({ enforcer, informers, node: () => node, events: { normal: record, warning: record }, clock: systemClock, logger });
    const runtime = docker.runtime();
    manager = new PodManager({
      client: api.client, informers, network, policies: agent, volumes: new FakePodVolumes(), clock: systemClock, logger, recorder: { normal: record, warning: record }, rootDir: join(folder, 'agent'), runtime,
      node: {
        name: docker.node, node: () => node, hostIPs: () => ['172.31.0.11'], clusterDomain: 'cluster.local', clusterDns: () => [],
        resolver: () => Promise.resolve({ nameservers: ['192.0.2.1'], searches: [], options: [] }), hostsFile: () => Promise.resolve(''),
      },
    });
    void informers.run(over.signal);
    await agent.start(over.signal);
    await manager.start();
    const free = await api.client.create(Pod, { metadata: { name: 'first', namespace: 'default' }, spec: { nodeName: docker.node, containers: [{ name: 'main', image: docker.image, imagePullPolicy: 'Never' }] } });
    await eventually(async () => (await api.client.get(Pod, { namespace: 'default', name: free.metadata.name })).status.phase === 'Running', 'the first pod', 20_000);
    // Not before the agent has cleaned up what it does not know.
    neighbour = await cluster.pod(1, { pod: { namespace: 'elsewhere', name: 'neighbour', uid: 'neighbour' } });
  });
  after(async () => {
    sender?.kill('SIGKILL');
    await manager?.stop();
    await agent?.stop();
    over.abort(new Error('over'));
    await docker?.remove();
    await cluster?.stop();
    await namespaces.clear();
    await api?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const inNeighbour = (...command: readonly string[]) => namespaces.run(neighbour.attachment.netns, ...command);
  /** Attempts that came from pods, of any kind. */
  const arrived = async (): Promise<number> => Number(/^\s*(\d+)/.exec((await inNeighbour('iptables', '-nvxL', 'INPUT')).split('\n')[2] ?? '')?.[1]);

  /** Runs pods that send to the neighbour from their first moment on, while it sends to all of them; resolves to how much each has heard. */
  async function run(prefix: string, count: number, labels: Record<string, string>): Promise<{ readonly heard: number; readonly said: number }> {
    await inNeighbour('iptables', '-F', 'INPUT');
    await inNeighbour('iptables', '-A', 'INPUT', '-m', 'conntrack', '--ctdir', 'ORIGINAL', '-p', 'all', '!', '-i', 'lo');
    const talk = `for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /bin/busybox nslookup x ${neighbour.v4} & /bin/busybox nc -w 1 ${neighbour.v4} 9 & /bin/busybox ping -c 1 -W 1 ${neighbour.v4} & /bin/busybox usleep 20000; done`;
    const command = ['/bin/busybox', 'sh', '-c', `a=$(${counters}); (${talk}) > /dev/null 2>&1 < /dev/null; b=$(${counters}); echo "$a| $b" > /dev/termination-log`];
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    for (const name of names) {
      await api.client.create(Pod, {
        metadata: { name, namespace: 'default', labels },
        spec: { nodeName: docker.node, restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: docker.image, imagePullPolicy: 'Never', command }] },
      });
    }
    let heard = 0;
    for (const name of names) {
      const get = (): Promise<Pod> => api.client.get(Pod, { namespace: 'default', name });
      await eventually(async () => (await get()).status.phase === 'Succeeded', `the end of ${name}`, 150_000);
      const numbers = Array.from(((await get()).status.containerStatuses?.[0]?.state.terminated?.message ?? '').matchAll(/\d+/g), ([text]) => Number(text));
      expect(numbers).to.have.length(4);
      const [udp = 0, tcp = 0, udpAfter = 0, tcpAfter = 0] = numbers;
      heard += udpAfter - udp + tcpAfter - tcp;
    }
    const said = await arrived();
    for (const name of names) await api.client.delete(Pod, { namespace: 'default', name });
    return { heard, said };
  }

  it('neither send nor hear anything, from their first packet on', async () => {
    const addresses = Array.from({ length: starts + 8 }, (_, index) => `10.197.1.${index + 4}`);
    const child = execa('nsenter', [`--net=${neighbour.attachment.netns}`, process.execPath, '--disable-warning=ExperimentalWarning', flood, ...addresses], { reject: false, stdin: 'ignore', stderr: 'inherit' });
    sender = child;
    await new Promise((resolve) => child.stdout.once('data', resolve));
    // The instrument works.
    const free = await run('free', 4, {});
    expect(free.heard, 'heard by free pods').to.be.above(20);
    expect(free.said, 'said by free pods').to.be.above(20);
    await api.client.create(NetworkPolicy, { metadata: { name: 'deny', namespace: 'default' }, spec: { podSelector: { matchLabels: { kept: 'yes' } }, policyTypes: ['Ingress', 'Egress'] } });
    const kept = await run('kept', starts, { kept: 'yes' });
    expect(kept).to.deep.equal({ heard: 0, said: 0 });
  });
});

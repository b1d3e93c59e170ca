import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity } from 'node:tls';
import { expect } from 'chai';
import { joinCluster, type Membership } from '#core/agent/join/join-cluster.ts';
import { systemMachine, type Machine } from '#core/agent/node/machine.ts';
import { tunnelAnnotation } from '#core/agent/node/node-network.ts';
import { startNodeAgent, type NodeAgent } from '#core/agent/start-node-agent.ts';
import { authorityHash } from '#core/api/certificates/authority-hash.ts';
import { Lease } from '#core/api/schema/coordination-v1.ts';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { createToken } from '#core/cli/bootstrap-tokens.ts';
import { startControlPlane, type ControlPlane } from '#core/cli/start-control-plane.ts';
import { readKubeconfig } from '#core/client/kubeconfig.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { NetworkPeer, NetworkPlugin, NodeNetwork, NodeNetworkConfigurer } from '#core/spi/network-plugin.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeContainerRuntime } from '#test/fixtures/fake-container-runtime.ts';
import { TcpProxy } from '#test/fixtures/tcp-proxy.ts';

let memoryLeft: string | undefined;

/** This one, but for its memory. */
const machine: Machine = {
  ...systemMachine,
  readText: async (path) => (path === '/proc/meminfo' && memoryLeft !== undefined ? `MemTotal: 8388608 kB\nMemAvailable: ${memoryLeft} kB\n` : systemMachine.readText(path)),
};

/** A network of which nothing is there but what it was told. */
class NotedNetwork implements NetworkPlugin, NodeNetworkConfigurer {
  readonly attached = new Set<string>();
  network: NodeNetwork | undefined;
  peers: readonly NetworkPeer[] = [];

  async configure(network: NodeNetwork): Promise<{ readonly tunnel?: string }> {
    this.network = network;
    return { tunnel: 'tunnel-of-n1' };
  }

  async setPeers(peers: readonly NetworkPeer[]): Promise<void> {
    this.peers = peers;
  }

  async add({ containerId }: { readonly containerId: string }) {
    this.attached.add(containerId);
    return { interfaces: [], ips: [{ address: `10.244.0.${this.attached.size + 1}/24` }], routes: [], dns: {} };
  }

  async del({ containerId }: { readonly containerId: string }): Promise<void> {
    this.attached.delete(containerId);
  }

  async check(): Promise<void> {}
  async gc(): Promise<void> {}

  async status(): Promise<void> {
    if (this.network === undefined) throw new Error('not configured');
  }
}

describe('a node agent', function () {
  this.timeout(60_000);

  let plane: ControlPlane;
  let proxy: TcpProxy;
  let folder: string;
  let membership: Membership;
  let runtime: FakeContainerRuntime;
  let network: NotedNetwork;
  let agent: NodeAgent;

  before(async () => {
    plane = await startControlPlane();
    proxy = await TcpProxy.start(new URL(plane.url).host);
    folder = await mkdtemp(join(tmpdir(), 'keelson-agent-'));
    runtime = new FakeContainerRuntime(systemClock);
    network = new NotedNetwork();
    const token = await createToken(plane.client, {});
    const signed = async (): Promise<NodeAgent | Error> => {
      membership = await joinCluster({
        server: `https://${proxy.address}`, nodeName: 'n1', dir: join(folder, 'pki'), clock: systemClock, logger: silentLogger,
        credentials: { token, caHashes: [authorityHash(readKubeconfig(plane.kubeconfig).ca ?? '')], skipsCaVerification: false },
      }, AbortSignal.timeout(10_000));
      return start();
    };
    // The signature of the new token comes a moment later.
    await eventually(async () => {
      const started = await signed().catch((error: unknown) => error as Error);
      if (started instanceof Error) return false;
      agent = started;
      return true;
    }, 'the node to join');
  });
  after(async () => {
    await agent?.stop();
    membership?.close();
    await proxy.stop();
    await plane.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (): Promise<NodeAgent> => startNodeAgent({
    settings: { name: 'n1', kubeletVersion: 'v1.34.0', port: 20_250 + (process.pid % 10_000), dir: join(folder, 'node'), addresses: ['192.0.2.1'] },
    networks: { clusterCidrs: ['10.244.0.0/16'], serviceCidrs: ['10.96.0.0/16'], clusterDns: [], clusterDomain: 'cluster.local' },
    plugins: { runtime, network, volumeDrivers: [], components: [] }, client: membership.client, serving: { certificateDir: join(folder, 'pki') }, clientCa: membership.ca,
    host: '127.0.0.1', clock: systemClock, logger: silentLogger, machine,
  }, AbortSignal.timeout(30_000));
  const node = (): Promise<Node> => plane.client.get(Node, { name: 'n1' });
  const ready = async (): Promise<string | undefined> => (await node().catch(() => undefined))?.status.conditions?.find(({ type }) => type === 'Ready')?.status;
  const pod = (): Promise<Pod> => plane.client.get(Pod, { namespace: 'default', name: 'web' });

  it('registers its node, which is not ready before its network', async () => {
    await agent.registered;
    expect((await node()).metadata.labels).to.include({ 'kubernetes.io/hostname': 'n1' });
    expect(await ready()).to.equal('False');
    await plane.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] } } });
    await eventually(async () => (await ready()) === 'True', 'the node to be ready');
    expect(network.network).to.deep.equal({ nodeName: 'n1', podCidrs: ['10.244.0.0/24'], clusterCidrs: ['10.244.0.0/16'] });
    expect((await node()).metadata.annotations?.[tunnelAnnotation]).to.equal('tunnel-of-n1');
    expect((await node()).status.conditions?.find(({ type }) => type === 'NetworkUnavailable')?.status).to.equal('False');
    await eventually(async () => ((await node()).spec.taints ?? []).length === 0, 'the taints to go');
    expect((await plane.client.get(Lease, { namespace: 'kube-node-lease', name: 'n1' })).spec.holderIdentity).to.equal('n1');
  });

  it('serves those who ask it, with a certificate of the cluster', async () => {
    const { ca, cert, key } = readKubeconfig(plane.kubeconfig);
    const port = (await node()).status.daemonEndpoints.kubeletEndpoint.Port;
    const ask = (): Promise<string> => new Promise((resolve, reject) => {
      // Its certificate is for the address that it says it has.
      const asked = get({ host: '127.0.0.1', port, path: '/healthz', ca, cert, key, checkServerIdentity: (_host, peer) => checkServerIdentity('192.0.2.1', peer) }, (response) => {
        response.on('data', (chunk: Buffer) => resolve(`${response.statusCode} ${chunk.toString()}`));
      });
      asked.on('error', reject);
    });
    await eventually(() => ask().then(() => true, () => false), 'the server');
    expect(await ask()).to.equal('200 ok');
  });

  it('knows other nodes by what they publish', async () => {
    await plane.client.create(Node, {
      metadata: { name: 'n2', annotations: { [tunnelAnnotation]: 't2' } }, spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] }, status: { addresses: [{ type: 'InternalIP', address: '192.0.2.2' }] },
    });
    await eventually(() => network.peers.length === 1, 'the peer');
    expect(network.peers).to.deep.equal([{ nodeName: 'n2', addresses: ['192.0.2.2'], podCidrs: ['10.244.1.0/24'], tunnel: 't2' }]);
    await plane.client.delete(Node, { name: 'n2' });
  });

  it('runs a pod that is scheduled to it', async () => {
    await plane.client.create(Pod, { metadata: { namespace: 'default', name: 'web' }, spec: { containers: [{ name: 'main', image: 'busybox:1' }] } });
    await eventually(async () => (await pod()).status.phase === 'Running', 'the pod to run', 10_000);
    expect((await pod()).spec.nodeName).to.equal('n1');
    expect((await pod()).status.hostIP).to.equal('192.0.2.1');
  });

  it('is cut off, comes back, and has doubled nothing', async () => {
    const before = await pod();
    const { uid } = (await node()).metadata;
    proxy.cut();
    await systemClock.sleep(3000);
    expect([...runtime.made.values()].filter(({ container }) => container.state === 'Running')).to.have.length(1);
    proxy.mend();
    await eventually(async () => agent.node() !== undefined && (await ready()) === 'True', 'the node to be back');
    const after = await pod();
    expect((await node()).metadata.uid).to.equal(uid);
    expect(after.status.containerStatuses?.[0]?.containerID).to.equal(before.status.containerStatuses?.[0]?.containerID);
    expect([after.status.containerStatuses?.[0]?.restartCount, runtime.made.size, runtime.sandboxes.size]).to.deep.equal([0, 1, 1]);
  });

  it('is started again while the API is away, and adopts what runs', async () => {
    const before = await pod();
    proxy.cut();
    await agent.stop();
    expect([...runtime.made.values()].map(({ container }) => container.state), 'pods run on').to.deep.equal(['Running']);
    agent = await start();
    await systemClock.sleep(1500);
    expect(agent.node()).to.equal(undefined);
    proxy.mend();
    await eventually(() => agent.node() !== undefined, 'the node to be known', 15_000);
    await eventually(() => agent.pods.pods().length === 1, 'the pod to be known', 40_000);
    await plane.client.patch(Pod, { namespace: 'default', name: 'web' }, { type: 'merge', document: { metadata: { labels: { touched: 'yes' } } } });
    await systemClock.sleep(1500);
    expect((await pod()).status.containerStatuses?.[0]).to.deep.include({ containerID: before.status.containerStatuses?.[0]?.containerID, restartCount: 0 });
    expect([runtime.made.size, runtime.sandboxes.size, runtime.calls.filter((call) => call.startsWith('startContainer')).length]).to.deep.equal([1, 1, 1]);
  });

  it('ends the pod when it is deleted', async () => {
    await plane.client.delete(Pod, { namespace: 'default', name: 'web' });
    await eventually(async () => (await pod().catch(() => undefined)) === undefined, 'the pod to go', 40_000);
    await eventually(() => runtime.sandboxes.size === 0 && network.attached.size === 0, 'its sandbox to go', 10_000);
    const reasons = (await plane.client.list(Event)).items.filter(({ source }) => source?.host === 'n1').map(({ reason }) => reason);
    expect(reasons).to.include.members(['Starting', 'NodeReady', 'Started', 'Killing']);
  });

  it('ends a pod when memory runs short, and takes no other in', async () => {
    const run = (name: string): Promise<Pod> => plane.client.create(Pod, { metadata: { namespace: 'default', name }, spec: { nodeName: 'n1', tolerations: [{ operator: 'Exists' }], containers: [{ name: 'main', image: 'busybox:1' }] } });
    const statusOf = async (name: string): Promise<Pod['status']> => (await plane.client.get(Pod, { namespace: 'default', name })).status;
    await run('greedy');
    await eventually(async () => (await statusOf('greedy')).phase === 'Running', 'the pod to run', 10_000);
    memoryLeft = '50000';
    await eventually(async () => (await statusOf('greedy')).phase === 'Failed', 'the pod to be evicted', 20_000);
    expect(await statusOf('greedy')).to.include({ reason: 'Evicted', message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50000Ki. ' });
    expect((await statusOf('greedy')).conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason).to.equal('TerminationByKubelet');
    await eventually(async () => (await node()).spec.taints?.some(({ key }) => key === 'node.kubernetes.io/memory-pressure') === true, 'the taint', 15_000);
    memoryLeft = undefined;
    await plane.client.create(Pod, { metadata: { namespace: 'default', name: 'late' }, spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'busybox:1' }] } });
    await eventually(async () => (await statusOf('late')).phase === 'Failed', 'the pod to be refused', 10_000);
    expect(await statusOf('late')).to.include({ reason: 'Evicted' });
    expect((await statusOf('late')).message).to.include('The node had condition: [MemoryPressure]. ');
  });
});

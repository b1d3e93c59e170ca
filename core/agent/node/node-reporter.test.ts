import { expect } from 'chai';
import { Lease } from '#core/api/schema/coordination-v1.ts';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Node, type NodeCondition } from '#core/api/schema/core-v1/node.ts';
import { StatusError } from '#core/api/status-error.ts';
import { ApiEventRecorders } from '#core/client/api-event-recorder.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { FakeMachine } from '#test/fixtures/fake-machine.ts';
import { GatedClient, inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { conditionsOf, type Health, turnsOf } from './conditions.ts';
import { parseThresholds } from './eviction/thresholds.ts';
import { NodeLease } from './node-lease.ts';
import { NodeObserver } from './observed.ts';
import { NodeReporter } from './node-reporter.ts';
import type { NodeSettings } from './settings.ts';

const second = 1000;
const minute = 60 * second;

describe('NodeReporter and NodeLease', () => {
  let clock: FakeClock;
  let api: InMemoryApi;
  let machine: FakeMachine;
  let newReporter: (settings?: NodeSettings) => NodeReporter;
  let reporter: NodeReporter;
  let lease: NodeLease;
  let recorders: ApiEventRecorders;
  let logger: ReturnType<typeof recordingLogger>;
  let writes: string[];
  let isAway: boolean;
  let isHanging: boolean;
  /** What somebody does just before the next write of the status. */
  let intrude: (() => Promise<void>) | undefined;
  let runtimeFailure: 'none' | 'refuses' | 'hangs';
  let networkFailure: Error | undefined;
  let pressures: Health['pressures'];
  let networkUnavailable: Health['networkUnavailable'];
  let volumesInUse: readonly string[];

  beforeEach(async () => {
    clock = new FakeClock();
    api = await inMemoryApi(clock);
    await api.client.create(Namespace, { metadata: { name: 'kube-node-lease' } });
    machine = new FakeMachine();
    logger = recordingLogger();
    writes = [];
    isAway = false;
    isHanging = false;
    intrude = undefined;
    runtimeFailure = 'none';
    networkFailure = undefined;
    pressures = { memory: false, disk: false, pid: false };
    networkUnavailable = undefined;
    volumesInUse = [];
    const client = new GatedClient(api.client, async ({ what, isEffect }, effect) => {
      if (isAway) throw new StatusError('ServiceUnavailable', 'no answer from the server');
      if (isHanging) await new Promise(() => undefined);
      if (isEffect) writes.push(what);
      if (what === 'updateStatus nodes') {
        const once = intrude;
        intrude = undefined;
        await once?.();
      }
      return effect();
    });
    const settings = { name: 'n1', kubeletVersion: 'v1.34.0', port: 10250, dir: '/var/lib/keelson', labels: { zone: 'a' }, taints: [{ key: 'new', effect: 'NoSchedule' as const }] };
    const observer = new NodeObserver({
      settings, machine, clock, thresholds: parseThresholds(), pressures: () => pressures, volumesInUse: () => volumesInUse, networkUnavailable: () => networkUnavailable,
      network: { status: () => (networkFailure === undefined ? Promise.resolve() : Promise.reject(networkFailure)) },
      runtime: {
        async version() {
          if (runtimeFailure === 'hangs') await new Promise(() => undefined);
          if (runtimeFailure === 'refuses') throw new ProviderError('Unavailable', 'connection refused');
          return { name: 'docker', version: '20.10.24', apiVersion: '1.41' };
        },
        async listImages() {
          return Array.from({ length: 60 }, (_, i) => ({ id: `sha256:${i}`, tags: [`image:${i}`], digests: [], size: i * 1000 }));
        },
      },
    });
    recorders = new ApiEventRecorders({ writer: api.client, clock, logger, host: 'n1' });
    await recorders.start();
    newReporter = (other = settings) => new NodeReporter({ settings: other, observer, client, clock, logger, recorder: recorders.for('kubelet'), random: () => 0 });
    reporter = newReporter();
    lease = new NodeLease({ nodeName: 'n1', node: () => reporter.node, client, clock, logger, random: () => 0 });
    await reporter.start();
    await lease.start();
    await pass(second);
  });
  afterEach(async () => {
    await Promise.all([reporter.stop(), lease.stop()]);
    await recorders.stop();
    await api.stop();
  });

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += second) {
      await settle(10);
      await clock.advance(second);
    }
    await settle(10);
  }
  const node = (): Promise<Node> => api.client.get(Node, { name: 'n1' });
  const conditions = async (): Promise<Record<string, string>> =>
    Object.fromEntries(((await node()).status.conditions ?? []).map(({ type, status, reason, message }) => [type, `${status} ${reason}: ${message}`]));
  const since = async (type: string): Promise<unknown> => (await node()).status.conditions?.find((one) => one.type === type)?.lastTransitionTime;
  const reasons = async (): Promise<string[]> => (await api.client.list(Event)).items.filter(({ involvedObject }) => involvedObject.name === 'n1').map(({ reason }) => `${reason}`);

  it('waits for a provider when it is told to, and leaves it the addresses', async () => {
    await reporter.stop();
    await api.client.delete(Node, { name: 'n1' });
    const settings = { name: 'n1', kubeletVersion: 'v1.34.0', port: 10250, dir: '/var/lib/keelson', addresses: ['192.0.2.1', '2001:db8::1'], providerId: 'aws:///a/i-1', isExternal: true };
    reporter = newReporter(settings);
    await reporter.start();
    await pass(second);
    const { metadata, spec } = await node();
    expect([spec.providerID, metadata.annotations?.['alpha.kubernetes.io/provided-node-ip']]).to.deep.equal(['aws:///a/i-1', '192.0.2.1,2001:db8::1']);
    expect(spec.taints?.map(({ key, value }) => `${key}=${value}`)).to.include('node.cloudprovider.kubernetes.io/uninitialized=true');
    const addresses = [{ type: 'InternalIP', address: '192.0.2.1' }, { type: 'ExternalIP', address: '198.51.100.1' }];
    await api.client.patchStatus(Node, { name: 'n1' }, { type: 'merge', document: { status: { addresses } } });
    pressures = { ...pressures, memory: true };
    await pass(60 * second);
    expect([(await node()).status.addresses, (await conditions())['MemoryPressure']?.startsWith('True')]).to.deep.equal([addresses, true]);
    await reporter.stop();
    await api.client.delete(Node, { name: 'n1' });
    reporter = newReporter({ ...settings, taints: [{ key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'aws', effect: 'NoSchedule' as const }] });
    await reporter.start();
    await pass(second);
    expect((await node()).spec.taints?.filter(({ key }) => key.endsWith('/uninitialized')).map(({ value }) => value)).to.deep.equal(['aws']);
  });

  it('registers the node with all that is known of it', async () => {
    const { metadata, spec, status } = await node();
    const [os, arch] = [process.platform, process.arch === 'x64' ? 'amd64' : process.arch];
    expect(metadata.labels).to.deep.equal({ zone: 'a', 'kubernetes.io/hostname': 'n1', 'kubernetes.io/os': os, 'kubernetes.io/arch': arch, 'beta.kubernetes.io/os': os, 'beta.kubernetes.io/arch': arch });
    expect(spec.taints?.map(({ key }) => key)).to.include('new');
    expect(status.capacity).to.deep.equal({ cpu: '4', memory: '8Gi', 'ephemeral-storage': '100Gi', pods: '110' });
    expect(status.allocatable).to.deep.equal({ cpu: '4', memory: '8092Mi', 'ephemeral-storage': '90Gi', pods: '110' });
    expect(status.daemonEndpoints.kubeletEndpoint.Port).to.equal(10250);
    expect(status.images).to.have.length(50);
    expect(status.images?.[0]).to.deep.equal({ names: ['image:59'], sizeBytes: 59_000 });
    expect(await conditions()).to.deep.equal({
      MemoryPressure: 'False KubeletHasSufficientMemory: kubelet has sufficient memory available', DiskPressure: 'False KubeletHasNoDiskPressure: kubelet has no disk pressure',
      PIDPressure: 'False KubeletHasSufficientPID: kubelet has sufficient PID available', Ready: 'True KubeletReady: kubelet is posting ready status',
    });
    expect(await reasons()).to.include.members(['Starting', 'NodeReady', 'NodeHasSufficientMemory']);
  });

  it('renews its lease every ten seconds, which goes with the node', async () => {
    const first = await api.client.get(Lease, { namespace: 'kube-node-lease', name: 'n1' });
    expect(first.spec).to.deep.include({ holderIdentity: 'n1', leaseDurationSeconds: 40 });
    writes.length = 0;
    await pass(30 * second);
    const { spec, metadata } = await api.client.get(Lease, { namespace: 'kube-node-lease', name: 'n1' });
    expect(Date.parse(spec.renewTime ?? '') - Date.parse(first.spec.renewTime ?? '')).to.equal(30 * second);
    expect(metadata.ownerReferences).to.deep.equal([{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: (await node()).metadata.uid }]);
    expect(writes).to.deep.equal(['update leases', 'update leases', 'update leases']);
  });

  it('writes a status when it has changed, and every five minutes when it has not', async () => {
    const statuses = (): number => writes.filter((what) => what === 'updateStatus nodes').length;
    const before = statuses();
    await pass(4 * minute);
    expect(statuses()).to.equal(before);
    await pass(2 * minute);
    expect(statuses()).to.equal(before + 1);
    pressures = { ...pressures, memory: true };
    reporter.poke();
    await pass(second);
    expect((await conditions())['MemoryPressure']).to.equal('True KubeletHasInsufficientMemory: kubelet has insufficient memory available');
    expect(await reasons()).to.include('NodeHasInsufficientMemory');
    expect(await since('MemoryPressure')).to.equal(new Date(clock.now() - second).toISOString().replace('.000', ''));
    expect(await since('DiskPressure')).to.not.equal(await since('MemoryPressure'));
  });

  for (const failure of ['refuses', 'hangs'] as const) {
    it(`is not ready when the runtime ${failure}, and ready again when it answers`, async () => {
      runtimeFailure = failure;
      await pass(25 * second);
      expect((await conditions())['Ready']).to.match(/^True/);
      await pass(25 * second);
      expect((await conditions())['Ready']).to.equal('False KubeletNotReady: container runtime is down');
      expect((await node()).status.nodeInfo.containerRuntimeVersion, 'as it last was').to.equal('docker://20.10.24');
      runtimeFailure = 'none';
      await pass(30 * second);
      expect((await conditions())['Ready']).to.match(/^True/);
      expect(await reasons()).to.include.members(['NodeReady', 'NodeNotReady']);
    });
  }

  it('tells of what turns, and not that a new node is not ready yet', () => {
    const health = (problems: string[]) => ({ problems, pressures: { memory: false, disk: false, pid: false } });
    const before = conditionsOf([], health(['no network']), 0);
    expect(turnsOf([], before)).to.deep.equal(['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID']);
    const ready = conditionsOf(before, health([]), 1);
    expect([turnsOf(before, ready), turnsOf(ready, before)]).to.deep.equal([['NodeReady'], ['NodeNotReady']]);
  });

  it('leaves the network\'s condition to others, and takes back what it said of it before', () => {
    const health = { problems: [], pressures: { memory: false, disk: false, pid: false } };
    const own = conditionsOf([], { ...health, networkUnavailable: { status: 'True', reason: 'NoPodCIDR', message: '' } }, 0);
    const network = (conditions: readonly NodeCondition[]) => conditions.find(({ type }) => type === 'NetworkUnavailable')?.reason;
    expect([network(own), network(conditionsOf(own, health, 1))]).to.deep.equal(['NoPodCIDR', undefined]);
    expect(network(conditionsOf([{ type: 'NetworkUnavailable', status: 'True', reason: 'NoRouteCreated' }], health, 1))).to.equal('NoRouteCreated');
  });

  it('is not ready while the network takes no pods', async () => {
    networkFailure = new NetworkError(50, 'no range of addresses');
    networkUnavailable = { status: 'True', reason: 'NoPodCIDR', message: 'none yet' };
    await pass(11 * second);
    expect(await reasons()).to.include('NodeNotReady');
    expect(await conditions()).to.include({
      Ready: 'False KubeletNotReady: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: no range of addresses',
      NetworkUnavailable: 'True NoPodCIDR: none yet',
    });
  });

  it('stays ready for a moment while another agent gets ready that takes it over', async () => {
    await reporter.stop();
    networkFailure = new NetworkError(50, 'no range of addresses');
    reporter = newReporter();
    await reporter.start();
    await pass(9 * second);
    expect((await conditions())['Ready']).to.match(/^True/);
    networkFailure = undefined;
    reporter.poke();
    await pass(second);
    expect(await reasons()).to.not.include('NodeNotReady');
    await reporter.stop();
    networkFailure = new NetworkError(50, 'no range of addresses');
    reporter = newReporter();
    await reporter.start();
    await pass(12 * second);
    expect((await conditions())['Ready']).to.match(/^False/);
    await reporter.stop();
    reporter = newReporter();
    await reporter.start();
    networkFailure = undefined;
    reporter.poke();
    await pass(second);
    expect((await conditions())['Ready'], 'at once').to.match(/^True/);
  });

  it('leaves conditions of others, labels and taints as they are', async () => {
    const { status, ...rest } = await node();
    const others = { type: 'KernelDeadlock', status: 'False', reason: 'KernelHasNoDeadlock', message: 'fine', lastHeartbeatTime: '2025-01-01T00:00:00Z', lastTransitionTime: '2025-01-01T00:00:00Z' };
    await api.client.updateStatus(Node, { ...rest, status: { ...status, conditions: [...(status.conditions ?? []), others] } });
    await api.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { metadata: { labels: { theirs: 'yes' } }, spec: { taints: [] } } });
    pressures = { ...pressures, disk: true };
    await pass(11 * second);
    const after = await node();
    expect(after.status.conditions).to.deep.include(others);
    expect(after.metadata.labels).to.include({ theirs: 'yes' });
    expect(after.spec.taints ?? []).to.deep.equal([]);
    expect((await conditions())['DiskPressure']).to.match(/^True/);
  });

  it('writes nothing over what was said of a volume while it was looking', async () => {
    intrude = async () => {
      volumesInUse = ['disk'];
      await api.client.patchStatus(Node, { name: 'n1' }, { type: 'merge', document: { status: { volumesInUse, volumesAttached: [{ name: 'disk', devicePath: '' }] } } });
    };
    pressures = { ...pressures, disk: true };
    reporter.poke();
    await pass(second);
    expect((await conditions())['DiskPressure']).to.match(/^True/);
    const { status } = await node();
    expect([status.volumesInUse, status.volumesAttached?.length]).to.deep.equal([['disk'], 1]);
    volumesInUse = [];
    reporter.poke();
    await pass(second);
    expect((await node()).status.volumesInUse).to.equal(undefined);
  });

  it('says what it has in use from the first moment when it is registered again', async () => {
    volumesInUse = ['disk'];
    await api.client.delete(Node, { name: 'n1' });
    const ending = new AbortController();
    const first = api.client.watch(Node, {}, ending.signal)[Symbol.asyncIterator]().next();
    for (let i = 0; i < 3; i++) {
      reporter.poke();
      await pass(11 * second);
    }
    const { value } = await first;
    ending.abort();
    expect([value?.type, value?.object.status.volumesInUse]).to.deep.equal(['ADDED', ['disk']]);
  });

  it('writes its status also when somebody else has just written the node', async () => {
    intrude = async () => {
      await api.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { metadata: { labels: { theirs: 'yes' } } } });
    };
    pressures = { ...pressures, disk: true };
    reporter.poke();
    await pass(second);
    expect((await conditions())['DiskPressure']).to.match(/^True/);
    expect((await node()).metadata.labels).to.include({ theirs: 'yes' });
    expect(logger.at('warn')).to.deep.equal([]);
  });

  it('does not wait long for a server that hangs', async () => {
    isHanging = true;
    pressures = { ...pressures, disk: true };
    await pass(25 * second);
    isHanging = false;
    await pass(20 * second);
    expect((await conditions())['DiskPressure']).to.match(/^True/);
    const { spec } = await api.client.get(Lease, { namespace: 'kube-node-lease', name: 'n1' });
    expect(clock.now() - Date.parse(spec.renewTime ?? '')).to.be.at.most(10 * second);
  });

  it('outlives minutes without the API, and doubles nothing', async () => {
    const { uid } = (await node()).metadata;
    isAway = true;
    pressures = { ...pressures, disk: true };
    await pass(4 * minute);
    expect(logger.at('warn').length).to.be.greaterThan(0);
    isAway = false;
    writes.length = 0;
    await pass(30 * second);
    expect((await node()).metadata.uid).to.equal(uid);
    expect((await conditions())['DiskPressure']).to.match(/^True/);
    expect(writes.filter((what) => what.startsWith('create'))).to.deep.equal([]);
    expect((await api.client.list(Lease)).items).to.have.length(1);
  });

  it('registers again when somebody deletes the node', async () => {
    const { uid } = (await node()).metadata;
    await api.client.delete(Node, { name: 'n1' });
    await api.client.delete(Lease, { namespace: 'kube-node-lease', name: 'n1' });
    await pass(30 * second);
    expect((await node()).metadata.uid).to.not.equal(uid);
    const { metadata } = await api.client.get(Lease, { namespace: 'kube-node-lease', name: 'n1' });
    expect(metadata.ownerReferences?.map((owner) => owner.uid)).to.deep.equal([(await node()).metadata.uid]);
  });
});

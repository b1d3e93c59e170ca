import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { CSINode } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { createLogger } from '#core/kernel/logger.ts';
import type { NodeTopology, NodeTopologyReporter, NodeVolumeDriver } from '#core/spi/volume-driver.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { FolderDriver, never, rejection } from '#test/fixtures/node-volumes.ts';
import { CsiNodeKeeper } from './csi-node.ts';

class PlacedDriver extends FolderDriver implements NodeTopologyReporter {
  override readonly name: string;
  report: () => Promise<NodeTopology>;

  constructor(name: string, report: NodeTopology) {
    super();
    this.name = name;
    this.report = async () => report;
  }

  nodeTopology(): Promise<NodeTopology> {
    return this.report();
  }
}

describe('CsiNodeKeeper', () => {
  const clock = new FakeClock();
  let api: InMemoryApi;
  let lines: string[];

  beforeEach(async () => {
    api = await inMemoryApi(clock);
    lines = [];
  });
  afterEach(() => api.stop());

  const keeper = (...drivers: NodeVolumeDriver[]) =>
    new CsiNodeKeeper({ client: api.client, clock, drivers, logger: createLogger({ level: 'warn', format: 'text', write: (line) => lines.push(line) }) }, { nodeName: 'node-1' });
  const join = (labels: Record<string, string> = {}) => api.client.create(Node, { metadata: { name: 'node-1', labels: { 'kubernetes.io/hostname': 'node-1', ...labels } } });
  const drivers = async () => (await api.client.get(CSINode, { name: 'node-1' })).spec.drivers;
  const disks = () => new PlacedDriver('disks.example.com', { nodeId: 'i-123', topology: { 'disks.example.com/zone': 'a', 'kubernetes.io/hostname': 'node-1' }, maxVolumes: 25 });
  const entry = { name: 'disks.example.com', nodeID: 'i-123', topologyKeys: ['disks.example.com/zone', 'kubernetes.io/hostname'], allocatable: { count: 25 } };

  it('registers drivers on CSINode, and says on the Node where it is', async () => {
    const node = await join();
    await keeper(disks(), new FolderDriver()).sync(never);
    expect(await drivers()).to.deep.equal([entry, { name: 'folders.test', nodeID: 'node-1' }]);
    const { metadata } = await api.client.get(Node, { name: 'node-1' });
    expect(metadata.labels).to.include({ 'disks.example.com/zone': 'a' });
    expect(JSON.parse(metadata.annotations?.['csi.volume.kubernetes.io/nodeid'] ?? '')).to.deep.equal({ 'disks.example.com': 'i-123', 'folders.test': 'node-1' });
    expect((await api.client.get(CSINode, { name: 'node-1' })).metadata.ownerReferences?.[0]).to.include({ kind: 'Node', name: 'node-1', uid: node.metadata.uid });
  });

  it('writes nothing when nothing changed, and leaves what others registered', async () => {
    await join();
    await api.client.create(CSINode, { metadata: { name: 'node-1' }, spec: { drivers: [{ name: 'other.example.com', nodeID: 'x', topologyKeys: ['zone'] }] } });
    const ours = keeper(disks());
    await ours.sync(never);
    const version = async () => [await api.client.get(CSINode, { name: 'node-1' }), await api.client.get(Node, { name: 'node-1' })].map(({ metadata }) => metadata.resourceVersion);
    const before = await version();
    await ours.sync(never);
    expect(await version()).to.deep.equal(before);
    expect(await drivers()).to.deep.equal([entry, { name: 'other.example.com', nodeID: 'x', topologyKeys: ['zone'] }]);
  });

  it('replaces what a driver says otherwise now, though an entry cannot change', async () => {
    await join();
    const driver = disks();
    const ours = keeper(driver);
    await ours.sync(never);
    driver.report = async () => ({ nodeId: 'i-456', topology: {}, maxVolumes: 5 });
    await ours.sync(never);
    expect(await drivers()).to.deep.equal([{ name: 'disks.example.com', nodeID: 'i-456', allocatable: { count: 5 } }]);
  });

  it('keeps what a driver said before while it says nothing', async () => {
    await join();
    const driver = disks();
    const ours = keeper(driver);
    await ours.sync(never);
    driver.report = async () => {
      throw new Error('the metadata service is away');
    };
    await ours.sync(never);
    expect(await drivers()).to.deep.equal([entry]);
    expect(lines.join()).to.contain('the metadata service is away');
  });

  it('refuses a driver that contradicts a label', async () => {
    await join({ 'disks.example.com/zone': 'b' });
    await keeper(disks()).sync(never);
    expect(await drivers()).to.deep.equal([]);
    expect((await api.client.get(Node, { name: 'node-1' })).metadata.labels).to.include({ 'disks.example.com/zone': 'b' });
    expect(lines.join()).to.contain('detected topology value collision: driver reported "disks.example.com/zone":"a" but existing label is "disks.example.com/zone":"b"');
  });

  it('waits for the node, and looks again every five minutes', async () => {
    const driver = disks();
    const ours = keeper(driver);
    expect(StatusError.is(await rejection(ours.sync(never)), 'NotFound')).to.equal(true);
    const pending = clock.pending;
    await ours.start();
    await join();
    await eventually(async () => {
      await clock.advance(2000);
      return (await api.client.list(CSINode)).items.length === 1;
    }, 'the CSINode');
    driver.report = async () => ({ nodeId: 'i-9', topology: {} });
    await eventually(async () => {
      await clock.advance(5 * 60_000);
      return (await drivers())[0]?.nodeID === 'i-9';
    }, 'the new id');
    await ours.stop();
    expect(clock.pending).to.equal(pending);
  });
});

import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { CSINode, StorageClass } from '#core/api/schema/storage-v1.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { StorageWorld, type StorageWorldOptions } from '#test/fixtures/storage-world.ts';
import { exhausted, lostAnswer, unavailable } from '#test/fixtures/volume-faults.ts';
import { digestOf } from './intent.ts';

const selectedNode = 'volume.kubernetes.io/selected-node';
const hostname = 'kubernetes.io/hostname';

describe('volume-provisioning by topology', () => {
  let world: StorageWorld;
  const given = async (options: StorageWorldOptions = {}): Promise<void> => {
    world = await StorageWorld.make(options);
  };
  const createClass = (name: string, fields: Partial<Draft<StorageClass>> = {}): Promise<StorageClass> =>
    world.client.create(StorageClass, { metadata: { name }, provisioner: world.driver.name, ...fields });
  const zones = ['a', 'b', 'c'].map((zone) => ({ 'topology.kubernetes.io/zone': zone }));
  const late = { volumeBindingMode: 'WaitForFirstConsumer' } as const;

  afterEach(() => world.stop());

  it('of a class comes as all its combinations, the first of which moves on with the ordinal', async () => {
    await given({ driver: { topology: zones } });
    await createClass('zoned', { allowedTopologies: [{ matchLabelExpressions: [{ key: 'topology.kubernetes.io/zone', values: ['c', 'a', 'b'] }] }] });
    for (let i = 0; i < 3; i++) await world.createClaim(`data-web-${i}`, { storageClassName: 'zoned' });
    await world.createClaim('logs-web-1', { storageClassName: 'zoned' });
    await world.run();
    const preferred = new Map(world.requests.map(({ owner, topology }) => [owner.name, topology?.preferred.map((segment) => segment['topology.kubernetes.io/zone']).join('')]));
    for (const { topology } of world.requests) expect(topology?.requisite).to.deep.equal(zones);
    expect(new Set([0, 1, 2].map((i) => preferred.get(`data-web-${i}`))).size, 'spread').to.equal(3);
    expect(preferred.get('logs-web-1'), 'all volumes of a member together').to.equal(preferred.get('data-web-1'));
    expect(world.requests.length).to.equal(4);
  });

  it('of the selected node is its label\'s value, not its name (trap 12)', async () => {
    const topology = [{ [hostname]: 'ip-10-0-0-1' }];
    await given({ driver: { topology } });
    await createClass('late', late);
    await world.client.create(Node, { metadata: { name: 'node-1', labels: { [hostname]: 'ip-10-0-0-1' } } });
    await world.createClaim('data', { storageClassName: 'late' }, { annotations: { [selectedNode]: 'node-1' } });
    await world.run();
    const { volume } = await world.expectBound('data');
    expect(world.requests[0]?.topology).to.deep.equal({ requisite: topology, preferred: topology });
    expect(volume.spec.nodeAffinity?.required?.nodeSelectorTerms).to.deep.equal([{ matchExpressions: [{ key: hostname, operator: 'In', values: ['ip-10-0-0-1'] }] }]);
  });

  it('of the selected node has the keys that its CSINode names for the driver', async () => {
    await given({ driver: { topology: zones } });
    await createClass('late', late);
    await world.client.create(Node, { metadata: { name: 'node-1', labels: { [hostname]: 'x', 'topology.kubernetes.io/zone': 'b' } } });
    await world.client.create(CSINode, { metadata: { name: 'node-1' }, spec: { drivers: [{ name: 'memory.test', nodeID: 'n', topologyKeys: ['topology.kubernetes.io/zone'] }] } });
    await world.createClaim('data', { storageClassName: 'late' }, { annotations: { [selectedNode]: 'node-1' } });
    await world.run();
    expect(world.requests[0]?.topology?.requisite).to.deep.equal([{ 'topology.kubernetes.io/zone': 'b' }]);
  });

  it('sends the pod elsewhere when there is no room, and only then (trap 8)', async () => {
    await given({ driver: { topology: [{ [hostname]: 'n1' }] } });
    await createClass('late', late);
    await world.client.create(Node, { metadata: { name: 'n1', labels: { [hostname]: 'n1' } } });
    await world.createClaim('data', { storageClassName: 'late' }, { annotations: { [selectedNode]: 'n1' } });
    world.driver.failNext('create', lostAnswer(), unavailable());
    const chosen: (string | undefined)[] = [];
    world.harness.onStep = async () => void chosen.push((await world.getClaim('data')).metadata.annotations?.[selectedNode]);
    await world.run();
    expect(new Set(chosen), 'the answer was lost, the choice stays').to.deep.equal(new Set(['n1']));
    await world.expectBound('data');

    await world.createClaim('full', { storageClassName: 'late' }, { annotations: { [selectedNode]: 'n1' } });
    world.driver.failNext('create', exhausted());
    await world.harness.settle();
    const { metadata } = await world.getClaim('full');
    expect(metadata.annotations).not.to.have.any.keys(selectedNode, 'keelson.dev/volume-intent');
    expect(metadata.finalizers).to.deep.equal(['kubernetes.io/pvc-protection']);
  });

  it('takes the choice back when the node has vanished (trap 9)', async () => {
    await given();
    await createClass('late', late);
    await world.createClaim('data', { storageClassName: 'late' }, { annotations: { [selectedNode]: 'gone' } });
    await world.run();
    expect((await world.getClaim('data')).metadata.annotations).not.to.have.property(selectedNode);
    expect(world.messages('data', 'ProvisioningFailed')[0]).to.include('node "gone", which was selected for the claim, does not exist');
    expect(world.requests).to.deep.equal([]);
  });

  it('stays the same on every repetition, though the node\'s labels change or the node goes (trap 8)', async () => {
    await given();
    await createClass('late', late);
    await world.client.create(Node, { metadata: { name: 'n1', labels: { [hostname]: 'before' } } });
    await world.createClaim('data', { storageClassName: 'late' }, { annotations: { [selectedNode]: 'n1' } });
    world.harness.faults = ({ what }) => (what === 'driver.create' ? 'crash-after' : undefined);
    await world.run();
    await world.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { metadata: { labels: { [hostname]: 'after' } } } });
    await world.run();
    await world.client.delete(Node, { name: 'n1' });
    world.harness.faults = () => undefined;
    await world.run();
    await world.expectBound('data');
    expect(world.requests.length).to.equal(3);
    for (const { topology } of world.requests) expect(topology?.requisite).to.deep.equal([{ [hostname]: 'before' }]);
  });

  it('that a claim\'s author wrote into the record reaches no further than the class allows', async () => {
    await given({ driver: { topology: zones } });
    await createClass('zoned', { allowedTopologies: [{ matchLabelExpressions: [{ key: 'topology.kubernetes.io/zone', values: ['a'] }] }] });
    const forged = { requisite: [{ 'topology.kubernetes.io/zone': 'b' }], preferred: [] };
    const digest = digestOf({
      name: '', owner: { namespace: '', name: '', uid: '' }, provisioner: 'memory.test', capacity: { required: 2n ** 30n }, parameters: {},
      use: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', mountOptions: [] },
    });
    await world.createClaim('data', { storageClassName: 'zoned' }, {
      finalizers: ['keelson.dev/volume-provisioning'],
      annotations: { 'keelson.dev/volume-intent': JSON.stringify({ digest, topology: forged }), 'volume.kubernetes.io/storage-provisioner': 'memory.test' },
    });
    await world.run();
    await world.expectBound('data');
    for (const { topology } of world.requests) expect(topology?.requisite).to.deep.equal([{ 'topology.kubernetes.io/zone': 'a' }]);
  });
});

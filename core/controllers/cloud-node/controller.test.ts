import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { CloudWorld, uninitialized, type CloudWorldOptions } from '#test/fixtures/cloud-world.ts';
import { CloudNodeController } from './controller.ts';

const minute = 60_000;
const make = (options?: CloudWorldOptions): Promise<CloudWorld> => CloudWorld.make((parts) => [new CloudNodeController(parts)], options);
const taintsOf = ({ spec: { taints = [] } }: Node): string[] => taints.map(({ key }) => key);

for (const stale of [false, true]) {
  describe(`cloud-node${stale ? ' with slow caches' : ''}`, () => {
    let world: CloudWorld;
    afterEach(() => world.stop());

    it('initializes a node: id, addresses, labels of both ages, and the taint last', async () => {
      world = await make({ stale });
      const providerID = world.platform.launch('n1', { metadata: { labels: { 'memory.test/rack': 'r1', 'topology.kubernetes.io/zone': 'lie', mine: 'no', bad: 'a b', '__proto__': 'x' } } });
      await world.join('n1', { labels: { mine: 'yes' }, spec: { taints: [uninitialized, { key: 'dedicated', effect: 'NoSchedule' }] } });
      await world.settle(minute);
      const node = await world.node('n1');
      expect(node.spec.providerID).to.equal(providerID);
      expect(taintsOf(node)).to.include('dedicated').and.not.to.include(uninitialized.key);
      expect(node.metadata.labels).to.deep.include({
        mine: 'yes', 'memory.test/rack': 'r1',
        'node.kubernetes.io/instance-type': 'm.large', 'beta.kubernetes.io/instance-type': 'm.large',
        'topology.kubernetes.io/zone': 'zone-a', 'failure-domain.beta.kubernetes.io/zone': 'zone-a',
        'topology.kubernetes.io/region': 'region-1', 'failure-domain.beta.kubernetes.io/region': 'region-1',
      }).and.not.to.have.property('bad');
      expect(node.status.addresses).to.deep.equal([{ type: 'InternalIP', address: '10.0.0.0' }, { type: 'InternalDNS', address: 'n1.memory.test' }, { type: 'Hostname', address: 'n1' }]);
      expect(world.harness.events).to.deep.equal([{ type: 'Normal', about: 'n1', reason: 'Synced', message: 'Node synced successfully' }]);
      expect(world.platform.calls).to.deep.equal([1]);
      expect(world.harness.effects).to.deep.equal(['patchStatus nodes n1', 'patch nodes n1']);
    });

    it('takes a node by the id that its agent gave it, and leaves that of others alone', async () => {
      world = await make({ stale, platforms: [{ provider: 'one' }, { provider: 'two' }] });
      const providerID = world.platforms[1]!.launch('other-name');
      await world.join('n1', { spec: { providerID } });
      await world.join('n2', { spec: { providerID: 'azure://zone-a/i-n2' } });
      await world.join('n3');
      for (const platform of world.platforms) platform.launch('n3');
      await world.settle(minute);
      expect((await world.node('n1')).metadata.labels).to.include({ 'topology.kubernetes.io/zone': 'zone-a' });
      for (const name of ['n2', 'n3']) expect(taintsOf(await world.node(name)), name).to.include(uninitialized.key);
      expect(world.platforms.map(({ calls }) => calls)).to.deep.equal([[], [1]]);
      expect(world.harness.events.filter(({ reason }) => reason !== 'Synced').map(({ about, message }) => `${about}: ${message}`)).to.deep.equal([
        'n3: Nothing says which provider\'s node n3 is: name one of one, two in the value of its taint node.cloudprovider.kubernetes.io/uninitialized, or in its label keelson.dev/provider',
      ]);
      await world.api.client.patch(Node, { name: 'n3' }, { type: 'merge', document: { metadata: { labels: { 'keelson.dev/provider': 'one' } } } });
      await world.settle(minute);
      expect((await world.node('n3')).spec.providerID).to.equal('one://zone-a/i-n3');
    });

    it('puts the address first that the agent was told, of either family', async () => {
      world = await make({ stale });
      const addresses = ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2'].map((address) => ({ type: 'InternalIP', address }) as const);
      world.platform.launch('n1', { metadata: { addresses: [...addresses, { type: 'ExternalIP', address: '192.0.2.1' }] } });
      await world.join('n1', { annotations: { 'alpha.kubernetes.io/provided-node-ip': '2001:DB8::2,10.0.0.2' } });
      await world.settle(minute);
      expect((await world.node('n1')).status.addresses?.map(({ address }) => address)).to.deep.equal(['2001:db8::2', '10.0.0.2', '10.0.0.1', '2001:db8::1', '192.0.2.1', 'n1']);
    });

    it('keeps the taint of a node with an address that its instance does not have, and says why', async () => {
      world = await make({ stale });
      world.platform.launch('n1');
      await world.join('n1', { annotations: { 'alpha.kubernetes.io/provided-node-ip': '10.9.9.9' } });
      await world.settle(3 * minute);
      expect(taintsOf(await world.node('n1'))).to.include(uninitialized.key);
      expect(world.harness.events).to.deep.equal([{ type: 'Warning', about: 'n1', reason: 'InvalidProvidedNodeIP', message: 'provided node ip for node "n1" is not valid: failed to get node address from cloud provider that matches ip: 10.9.9.9' }]);
      await world.api.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { metadata: { annotations: { 'alpha.kubernetes.io/provided-node-ip': null } } } });
      await world.settle(minute);
      expect(taintsOf(await world.node('n1'))).not.to.include(uninitialized.key);
    });

    it('waits for an instance that the platform shows late, without asking all the time', async () => {
      world = await make({ stale });
      await world.join('n1');
      world.platform.launch('n1', { isMarked: false });
      await world.settle(10 * minute);
      expect(world.platform.calls.length).to.be.within(20, 36);
      expect(world.reasons()).to.include('InstanceNotFound');
      world.platform.change('memory://zone-a/i-n1', { isMarked: true });
      await world.settle(2 * minute);
      expect((await world.node('n1')).spec.providerID).to.equal('memory://zone-a/i-n1');
    });

    it('changes nothing while the platform does not answer, and goes on when it does', async () => {
      world = await make({ stale });
      world.platform.launch('n1');
      for (const fault of ['outage', 'throttled'] as const) {
        world.platform.fault = fault;
        if (fault === 'outage') await world.join('n1');
        await world.settle(minute);
        expect(taintsOf(await world.node('n1'))).to.include(uninitialized.key);
      }
      expect(world.platform.calls.length).to.be.lessThan(20);
      world.platform.fault = undefined;
      await world.settle(minute);
      expect((await world.node('n1')).spec.providerID).to.equal('memory://zone-a/i-n1');
    });

    it('does not ask again when only its write was refused', async () => {
      world = await make({ stale });
      world.platform.launch('n1');
      world.harness.faults = (_call, index) => (index < 2 ? 'refuse' : undefined);
      await world.join('n1');
      await world.settle(minute);
      expect([world.platform.calls, (await world.node('n1')).spec.providerID]).to.deep.equal([[1], 'memory://zone-a/i-n1']);
    });

    it('leaves another node alone that has the name by the time of the answer', async () => {
      for (let seed = 1; seed <= 12; seed++) {
        const one = (world = await make({ stale, seed }));
        world.platform.launch('n1');
        await world.join('n1');
        let isReplaced = false;
        world.harness.onStep = async () => {
          if (isReplaced || one.platform.calls.length === 0) return;
          isReplaced = true;
          await one.api.client.delete(Node, { name: 'n1' });
          await one.join('n1', { spec: { providerID: 'gce://p/z/n1' } });
        };
        await world.settle(minute);
        const node = await world.node('n1');
        expect([isReplaced, taintsOf(node).includes(uninitialized.key), node.metadata.labels], `seed ${seed}`).to.deep.equal([true, true, undefined]);
        if (seed < 12) await world.stop();
      }
    });

    it('keeps addresses as those of the instance', async () => {
      world = await make({ stale });
      const id = world.platform.launch('n1');
      await world.join('n1');
      await world.settle(minute);
      const { metadata } = world.platform.machines.get(id)!;
      world.platform.change(id, { metadata: { ...metadata, addresses: [...metadata.addresses, { type: 'ExternalIP', address: '192.0.2.7' }] } });
      await world.settle(6 * minute);
      expect((await world.node('n1')).status.addresses?.map(({ address }) => address)).to.deep.equal(['10.0.0.0', 'n1.memory.test', '192.0.2.7', 'n1']);
      world.platform.change(id, { metadata: { ...metadata, addresses: [] } });
      await world.settle(6 * minute);
      expect((await world.node('n1')).status.addresses).to.have.length(4);
    });

    it('has the labels say what the older ones say, on its own nodes only', async () => {
      world = await make({ stale });
      const labels = { 'failure-domain.beta.kubernetes.io/zone': 'z1', 'topology.kubernetes.io/zone': 'z2', 'beta.kubernetes.io/instance-type': 't' };
      await world.join('n1', { labels, spec: { taints: [], providerID: 'memory://zone-a/i-n1' } });
      await world.join('n2', { labels, spec: { taints: [], providerID: 'gce://p/z/n2' } });
      await world.settle(minute);
      expect((await world.node('n1')).metadata.labels).to.include({ 'topology.kubernetes.io/zone': 'z1', 'node.kubernetes.io/instance-type': 't' });
      expect((await world.node('n2')).metadata.labels).to.include({ 'topology.kubernetes.io/zone': 'z2' }).and.not.to.have.property('node.kubernetes.io/instance-type');
    });
  });
}

describe('cloud-node with many nodes', function () {
  this.timeout(120_000);
  const count = 1000;

  it('initializes 1,000 in ten calls, and compares them every five minutes in ten more', async () => {
    const world = await make();
    try {
      for (let i = 0; i < count; i++) world.platform.launch(`n${i}`);
      for (let i = 0; i < count; i++) await world.join(`n${i}`);
      await world.settle(0);
      const { items } = await world.api.client.list(Node);
      expect(items.filter((node) => taintsOf(node).includes(uninitialized.key)).length).to.equal(0);
      expect(items.filter(({ spec: { providerID = '' } }) => providerID.startsWith('memory://')).length).to.equal(count);
      expect(world.platform.calls.reduce((sum, questions) => sum + questions, 0)).to.equal(count);
      expect(world.platform.calls.length).to.be.at.most(12);
      expect(world.harness.effects.length).to.equal(2 * count);
      const before = world.platform.calls.length;
      await world.settle(60 * minute);
      expect(world.platform.calls.length - before, 'calls in an hour at rest').to.be.at.most(120);
      expect(world.harness.effects.length).to.equal(2 * count);
    } finally {
      await world.stop();
    }
  });
});

/** Nodes join with one thing that goes wrong; resolves to how many calls that change something went out. */
async function live(stale: boolean, seed: number, trouble?: { readonly at: number; readonly fault: CallFault }): Promise<number> {
  const world = await make({ stale, seed });
  const { harness } = world;
  let calls = 0;
  harness.faults = () => (calls++ === trouble?.at ? trouble.fault : undefined);
  try {
    for (const name of ['n1', 'n2', 'n3']) {
      world.platform.launch(name);
      await world.join(name);
    }
    await world.join('foreign', { spec: { providerID: 'gce://p/z/foreign' } });
    await world.settle(minute);
    for (let lives = 0; harness.crashed && lives < 3; lives++) {
      await harness.start();
      await world.settle(minute);
    }
    for (const name of ['n1', 'n2', 'n3']) {
      const node = await world.node(name);
      expect([node.spec.providerID, taintsOf(node).includes(uninitialized.key), node.status.addresses?.length], name).to.deep.equal([`memory://zone-a/i-${name}`, false, 3]);
    }
    expect(taintsOf(await world.node('foreign'))).to.include(uninitialized.key);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)} in ${JSON.stringify({ stale, seed, trouble, effects: harness.effects, failures: harness.failures.map(String) })}`, { cause: error });
  } finally {
    await world.stop();
  }
  return calls;
}

describe('nodes that join a process that ends at any call', function () {
  this.timeout(120_000);

  for (const stale of [false, true]) {
    it(`are initialized: ${stale ? 'stale' : 'fresh'} caches`, async () => {
      const calls = await live(stale, 1);
      expect(calls).to.be.at.least(6);
      for (const fault of ['crash-before', 'crash-after', 'lose', 'refuse'] as const) for (let at = 0; at < calls; at++) await live(stale, 10 + at, { at, fault });
    });
  }
});

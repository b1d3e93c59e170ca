import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { ClusterNodes } from '#test/fixtures/cluster-nodes.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { NodeLifecycleController } from './controller.ts';

type World = Awaited<ReturnType<typeof harnessAround>> & { readonly nodes: ClusterNodes };

const unknown = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => `${type} Unknown NodeStatusUnknown`);
const sleepy = { tolerations: [{ operator: 'Exists' as const }] };

async function begin(options: { seed?: number; stale?: boolean } = {}): Promise<World> {
  const world = await harnessAround((parts) => [new NodeLifecycleController(parts)], options);
  await world.harness.start();
  return { ...world, nodes: new ClusterNodes(world) };
}

/** Time passes in which these nodes renew their leases. */
async function live({ harness, clock, nodes }: World, names: readonly string[], ms: number): Promise<void> {
  for (const until = clock.now() + ms; clock.now() < until; ) {
    for (const name of names) await nodes.renew(name);
    const step = Math.min(10_000, until - clock.now());
    const next = clock.now() + step;
    await harness.settle(step);
    await clock.advance(Math.max(0, next - clock.now()));
  }
  await harness.settle(0);
}

for (const stale of [false, true]) {
  describe(`node-lifecycle${stale ? ' with slow caches' : ''}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await begin({ seed: 5, stale });
    });
    afterEach(() => world.stop());

    it('takes the first taint off when a node is ready, and leaves it alone while it renews its lease', async () => {
      const { nodes } = world;
      await nodes.join('n1');
      await live(world, ['n1'], 1000);
      const before = await nodes.node('n1');
      expect(await nodes.taints('n1')).to.deep.equal([]);
      await live(world, ['n1'], 20 * 60_000);
      expect((await nodes.node('n1')).metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
      expect(world.harness.events.map(({ reason, message }) => `${reason}: ${message}`)).to.deep.equal(['RegisteredNode: Node n1 event: Registered Node n1 in Controller']);
    });

    it('says that nobody knows how a node is that is silent for 50 s, and of its pods that they are not ready', async () => {
      const { nodes, harness } = world;
      for (const name of ['n1', 'n2']) await nodes.join(name);
      await nodes.run('p', 'n1', sleepy);
      await nodes.run('q', 'n2', sleepy);
      await live(world, ['n1', 'n2'], 30_000);
      await live(world, ['n2'], 38_000);
      expect(await nodes.conditions('n1')).to.include('Ready True AgentSays');
      await live(world, ['n2'], 15_000);
      expect(await nodes.conditions('n1')).to.have.members(unknown);
      expect((await nodes.node('n1')).status.conditions?.[0]?.message).to.equal('Kubelet stopped posting node status.');
      expect(await nodes.taints('n1')).to.deep.equal(['unreachable:NoExecute', 'unreachable:NoSchedule']);
      expect([await nodes.isPodReady('p'), await nodes.isPodReady('q')]).to.deep.equal([false, true]);
      expect(await nodes.taints('n2')).to.deep.equal([]);
      const said = harness.events.filter(({ reason }) => reason === 'NodeNotReady').map(({ type, about, message }) => `${type} ${about}: ${message}`);
      expect(said).to.deep.equal(['Normal n1: Node n1 status is now: NodeNotReady', 'Warning p: Node is not ready']);
      await nodes.report('n1');
      await live(world, ['n1', 'n2'], 1000);
      expect(await nodes.taints('n1')).to.deep.equal([]);
      await live(world, ['n1', 'n2'], 5 * 60_000);
      expect(await nodes.conditions('n1')).to.include('Ready True AgentSays');
    });

    it('asks the API before it gives a node up, and writes over no report', async () => {
      const { nodes, harness } = world;
      for (const name of ['n1', 'n2']) await nodes.join(name);
      await live(world, ['n1', 'n2'], 20_000);
      harness.held.add('leases');
      await live(world, ['n1', 'n2'], 200_000);
      for (const name of ['n1', 'n2']) expect(await nodes.conditions(name)).to.include('Ready True AgentSays');
      harness.held.clear();
      await live(world, ['n1', 'n2'], 1000);
      harness.held.add('nodes');
      await live(world, ['n2'], 40_000);
      await nodes.report('n1');
      await live(world, ['n2'], 20_000);
      expect(await nodes.conditions('n1'), 'that the copy does not show').to.include('Ready True AgentSays');
      harness.held.clear();
      await live(world, ['n2'], 80_000);
      expect(await nodes.conditions('n1')).to.have.members(unknown);
    });

    it('comes to the end of what a process before it began', async () => {
      const { nodes, harness } = world;
      for (const name of ['n1', 'n2']) await nodes.join(name);
      await nodes.run('p', 'n1', sleepy);
      await live(world, ['n1', 'n2'], 20_000);
      harness.faults = ({ what }) => (what === 'patchStatus nodes' ? 'crash-after' : undefined);
      await live(world, ['n2'], 60_000);
      expect([harness.crashed, await nodes.isPodReady('p')]).to.deep.equal([true, true]);
      harness.faults = () => undefined;
      await harness.start();
      await live(world, ['n2'], 1000);
      expect(await nodes.isPodReady('p')).to.equal(false);
      expect(await nodes.taints('n1')).to.deep.equal(['unreachable:NoExecute', 'unreachable:NoSchedule']);
    });

    it('gives a node that has never reported 60 s, and no time for what it never said', async () => {
      const { nodes } = world;
      await nodes.join('other');
      await world.client.create(Node, { metadata: { name: 'n1' } });
      await live(world, ['other'], 58_000);
      expect([await nodes.conditions('n1'), await nodes.taints('n1')]).to.deep.equal([[], ['not-ready:NoSchedule']]);
      await live(world, ['other'], 5000);
      expect(await nodes.conditions('n1')).to.have.members(['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => `${type} Unknown NodeStatusNeverUpdated`));
      expect(await nodes.taints('n1')).to.deep.equal(['unreachable:NoExecute', 'unreachable:NoSchedule']);
    });

    it('holds taints by conditions and by cordons, and leaves those of others', async () => {
      const { nodes, client } = world;
      await nodes.join('other');
      await nodes.join('n1', { spec: { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] } });
      await nodes.report('n1', 'True', { MemoryPressure: 'True', DiskPressure: 'True', PIDPressure: 'True', NetworkUnavailable: 'True' });
      await client.patch(Node, { name: 'n1' }, { type: 'merge', document: { spec: { unschedulable: true } } });
      await live(world, ['n1', 'other'], 1000);
      expect(await nodes.taints('n1')).to.deep.equal(['dedicated', 'disk-pressure', 'memory-pressure', 'network-unavailable', 'pid-pressure', 'unschedulable'].map((key) => `${key}:NoSchedule`));
      await nodes.report('n1', 'False', { NetworkUnavailable: 'False' });
      await client.patch(Node, { name: 'n1' }, { type: 'merge', document: { spec: { unschedulable: null } } });
      await live(world, ['n1', 'other'], 1000);
      expect(await nodes.taints('n1')).to.deep.equal(['dedicated:NoSchedule', 'not-ready:NoExecute', 'not-ready:NoSchedule']);
    });

    it('exchanges the taint of a node that is not ready when it falls silent, and keeps its time', async () => {
      const { nodes } = world;
      for (const name of ['n1', 'n2']) await nodes.join(name);
      await nodes.report('n1', 'False');
      await live(world, ['n1', 'n2'], 1000);
      const timeOf = async () => (await nodes.node('n1')).spec.taints?.find(({ effect }) => effect === 'NoExecute')?.timeAdded;
      const before = await timeOf();
      expect(before).to.be.a('string');
      await live(world, ['n2'], 70_000);
      expect(await nodes.taints('n1')).to.deep.equal(['unreachable:NoExecute', 'unreachable:NoSchedule']);
      expect(await timeOf()).to.equal(before);
    });

    it('has one node a time lose its pods, every 10 s', async () => {
      const { nodes } = world;
      const all = Array.from({ length: 10 }, (_, i) => `n${i}`);
      for (const name of all) await nodes.join(name);
      await live(world, all, 20_000);
      for (const name of all.slice(0, 5)) await nodes.report(name, 'False');
      const evicted = async () => (await Promise.all(all.map((name) => nodes.taints(name)))).filter((taints) => taints.includes('not-ready:NoExecute')).length;
      await live(world, all, 1);
      expect(await evicted()).to.equal(1);
      await live(world, all, 9_900);
      expect(await evicted()).to.equal(1);
      await live(world, all, 200);
      expect(await evicted()).to.equal(2);
      await live(world, all, 40_000);
      expect(await evicted()).to.equal(5);
    });

    it('does nothing to pods when no node is heard of, and takes back what it began', async () => {
      const { nodes } = world;
      const all = ['n1', 'n2', 'n3'];
      for (const name of all) await nodes.join(name);
      await live(world, all, 20_000);
      await live(world, ['n3'], 60_000);
      expect((await nodes.taints('n1')).concat(await nodes.taints('n2'))).to.include('unreachable:NoExecute');
      await live(world, [], 120_000);
      for (const name of all) expect(await nodes.taints(name)).to.deep.equal(['unreachable:NoSchedule']);
      await nodes.report('n3');
      await live(world, ['n3'], 30_000);
      expect(await nodes.taints('n1')).to.deep.equal(['unreachable:NoExecute', 'unreachable:NoSchedule']);
      expect(await nodes.taints('n3')).to.deep.equal([]);
    });

    it('forgets a node that is deleted', async () => {
      const { nodes, client, harness } = world;
      await nodes.join('n1');
      await live(world, ['n1'], 1000);
      await client.delete(Node, { name: 'n1' });
      await harness.settle();
      expect(harness.events.at(-1)).to.deep.include({ about: 'n1', reason: 'RemovingNode', message: 'Node n1 event: Removing Node n1 from Controller' });
      const { length } = harness.effects;
      await live(world, [], 200_000);
      expect(harness.effects.length).to.equal(length);
    });
  });
}

const faults: readonly CallFault[] = ['refuse', 'lose', 'crash-before', 'crash-after'];

/** Three of six at most are silent together: with more of them down it would be the zone that is disrupted. */
const mortal = ['n1', 'n2', 'n3'];
const all = [...mortal, 'n4', 'n5', 'n6'];

/** Nodes fall silent, report and renew at random while calls fail and processes end; then all is quiet but for those that live. */
async function history(world: World, random: () => number): Promise<void> {
  const { harness, nodes, clock } = world;
  const alive = new Set(all);
  for (const name of all) await nodes.join(name);
  for (const name of all) await nodes.run(`p-${name}`, name, sleepy);
  let troubles = 6;
  harness.faults = () => (troubles > 0 && random() < 0.2 && troubles-- > 0 ? faults[Math.floor(random() * faults.length)] : undefined);
  for (let round = 0; round < 15; round++) {
    const name = mortal[Math.floor(random() * mortal.length)] ?? 'n1';
    if (random() < 0.4 && !alive.delete(name)) {
      alive.add(name);
      await nodes.report(name);
      await nodes.reportPod(`p-${name}`, true);
    }
    for (const one of alive) await nodes.renew(one);
    if (harness.crashed) await harness.start();
    const next = clock.now() + 10_000;
    await harness.settle(10_000);
    await clock.advance(Math.max(0, next - clock.now()));
    expect(await nodes.conditions('n4'), 'a node that always renewed').to.include('Ready True AgentSays');
  }
  troubles = 0;
  if (harness.crashed) await harness.start();
  await live(world, [...alive], 200_000);
  for (const name of all) {
    const isAlive = alive.has(name);
    expect(await nodes.taints(name), name).to.deep.equal(isAlive ? [] : ['unreachable:NoExecute', 'unreachable:NoSchedule']);
    expect(await nodes.isPodReady(`p-${name}`), `p-${name}`).to.equal(isAlive);
  }
}

describe('node-lifecycle among faults', function () {
  this.timeout(120_000);

  it('ends with the taints and conditions that the nodes deserve, in 60 histories', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      const world = await begin({ seed, stale: random() < 0.5 });
      const { harness } = world;
      try {
        await history(world, random);
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}; ${harness.effects.slice(-20).join(', ')}; ${harness.failures.map(String).slice(-3).join(', ')}`, { cause: error });
      } finally {
        await world.stop();
      }
    }
  });
});

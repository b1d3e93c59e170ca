import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import { ClusterNodes } from '#test/fixtures/cluster-nodes.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { surplus } from './candidates.ts';
import { PodGarbageCollectionController } from './controller.ts';

type World = Awaited<ReturnType<typeof harnessAround>> & { readonly nodes: ClusterNodes };

async function begin(options: { seed?: number; stale?: boolean; terminatedPodThreshold?: number } = {}): Promise<World> {
  const { terminatedPodThreshold = 3, ...rest } = options;
  const world = await harnessAround((parts) => [new PodGarbageCollectionController({ ...parts, terminatedPodThreshold })], rest);
  await world.harness.start();
  return { ...world, nodes: new ClusterNodes(world) };
}

const held = { finalizers: ['example.com/hold'] };
const key = (name: string) => ({ namespace: 'default', name });
const pass = async ({ harness, clock }: World, ms: number): Promise<void> => {
  const until = clock.now() + ms;
  await harness.settle(ms);
  await clock.advance(until - clock.now());
  await harness.settle(0);
};
const isGone = ({ client }: World, name: string): Promise<boolean> => client.get(Pod, key(name)).then(() => false, (error: unknown) => StatusError.is(error, 'NotFound'));
const hold = ({ client }: World, name: string) => client.patch(Pod, key(name), { type: 'merge', document: { metadata: held } });

for (const stale of [false, true]) {
  describe(`pod-garbage-collection${stale ? ' with slow caches' : ''}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await begin({ seed: 11, stale });
    });
    afterEach(() => world.stop());

    it('deletes pods of a node that has been gone for 40 s, as failed', async () => {
      const { nodes, client } = world;
      await nodes.join('n1');
      await nodes.join('n2');
      await nodes.run('a', 'n1');
      await nodes.run('b', 'n1');
      await hold(world, 'b');
      await nodes.run('c', 'n2');
      await client.delete(Node, { name: 'n1' });
      await pass(world, 38_000);
      expect(await nodes.pods()).to.deep.equal(['a', 'b', 'c']);
      await pass(world, 3000);
      expect(await nodes.pods()).to.deep.equal(['c']);
      expect(await isGone(world, 'a')).to.equal(true);
      const { status, metadata } = await nodes.pod('b');
      expect([status.phase, metadata.deletionGracePeriodSeconds]).to.deep.equal(['Failed', 0]);
      expect(status.conditions?.find(({ type }) => type === 'DisruptionTarget')).to.deep.include({ status: 'True', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' });
      const { length } = world.harness.effects;
      await pass(world, 600_000);
      expect(world.harness.effects.length, 'a pod that waits for finalizers is left alone').to.equal(length);
    });

    it('waits anew for a node that comes back in between, and does not believe its copy', async () => {
      const { nodes, client, harness } = world;
      await nodes.run('a', 'n1');
      await pass(world, 30_000);
      harness.held.add('nodes');
      await nodes.join('n1');
      await pass(world, 60_000);
      expect(await nodes.pods()).to.deep.equal(['a']);
      harness.held.clear();
      await pass(world, 10_000);
      await client.delete(Node, { name: 'n1' });
      await pass(world, 38_000);
      expect(await nodes.pods()).to.deep.equal(['a']);
      await pass(world, 3000);
      expect(await nodes.pods()).to.deep.equal([]);
    });

    it('counts the time of a node that goes twice from the second time', async () => {
      const { nodes, client } = world;
      await nodes.run('a', 'n1');
      await pass(world, 30_000);
      await nodes.join('n1');
      await pass(world, 1000);
      await client.delete(Node, { name: 'n1' });
      await pass(world, 35_000);
      expect(await nodes.pods()).to.deep.equal(['a']);
      await pass(world, 6000);
      expect(await nodes.pods()).to.deep.equal([]);
    });

    it('ends pods that end before they had a node', async () => {
      const { nodes, client } = world;
      await nodes.run('a', '', { ready: false });
      await hold(world, 'a');
      await client.delete(Pod, key('a'));
      await pass(world, 1000);
      expect((await nodes.pod('a')).status.phase).to.equal('Failed');
      await client.patch(Pod, key('a'), { type: 'merge', document: { metadata: { finalizers: null } } });
      expect(await isGone(world, 'a')).to.equal(true);
    });

    it('ends pods that end on a node that is out of service and not ready', async () => {
      const { nodes, client } = world;
      await nodes.join('n1');
      for (const name of ['before', 'after', 'stays']) await nodes.run(name, 'n1');
      await client.delete(Pod, key('before'));
      await client.patch(Node, { name: 'n1' }, { type: 'merge', document: { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }] } } });
      await pass(world, 1000);
      expect(await isGone(world, 'before'), 'while the node is ready').to.equal(false);
      await nodes.report('n1', 'False');
      await pass(world, 1000);
      expect(await isGone(world, 'before')).to.equal(true);
      await client.delete(Pod, key('after'));
      await pass(world, 1000);
      expect(await isGone(world, 'after')).to.equal(true);
      expect(await nodes.pods()).to.deep.equal(['stays']);
    });

    it('keeps so many ended pods, and deletes evicted ones first, then the oldest', async () => {
      const { nodes, client, clock } = world;
      await nodes.join('n1');
      for (const name of ['z-old', 'b', 'c', 'evicted', 'running']) {
        await nodes.run(name, 'n1');
        await clock.advance(1000);
      }
      const end = (name: string, reason?: string) => client.patchStatus(Pod, key(name), { type: 'merge', document: { status: { phase: reason === undefined ? 'Succeeded' : 'Failed', reason } } });
      for (const name of ['z-old', 'b', 'c']) await end(name);
      await pass(world, 60_000);
      expect(await nodes.pods()).to.deep.equal(['b', 'c', 'evicted', 'running', 'z-old']);
      await end('evicted', 'Evicted');
      await pass(world, 60_000);
      expect(await nodes.pods()).to.deep.equal(['b', 'c', 'running', 'z-old']);
      await end('running');
      await pass(world, 60_000);
      expect(await nodes.pods()).to.deep.equal(['b', 'c', 'running']);
    });
  });
}

describe('the surplus of ended pods', () => {
  it('is none up to the threshold', () => {
    const pod = (name: string) => ({ metadata: { name, creationTimestamp: '2025-01-01T00:00:00Z' }, status: { phase: 'Succeeded' } }) as Pod;
    expect(surplus([pod('a'), pod('b')], 2)).to.deep.equal([]);
    expect(surplus([pod('b'), pod('c'), pod('a')], 2).map(({ metadata }) => metadata.name)).to.deep.equal(['a']);
  });
});

const faults: readonly CallFault[] = ['refuse', 'lose', 'crash-before', 'crash-after'];

/** Nodes come and go among faults: in the end no pod is left on one that is gone, and none was taken from one that is there. */
async function history(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const world = await begin({ seed, stale: random() < 0.5, terminatedPodThreshold: 0 });
  const { harness, nodes, client } = world;
  const names = ['n1', 'n2', 'n3'];
  try {
    for (const name of [...names, 'n4']) {
      await nodes.join(name);
      await nodes.run(`p-${name}`, name);
    }
    let troubles = 6;
    harness.faults = () => (troubles > 0 && random() < 0.4 && troubles-- > 0 ? faults[Math.floor(random() * faults.length)] : undefined);
    const there = new Set(names);
    for (let round = 0; round < 10; round++) {
      const name = names[Math.floor(random() * names.length)] ?? 'n1';
      if (there.delete(name)) await client.delete(Node, { name });
      else if (random() < 0.5) {
        there.add(name);
        await nodes.join(name);
      }
      await pass(world, random() * 60_000);
      if (harness.crashed) await harness.start();
    }
    troubles = 0;
    await pass(world, 120_000);
    const left = await nodes.pods();
    expect(left).to.include('p-n4');
    for (const name of names) if (!there.has(name)) expect(left).not.to.include(`p-${name}`);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}; ${harness.effects.slice(-20).join(', ')}`, { cause: error });
  } finally {
    await world.stop();
  }
}

describe('pod-garbage-collection among faults', function () {
  this.timeout(60_000);

  it('leaves no pod on a node that is gone, in 60 histories', async () => {
    for (let seed = 1; seed <= 60; seed++) await history(seed);
  });
});

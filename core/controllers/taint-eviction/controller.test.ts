import { expect } from 'chai';
import { Node, type Taint } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { ClusterNodes } from '#test/fixtures/cluster-nodes.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { TaintEvictionController } from './controller.ts';

type World = Awaited<ReturnType<typeof harnessAround>> & { readonly nodes: ClusterNodes };

async function begin(options: { seed?: number; stale?: boolean } = {}): Promise<World> {
  const world = await harnessAround((parts) => [new TaintEvictionController(parts)], options);
  await world.harness.start();
  return { ...world, nodes: new ClusterNodes(world) };
}

const taintWith = async ({ client, harness }: World, taints: readonly Taint[], withinMs = 0): Promise<void> => {
  await client.patch(Node, { name: 'n1' }, { type: 'merge', document: { spec: { taints } } });
  await harness.settle(withinMs);
};
const pass = async ({ harness, clock }: World, ms: number): Promise<void> => {
  const until = clock.now() + ms;
  await harness.settle(ms);
  await clock.advance(until - clock.now());
  await harness.settle(0);
};
const tolerating = (tolerationSeconds?: number, key = 'gone') => ({ tolerations: [{ key, operator: 'Exists' as const, effect: 'NoExecute' as const, ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }) }] });
const gone: Taint = { key: 'gone', effect: 'NoExecute' };

for (const stale of [false, true]) {
  describe(`taint-eviction${stale ? ' with slow caches' : ''}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await begin({ seed: 3, stale });
      await world.nodes.join('n1');
      await world.nodes.run('at-once', 'n1');
      await world.nodes.run('later', 'n1', tolerating(60));
      await world.nodes.run('stays', 'n1', tolerating());
      await world.harness.settle(0);
    });
    afterEach(() => world.stop());

    it('deletes pods when their time is over, and says why', async () => {
      const { nodes, harness } = world;
      await taintWith(world, [gone, { key: 'other', effect: 'NoSchedule' }]);
      expect(await nodes.pods()).to.deep.equal(['later', 'stays']);
      const { metadata, status } = await nodes.pod('at-once');
      expect(metadata.deletionGracePeriodSeconds).to.equal(30);
      expect(status.conditions?.find(({ type }) => type === 'DisruptionTarget')).to.deep.include({ status: 'True', reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' });
      expect(harness.events).to.deep.equal([{ type: 'Normal', about: 'at-once', reason: 'TaintManagerEviction', message: 'Marking for deletion Pod default/at-once' }]);
      await pass(world, 59_000);
      expect(await nodes.pods()).to.deep.equal(['later', 'stays']);
      await pass(world, 2000);
      expect(await nodes.pods()).to.deep.equal(['stays']);
      await pass(world, 24 * 3600_000);
      expect(await nodes.pods()).to.deep.equal(['stays']);
    });

    it('lets them stay when the taint goes in time', async () => {
      const { nodes, harness } = world;
      await taintWith(world, [gone]);
      await pass(world, 50_000);
      await taintWith(world, []);
      expect(harness.events.at(-1)).to.deep.include({ about: 'later', reason: 'TaintManagerEviction', message: 'Cancelling deletion of Pod default/later' });
      await pass(world, 60_000);
      expect(await nodes.pods()).to.deep.equal(['later', 'stays']);
      await taintWith(world, [gone]);
      await pass(world, 59_000);
      expect(await nodes.pods()).to.deep.equal(['later', 'stays']);
    });

    it('asks the API before it deletes', async () => {
      const { nodes, harness } = world;
      await taintWith(world, [gone]);
      harness.held.add('nodes');
      await taintWith(world, []);
      await pass(world, 200_000);
      expect(await nodes.pods()).to.deep.equal(['later', 'stays']);
      harness.held.clear();
      await pass(world, 200_000);
      expect(await nodes.pods()).to.deep.equal(['later', 'stays']);
    });

    it('goes by the time of the taint, also in a process that begins later', async () => {
      const { nodes, harness, clock } = world;
      await taintWith(world, [{ ...gone, timeAdded: rfc3339(clock.now()) }]);
      await pass(world, 40_000);
      await harness.start();
      await pass(world, 19_000);
      expect(await nodes.pods()).to.deep.equal(['later', 'stays']);
      await pass(world, 2000);
      expect(await nodes.pods()).to.deep.equal(['stays']);
    });

    it('gives a pod that comes later all of its time', async () => {
      const { nodes, clock } = world;
      await taintWith(world, [{ ...gone, timeAdded: rfc3339(clock.now()) }]);
      await pass(world, 3600_000);
      await nodes.run('new', 'n1', tolerating(60));
      await pass(world, 58_000);
      expect(await nodes.pods()).to.include('new');
      await pass(world, 3000);
      expect(await nodes.pods()).to.deep.equal(['stays']);
    });

    it('does not believe a taint from the future', async () => {
      const { nodes, clock } = world;
      await taintWith(world, [{ ...gone, timeAdded: rfc3339(clock.now() + 3600_000) }]);
      await pass(world, 61_000);
      expect(await nodes.pods()).to.deep.equal(['stays']);
    });

    it('takes the shortest time of all taints, and changes of tolerations', async () => {
      const { nodes, client } = world;
      await nodes.run('two', 'n1', { tolerations: [...tolerating(300).tolerations, ...tolerating(30, 'more').tolerations] });
      await taintWith(world, [gone]);
      await pass(world, 20_000);
      await taintWith(world, [gone, { key: 'more', effect: 'NoExecute' }]);
      expect(await nodes.pods()).to.deep.equal(['two']);
      await client.patch(Pod, { namespace: 'default', name: 'two' }, { type: 'merge', document: { spec: { tolerations: [...tolerating(300).tolerations, ...tolerating(5, 'more').tolerations, ...tolerating(1, 'x').tolerations] } } });
      await pass(world, 6000);
      expect(await nodes.pods()).to.deep.equal([]);
    });
  });
}

const faults: readonly CallFault[] = ['refuse', 'lose', 'crash-before', 'crash-after'];

/** The taint comes and goes. No pod is evicted that never had it for its whole time, and none that has it for good stays. */
async function history(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const world = await begin({ seed, stale: random() < 0.5 });
  const { harness, nodes, clock } = world;
  try {
    await nodes.join('n1');
    await nodes.run('short', 'n1', tolerating(15));
    await nodes.run('long', 'n1', tolerating(300));
    let troubles = 5;
    harness.faults = () => (troubles > 0 && random() < 0.4 && troubles-- > 0 ? faults[Math.floor(random() * faults.length)] : undefined);
    for (let round = 0; round < 8; round++) {
      await taintWith(world, [{ ...gone, timeAdded: rfc3339(clock.now()) }]);
      await pass(world, 10_000);
      await taintWith(world, []);
      await pass(world, 10_000);
      if (harness.crashed || random() < 0.2) await harness.start();
      expect(await nodes.pods(), 'while the taint comes and goes').to.deep.equal(['long', 'short']);
    }
    await taintWith(world, [{ ...gone, timeAdded: rfc3339(clock.now()) }]);
    for (let lives = 0; lives < 8; lives++) {
      await pass(world, 20_000);
      if (harness.crashed) await harness.start();
    }
    expect(await nodes.pods()).to.deep.equal(['long']);
    expect((await nodes.pod('short')).status.conditions?.filter(({ type }) => type === 'DisruptionTarget').length).to.equal(1);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}; ${harness.effects.slice(-20).join(', ')}`, { cause: error });
  } finally {
    await world.stop();
  }
}

describe('taint-eviction among faults', function () {
  this.timeout(60_000);

  it('deletes those, and only those, whose time is over, in 60 histories', async () => {
    for (let seed = 1; seed <= 60; seed++) await history(seed);
  });
});

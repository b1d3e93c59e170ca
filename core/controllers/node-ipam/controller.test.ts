import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { NodeIpamController } from './controller.ts';

type World = Awaited<ReturnType<typeof harnessAround>>;

async function begin({ clusterCidrs = ['10.244.0.0/22'], ...rest }: { seed?: number; stale?: boolean; clusterCidrs?: readonly string[] } = {}): Promise<World> {
  const world = await harnessAround((parts) => [new NodeIpamController({ ...parts, clusterCidrs })], rest);
  await world.harness.start();
  return world;
}

const join = ({ client }: World, name: string, podCIDR?: string): Promise<Node> => client.create(Node, { metadata: { name }, spec: podCIDR === undefined ? {} : { podCIDR } });
const rangeOf = async ({ client }: World, name: string): Promise<string | undefined> => (await client.get(Node, { name })).spec.podCIDR;

for (const stale of [false, true]) {
  describe(`node-ipam${stale ? ' with slow caches' : ''}`, () => {
    let world: World;
    afterEach(() => world.stop());

    it('gives each node a range, once, and leaves alone what nodes have', async () => {
      world = await begin({ seed: 2, stale });
      await join(world, 'own', '10.244.0.0/24');
      await join(world, 'elsewhere', '192.168.7.0/24');
      await world.harness.settle();
      for (const name of ['a', 'b']) await join(world, name);
      await world.harness.settle();
      expect([await rangeOf(world, 'own'), await rangeOf(world, 'elsewhere')]).to.deep.equal(['10.244.0.0/24', '192.168.7.0/24']);
      expect([await rangeOf(world, 'a'), await rangeOf(world, 'b')].toSorted()).to.deep.equal(['10.244.1.0/24', '10.244.2.0/24']);
      expect((await world.client.get(Node, { name: 'a' })).spec.podCIDRs).to.have.length(1);
      await join(world, 'late', '10.244.3.0/24');
      await world.harness.settle();
      await join(world, 'c');
      await world.harness.settle();
      expect(await rangeOf(world, 'c')).to.equal(undefined);
      const { length } = world.harness.effects;
      await world.harness.start();
      await world.harness.settle();
      expect([length, world.harness.effects]).to.deep.equal([2, []]);
    });

    it('gives one of each family', async () => {
      world = await begin({ seed: 2, stale, clusterCidrs: ['10.244.0.0/16', 'fd00:10::/56'] });
      await join(world, 'a');
      await world.harness.settle();
      const { podCIDR, podCIDRs } = (await world.client.get(Node, { name: 'a' })).spec;
      expect([podCIDR, podCIDRs]).to.deep.equal(['10.244.0.0/24', ['10.244.0.0/24', 'fd00:10::/64']]);
    });

    it('says when there is none left, and gives the next that comes free', async () => {
      world = await begin({ seed: 2, stale });
      for (const name of ['a', 'b', 'c', 'd']) await join(world, name);
      await world.harness.settle();
      await join(world, 'e');
      await world.harness.settle();
      expect(await rangeOf(world, 'e')).to.equal(undefined);
      expect(world.harness.events).to.deep.equal([{ type: 'Normal', about: 'e', reason: 'CIDRNotAvailable', message: 'Node e status is now: CIDRNotAvailable' }]);
      const freed = await rangeOf(world, 'b');
      await world.client.delete(Node, { name: 'b' });
      await world.harness.settle();
      expect(await rangeOf(world, 'e')).to.equal(freed);
    });

    it('asks the API what a process before it gave away', async () => {
      world = await begin({ seed: 2, stale });
      for (const name of ['a', 'b']) await join(world, name);
      world.harness.held.add('nodes');
      await world.harness.start();
      await world.client.patch(Node, { name: 'b' }, { type: 'merge', document: { spec: { podCIDR: '10.244.0.0/24' } } });
      await world.harness.settle(1000);
      world.harness.held.clear();
      await world.harness.settle();
      expect([await rangeOf(world, 'a'), await rangeOf(world, 'b')]).to.deep.equal(['10.244.1.0/24', '10.244.0.0/24']);
    });
  });
}

const faults: readonly CallFault[] = ['refuse', 'lose', 'crash-before', 'crash-after'];

async function history(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const world = await begin({ seed, stale: random() < 0.6, clusterCidrs: ['10.244.0.0/21'] });
  const { harness, client } = world;
  const given = new Map<string, string>();
  let troubles = 8;
  harness.faults = () => (troubles > 0 && random() < 0.3 && troubles-- > 0 ? faults[Math.floor(random() * faults.length)] : undefined);
  try {
    for (let round = 0; round < 30; round++) {
      const name = `n${Math.floor(random() * 10)}`;
      if (random() < 0.3) await client.delete(Node, { name }).catch(() => undefined);
      else await join(world, name).catch(() => undefined);
      await harness.settle(random() < 0.5 ? 0 : 1000);
      if (harness.crashed) await harness.start();
    }
    troubles = 0;
    await harness.settle();
    const { items } = await client.list(Node);
    for (const { metadata: { name, uid }, spec: { podCIDR } } of items) {
      if (podCIDR !== undefined) given.set(uid, podCIDR);
      else expect(items.length, `${name} has none`).to.be.greaterThan(8);
    }
    expect(new Set(given.values()).size, 'each range once').to.equal(given.size);
    expect(given.size).to.equal(Math.min(items.length, 8));
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}; ${harness.effects.slice(-20).join(', ')}`, { cause: error });
  } finally {
    await world.stop();
  }
}

describe('node-ipam among faults', function () {
  this.timeout(60_000);

  it('gives no range to two nodes, and one to each while there are any, in 100 histories', async () => {
    for (let seed = 1; seed <= 100; seed++) await history(seed);
  });
});

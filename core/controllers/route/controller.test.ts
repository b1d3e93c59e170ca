import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { MemoryRoutes, type MemoryRoute, type MemoryRoutesOptions } from '#test/fixtures/memory-routes.ts';
import { RouteController } from './controller.ts';

const minute = 60_000;
const clusterCidrs = ['10.244.0.0/16', 'fd00:10::/48'];

interface WorldOptions {
  readonly seed?: number;
  readonly stale?: boolean;
  readonly platforms?: readonly MemoryRoutesOptions[];
  readonly there?: readonly MemoryRoute[];
}

async function make({ seed = 1, stale = false, platforms = [{}], there = [] }: WorldOptions = {}) {
  const tables = platforms.map((_, i) => new Map(i === 0 ? there.map((route) => [route.id, route]) : []));
  let routes: readonly MemoryRoutes[] = [];
  const world = await harnessAround((parts) => {
    routes = platforms.map((options, i) => new MemoryRoutes({ ...options, gate: parts.gate }, tables[i]));
    return [new RouteController({ ...parts, routes, clusterCidrs })];
  }, { seed, stale });
  const { client, harness, clock } = world;
  const node = (name: string): Promise<Node> => client.get(Node, { name });
  return {
    ...world, node,
    get routes(): readonly MemoryRoutes[] {
      return routes;
    },
    table: (i = 0): string[] => [...(tables[i]?.values() ?? [])].map(({ destination, providerId, cluster }) => `${destination} ${providerId.replace(/^.*i-/, '')}${cluster === 'mine' ? '' : ` of ${cluster}`}`).toSorted(),
    tables,
    join: async (name: string, podCIDRs: readonly string[] = [], providerID = `memory://zone-a/i-${name}`): Promise<void> => {
      await client.create(Node, { metadata: { name }, spec: { providerID, ...(podCIDRs.length === 0 ? {} : { podCIDR: podCIDRs[0]!, podCIDRs: [...podCIDRs] }) } });
    },
    give: (name: string, podCIDRs: readonly string[]): Promise<Node> => client.patch(Node, { name }, { type: 'merge', document: { spec: { podCIDR: podCIDRs[0], podCIDRs } } }),
    condition: async (name: string): Promise<string | undefined> => {
      const found = (await node(name)).status.conditions?.find(({ type }) => type === 'NetworkUnavailable');
      return found && `${found.status} ${found.reason}: ${found.message}`;
    },
    pass: async (ms: number): Promise<void> => {
      const until = clock.now() + ms;
      await harness.settle(ms);
      if (!harness.crashed) await clock.advance(Math.max(0, until - clock.now()));
    },
  };
}
type World = Awaited<ReturnType<typeof make>>;

const created = 'False RouteCreated: RouteController created a route';
const missing = 'True NoRouteCreated: RouteController failed to create a route';
const route = (destination: string, name: string, more: Partial<MemoryRoute> = {}): MemoryRoute =>
  ({ id: `id-${destination}`, destination, providerId: `memory://zone-a/i-${name}`, node: name, isBlackhole: false, cluster: 'mine', ...more });

for (const stale of [false, true]) {
  describe(`route${stale ? ' with slow caches' : ''}`, () => {
    let world: World;
    const begin = async (options: WorldOptions = {}): Promise<void> => {
      world = await make({ ...options, stale });
      await world.harness.start();
    };
    afterEach(() => world.stop());

    it('makes one route for each range of a node, of both families, and says so', async () => {
      await begin();
      await world.join('n1', ['10.244.1.0/24', 'fd00:10:0:1::/64']);
      await world.join('n2');
      await world.pass(minute);
      expect(world.table()).to.deep.equal(['10.244.1.0/24 n1', 'fd00:10:0:1::/64 n1']);
      expect([await world.condition('n1'), await world.condition('n2')]).to.deep.equal([created, undefined]);
      const { uid } = (await world.node('n1')).metadata;
      expect([...world.routes[0]!.table.keys()].toSorted()).to.deep.equal([uid, `${uid}-6`]);
      await world.give('n2', ['10.244.2.0/24']);
      await world.pass(minute);
      expect([world.table().length, await world.condition('n2')]).to.deep.equal([3, created]);
      expect(world.routes[0]!.calls.filter((call) => call === 'list')).to.have.length(1);
    });

    it('removes the route of a node that is surely gone, and waits a little first', async () => {
      await begin();
      await world.join('n1', ['10.244.1.0/24']);
      await world.join('n2', ['10.244.2.0/24']);
      await world.pass(minute);
      await world.client.delete(Node, { name: 'n1' });
      await world.pass(20_000);
      expect(world.table()).to.have.length(2);
      await world.pass(minute);
      expect(world.table()).to.deep.equal(['10.244.2.0/24 n2']);
    });

    it('keeps a route whose node only the API knows', async () => {
      await begin({ there: [route('10.244.1.0/24', 'n1')] });
      await world.join('n2', ['10.244.2.0/24']);
      await world.pass(1000);
      world.harness.held.add('nodes');
      await world.join('n1', ['10.244.1.0/24']);
      await world.pass(15 * minute);
      expect(world.table()).to.deep.equal(['10.244.1.0/24 n1', '10.244.2.0/24 n2']);
      expect(world.routes[0]!.calls.filter((call) => call.startsWith('delete'))).to.deep.equal([]);
    });

    it('leads a range to the node that has it now, and makes a route anew that leads nowhere', async () => {
      await begin({ there: [route('10.244.1.0/24', 'n9'), route('10.244.2.0/24', 'n2', { isBlackhole: true, providerId: '' }), route('10.244.3.0/24', '', { isBlackhole: true, providerId: '' })] });
      await world.join('n1', ['10.244.1.0/24']);
      await world.join('n2', ['10.244.2.0/24']);
      await world.pass(2 * minute);
      expect(world.table()).to.deep.equal(['10.244.1.0/24 n1', '10.244.2.0/24 n2']);
      expect([await world.condition('n1'), await world.condition('n2')]).to.deep.equal([created, created]);
    });

    it('touches nothing outside of the cluster\'s ranges, and nothing that is not the cluster\'s', async () => {
      const others = [route('0.0.0.0/0', 'gateway'), route('10.0.0.0/8', 'wide'), route('192.168.0.0/24', 'office'), route('10.244.9.0/24', 'theirs', { cluster: 'other' })];
      await begin({ there: others });
      await world.join('n1', ['10.244.1.0/24']);
      await world.pass(15 * minute);
      expect(world.table()).to.deep.equal(['0.0.0.0/0 gateway', '10.0.0.0/8 wide', '10.244.1.0/24 n1', '10.244.9.0/24 theirs of other', '192.168.0.0/24 office']);
    });

    it('serves several providers, each with its own nodes, and leaves those of others alone', async () => {
      await begin({ platforms: [{ provider: 'one' }, { provider: 'two', isTerse: true }] });
      await world.join('n1', ['10.244.1.0/24'], 'one://z/i-n1');
      await world.join('n2', ['10.244.2.0/24'], 'two://z/i-n2');
      await world.join('n3', ['10.244.3.0/24'], 'azure://z/i-n3');
      await world.join('n4', ['10.244.4.0/24'], '');
      await world.pass(minute);
      expect([world.table(0), world.table(1)]).to.deep.equal([['10.244.1.0/24 n1'], ['10.244.2.0/24 n2']]);
      expect(await Promise.all(['n1', 'n2', 'n3', 'n4'].map((name) => world.condition(name)))).to.deep.equal([created, created, undefined, undefined]);
    });

    it('removes what is left of nodes that went while no process ran', async () => {
      await begin({ there: [route('10.244.1.0/24', 'n1')] });
      await world.join('other', [], 'azure://z/i-other');
      await world.pass(2 * minute);
      expect(world.table()).to.deep.equal([]);
    });

    it('removes it also when there is no node at all', async () => {
      await begin({ there: [route('10.244.1.0/24', 'n1')] });
      await world.pass(2 * minute);
      expect(world.table()).to.deep.equal([]);
    });

    it('says for which node there was no room, once, and asks slowly', async () => {
      await begin({ platforms: [{ room: 1 }] });
      await world.join('n1', ['10.244.1.0/24']);
      await world.join('n2', ['10.244.2.0/24']);
      await world.pass(5 * minute);
      const { uid } = (await world.node('n2')).metadata;
      expect([await world.condition('n1'), await world.condition('n2')]).to.have.members([created, missing]);
      const late = (await world.condition('n1')) === created ? 'n2' : 'n1';
      expect(world.harness.events.map(({ type, about, reason }) => `${type} ${about} ${reason}`)).to.deep.equal([`Warning ${late} FailedToCreateRoute`]);
      if (late === 'n2') expect(world.harness.events[0]?.message).to.equal(`Could not create route ${uid} 10.244.2.0/24 for node n2: there is no room for more than 1 routes`);
      expect(world.routes[0]!.calls.filter((call) => call.startsWith('create')).length).to.be.at.most(8);
      await world.client.delete(Node, { name: late === 'n2' ? 'n1' : 'n2' });
      await world.pass(3 * minute);
      expect(await world.condition(late)).to.equal(created);
    });

    it('makes and removes nothing while the platform does not answer', async () => {
      await begin({ there: [route('10.244.1.0/24', 'n1')] });
      world.routes[0]!.failure = new ProviderError('Unavailable', 'the platform does not answer');
      await world.join('n2', ['10.244.2.0/24']);
      await world.pass(10 * minute);
      expect([world.table(), await world.condition('n2')]).to.deep.equal([['10.244.1.0/24 n1'], undefined]);
      world.routes[0]!.failure = undefined;
      await world.pass(10 * minute);
      expect([world.table(), await world.condition('n2')]).to.deep.equal([['10.244.2.0/24 n2'], created]);
    });

    it('finds within ten minutes what somebody took away', async () => {
      await begin();
      await world.join('n1', ['10.244.1.0/24']);
      await world.pass(minute);
      world.tables[0]!.clear();
      await world.pass(11 * minute);
      expect(world.table()).to.deep.equal(['10.244.1.0/24 n1']);
    });

    it('finds what stands in the way of a route, and puts it out of the way when it is the cluster\'s', async () => {
      await begin();
      await world.join('n1', ['10.244.1.0/24']);
      await world.pass(minute);
      world.tables[0]!.set('late', route('10.244.2.0/24', 'n9', { id: 'late' }));
      world.tables[0]!.set('foreign', route('10.244.3.0/24', 'n9', { id: 'foreign', cluster: 'other' }));
      await world.join('n2', ['10.244.2.0/24']);
      await world.join('n3', ['10.244.3.0/24']);
      await world.pass(3 * minute);
      expect(world.table()).to.deep.equal(['10.244.1.0/24 n1', '10.244.2.0/24 n2', '10.244.3.0/24 n9 of other']);
      expect([await world.condition('n2'), await world.condition('n3')]).to.deep.equal([created, missing]);
    });

    it('makes none outside of the cluster\'s ranges, and says so', async () => {
      await begin();
      await world.join('n1', ['10.244.1.0/24', 'fd99::/64']);
      await world.pass(minute);
      const { uid } = (await world.node('n1')).metadata;
      expect([world.table(), await world.condition('n1')]).to.deep.equal([['10.244.1.0/24 n1'], missing]);
      expect(world.harness.events.map(({ message }) => message)).to.deep.equal([`Could not create route ${uid}-6 fd99::/64 for node n1: it is outside of the cluster's ranges 10.244.0.0/16, fd00:10::/48`]);
    });

    it('refuses what is no range of the cluster', async () => {
      await begin();
      expect(() => new RouteController({ ...({} as never as ConstructorParameters<typeof RouteController>[0]), routes: [], clusterCidrs: ['x'] })).to.throw('"x" is no range of addresses');
    });
  });
}

describe('route with many nodes', function () {
  this.timeout(120_000);

  it('lists once and makes 1,000 routes, ten at once, and lists six times an hour at rest', async () => {
    const world = await make();
    try {
      const count = 1000;
      for (let i = 0; i < count; i++) await world.join(`n${i}`, [`10.244.${i >> 2}.${(i & 3) * 64}/26`]);
      await world.harness.start();
      await world.pass(minute);
      const [routes] = world.routes;
      expect([world.table().length, routes!.mostAtOnce]).to.deep.equal([count, 10]);
      expect(routes!.calls.length).to.equal(count + 1);
      expect(world.harness.effects.length, 'with one write for each node').to.equal(2 * count);
      await world.pass(60 * minute);
      expect(routes!.calls.length - count - 1).to.be.at.most(6);
    } finally {
      await world.stop();
    }
  });
});

const faults: readonly CallFault[] = ['crash-before', 'crash-after', 'lose', 'refuse'];

/** Nodes come, change places and go while one thing goes wrong. */
async function live(stale: boolean, seed: number, isTerse: boolean, trouble?: { readonly at: number; readonly fault: CallFault }): Promise<number> {
  const world = await make({ stale, seed, platforms: [{ isTerse }], there: [route('10.244.77.0/24', 'theirs', { cluster: 'other' }), route('10.244.78.0/24', 'old')] });
  const { harness } = world;
  let calls = 0;
  harness.faults = () => (calls++ === trouble?.at ? trouble.fault : undefined);
  const settle = async (): Promise<void> => {
    await world.pass(2 * minute);
    for (let lives = 0; harness.crashed && lives < 3; lives++) {
      await harness.start();
      await world.pass(2 * minute);
    }
  };
  try {
    await harness.start();
    await world.join('n1', ['10.244.1.0/24', 'fd00:10:0:1::/64']);
    await world.join('n2', ['10.244.2.0/24']);
    await settle();
    expect(world.table()).to.deep.equal(['10.244.1.0/24 n1', '10.244.2.0/24 n2', '10.244.77.0/24 theirs of other', 'fd00:10:0:1::/64 n1']);
    await world.client.delete(Node, { name: 'n1' });
    await world.join('n3', ['10.244.1.0/24']);
    await settle();
    expect(world.table()).to.deep.equal(['10.244.1.0/24 n3', '10.244.2.0/24 n2', '10.244.77.0/24 theirs of other']);
    for (const name of ['n2', 'n3']) expect(await world.condition(name), name).to.equal(created);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)} in ${JSON.stringify({ stale, seed, isTerse, trouble, effects: harness.effects, failures: harness.failures.map(String) })}`, { cause: error });
  } finally {
    await world.stop();
  }
  return calls;
}

describe('routes of a process that ends at any call', function () {
  this.timeout(120_000);

  for (const stale of [false, true]) {
    it(`end as the nodes: ${stale ? 'stale' : 'fresh'} caches`, async () => {
      for (const isTerse of [false, true]) {
        const calls = await live(stale, 1, isTerse);
        expect(calls).to.be.at.least(9);
        for (const fault of faults) for (let at = 0; at < calls; at++) await live(stale, 10 + at, isTerse, { at, fault });
      }
    });
  }
});

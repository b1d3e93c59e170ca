import { expect } from 'chai';
import { routesConformance } from '#test/conformance/routes.ts';
import { namespaceTools } from '#test/fixtures/namespaces.ts';
import { requires } from '#test/fixtures/requires.ts';
import type { RouteTarget } from '#core/spi/routes.ts';
import { LocalRoutes } from './routes.ts';
import { testMachines, type TestMachines } from '#test/fixtures/local-machines.ts';

const never = new AbortController().signal;
const ipv4 = ['10.244.1.0/24', '10.244.2.0/24'];

async function targetOf({ machines }: TestMachines, node: string): Promise<RouteTarget> {
  const { providerId = '', addresses } = await machines.create(node, never);
  return { node, uid: '6f1c1f6e-5a0b-4c0a-9a51-000000000001', providerId, addresses };
}

describe('LocalRoutes', function () {
  this.timeout(60_000);
  before(requires(...namespaceTools));

  routesConformance('local', async () => {
    const world = await testMachines();
    const { machines, run, place } = world;
    const targets = [await targetOf(world, 'node-1'), await targetOf(world, 'node-2')] as const;
    const hasIpv6 = targets[0].addresses.length > 1;
    const destinations = [...ipv4, ...(hasIpv6 ? ['fd00:10:244::/64'] : [])];
    return {
      routes: new LocalRoutes(run, machines, place), targets, destinations,
      things: async () => {
        const lines = await Promise.all(destinations.map(async (range) => (await run('ip', [range.includes(':') ? '-6' : '-4', 'route', 'show', 'exact', range], never)).output));
        return lines.filter((line) => line !== '');
      },
      makeForeign: async (destination, { addresses: [address = ''] }) => {
        await run('ip', ['route', 'add', destination, 'via', address], never);
        return destination;
      },
      terminate: ({ node }) => machines.delete(node, never),
      restart: async () => new LocalRoutes(run, machines, place),
      cleanup: () => world.end(),
    };
  });

  describe('between machines', () => {
    let world: TestMachines;
    beforeEach(async () => {
      world = await testMachines();
    });
    afterEach(() => world.end());

    it('lead from one machine to the pods of another', async () => {
      const [from, to] = [await world.machines.create('node-1', never), await targetOf(world, 'node-2')];
      const inside = (await world.machines.list(never)).find(({ name }) => name === 'node-2')?.within ?? [];
      const [enter = '', ...args] = inside;
      await world.run(enter, [...args, 'ip', 'address', 'add', '10.244.2.7/32', 'dev', 'lo'], never);
      const pings = async (): Promise<boolean> => {
        const [program = '', ...before] = from.within;
        return (await world.run(program, [...before, 'busybox', 'ping', '-c', '1', '-W', '2', '10.244.2.7'], never)).exitCode === 0;
      };
      expect(await pings(), 'without a route').to.equal(false);
      const routes = new LocalRoutes(world.run, world.machines, world.place);
      await routes.create({ name: to.uid, target: to, destination: '10.244.2.0/24' }, never);
      expect(await pings(), 'with one').to.equal(true);
    });

    it('go with the cable to the machines', async () => {
      const target = await targetOf(world, 'node-1');
      const routes = new LocalRoutes(world.run, world.machines, world.place);
      await routes.create({ name: target.uid, target, destination: '10.244.1.0/24' }, never);
      await world.machines.removeAll(never);
      expect(await routes.list(never)).to.deep.equal([]);
      expect((await world.run('ip', ['route', 'show', 'exact', '10.244.1.0/24'], never)).output).to.equal('');
    });
  });
});

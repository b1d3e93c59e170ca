import { expect } from 'chai';
import { instancesConformance } from '#test/conformance/instances.ts';
import { namespaceTools } from '#test/fixtures/namespaces.ts';
import { requires } from '#test/fixtures/requires.ts';
import { LocalInstances } from './instances.ts';
import { testMachines, type TestMachines } from '#test/fixtures/local-machines.ts';

const never = new AbortController().signal;

describe('LocalInstances', function () {
  this.timeout(60_000);
  before(requires(...namespaceTools));

  instancesConformance('local', async () => {
    const { machines, place, break: cutOff, end } = await testMachines();
    const wanted = new Set<string>();
    return {
      instances: new LocalInstances({ machines, place, wanted }),
      launch: async (name) => {
        wanted.add(name);
        await machines.create(name, never);
      },
      terminate: async (name) => {
        wanted.delete(name);
        await machines.delete(name, never);
      },
      cutOff: async () => cutOff(),
      cleanup: end,
    };
  });

  describe('about its machines', () => {
    let world: TestMachines;
    beforeEach(async () => {
      world = await testMachines();
    });
    afterEach(() => world.end());

    it('knows the id and the addresses that they tell of themselves', async () => {
      const { providerId, addresses } = await world.machines.create('node-1', never);
      const instances = new LocalInstances({ ...world, wanted: new Set(['node-1']) });
      const [answer] = await instances.describe([{ node: 'node-1', providerId: '' }], never);
      expect(answer).to.deep.equal({
        state: 'running',
        metadata: { providerId, instanceType: 'machine', zone: '', region: '', labels: {}, addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
      });
      expect(addresses).not.to.deep.equal([]);
    });

    it('takes none for gone that is about to be made, or is another cluster\'s', async () => {
      const { providerId = '' } = await world.machines.create('node-1', never);
      await world.machines.delete('node-1', never);
      const ask = async (wanted: readonly string[], place: string) => (await new LocalInstances({ ...world, place, wanted: new Set(wanted) }).describe([{ node: 'node-1', providerId }], never))[0];
      expect(await ask(['node-1'], world.place)).to.deep.equal({ state: 'unknown', reason: 'the machine node-1 has not been made yet' });
      expect((await ask([], '/elsewhere'))?.state).to.equal('unknown');
      expect(await ask([], world.place)).to.deep.equal({ state: 'gone' });
    });
  });
});

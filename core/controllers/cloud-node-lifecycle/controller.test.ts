import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { CloudWorld, type CloudWorldOptions } from '#test/fixtures/cloud-world.ts';
import { CloudNodeLifecycleController, excludeLabel, shutdownTaint } from './controller.ts';

const minute = 60_000;
const make = (options?: CloudWorldOptions): Promise<CloudWorld> => CloudWorld.make((parts) => [new CloudNodeLifecycleController(parts)], options);

/** A ready node whose instance is there. */
async function join(world: CloudWorld, name: string, { providerID = world.platform.launch(name), labels = {} }: { providerID?: string; labels?: Record<string, string> } = {}): Promise<string> {
  await world.nodes.join(name, { labels, spec: { providerID } });
  return providerID;
}

const isShut = async (world: CloudWorld, name: string): Promise<boolean> => (await world.node(name)).spec.taints?.some(({ key }) => key === shutdownTaint) === true;

for (const stale of [false, true]) {
  describe(`cloud-node-lifecycle${stale ? ' with slow caches' : ''}`, () => {
    let world: CloudWorld;
    afterEach(() => world.stop());

    it('asks nothing about nodes that are ready', async () => {
      world = await make({ stale });
      for (const name of ['n1', 'n2']) world.platform.machines.delete(await join(world, name));
      await world.settle(30 * minute);
      expect([world.platform.calls, await world.exists('n1'), world.harness.effects]).to.deep.equal([[], true, []]);
    });

    it('deletes a node whose instance is gone for certain, after a second look, and no other', async () => {
      world = await make({ stale });
      const id = await join(world, 'n1');
      await join(world, 'n2');
      await world.settle(5 * minute);
      world.platform.machines.delete(id);
      for (const name of ['n1', 'n2']) await world.nodes.report(name, 'False');
      await world.settle(5_000);
      expect(await world.exists('n1'), 'after one look').to.equal(true);
      await world.settle(minute);
      expect([await world.exists('n1'), await world.exists('n2')]).to.deep.equal([false, true]);
      expect(world.harness.events).to.deep.equal([{ type: 'Normal', about: 'n1', reason: 'DeletingNode', message: 'Deleting node n1 because it does not exist in the cloud provider' }]);
    });

    it('lets a platform be late with an instance that is new', async () => {
      world = await make({ stale });
      const id = await join(world, 'n1');
      const machine = world.platform.machines.get(id)!;
      world.platform.machines.delete(id);
      await world.nodes.report('n1', 'False');
      await world.settle(100_000);
      world.platform.machines.set(id, machine);
      await world.settle(10 * minute);
      expect(await world.exists('n1')).to.equal(true);
    });

    it('begins its second look anew after anything but the same answer', async () => {
      world = await make({ stale });
      const id = await join(world, 'n1');
      await world.settle(5 * minute);
      const machine = world.platform.machines.get(id)!;
      await world.nodes.report('n1', 'False');
      world.platform.machines.delete(id);
      await world.settle(0);
      world.platform.fault = 'half';
      world.platform.machines.set(id, machine);
      await world.settle(minute);
      world.platform.fault = undefined;
      expect(await world.exists('n1')).to.equal(true);
      await world.nodes.report('n1', 'True');
      world.platform.machines.delete(id);
      await world.settle(20 * minute);
      expect(await world.exists('n1'), 'ready').to.equal(true);
    });

    it('looks twice again when the instance was there in between', async () => {
      world = await make({ stale });
      const id = await join(world, 'n1');
      await world.settle(5 * minute);
      const machine = world.platform.machines.get(id)!;
      const answers: boolean[] = [];
      await world.nodes.report('n1', 'False');
      for (const isThere of [false, true, false]) {
        if (isThere) world.platform.machines.set(id, machine);
        else world.platform.machines.delete(id);
        const { length } = world.platform.calls;
        while (world.platform.calls.length === length) await world.settle(1000);
        answers.push(await world.exists('n1'));
      }
      expect(answers).to.deep.equal([true, true, true]);
      await world.settle(minute);
      expect(await world.exists('n1')).to.equal(false);
    });

    it('asks the API before it deletes a node that its cache shows as not ready', async () => {
      world = await make({ stale });
      const id = await join(world, 'n1');
      await world.settle(5 * minute);
      world.platform.machines.delete(id);
      await world.nodes.report('n1', 'False');
      await world.settle(1000);
      world.harness.held.add('nodes');
      await world.nodes.report('n1', 'True');
      await world.settle(5 * minute);
      expect([world.platform.calls.length > 1, await world.exists('n1'), world.reasons()]).to.deep.equal([true, true, []]);
    });

    it('taints a node whose instance is stopped, until it is ready again', async () => {
      world = await make({ stale });
      const id = await join(world, 'n1');
      await world.settle(5 * minute);
      world.platform.change(id, { isStopped: true });
      await world.nodes.report('n1', 'False');
      await world.settle(minute);
      expect(await isShut(world, 'n1')).to.equal(true);
      world.platform.change(id, { isStopped: false });
      await world.settle(minute);
      expect(await isShut(world, 'n1'), 'running, but not ready').to.equal(true);
      await world.nodes.report('n1', 'True');
      await world.settle(minute);
      expect([await isShut(world, 'n1'), await world.exists('n1')]).to.deep.equal([false, true]);
    });

    it('touches no node of others, however they look', async () => {
      world = await make({ stale });
      await join(world, 'foreign', { providerID: 'gce://p/z/i-foreign' });
      await join(world, 'none', { providerID: '' });
      await join(world, 'excluded', { providerID: 'memory://zone-a/i-excluded', labels: { [excludeLabel]: '' } });
      await world.settle(5 * minute);
      for (const name of ['foreign', 'none', 'excluded']) await world.nodes.report(name, 'False');
      await world.settle(30 * minute);
      expect([world.platform.calls, world.harness.effects]).to.deep.equal([[], []]);
      for (const name of ['foreign', 'none', 'excluded']) expect(await world.exists(name), name).to.equal(true);
    });

    it('deletes nothing while the platform does not answer, or half of its answer is missing', async () => {
      world = await make({ stale });
      const ids = [await join(world, 'n1'), await join(world, 'n2')];
      await world.settle(5 * minute);
      for (const fault of ['outage', 'throttled', 'half'] as const) {
        world.platform.fault = fault;
        for (const name of ['n1', 'n2']) await world.nodes.report(name, 'False');
        for (const id of ids) world.platform.machines.delete(id);
        await world.settle(10 * minute);
        expect([await world.exists('n1'), await world.exists('n2')], fault).to.deep.equal([true, true]);
      }
      world.platform.fault = undefined;
      await world.settle(10 * minute);
      expect([await world.exists('n1'), await world.exists('n2')]).to.deep.equal([false, false]);
    });

    it('lets a node live that reports before it is deleted', async () => {
      world = await make({ stale });
      const id = await join(world, 'n1');
      await world.settle(5 * minute);
      world.platform.machines.delete(id);
      await world.nodes.report('n1', 'False');
      let isReported = false;
      world.harness.onStep = async () => {
        if (isReported || !world.reasons().includes('DeletingNode')) return;
        isReported = true;
        await world.nodes.report('n1', 'True');
      };
      await world.settle(5 * minute);
      expect([isReported, await world.exists('n1')]).to.deep.equal([true, true]);
    });
  });
}

describe('cloud-node-lifecycle with many nodes', function () {
  this.timeout(120_000);

  it('asks for 1,000 that fall silent in ten calls at a time, ever more rarely, and deletes none', async () => {
    const world = await make();
    try {
      const count = 1000;
      for (let i = 0; i < count; i++) await join(world, `n${i}`);
      await world.settle(10 * minute);
      expect(world.platform.calls).to.deep.equal([]);
      for (let i = 0; i < count; i++) await world.nodes.report(`n${i}`, 'False');
      await world.settle(0);
      expect(world.platform.calls).to.have.length(10);
      const hour = async (): Promise<void> => {
        for (let i = 0; i < 12; i++) await world.settle(5 * minute);
      };
      await hour();
      expect(world.platform.calls.length, 'calls in the first hour').to.be.at.most(300);
      const before = world.platform.calls.length;
      await hour();
      expect(world.platform.calls.length - before, 'calls in the second hour').to.be.at.most(140);
      expect([(await world.api.client.list(Node)).items.length, world.harness.effects]).to.deep.equal([count, []]);
    } finally {
      await world.stop();
    }
  });
});

const faults: readonly CallFault[] = ['crash-before', 'crash-after', 'lose', 'refuse'];

/** One instance is stopped, one goes, one stays, and one is somebody else's, while one thing goes wrong. */
async function live(stale: boolean, seed: number, trouble?: { readonly at: number; readonly fault: CallFault }): Promise<number> {
  const world = await make({ stale, seed });
  const { harness } = world;
  let calls = 0;
  harness.faults = () => (calls++ === trouble?.at ? trouble.fault : undefined);
  const settle = async (): Promise<void> => {
    await world.settle(3 * minute);
    for (let lives = 0; harness.crashed && lives < 3; lives++) {
      await harness.start();
      await world.settle(3 * minute);
    }
  };
  try {
    const [goes, stops] = [await join(world, 'goes'), await join(world, 'stops')];
    await join(world, 'stays');
    await join(world, 'foreign', { providerID: 'gce://p/z/i-foreign' });
    await settle();
    world.platform.machines.delete(goes);
    world.platform.change(stops, { isStopped: true });
    for (const name of ['goes', 'stops', 'stays', 'foreign']) await world.nodes.report(name, 'False');
    await settle();
    expect([await world.exists('goes'), await isShut(world, 'stops'), await isShut(world, 'stays'), await isShut(world, 'foreign')]).to.deep.equal([false, true, false, false]);
    for (const name of ['stops', 'stays']) await world.nodes.report(name, 'True');
    await settle();
    expect(await isShut(world, 'stops')).to.equal(false);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)} in ${JSON.stringify({ stale, seed, trouble, effects: harness.effects, failures: harness.failures.map(String) })}`, { cause: error });
  } finally {
    await world.stop();
  }
  return calls;
}

describe('nodes whose instances go while a process ends at any call', function () {
  this.timeout(120_000);

  for (const stale of [false, true]) {
    it(`end as their instances: ${stale ? 'stale' : 'fresh'} caches`, async () => {
      const calls = await live(stale, 1);
      expect(calls).to.be.at.least(3);
      for (const fault of faults) for (let at = 0; at < calls; at++) for (const seed of [10, 20]) await live(stale, seed + at, { at, fault });
    });
  }
});

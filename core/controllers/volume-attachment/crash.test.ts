import { expect } from 'chai';
import { AttachmentWorld } from '#test/fixtures/attachment-world.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';

interface Trouble {
  /** The call at which it happens, counted from 0 among those that may change something. */
  readonly at: number;
  readonly fault: CallFault;
}

const minute = 60_000;
const never = 10_000;

/**
 * A pod on one node has a volume; it goes after `moveAfter` calls, or when all is at rest, and another one on the other node wants the volume; then that
 * goes too. One thing goes wrong on the way, and a process that ended is replaced by one that knows nothing. Resolves to how many calls went out.
 */
async function live(stale: boolean, seed: number, moveAfter: number, trouble?: Trouble): Promise<number> {
  const world = await AttachmentWorld.make({ stale, seed });
  const { harness } = world;
  let calls = 0;
  let moved = false;
  const move = async (): Promise<void> => {
    moved = true;
    await world.deletePod('first');
    await world.addPod('second', 'n2');
  };
  harness.faults = () => (calls++ === trouble?.at ? trouble.fault : undefined);
  world.onStep = async () => {
    if (!moved && calls >= moveAfter) await move();
  };
  try {
    await world.addVolume();
    await world.addPod('first', 'n1');
    await world.run();
    if (!moved) {
      expect([world.holders(), world.mountedOn()], 'on the first node').to.deep.equal([['m1'], ['n1']]);
      await move();
      await world.settle();
    }
    expect([world.holders(), world.mountedOn()], 'on the second node').to.deep.equal([['m2'], ['n2']]);
    await world.deletePod('second');
    await world.settle();
    expect([world.holders(), world.mountedOn(), (await world.attachments()).map(({ metadata }) => metadata.name)], 'what is left').to.deep.equal([[], [], []]);
    expect([await world.reported('n1'), await world.reported('n2')], 'what nodes say').to.deep.equal([[], []]);
    expect(world.violations).to.deep.equal([]);
    expect(world.driver.log.filter(({ outcome }) => outcome instanceof Error && outcome.message.includes('is attached to')), 'refusals').to.deep.equal([]);
  } catch (error) {
    const story = JSON.stringify({ stale, seed, moveAfter, trouble, effects: harness.effects, driver: world.calls(), failures: harness.failures.map(String).slice(-5) });
    throw new Error(`${error instanceof Error ? error.message : String(error)} in ${story}`, { cause: error });
  } finally {
    await world.stop();
  }
  return calls;
}

describe('a volume that moves, with a process that ends at any call', function () {
  this.timeout(120_000);
  const faults: readonly CallFault[] = ['crash-before', 'crash-after', 'lose', 'refuse'];

  for (const stale of [false, true]) {
    const caches = stale ? 'slow caches' : 'quick caches';

    it(`is on one node at a time and on none in the end: ${caches}`, async () => {
      const calls = await live(stale, 1, never);
      expect(calls).to.be.within(12, 30);
      for (const fault of faults) for (let at = 0; at < calls; at++) await live(stale, 10 + at, never, { at, fault });
    });

    it(`also when it is wanted elsewhere at any moment: ${caches}`, async () => {
      for (let moveAfter = stale ? 1 : 0; moveAfter <= 7; moveAfter += 2) {
        const calls = await live(stale, 1, moveAfter);
        for (const fault of faults) for (let at = 0; at < calls; at++) await live(stale, 1000 + moveAfter * 50 + at, moveAfter, { at, fault });
      }
    });
  }

  it('is not taken from a pod that comes to its node at the last moment', async () => {
    for (const stale of [false, true]) {
      for (let moment = 0, later = true; later; moment++) later = await comeBack(stale, moment);
    }
  });

  it('is on one node at a time whatever pods come and go, with calls that fail and processes that end', async () => {
    for (let seed = 1; seed <= 60; seed++) await wander(seed);
  });
});

/** The volume's pod is gone; so many steps later another one comes to the same node, and its agent is quick. Resolves to false when all was over before. */
async function comeBack(stale: boolean, moment: number): Promise<boolean> {
  const world = await AttachmentWorld.make({ stale, seed: 7 + moment });
  const agent = world.agents.get('n1');
  let steps = -1;
  try {
    await world.addVolume();
    await world.addPod('first', 'n1');
    await world.run();
    await world.deletePod('first', 0);
    while (await agent?.step());
    world.onStep = async () => {
      if (++steps !== moment) return;
      await world.addPod('again', 'n1');
      while (await agent?.step());
    };
    // What is delivered late may be lost as well.
    world.harness.faults = (call) => (call.what === 'delete volumeattachments' && moment % 2 === 0 ? 'lose' : undefined);
    await world.settle();
    expect(world.violations, `${stale ? 'slow' : 'quick'} caches, moment ${moment}`).to.deep.equal([]);
    expect(world.mountedOn()).to.deep.equal(steps < moment ? [] : ['n1']);
    return steps >= moment;
  } finally {
    await world.stop();
  }
}

/** Pods that want one volume come and go on two nodes, by chance. */
async function wander(seed: number): Promise<void> {
  const world = await AttachmentWorld.make({ stale: seed % 2 === 0, seed });
  const random = seededRandom(seed);
  const faults: readonly CallFault[] = ['crash-before', 'crash-after', 'lose', 'refuse'];
  world.harness.faults = () => (random() < 0.1 ? faults[Math.floor(random() * faults.length)] : undefined);
  const pods = new Set<string>();
  const change = async (made: number): Promise<void> => {
    const [first] = pods;
    if (first !== undefined && random() < 0.5) {
      pods.delete(first);
      return world.deletePod(first, random() < 0.2 ? 0 : undefined);
    }
    pods.add(`pod-${made}`);
    await world.addPod(`pod-${made}`, random() < 0.5 ? 'n1' : 'n2');
  };
  try {
    await world.addVolume();
    await world.harness.start();
    let changes = 0;
    world.onStep = async () => {
      if (random() < 0.05 && changes < 30) await change(changes++);
    };
    while (changes < 30) {
      await change(changes++);
      await world.settle(random() < 0.5 ? minute : 10);
    }
    world.harness.faults = () => undefined;
    for (const pod of pods) await world.deletePod(pod);
    await world.settle(6 * minute);
    expect(world.violations).to.deep.equal([]);
    expect([world.holders(), await world.attachments(), await world.reported('n1'), await world.reported('n2')]).to.deep.equal([[], [], [], []]);
    expect(world.driver.log.filter(({ outcome }) => outcome instanceof Error && outcome.message.includes('is attached to')), 'refusals').to.deep.equal([]);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)} with seed ${seed}: ${JSON.stringify({ driver: world.calls(), effects: world.harness.effects.slice(-30), failures: world.harness.failures.map(String).slice(-5) })}`, { cause: error });
  } finally {
    await world.stop();
  }
}

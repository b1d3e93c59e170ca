import { expect } from 'chai';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { indexIn, JobWorld } from '#test/fixtures/job-world.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';

const hour = 3_600_000;
const faults: readonly CallFault[] = ['crash-before', 'crash-after', 'lose', 'refuse'];

interface Trouble {
  readonly at: number;
  readonly fault: CallFault;
}

/** Nodes of which each pod ends one step after another; who ended how is written down here, beside the API. */
class Nodes {
  readonly ended = new Map<string, 'succeeded' | 'failed'>();
  readonly #world: JobWorld;
  readonly #random: () => number;
  failuresLeft: number;

  constructor(world: JobWorld, random: () => number, failures: number) {
    this.#world = world;
    this.#random = random;
    this.failuresLeft = failures;
  }

  async step(): Promise<void> {
    if (this.#random() > 0.1) return;
    const running = await this.#world.active();
    const pod = running[Math.floor(this.#random() * running.length)];
    if (pod === undefined) return;
    const fails = this.failuresLeft > 0 && this.#random() < 0.4;
    if (fails) this.failuresLeft--;
    await this.#world.exit(pod, fails ? 1 : 0);
    this.ended.set(pod.metadata.uid, fails ? 'failed' : 'succeeded');
  }

  count(how: 'succeeded' | 'failed'): number {
    return [...this.ended.values()].filter((each) => each === how).length;
  }
}

async function story(world: JobWorld, tale: object): Promise<never> {
  const { harness } = world;
  throw new Error(`${JSON.stringify({ ...tale, status: await world.status(), effects: harness.effects.slice(-30), failures: harness.failures.map(String).slice(-5) })}`);
}

async function live(world: JobWorld): Promise<void> {
  for (let lives = 0; lives < 12; lives++) {
    await world.settle(3 * hour);
    if (!world.harness.crashed) return;
    await world.harness.start();
  }
}

/** A Job of six lives through two failures with one trouble on the way. Resolves to how many calls went out. */
async function sixPods(indexed: boolean, stale: boolean, seed: number, trouble?: Trouble): Promise<number> {
  const world = await JobWorld.begin({ seed, stale });
  const nodes = new Nodes(world, seededRandom(seed * 17), 2);
  let calls = 0;
  world.harness.faults = () => (calls++ === trouble?.at ? trouble.fault : undefined);
  world.harness.onStep = () => nodes.step();
  try {
    await world.make({ completions: 6, parallelism: 3, backoffLimit: 10, ...(indexed ? { completionMode: 'Indexed' } : {}) });
    await live(world);
    // Nodes act only while something goes on.
    for (let round = 0; round < 40 && (await world.active()).length > 0; round++) {
      await nodes.step();
      await live(world);
    }
    const { succeeded, failed = 0, uncountedTerminatedPods } = await world.status();
    const left = (await world.pods()).flatMap(({ metadata }) => metadata.finalizers ?? []);
    const seen = { succeeded, failed, uncountedTerminatedPods, left, end: (await world.conditions()).at(-1), pods: nodes.ended.size };
    const distinct = new Set((await world.pods()).filter(({ status }) => status.phase === 'Succeeded').map(indexIn)).size;
    const wanted = { succeeded: indexed ? distinct : nodes.count('succeeded'), failed: nodes.count('failed'), uncountedTerminatedPods: {}, left: [], end: 'Complete CompletionsReached', pods: nodes.ended.size };
    try {
      expect(seen).to.deep.equal(wanted);
      expect(succeeded).to.equal(6);
    } catch {
      await story(world, { indexed, stale, seed, trouble, seen, wanted });
    }
  } finally {
    await world.stop();
  }
  return calls;
}

describe('a job\'s life with a process that ends at any call', function () {
  this.timeout(180_000);
  for (const indexed of [false, true]) {
    for (const stale of [false, true]) {
      it(`counts each pod once: ${indexed ? 'Indexed' : 'NonIndexed'}, ${stale ? 'stale' : 'fresh'} caches`, async () => {
        const calls = await sixPods(indexed, stale, 1);
        expect(calls).to.be.greaterThan(20);
        for (const fault of faults) for (let at = 0; at < calls; at++) await sixPods(indexed, stale, 10 + at, { at, fault });
      });
    }
  }
});

describe('a job under faults', function () {
  this.timeout(180_000);

  it('counts each pod once, whatever goes wrong how often, in 80 histories', async () => {
    for (let seed = 1; seed <= 80; seed++) {
      const world = await JobWorld.begin({ seed, stale: seed % 2 === 0 });
      const random = seededRandom(seed * 31);
      const nodes = new Nodes(world, random, 5);
      let troubles = 8;
      world.harness.faults = () => {
        if (troubles === 0 || random() > 0.2) return undefined;
        troubles--;
        return faults[Math.floor(random() * faults.length)];
      };
      world.harness.onStep = () => nodes.step();
      await world.make({ completions: 12, parallelism: 1 + Math.floor(random() * 6), backoffLimit: 20 });
      await live(world);
      for (let round = 0; round < 100 && (await world.active()).length > 0; round++) {
        await nodes.step();
        await live(world);
      }
      const { succeeded, failed = 0, uncountedTerminatedPods } = await world.status();
      if (succeeded !== nodes.count('succeeded') || failed !== nodes.count('failed') || succeeded !== 12) await story(world, { seed, ended: [...nodes.ended] });
      expect([uncountedTerminatedPods, (await world.conditions()).at(-1)]).to.deep.equal([{}, 'Complete CompletionsReached']);
      await world.stop();
    }
  });

  it('does not count again what a process before it counted, though its cache still shows the pod as it was', async () => {
    const world = await JobWorld.begin({ seed: 4 });
    await world.make({ completions: 3, parallelism: 2 });
    await world.settle();
    await world.exitAll(() => 0);
    await world.settle();
    expect(await world.counts()).to.equal('1/2/0');
    await world.harness.start({ without: ['pods'] });
    world.harness.held.add('pods');
    await world.settle();
    expect([await world.counts(), world.harness.reads], 'it asks').to.deep.equal(['1/2/0', ['list pods ']]);
    world.harness.held.clear();
    await world.settle();
    await world.exitAll(() => 0);
    await world.settle();
    expect([await world.counts(), (await world.conditions()).at(-1), (await world.pods()).length]).to.deep.equal(['0/3/0', 'Complete CompletionsReached', 3]);
    await world.stop();
  });

  it('counts no pod that its first list does not show as one that is gone', async () => {
    const world = await JobWorld.begin({ seed: 4 });
    world.harness.faults = ({ what }) => (what === 'patch pods' ? 'crash-before' : undefined);
    await world.make({ backoffLimit: 3 });
    await world.settle();
    await world.exitAll(() => 1);
    await world.settle();
    expect([world.harness.crashed, (await world.status()).uncountedTerminatedPods?.failed?.length, await world.counts()]).to.deep.equal([true, 1, '0/0/0']);
    world.harness.faults = () => undefined;
    await world.harness.start({ without: ['pods'] });
    await world.settle();
    const [pod] = await world.client.list(Pod, { namespace: 'default' }).then(({ items }) => items.filter(({ status }) => status.phase === 'Failed'));
    expect([await world.counts(), pod?.metadata.finalizers ?? []]).to.deep.equal(['1/0/1', []]);
    await world.stop();
  });

  it('counts no pod that its cache does not show yet as one that is gone', async () => {
    const world = await JobWorld.begin({ seed: 4 });
    let refused = 0;
    world.harness.faults = ({ what }) => (what === 'patch pods' && refused++ === 0 ? 'refuse' : undefined);
    world.harness.held.add('pods');
    await world.make({ backoffLimit: 3 });
    await world.settle();
    await world.exitAll(() => 1);
    await world.settle(6 * 60_000);
    world.harness.held.clear();
    await world.settle();
    expect([refused > 1, await world.counts(), (await world.pods()).flatMap(({ metadata, status }) => (status.phase === 'Failed' ? metadata.finalizers ?? [] : []))]).to.deep.equal([true, '1/0/1', []]);
    await world.stop();
  });
});

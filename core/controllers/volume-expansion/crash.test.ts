import { expect } from 'chai';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { DiskWorld } from '#test/fixtures/disk-world.ts';
import { halfway } from '#test/fixtures/volume-faults.ts';

interface Mode {
  readonly stale: boolean;
  readonly nodeExpansion: boolean;
}

interface Trouble {
  /** The call at which it happens, counted from 0 among those that may change something. */
  readonly at: number;
  readonly fault: CallFault | 'crash-halfway';
}

const Gi = 2n ** 30n;
const never = Number.POSITIVE_INFINITY;
const minute = 60_000;

/**
 * A claim asks for 4Gi, and after so many calls for `to`. One thing goes wrong on the way; a process that ended is replaced by one that knows nothing.
 * The node grows file systems whenever it is asked to. Resolves to how many calls went out.
 */
async function live(mode: Mode, seed: number, change: { readonly after: number; readonly to: string }, trouble?: Trouble): Promise<number> {
  const world = await DiskWorld.make({ seed, stale: mode.stale, driver: { nodeExpansion: mode.nodeExpansion } });
  const { harness, driver } = world;
  let calls = 0;
  let changed = false;
  try {
    await world.createClaim();
    await world.run(0);
    const counted = harness.effects.length;
    harness.faults = (call) => {
      if (calls++ !== trouble?.at) return undefined;
      if (trouble.fault !== 'crash-halfway') return trouble.fault;
      if (call.what === 'driver.expand') driver.failNext('expand', halfway());
      return 'crash-after';
    };
    harness.onStep = async (step) => {
      if (step % 3 === 0) await world.growFileSystems();
      if (changed || calls < change.after) return;
      changed = true;
      // What has grown already is not taken back.
      await world.resize(change.to).catch(() => undefined);
    };
    expect(counted).to.be.greaterThan(0);
    await world.resize('4Gi');
    await world.rest(minute);
    for (let rounds = 0; rounds < 5 && await world.growFileSystems() > 0; rounds++) await world.rest(minute);
    await check(world, mode);
  } catch (error) {
    const story = JSON.stringify({ mode, seed, change: { ...change, after: String(change.after) }, trouble, effects: harness.effects, failures: harness.failures.map(String).slice(-5) });
    throw new Error(`${error instanceof Error ? error.message : String(error)} in ${story}`, { cause: error });
  } finally {
    await world.stop();
  }
  return calls;
}

async function check(world: DiskWorld, { nodeExpansion }: Mode): Promise<void> {
  const [{ spec, status }, volume] = [await world.getClaim(), await world.volumeOf()];
  const [[id, { capacity }] = ['', { capacity: 0n }]] = world.driver.volumes;
  const text = `${capacity / Gi}Gi`;
  const wanted = BigInt((spec.resources.requests?.['storage'] ?? '').replace('Gi', '')) * Gi;
  expect(capacity >= wanted, `${capacity} bytes for ${wanted}`).to.equal(true);
  expect([volume.spec.capacity, status.capacity], 'what volume and claim say').to.deep.equal([{ storage: text }, { storage: text }]);
  expect([status.conditions ?? [], status.allocatedResourceStatuses ?? {}], 'what is still to do').to.deep.equal([[], {}]);
  expect(volume.metadata.annotations).not.to.have.property('volume.alpha.kubernetes.io/pre-resize-capacity');
  if (nodeExpansion) expect(world.fileSystems.get(id), 'the file system').to.equal(capacity);
  expect(world.driver.volumes.size).to.equal(1);
}

describe('a volume that grows, with a process that ends at any call', function () {
  this.timeout(120_000);
  const faults: readonly Trouble['fault'][] = ['crash-before', 'crash-after', 'crash-halfway', 'lose', 'refuse'];

  for (const mode of [false, true].flatMap((stale) => [false, true].map((nodeExpansion) => ({ stale, nodeExpansion })))) {
    const name = `${mode.stale ? 'stale' : 'fresh'} caches, file systems that grow ${mode.nodeExpansion ? 'on the node' : 'by themselves'}`;

    it(`is as large as asked for in the end: ${name}`, async () => {
      const calls = await live(mode, 1, { after: never, to: '' });
      expect(calls).to.be.within(4, 8);
      for (const fault of faults) for (let at = 0; at < calls; at++) await live(mode, 10 + at, { after: never, to: '' }, { at, fault });
    });

    it(`also when more or less is asked for at any moment: ${name}`, async () => {
      for (const to of ['8Gi', '2Gi']) {
        for (let after = mode.stale ? 1 : 0; after <= 4; after += 2) {
          const calls = await live(mode, 1, { after, to });
          for (const fault of faults) for (let at = 0; at < calls; at++) await live(mode, 1000 + after * 50 + at, { after, to }, { at, fault });
        }
      }
    });
  }
});

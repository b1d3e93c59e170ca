import { expect } from 'chai';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { DiskWorld } from '#test/fixtures/disk-world.ts';
import { halfway } from '#test/fixtures/volume-faults.ts';

interface Trouble {
  /** The call at which it happens, counted from 0 among those that may change something. */
  readonly at: number;
  readonly fault: CallFault | 'crash-halfway';
}

const never = Number.POSITIVE_INFINITY;
const minute = 60_000;

/**
 * A snapshot of a claim is asked for, and deleted with the claim after so many calls, or not. One thing goes wrong on the way; a process that ended is
 * replaced by one that knows nothing. Resolves to how many calls went out; fails when anything is left that should not be.
 */
async function live(stale: boolean, seed: number, deleteAfter: number, trouble?: Trouble): Promise<number> {
  const world = await DiskWorld.make({ snapshots: true, seed, stale });
  const { harness, driver } = world;
  let calls = 0;
  let deleted = false;
  const remove = async (): Promise<void> => {
    deleted = true;
    await world.deleteSnapshot();
    await world.deleteClaim();
  };
  try {
    await world.createClaim();
    await world.run(0);
    harness.faults = (call) => {
      if (calls++ !== trouble?.at) return undefined;
      if (trouble.fault !== 'crash-halfway') return trouble.fault;
      if (call.what === 'driver.createSnapshot' || call.what === 'driver.deleteSnapshot') driver.failNext(call.what === 'driver.createSnapshot' ? 'createSnapshot' : 'deleteSnapshot', halfway());
      return 'crash-after';
    };
    harness.onStep = async () => {
      if (!deleted && calls >= deleteAfter) await remove();
    };
    await world.createSnapshot();
    await world.rest(minute);
    if (!deleted && deleteAfter < never) {
      await remove();
      await world.rest(minute);
    }
    await (deleteAfter < never ? expectNothing(world) : expectSnapshot(world));
  } catch (error) {
    const story = JSON.stringify({ stale, seed, deleteAfter: String(deleteAfter), trouble, effects: harness.effects, driver: driver.log.map(({ call, subject }) => `${call} ${subject}`), failures: harness.failures.map(String).slice(-5) });
    throw new Error(`${error instanceof Error ? error.message : String(error)} in ${story}`, { cause: error });
  } finally {
    await world.stop();
  }
  return calls;
}

async function expectSnapshot(world: DiskWorld): Promise<void> {
  const [{ status, metadata }, contents, snapshots] = [await world.getSnapshot(), await world.contents(), [...world.driver.snapshots.values()]];
  expect([status?.readyToUse, status?.error, status?.boundVolumeSnapshotContentName]).to.deep.equal([true, undefined, `snapcontent-${metadata.uid}`]);
  expect(contents.map((content) => content.status?.snapshotHandle)).to.deep.equal(snapshots.map(({ id }) => id)).and.to.have.length(1);
  expect(contents[0]?.metadata.annotations ?? {}, 'what is noted').to.deep.equal({});
  expect(snapshots[0]?.complete).to.equal(true);
  expect((await world.getClaim()).metadata.finalizers).to.deep.equal(['kubernetes.io/pvc-protection']);
}

async function expectNothing(world: DiskWorld): Promise<void> {
  const claims = await world.getClaim().then((claim) => claim.metadata.finalizers, () => 'gone');
  expect([await world.snapshots(), await world.contents(), claims, world.driver.snapshots.size, world.driver.volumes.size]).to.deep.equal([[], [], 'gone', 0, 0]);
}

describe('a snapshot\'s life with a process that ends at any call', function () {
  this.timeout(120_000);
  const faults: readonly Trouble['fault'][] = ['crash-before', 'crash-after', 'crash-halfway', 'lose', 'refuse'];

  for (const stale of [false, true]) {
    const caches = stale ? 'stale caches' : 'fresh caches';

    it(`it is taken once: ${caches}`, async () => {
      const calls = await live(stale, 1, never);
      expect(calls).to.be.within(8, 14);
      for (const fault of faults) for (let at = 0; at < calls; at++) await live(stale, 10 + at, never, { at, fault });
    });

    it(`nothing is left of it, whenever it is deleted: ${caches}`, async () => {
      for (const deleteAfter of stale ? [1, 5, 1000] : [0, 3, 6]) {
        const calls = await live(stale, 1, deleteAfter);
        for (let at = 0; at < calls; at++) for (const fault of ['crash-after' as const, faults[(at + deleteAfter) % faults.length] ?? 'lose']) await live(stale, 1000 + at, deleteAfter, { at, fault });
      }
    });
  }
});

import { expect } from 'chai';
import { StatusError } from '#core/api/status-error.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { StorageWorld } from '#test/fixtures/storage-world.ts';
import { halfway } from '#test/fixtures/volume-faults.ts';

interface Mode {
  readonly stale: boolean;
  readonly finds: boolean;
}

interface Trouble {
  /** The call at which it happens, counted from 0 among those that may change something. */
  readonly at: number;
  readonly fault: CallFault | 'crash-halfway';
}

const modes: readonly Mode[] = [false, true].flatMap((stale) => [false, true].map((finds) => ({ stale, finds })));
const never = Number.POSITIVE_INFINITY;

/**
 * A claim is made and, once `deleteAfter` calls went out, deleted. One thing goes wrong on the way; a process that ended is replaced
 * by one that knows nothing. Resolves to how many calls went out; fails when anything is left that should not be.
 */
async function live(mode: Mode, seed: number, deleteAfter: number, trouble?: Trouble): Promise<number> {
  const world = await StorageWorld.make({ ...mode, seed });
  const { harness, driver } = world;
  let calls = 0;
  let deleted = false;
  harness.faults = (call) => {
    if (calls++ !== trouble?.at) return undefined;
    if (trouble.fault !== 'crash-halfway') return trouble.fault;
    if (call.what === 'driver.create' || call.what === 'driver.delete') driver.failNext(call.what === 'driver.create' ? 'create' : 'delete', halfway());
    return 'crash-after';
  };
  harness.onStep = async () => {
    if (deleted || calls < deleteAfter) return;
    deleted = true;
    await world.deleteClaim('data');
  };
  await world.createClaim('data');
  await world.run();
  for (let lives = 0; harness.crashed && lives < 3; lives++) await world.run();
  if (!deleted && deleteAfter < never) {
    await world.deleteClaim('data');
    await harness.settle();
    for (let lives = 0; harness.crashed && lives < 3; lives++) await world.run();
  }
  try {
    await world.expectNoOrphans();
    if (deleteAfter === never) await world.expectBound('data');
    else expect(await world.getClaim('data').catch((error: unknown) => StatusError.is(error, 'NotFound')), 'the claim is gone').to.equal(true);
    expect(driver.volumes.size, 'volumes on the platform').to.equal(deleteAfter === never ? 1 : 0);
  } catch (error) {
    const story = JSON.stringify({ mode, seed, deleteAfter, trouble, effects: harness.effects, failures: harness.failures.map(String).slice(-5) });
    throw new Error(`${error instanceof Error ? error.message : String(error)} in ${story}`, { cause: error });
  } finally {
    await world.stop();
  }
  return calls;
}

describe('a claim\'s life with a process that ends at any call', function () {
  this.timeout(120_000);

  for (const mode of modes) {
    const name = `${mode.stale ? 'stale' : 'fresh'} caches, a driver that ${mode.finds ? 'finds' : 'cannot find'} volumes`;
    const faults: readonly Trouble['fault'][] = ['crash-before', 'crash-after', 'crash-halfway', 'lose', 'refuse'];

    it(`binds it in the end: ${name}`, async () => {
      const calls = await live(mode, 1, never);
      for (const fault of faults) for (let at = 0; at < calls; at++) await live(mode, 10 + at, never, { at, fault });
    });

    it(`leaves nothing of it when it is deleted afterwards: ${name}`, async () => {
      const calls = await live(mode, 1, 1000);
      for (const fault of faults) for (let at = 0; at < calls; at++) await live(mode, 100 + at, 1000, { at, fault });
    });

    it(`leaves nothing of it when it is deleted on the way, at any moment: ${name}`, async () => {
      const steps = await live(mode, 1, never);
      for (let deleteAfter = 0; deleteAfter <= steps; deleteAfter++) {
        const calls = await live(mode, 1, deleteAfter);
        for (const fault of faults) for (let at = 0; at < calls; at++) await live(mode, 1000 + deleteAfter * 50 + at, deleteAfter, { at, fault });
      }
    });
  }
});

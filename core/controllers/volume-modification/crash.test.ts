import { expect } from 'chai';
import { VolumeAttributesClass } from '#core/api/schema/storage-v1.ts';
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
const speeds: Readonly<Record<string, string>> = { silver: '3000', gold: '9000' };

/**
 * A claim that has `silver` asks for `gold`, and for `silver` again after so many calls. One thing goes wrong on the way; a process that ended is replaced
 * by one that knows nothing. Resolves to how many calls went out.
 */
async function live(stale: boolean, seed: number, backAfter: number, trouble?: Trouble): Promise<number> {
  const world = await DiskWorld.make({ seed, stale });
  const { harness, driver } = world;
  let calls = 0;
  let back = false;
  try {
    for (const [name, iops] of Object.entries(speeds)) await world.client.create(VolumeAttributesClass, { metadata: { name }, driverName: driver.name, parameters: { iops } });
    await world.createClaim('data', { volumeAttributesClassName: 'silver' });
    await world.run(0);
    harness.faults = (call) => {
      if (calls++ !== trouble?.at) return undefined;
      if (trouble.fault !== 'crash-halfway') return trouble.fault;
      if (call.what === 'driver.modify') driver.failNext('modify', halfway());
      return 'crash-after';
    };
    harness.onStep = async () => {
      if (back || calls < backAfter) return;
      back = true;
      await world.changeClaim({ volumeAttributesClassName: 'silver' });
    };
    await world.changeClaim({ volumeAttributesClassName: 'gold' });
    await world.rest(minute);
    const [{ spec, status }, volume] = [await world.getClaim(), await world.volumeOf()];
    const wanted = spec.volumeAttributesClassName ?? '';
    expect([status.currentVolumeAttributesClassName, volume.spec.volumeAttributesClassName, status.modifyVolumeStatus, status.conditions ?? []]).to.deep.equal([wanted, wanted, undefined, []]);
    expect([...driver.volumes.values()].map(({ contents }) => contents?.attributes)).to.deep.equal([{ iops: speeds[wanted] }]);
  } catch (error) {
    const story = JSON.stringify({ stale, seed, backAfter: String(backAfter), trouble, effects: harness.effects, failures: harness.failures.map(String).slice(-5) });
    throw new Error(`${error instanceof Error ? error.message : String(error)} in ${story}`, { cause: error });
  } finally {
    await world.stop();
  }
  return calls;
}

describe('a volume that is modified, with a process that ends at any call', function () {
  this.timeout(60_000);
  const faults: readonly Trouble['fault'][] = ['crash-before', 'crash-after', 'crash-halfway', 'lose', 'refuse'];

  for (const stale of [false, true]) {
    it(`is as its claim says in the end, also when that changes its mind: ${stale ? 'stale' : 'fresh'} caches`, async () => {
      for (const backAfter of [never, 0, 1, 2, 3, 4]) {
        const calls = await live(stale, 1, backAfter);
        expect(calls).to.be.within(0, 12);
        for (const fault of faults) for (let at = 0; at < calls; at++) await live(stale, 10 + at, backAfter, { at, fault });
      }
    });
  }
});

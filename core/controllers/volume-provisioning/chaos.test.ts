import { expect } from 'chai';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { StorageWorld } from '#test/fixtures/storage-world.ts';
import { halfway } from '#test/fixtures/volume-faults.ts';

const faults: readonly CallFault[] = ['refuse', 'lose', 'crash-before', 'crash-after'];
const names = ['a', 'b', 'c'];
const runs = 250;

/** People make and delete claims of the same few names, and volumes, everything fails now and then, and then it is quiet. */
async function chaos(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const world = await StorageWorld.make({ seed, stale: random() < 0.5, finds: random() < 0.5, driver: { size: 4n * 2n ** 30n } });
  const { harness, driver } = world;
  let troubles = 12;
  let deeds = 14;
  harness.faults = (call) => {
    if (troubles === 0 || random() > 0.15) return undefined;
    troubles--;
    if (random() < 0.2 && call.what === 'driver.create') driver.failNext('create', halfway());
    return pick(faults);
  };
  const deed = async (): Promise<void> => {
    deeds--;
    const name = pick(names);
    if (random() < 0.5) await world.deleteClaim(name);
    else await world.createClaim(name).catch(() => undefined);
    if (random() < 0.1) await world.createVolume(`static-${deeds}`, { storageClassName: 'fast' });
    if (random() < 0.1) for (const { metadata } of (await world.volumes()).slice(0, 1)) await world.deleteVolume(metadata.name);
  };
  harness.onStep = async () => {
    if (deeds > 0 && random() < 0.08) await deed();
  };
  await world.createClaim('a');
  await harness.start();
  for (let rounds = 0; rounds < 60 && (deeds > 0 || harness.crashed || rounds === 0); rounds++) {
    if (harness.crashed) await harness.start();
    else if (rounds > 0) await deed();
    await harness.settle();
  }
  expect(harness.crashed, 'still crashing').to.equal(false);
  try {
    await world.expectNoOrphans();
    const bound = new Set<string>();
    for (const { metadata } of await world.claims()) bound.add((await world.expectBound(metadata.name)).volume.metadata.name);
    expect(bound.size, 'no volume has two claims').to.equal((await world.claims()).length);
    for (const { metadata, spec } of await world.volumes()) if (spec.csi !== undefined) expect([...bound]).to.include(metadata.name);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}; ${harness.effects.slice(-30).join(', ')}`, { cause: error });
  } finally {
    await world.stop();
  }
}

describe('claims among people and faults', function () {
  this.timeout(120_000);

  it(`end bound or gone, each with a volume of its own, and no other volume is left, in ${runs} histories`, async () => {
    for (let seed = 1; seed <= runs; seed++) await chaos(seed);
  });
});

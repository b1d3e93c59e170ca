import { expect } from 'chai';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { StorageWorld } from '#test/fixtures/storage-world.ts';

const manual = { storageClassName: 'manual' };

describe('volume-protection', () => {
  let world: StorageWorld;

  beforeEach(async () => {
    world = await StorageWorld.make();
    await world.createVolume('v', manual);
    await world.run();
  });
  afterEach(() => world.stop());

  it('lets a volume go that nobody has', async () => {
    await world.deleteVolume('v');
    await world.harness.settle();
    expect(await world.volumes()).to.deep.equal([]);
  });

  it('keeps a volume while it is bound', async () => {
    await world.createClaim('data', manual);
    await world.harness.settle();
    await world.deleteVolume('v');
    await world.harness.settle();
    expect((await world.getVolume('v')).metadata.deletionTimestamp).not.to.equal(undefined);
    await world.expectBound('data');
    await world.deleteClaim('data');
    await world.harness.settle();
    expect(await world.volumes()).to.deep.equal([]);
  });

  it('never lets a volume go that a claim has got, whichever was quicker', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      await world.stop();
      world = await StorageWorld.make({ seed, stale: seed % 2 === 0 });
      await world.createVolume('v', manual);
      await world.createClaim('data', manual);
      const { harness } = world;
      harness.onStep = (step) => (step === seed ? world.deleteVolume('v') : undefined);
      await world.run();
      const claim = await world.getClaim('data');
      expect(claim.status.phase, `seed ${seed}`).to.be.oneOf(['Bound', 'Pending']);
      if (claim.status.phase === 'Bound') await world.expectBound('data');
    }
  });

  it('gives the finalizer to volumes that lack it', async () => {
    await world.client.patch(PersistentVolume, { name: 'v' }, { type: 'merge', document: { metadata: { finalizers: ['example.com/mine'] } } });
    await world.harness.settle();
    expect((await world.getVolume('v')).metadata.finalizers).to.have.members(['example.com/mine', 'kubernetes.io/pv-protection']);
    await world.deleteVolume('v');
    await world.harness.settle();
    expect((await world.getVolume('v')).metadata.finalizers).to.deep.equal(['example.com/mine']);
  });
});

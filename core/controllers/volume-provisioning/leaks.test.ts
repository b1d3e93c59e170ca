import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { StatusError } from '#core/api/status-error.ts';
import { StorageWorld, type StorageWorldOptions } from '#test/fixtures/storage-world.ts';
import { halfway, lostAnswer, unavailable } from '#test/fixtures/volume-faults.ts';

/** Two leaks that the reference implementation has to this day. */
describe('volume-provisioning leaks nothing', () => {
  let world: StorageWorld;
  const given = async (options?: StorageWorldOptions): Promise<void> => {
    world = await StorageWorld.make(options);
  };
  afterEach(() => world.stop());

  const isGone = (name: string): Promise<boolean> => world.getClaim(name).then(() => false, (error: unknown) => StatusError.is(error, 'NotFound'));

  for (const finds of [true, false]) {
    const which = finds ? 'a driver that finds volumes' : 'a driver that cannot find volumes';

    it(`external-provisioner#486: the process ends after CreateVolume and before the PersistentVolume, and the claim is deleted meanwhile (${which})`, async () => {
      await given({ finds });
      world.harness.faults = ({ what }) => (what === 'driver.create' ? 'crash-after' : undefined);
      await world.createClaim('data');
      await world.run();
      expect(world.harness.crashed).to.equal(true);
      expect(world.driver.volumes.size, 'a volume that no PersistentVolume tells of').to.equal(1);
      expect(await world.volumes()).to.deep.equal([]);

      await world.deleteClaim('data');
      expect((await world.getClaim('data')).metadata.finalizers, 'the claim holds the record').to.include('keelson.dev/volume-provisioning');
      world.harness.faults = () => undefined;
      await world.run();
      expect(world.driver.volumes.size).to.equal(0);
      expect(await isGone('data')).to.equal(true);
    });

    it(`external-provisioner#1469: a cache shows a claim that is gone, and its volume is not made again (${which})`, async () => {
      await given({ finds });
      await world.createClaim('data');
      world.driver.failNext('create', unavailable());
      await world.harness.start();
      // The first attempt fails, so that there is cause for a second one; from then on the cache stands still.
      world.harness.onStep = () => {
        if (world.driver.count('create') > 0) world.harness.held.add('persistentvolumeclaims');
      };
      await world.harness.settle(4);
      const shown = await world.getClaim('data');
      expect(shown.metadata.finalizers).to.include('keelson.dev/volume-provisioning');
      // Another process of ours, or the one before, has dealt with the claim to its end; this cache does not know.
      await world.deleteClaim('data');
      await world.client.patch(PersistentVolumeClaim, shown.metadata, { type: 'merge', document: { metadata: { finalizers: null } } });
      expect(await isGone('data')).to.equal(true);

      await world.harness.settle();
      expect(world.driver.count('create'), 'calls of create').to.equal(1);
      expect(world.driver.volumes.size).to.equal(0);
      expect(await world.volumes()).to.deep.equal([]);
    });

    it(`makes no second volume when a cache shows a claim as it was before it was bound (${which})`, async () => {
      await given({ finds });
      await world.createClaim('data');
      world.driver.failNext('create', lostAnswer());
      await world.harness.start();
      world.harness.onStep = () => {
        if (world.driver.count('create') > 0) world.harness.held.add('persistentvolumeclaims');
      };
      await world.harness.settle(4);
      world.harness.end();
      world.harness.held.clear();
      world.harness.onStep = undefined;
      await world.run();
      const { volume } = await world.expectBound('data');
      expect(world.driver.volumes.size).to.equal(1);
      expect(volume.metadata.name).to.equal([...world.driver.volumes.values()][0]?.name);
      await world.expectNoOrphans();
    });

    it(`removes a volume that is only half made when its claim is deleted (${which})`, async () => {
      await given({ finds });
      world.driver.failNext('create', halfway());
      await world.createClaim('data');
      world.harness.faults = ({ what }) => (what === 'driver.create' ? 'crash-after' : undefined);
      await world.run();
      await world.deleteClaim('data');
      world.harness.faults = () => undefined;
      await world.run();
      expect(world.driver.volumes.size).to.equal(0);
      expect(await isGone('data')).to.equal(true);
    });
  }

  it('lets a claim wait in deletion rather than forget a volume that may be there', async () => {
    await given();
    await world.createClaim('data');
    world.driver.plan = (call) => (call === 'create' ? lostAnswer() : unavailable());
    await world.harness.start();
    await world.harness.settle(1000);
    await world.deleteClaim('data');
    await world.harness.settle(60_000);
    expect((await world.getClaim('data')).metadata.finalizers).to.deep.equal(['keelson.dev/volume-provisioning']);
    expect(world.reasons('data')).to.include('ProvisioningCleanupFailed');
    world.driver.plan = () => undefined;
    await world.harness.settle();
    expect(await isGone('data')).to.equal(true);
    expect(world.driver.volumes.size).to.equal(0);
  });

  it('deletes the volume of a claim that found another one while its own was being made', async () => {
    await given();
    await world.createClaim('data');
    world.driver.plan = (call) => (call === 'create' ? lostAnswer() : undefined);
    await world.harness.start();
    await world.harness.settle(1000);
    await world.createVolume('found', { storageClassName: 'fast' });
    await world.harness.settle();
    expect((await world.expectBound('data')).volume.metadata.name).to.equal('found');
    expect(world.driver.volumes.size).to.equal(0);
    await world.expectNoOrphans();
  });
});

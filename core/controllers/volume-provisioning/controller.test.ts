import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { TerminalError } from '#core/reconcile/controller.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { CreateVolumeRequest, VolumeDriver } from '#core/spi/volume-driver.ts';
import { StorageWorld, type StorageWorldOptions } from '#test/fixtures/storage-world.ts';
import { lostAnswer, throttled, unavailable } from '#test/fixtures/volume-faults.ts';

describe('volume-provisioning', () => {
  let world: StorageWorld;
  const given = async (options: StorageWorldOptions = {}): Promise<void> => {
    world = await StorageWorld.make(options);
  };
  const createClass = (name: string, fields: Partial<Draft<StorageClass>> = {}): Promise<StorageClass> =>
    world.client.create(StorageClass, { metadata: { name }, provisioner: world.driver.name, ...fields });
  const failed = (name = 'data'): string[] => world.messages(name, 'ProvisioningFailed');
  const terminals = (): number => world.harness.failures.filter((error) => TerminalError.is(error)).length;

  afterEach(() => world.stop());

  describe('a claim', () => {
    beforeEach(() => given());

    it('takes six writes to be bound to a new volume, and no write is refused', async () => {
      await world.createClaim('data');
      await world.run();
      await world.expectBound('data');
      expect(world.harness.effects.map((effect) => effect.replace(/ [^ ]*$/, ''))).to.deep.equal([
        'patch persistentvolumeclaims', // the provisioner is asked
        'patch persistentvolumeclaims', // intent
        'driver.create',
        'create persistentvolumes',
        'patchStatus persistentvolumes',
        'patch persistentvolumeclaims', // bound, and the intent taken back
        'patchStatus persistentvolumeclaims',
      ]);
      expect(world.harness.failures).to.deep.equal([]);
      expect(world.reasons('data')).to.deep.equal(['Provisioning', 'ProvisioningSucceeded']);
      expect(world.messages('data', 'Provisioning')).to.deep.equal(['External provisioner is provisioning volume for claim "default/data"']);
    });

    it('gets a volume with all that its class and driver say', async () => {
      await createClass('full', {
        parameters: { tier: 'silver', 'csi.storage.k8s.io/fstype': 'xfs' }, mountOptions: ['noatime'], reclaimPolicy: 'Retain',
      });
      await world.createClaim('data', { storageClassName: 'full', accessModes: ['ReadWriteOncePod'], resources: { requests: { storage: '1500M' }, limits: { storage: '3G' } } });
      await world.run();
      const { claim, volume } = await world.expectBound('data');
      const { uid } = claim.metadata;
      expect(world.requests).to.deep.equal([{
        name: `pvc-${uid}`, provisioner: 'memory.test', capacity: { required: 1_500_000_000n, limit: 3_000_000_000n }, parameters: { tier: 'silver' },
        use: { accessModes: ['ReadWriteOncePod'], volumeMode: 'Filesystem', fsType: 'xfs', mountOptions: ['noatime'] },
        owner: { namespace: 'default', name: 'data', uid },
      }]);
      expect(volume.metadata.finalizers, 'trap 10: retained volumes have no deletion finalizer').to.deep.equal(['kubernetes.io/pv-protection']);
      expect(volume.spec).to.deep.include({
        capacity: { storage: '1500M' }, accessModes: ['ReadWriteOncePod'], volumeMode: 'Filesystem', persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 'full', mountOptions: ['noatime'],
      });
      expect(volume.spec.csi).to.deep.include({ driver: 'memory.test', volumeHandle: `vol-pvc-${uid}`, fsType: 'xfs' });
      expect(volume.spec.csi?.volumeAttributes?.['storage.kubernetes.io/csiProvisionerIdentity']).to.match(/^\d+-\d+-memory\.test$/);
      expect(claim.status.capacity).to.deep.equal({ storage: '1500M' });
    });

    it('is left alone until its provisioner is asked, and when it names a volume (trap 1)', async () => {
      await world.createClaim('named', { volumeName: 'mine' }, { annotations: { 'volume.kubernetes.io/storage-provisioner': 'memory.test' } });
      await createClass('abroad', { provisioner: 'csi.example.com' });
      await world.createClaim('foreign', { storageClassName: 'abroad' });
      await world.run();
      expect(world.requests).to.deep.equal([]);
    });

    it('that takes the name of one before inherits nothing (trap 2)', async () => {
      const first = await world.createClaim('data', {}, { finalizers: ['example.com/hold'] });
      world.driver.plan = (call) => (call === 'create' ? lostAnswer() : undefined);
      await world.harness.start();
      await world.harness.settle(1000);
      await world.deleteClaim('data');
      await world.harness.settle();
      await world.client.patch(PersistentVolumeClaim, first.metadata, { type: 'merge', document: { metadata: { finalizers: null } } });
      const second = await world.createClaim('data');
      world.driver.plan = () => undefined;
      await world.harness.settle();
      const { volume } = await world.expectBound('data');
      expect(volume.metadata.name).to.equal(`pvc-${second.metadata.uid}`);
      expect([...world.driver.volumes.keys()]).to.deep.equal([`vol-pvc-${second.metadata.uid}`]);
    });

    it('keeps the finalizers that others put on it, also since the cache looked (trap 11)', async () => {
      await world.createClaim('data', {}, { finalizers: ['example.com/mine'] });
      await world.run();
      expect((await world.expectBound('data')).claim.metadata.finalizers).to.have.members(['example.com/mine', 'kubernetes.io/pvc-protection']);

      for (let moment = 0; moment < 22; moment++) {
        const name = `data-${moment}`;
        const others = ['example.com/late', 'kubernetes.io/pvc-protection'];
        await world.createClaim(name);
        const begun = world.harness.steps;
        world.harness.onStep = async (step) => {
          if (step < begun + moment || world.harness.held.size > 0) return;
          world.harness.held.add('persistentvolumeclaims');
          const { finalizers = [] } = (await world.getClaim(name)).metadata;
          await world.client.patch(PersistentVolumeClaim, { namespace: 'default', name }, { type: 'merge', document: { metadata: { finalizers: [...finalizers, 'example.com/late'] } } });
        };
        await world.harness.settle(500);
        world.harness.onStep = undefined;
        world.harness.held.clear();
        await world.harness.settle();
        expect((await world.expectBound(name)).claim.metadata.finalizers, name).to.have.members(others);
      }
    });

    it('gets another volume when its first one was deleted before it was bound', async () => {
      world.harness.held.add('persistentvolumes');
      await world.createClaim('data');
      await world.run();
      const [first] = await world.volumes();
      await world.deleteVolume(first?.metadata.name ?? '');
      world.harness.held.clear();
      await world.harness.settle();
      const { volume } = await world.expectBound('data');
      expect(volume.metadata.uid).not.to.equal(first?.metadata.uid);
      expect(world.driver.count('delete')).to.equal(1);
      await world.expectNoOrphans();
    });

    it('is filled from no other volume by a driver that cannot do that, and left to populators of kinds nobody here knows', async () => {
      await world.createClaim('clone', { dataSource: { kind: 'PersistentVolumeClaim', name: 'x' } });
      await world.createClaim('populated', { dataSourceRef: { apiGroup: 'example.com', kind: 'Image', name: 'x' } });
      await world.run();
      expect(failed('clone')).to.deep.equal(['failed to provision volume with StorageClass "fast": driver memory.test cannot fill a new volume from PersistentVolumeClaim "x"']);
      expect(world.messages('populated', 'Provisioning')).to.deep.equal(['Assuming an external populator will provision the volume']);
      expect(failed('populated')).to.deep.equal([]);
      expect(world.requests).to.deep.equal([]);
    });
  });

  describe('after a failure', () => {
    beforeEach(() => given());

    it('asks again with the very same request when the answer was lost (trap 6: a timeout decides nothing)', async () => {
      await world.createClaim('data');
      world.driver.failNext('create', lostAnswer(), unavailable(), throttled(), throttled(30_000), lostAnswer());
      await world.run();
      await world.expectBound('data');
      expect(world.requests.length).to.equal(6);
      for (const request of world.requests) expect(request).to.deep.equal(world.requests[0]);
      expect(world.driver.count('delete'), 'trap 7: nothing is deleted between two attempts').to.equal(0);
      expect(failed()).to.include('failed to provision volume with StorageClass "fast": the answer was lost');
    });

    it('never gives up (trap 26)', async () => {
      await world.createClaim('data');
      world.driver.plan = (call) => (call === 'create' ? unavailable() : undefined);
      await world.harness.start();
      await world.harness.settle(6 * 60 * 60_000);
      expect(world.requests.length).to.be.above(60);
      world.driver.plan = () => undefined;
      await world.harness.settle();
      await world.expectBound('data');
    });

    it('keeps the volume while its PersistentVolume cannot be stored (trap 7)', async () => {
      await world.createClaim('data');
      let refusals = 5;
      world.harness.faults = ({ what }) => (what === 'create persistentvolumes' && refusals-- > 0 ? 'refuse' : undefined);
      await world.run();
      await world.expectBound('data');
      expect(world.driver.count('delete')).to.equal(0);
      expect(failed()[0]).to.include('the volume is made but cannot be stored');
    });

    it('stops at an unknown parameter until the class or the claim changes (trap 15)', async () => {
      await createClass('typo', { parameters: { teir: 'gold' } });
      await world.createClaim('data', { storageClassName: 'typo' });
      await world.run();
      await world.harness.settle(60 * 60_000);
      expect(failed()).to.deep.equal(['failed to provision volume with StorageClass "typo": there is no parameter "teir"']);
      expect(terminals(), 'no hot loop').to.equal(1);
      expect((await world.getClaim('data')).metadata.finalizers).to.deep.equal(['kubernetes.io/pvc-protection']);
      await world.client.delete(StorageClass, { name: 'typo' });
      await createClass('typo', { parameters: { tier: 'gold' } });
      await world.harness.settle();
      await world.expectBound('data');
    });

    it('stops when the driver refuses the request, as one for a block device (trap 16)', async () => {
      await world.stop();
      await given();
      world.driver.plan = (call) => (call === 'create' ? { kind: 'before', error: new ProviderError('Invalid', 'block devices are not offered') } : undefined);
      await world.createClaim('data', { volumeMode: 'Block' });
      await world.run();
      await world.harness.settle(60 * 60_000);
      expect(world.requests.length).to.equal(1);
      expect(terminals()).to.equal(1);
      expect(failed()).to.deep.equal(['failed to provision volume with StorageClass "fast": block devices are not offered']);
      await world.expectNoOrphans();
      await world.client.patch(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', document: { metadata: { labels: { poke: 'it' } } } });
      await world.harness.settle();
      expect(world.requests.length, 'its author changed it').to.equal(2);
    });

    it('tries slowly again when there is no room', async () => {
      await world.stop();
      await given({ driver: { size: 2n ** 30n } });
      for (const name of ['data', 'more']) await world.createClaim(name);
      await world.run();
      const phases = (await world.claims()).map(({ status }) => status.phase);
      expect(phases).to.have.members(['Bound', 'Pending']);
      const asked = world.requests.length;
      expect(asked, 'about once a minute').to.be.within(5, 15);
      const [bound] = (await world.claims()).filter(({ status }) => status.phase === 'Bound');
      await world.deleteClaim(bound?.metadata.name ?? '');
      await world.harness.settle();
      expect((await world.claims()).map(({ status }) => status.phase)).to.deep.equal(['Bound']);
      await world.expectNoOrphans();
    });

    it('treats a driver\'s bug as an answer that was lost', async () => {
      await world.createClaim('data');
      world.driver.failNext('create', { kind: 'after', error: new TypeError('x is undefined') });
      await world.run();
      await world.expectBound('data');
      expect(world.requests.length).to.equal(2);
    });

    it('does not take a volume of another make for its own', async () => {
      const claim = await world.createClaim('data');
      const name = `pvc-${claim.metadata.uid}`;
      world.driver.volumes.set(`vol-${name}`, { id: `vol-${name}`, name, capacity: 1n, context: {}, topology: [], owner: { namespace: '', name: '', uid: '' }, parameters: {}, complete: true });
      await world.run();
      expect((await world.getClaim('data')).status.phase).to.equal('Pending');
      expect(failed()[0]).to.include('is there already');
      expect(world.driver.volumes.size).to.equal(1);
    });

    it('does not conclude from a volume of another make that there is none of its own', async () => {
      await world.stop();
      await given({ finds: false });
      const claim = await world.createClaim('data');
      const name = `pvc-${claim.metadata.uid}`;
      world.driver.volumes.set(`vol-${name}`, { id: `vol-${name}`, name, capacity: 1n, context: {}, topology: [], owner: { namespace: '', name: '', uid: '' }, parameters: {}, complete: true });
      await world.run();
      await world.deleteClaim('data');
      await world.harness.settle();
      expect((await world.getClaim('data')).metadata.finalizers).to.deep.equal(['keelson.dev/volume-provisioning']);
      expect(world.messages('data', 'ProvisioningCleanupFailed')[0]).to.include('is there already');
    });

    it('does not store a volume that is too small, and removes it (trap 13)', async () => {
      await world.stop();
      let wrong = true;
      await given({ drivers: (memory) => [Object.assign(Object.create(memory) as VolumeDriver, {
        create: async (request: CreateVolumeRequest, signal: AbortSignal) => {
          const volume = await memory.create(request, signal);
          return wrong ? { ...volume, capacity: 0n } : volume;
        },
      })] });
      await world.createClaim('data');
      await world.harness.start();
      await world.harness.settle(1000);
      expect(await world.volumes()).to.deep.equal([]);
      expect(failed()[0]).to.include('created volume capacity 0 less than requested capacity 1073741824');
      wrong = false;
      await world.harness.settle();
      await world.expectBound('data');
      await world.expectNoOrphans();
    });

    it('counts a driver that does not answer as one whose answer was lost', async () => {
      await world.createClaim('data');
      world.driver.failNext('create', { kind: 'hang' });
      await world.harness.start();
      await world.harness.settle();
      await world.clock.advance(5 * 60_000);
      await world.harness.settle();
      await world.expectBound('data');
      expect(failed()).to.deep.equal(['failed to provision volume with StorageClass "fast": no answer from the volume driver within 300 s']);
    });
  });

  it('starts afresh when the class was replaced while the answer was out', async () => {
    for (const finds of [true, false]) {
      await given({ finds });
      await world.createClaim('data');
      world.harness.faults = ({ what }) => (what === 'driver.create' ? 'crash-after' : undefined);
      await world.run();
      world.harness.faults = () => undefined;
      await world.client.delete(StorageClass, { name: 'fast' });
      await createClass('fast', { parameters: { tier: 'other' } });
      await world.run();
      if (finds) {
        await world.expectBound('data');
        expect([...world.driver.volumes.values()].map(({ parameters }) => parameters)).to.deep.equal([{ tier: 'other' }]);
        await world.stop();
        continue;
      }
      // Nobody can say what is there, so it is neither taken nor forgotten.
      expect((await world.getClaim('data')).metadata.finalizers).to.include('keelson.dev/volume-provisioning');
      await world.deleteClaim('data');
      await world.harness.settle();
      expect(world.messages('data', 'ProvisioningCleanupFailed')[0]).to.include('restore the class, or delete that volume by hand');
      await world.client.delete(StorageClass, { name: 'fast' });
      await createClass('fast', { parameters: { tier: 'gold' } });
      await world.harness.settle();
      expect(world.driver.volumes.size).to.equal(0);
      expect(await world.claims()).to.deep.equal([]);
    }
  });

  it('answers to a driver\'s other names, and stores the one that was used', async () => {
    await given({ driver: { aliases: ['example.com/old-name'] } });
    await createClass('old', { provisioner: 'example.com/old-name' });
    await world.createClaim('data', { storageClassName: 'old' });
    await world.run();
    const { volume } = await world.expectBound('data');
    expect(volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by']).to.equal('example.com/old-name');
    expect(volume.spec.csi?.driver).to.equal('memory.test');
    await world.deleteClaim('data');
    await world.harness.settle();
    expect((await world.client.list(PersistentVolume)).items).to.deep.equal([]);
    expect(world.driver.volumes.size).to.equal(0);
  });
});

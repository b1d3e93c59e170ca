import { expect } from 'chai';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { StorageClass, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { StorageWorld } from '#test/fixtures/storage-world.ts';
import { lostAnswer, unavailable } from '#test/fixtures/volume-faults.ts';

const deletion = 'external-provisioner.volume.kubernetes.io/finalizer';

describe('volume-reclaim', () => {
  let world: StorageWorld;
  let name: string;

  beforeEach(async () => {
    world = await StorageWorld.make();
    await world.createClaim('data');
    await world.run();
    name = (await world.expectBound('data')).volume.metadata.name;
  });
  afterEach(() => world.stop());

  const patchVolume = (document: Record<string, unknown>) => world.client.patch(PersistentVolume, { name }, { type: 'merge', document });
  const finalizersOf = async (): Promise<string[] | undefined> => (await world.getVolume(name)).metadata.finalizers;

  it('deletes the volume behind the record, then the record', async () => {
    const begun = world.harness.effects.length;
    await world.deleteClaim('data');
    await world.harness.settle();
    expect(await world.volumes()).to.deep.equal([]);
    expect(world.driver.volumes.size).to.equal(0);
    const effects = world.harness.effects.slice(begun).map((effect) => effect.replace(/ [^ ]*$/, ''));
    expect(effects.indexOf('driver.delete')).to.be.below(effects.indexOf('delete persistentvolumes'));
    expect(effects.filter((effect) => effect === 'driver.delete').length).to.equal(1);
    expect(world.harness.failures).to.deep.equal([]);
  });

  it('leaves a retained volume, and its data, alone', async () => {
    await patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await world.harness.settle();
    expect(await finalizersOf(), 'trap 10').to.deep.equal(['kubernetes.io/pv-protection']);
    await world.deleteClaim('data');
    await world.harness.settle();
    expect((await world.getVolume(name)).status.phase).to.equal('Released');
    expect(world.driver.volumes.size).to.equal(1);
    await world.deleteVolume(name);
    await world.harness.settle();
    expect(await world.volumes()).to.deep.equal([]);
    expect(world.driver.volumes.size, 'retained').to.equal(1);
  });

  it('follows the policy when it changes, before and after the release', async () => {
    await patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await world.harness.settle();
    await patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    await world.harness.settle();
    expect(await finalizersOf()).to.have.members(['kubernetes.io/pv-protection', deletion]);
    await patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await world.deleteClaim('data');
    await world.harness.settle();
    expect(world.driver.volumes.size).to.equal(1);
    await patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    await world.harness.settle();
    expect(world.driver.volumes.size).to.equal(0);
    expect(await world.volumes()).to.deep.equal([]);
  });

  it('does not lose the volume when its record is deleted first (trap 10)', async () => {
    await world.deleteVolume(name);
    await world.harness.settle();
    expect(world.driver.volumes.size, 'still in use').to.equal(1);
    expect((await world.getVolume(name)).status.phase).to.equal('Bound');
    await world.deleteClaim('data');
    await world.harness.settle();
    expect(world.driver.volumes.size).to.equal(0);
    expect(await world.volumes()).to.deep.equal([]);
  });

  it('reclaims a volume that was put back into the pool and then deleted', async () => {
    await patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await world.deleteClaim('data');
    await world.harness.settle();
    await patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Delete', claimRef: null }, metadata: { finalizers: ['kubernetes.io/pv-protection', deletion] } });
    await world.harness.settle();
    expect((await world.getVolume(name)).status.phase).to.equal('Available');
    expect(world.driver.volumes.size, 'not while it is available').to.equal(1);
    await world.deleteVolume(name);
    await world.harness.settle();
    expect(world.driver.volumes.size).to.equal(0);
    expect(await world.volumes()).to.deep.equal([]);
  });

  it('says why it failed, keeps trying, and keeps the record (trap 25)', async () => {
    world.driver.plan = (call) => (call === 'delete' ? unavailable() : undefined);
    await world.deleteClaim('data');
    await world.harness.settle(3 * 60_000);
    const volume = await world.getVolume(name);
    expect(volume.status).to.deep.include({ phase: 'Failed', reason: 'VolumeFailedDelete', message: 'not now' });
    expect(world.messages(name, 'VolumeFailedDelete')).to.deep.equal(['not now']);
    expect(world.driver.count('delete'), 'with back-off').to.be.within(5, 30);
    world.driver.plan = () => undefined;
    await world.harness.settle();
    expect(await world.volumes()).to.deep.equal([]);
    expect(world.driver.volumes.size).to.equal(0);
  });

  it('asks again when the answer was lost', async () => {
    world.driver.failNext('delete', lostAnswer());
    await world.deleteClaim('data');
    await world.harness.settle();
    expect(world.driver.count('delete')).to.equal(2);
    expect(await world.volumes()).to.deep.equal([]);
  });

  it('waits until the volume is detached from every node', async () => {
    const attachment = await world.client.create(VolumeAttachment, {
      metadata: { name: 'csi-1' }, spec: { attacher: 'memory.test', nodeName: 'n1', source: { persistentVolumeName: name } },
    });
    await world.deleteClaim('data');
    await world.harness.settle();
    expect(world.driver.volumes.size).to.equal(1);
    expect((await world.getVolume(name)).status.phase).to.equal('Released');
    await world.client.delete(VolumeAttachment, attachment.metadata);
    await world.harness.settle();
    expect(world.driver.volumes.size).to.equal(0);
  });

  it('touches nothing that another provisioner made', async () => {
    await world.client.create(StorageClass, { metadata: { name: 'abroad' }, provisioner: 'csi.example.com' });
    const theirs = await world.createClaim('theirs', { storageClassName: 'abroad' });
    await world.createVolume('foreign', {
      storageClassName: 'abroad', persistentVolumeReclaimPolicy: 'Delete', hostPath: undefined, csi: { driver: 'csi.example.com', volumeHandle: `vol-${name}` },
      claimRef: { namespace: 'default', name: 'theirs', uid: theirs.metadata.uid },
    }, { annotations: { 'pv.kubernetes.io/provisioned-by': 'csi.example.com' } });
    await world.createVolume('static', { persistentVolumeReclaimPolicy: 'Delete', storageClassName: '' });
    await world.createClaim('local', { storageClassName: '' });
    await world.harness.settle();
    for (const each of ['theirs', 'local']) await world.deleteClaim(each);
    await world.harness.settle();
    for (const each of ['foreign', 'static']) {
      const volume = await world.getVolume(each);
      expect(volume.status.phase).to.equal('Released');
      expect(volume.metadata.finalizers).to.deep.equal(['kubernetes.io/pv-protection']);
    }
    expect(world.driver.count('delete')).to.equal(0);
  });

  it('gives a static volume of its driver the finalizer only while it is bound, and never gets stuck on it (kubernetes#121799)', async () => {
    const csi = { driver: 'memory.test', volumeHandle: 'made-by-hand' };
    await world.createVolume('static', { persistentVolumeReclaimPolicy: 'Delete', storageClassName: '', hostPath: undefined, csi });
    await world.createVolume('restored', { persistentVolumeReclaimPolicy: 'Delete', storageClassName: 'x', hostPath: undefined, csi }, { finalizers: [deletion] });
    await world.harness.settle();
    expect((await world.getVolume('static')).metadata.finalizers).not.to.include(deletion);
    await world.deleteVolume('restored');
    await world.createClaim('hand', { storageClassName: '' });
    await world.harness.settle();
    expect((await world.getVolume('static')).metadata.finalizers).to.include(deletion);
    await world.deleteClaim('hand');
    await world.harness.settle();
    expect((await world.volumes()).map(({ metadata }) => metadata.name)).to.deep.equal([name]);
  });

  it('does not delete what its cache shows as released, but is so no more', async () => {
    world.driver.plan = (call) => (call === 'delete' ? unavailable() : undefined);
    await world.deleteClaim('data');
    await world.harness.settle(1000);
    world.harness.held.add('persistentvolumes');
    world.driver.plan = () => undefined;
    await patchVolume({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await world.harness.settle();
    expect(world.driver.volumes.size).to.equal(1);
  });
});

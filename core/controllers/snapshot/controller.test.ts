import { expect } from 'chai';
import { StatusError } from '#core/api/status-error.ts';
import { VolumeSnapshot, VolumeSnapshotClass, VolumeSnapshotContent } from '#core/controllers/storage/snapshots.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { DiskWorld, type DiskWorldOptions } from '#test/fixtures/disk-world.ts';
import { exhausted, lostAnswer, unavailable } from '#test/fixtures/volume-faults.ts';

const minute = 60_000;
const bound = 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection';
const asSource = 'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection';
const held = 'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection';

describe('SnapshotController', () => {
  let world: DiskWorld;
  afterEach(() => world.stop());

  async function begin(options: DiskWorldOptions = {}): Promise<void> {
    world = await DiskWorld.make({ snapshots: true, ...options });
    await world.createClaim();
    await world.run(0);
    world.harness.events.length = 0;
    world.harness.effects.length = 0;
  }

  const makeClass = (name: string, more: Partial<VolumeSnapshotClass> = {}): Promise<VolumeSnapshotClass> =>
    world.client.create(VolumeSnapshotClass, { metadata: { name }, driver: world.driver.name, deletionPolicy: 'Delete', ...more });
  const claimFinalizers = async (): Promise<readonly string[] | undefined> => (await world.getClaim()).metadata.finalizers;
  const failure = async (): Promise<unknown> => (await world.getSnapshot()).status?.error?.message;

  it('takes a snapshot of a claim\'s volume, and says what it is', async () => {
    await begin();
    await world.createSnapshot();
    await world.settle();
    const { metadata, spec, status } = await world.getSnapshot();
    const [content] = await world.contents();
    const [taken] = world.driver.snapshots.values();
    expect(taken).to.deep.include({ name: `snapshot-${metadata.uid}`, sourceVolumeId: (await world.volumeOf()).spec.csi?.volumeHandle });
    expect([metadata.finalizers, spec.volumeSnapshotClassName]).to.deep.equal([[asSource, bound], 'daily']);
    expect(status).to.deep.equal({ boundVolumeSnapshotContentName: `snapcontent-${metadata.uid}`, readyToUse: true, creationTime: '2026-01-01T00:00:00Z', restoreSize: '1Gi' });
    expect(content?.metadata).to.deep.include({ name: `snapcontent-${metadata.uid}`, finalizers: [held] });
    expect(content?.metadata.annotations ?? {}).to.deep.equal({});
    expect(content?.spec).to.deep.include({ driver: 'memory.test', deletionPolicy: 'Delete', volumeSnapshotClassName: 'daily', sourceVolumeMode: 'Filesystem', source: { volumeHandle: taken?.sourceVolumeId } });
    expect(content?.status).to.deep.equal({ snapshotHandle: taken?.id, readyToUse: true, creationTime: 1_767_225_600_000_000_000, restoreSize: 2 ** 30 });
    expect(await claimFinalizers()).to.deep.equal(['kubernetes.io/pvc-protection']);
    expect(world.harness.events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).to.deep.equal([
      'Normal CreatingSnapshot: Waiting for a snapshot default/monday to be created by the CSI driver.',
      'Normal SnapshotCreated: Snapshot default/monday was successfully created by the CSI driver.', 'Normal SnapshotReady: Snapshot default/monday is ready to use.',
    ]);
    expect(world.driver.count('createSnapshot')).to.equal(1);
    expect(world.harness.effects.length, world.harness.effects.join()).to.be.at.most(9);
    await world.run();
    expect(world.driver.count('createSnapshot')).to.equal(1);
  });

  it('deletes the snapshot before its VolumeSnapshot goes', async () => {
    await begin();
    await world.createSnapshot();
    await world.settle();
    await world.deleteSnapshot();
    await world.settle();
    expect([await world.snapshots(), await world.contents(), world.driver.snapshots.size]).to.deep.equal([[], [], 0]);
  });

  it('leaves what is to be retained, with its content', async () => {
    await begin();
    await makeClass('kept', { deletionPolicy: 'Retain' });
    await world.createSnapshot('monday', undefined, 'kept');
    await world.settle();
    expect((await world.getSnapshot()).metadata.finalizers).to.deep.equal([asSource]);
    await world.deleteSnapshot();
    await world.settle();
    expect([(await world.snapshots()).length, (await world.contents()).length, world.driver.snapshots.size]).to.deep.equal([0, 1, 1]);
    for (const { metadata: { name } } of await world.contents()) await world.client.delete(VolumeSnapshotContent, { name });
    await world.settle();
    expect([(await world.contents()).length, world.driver.snapshots.size]).to.deep.equal([0, 1]);
  });

  it('holds the claim until the snapshot is ready, and looks after it ever more rarely', async () => {
    await begin({ driver: { slowSnapshots: true } });
    await world.createSnapshot();
    await world.settle(10 * minute);
    expect([(await world.getSnapshot()).status?.readyToUse, (await world.getSnapshot()).status?.creationTime]).to.deep.equal([false, '2026-01-01T00:00:00Z']);
    expect(world.driver.count('createSnapshot')).to.be.within(15, 40);
    await world.deleteClaim();
    await world.settle(minute);
    expect((await claimFinalizers())?.includes('snapshot.storage.kubernetes.io/pvc-as-source-protection')).to.equal(true);
    world.driver.finishSnapshots();
    await world.settle(2 * minute);
    expect((await world.getSnapshot()).status?.readyToUse).to.equal(true);
    expect([(await world.client.list(VolumeSnapshot)).items.length, world.driver.volumes.size, world.driver.snapshots.size]).to.deep.equal([1, 0, 1]);
  });

  it('says what is missing, and goes on when it is there', async () => {
    world = await DiskWorld.make({ snapshots: true });
    await world.createSnapshot('monday', undefined, 'weekly');
    await world.run();
    expect(await failure()).to.equal('Failed to create snapshot content with error cannot get claim from snapshot: persistentvolumeclaim "default/data" not found');
    await world.createClaim();
    await world.settle(minute);
    expect(await failure()).to.equal('Failed to create snapshot content with error failed to get input parameters to create snapshot: volumesnapshotclass.snapshot.storage.k8s.io "weekly" not found');
    await makeClass('weekly');
    await world.settle(0);
    expect([await failure(), (await world.getSnapshot()).status?.readyToUse]).to.deep.equal([undefined, true]);
    expect(world.reasons('monday').filter((reason) => reason === 'SnapshotContentCreationFailed').length).to.be.at.most(3);
  });

  for (const [what, more, message] of [
    ['a class for another driver', { driver: 'other.test' }, 'VolumeSnapshotClass "odd" is for driver other.test, and the volume is of memory.test'],
    ['parameters that are for sidecars', { parameters: { 'csi.storage.k8s.io/snapshotter-secret-name': 'x' } }, 'VolumeSnapshotClass "odd": parameter "csi.storage.k8s.io/snapshotter-secret-name" is not passed on to drivers here'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await begin();
      await makeClass('odd', more);
      await world.createSnapshot('monday', undefined, 'odd');
      await world.settle(minute);
      expect(await failure()).to.include(message);
      expect([world.driver.count('createSnapshot'), (await world.contents()).length]).to.deep.equal([0, 0]);
    });
  }

  it('takes no default where there are two, or none', async () => {
    await begin();
    await world.client.create(VolumeSnapshotClass, { metadata: { name: 'second', annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } }, driver: world.driver.name, deletionPolicy: 'Delete' });
    await world.settle();
    await world.createSnapshot();
    await world.settle(minute);
    expect(await failure()).to.equal('Failed to set default snapshot class with error 2 default snapshot classes were found for driver memory.test');
    await world.stop();
    await begin();
    await world.client.delete(VolumeSnapshotClass, { name: 'daily' });
    await world.settle();
    await world.createSnapshot();
    await world.settle(minute);
    expect(await failure()).to.equal('Failed to set default snapshot class with error cannot find default snapshot class for driver memory.test');
  });

  it('says what the driver refuses, and asks no further', async () => {
    await begin();
    await makeClass('bad', { parameters: { colour: 'red' } });
    await world.createSnapshot('monday', undefined, 'bad');
    await world.settle(60 * minute);
    expect(await failure()).to.match(/^Failed to create snapshot: failed to take snapshot of the volume vol-pvc-.*: "there is no parameter "colour""$/);
    expect([world.driver.count('createSnapshot'), world.reasons((await world.contents())[0]?.metadata.name)]).to.deep.equal([1, ['SnapshotCreationFailed']]);
    await world.deleteSnapshot();
    await world.settle();
    expect([await world.snapshots(), await world.contents(), world.driver.count('createSnapshot')]).to.deep.equal([[], [], 1]);
  });

  it('asks slowly for what there is no room for, and backs off from a driver that is away', async () => {
    await begin();
    world.driver.plan = (call) => (call === 'createSnapshot' ? exhausted() : undefined);
    await world.createSnapshot();
    await world.settle(60 * minute);
    expect(world.driver.count('createSnapshot')).to.be.within(12, 14);
    world.driver.plan = (call) => (call === 'createSnapshot' ? unavailable() : undefined);
    await world.settle(60 * minute);
    expect(world.driver.count('createSnapshot')).to.be.below(60);
    world.driver.plan = () => undefined;
    await world.settle(10 * minute);
    expect([(await world.getSnapshot()).status?.readyToUse, await failure()]).to.deep.equal([true, undefined]);
  });

  it('deletes what it may have taken although the answer was lost and the class is gone', async () => {
    await begin();
    world.driver.plan = (call) => (call === 'createSnapshot' ? lostAnswer() : undefined);
    await world.createSnapshot();
    await world.settle(100);
    expect(world.driver.snapshots.size).to.equal(1);
    await world.client.delete(VolumeSnapshotClass, { name: 'daily' });
    await world.deleteSnapshot();
    await world.deleteClaim();
    world.driver.plan = () => undefined;
    await world.settle(10 * minute);
    expect([await world.snapshots(), await world.contents(), world.driver.snapshots.size, world.driver.volumes.size]).to.deep.equal([[], [], 0, 0]);
  });

  it('keeps a content that somebody deletes while its VolumeSnapshot lives', async () => {
    await begin();
    await world.createSnapshot();
    await world.settle();
    const [content] = await world.contents();
    await world.client.delete(VolumeSnapshotContent, { name: content?.metadata.name ?? '' });
    await world.settle(minute);
    expect([(await world.contents()).length, world.driver.snapshots.size]).to.deep.equal([1, 1]);
    await world.deleteSnapshot();
    await world.settle(minute);
    expect([await world.snapshots(), await world.contents(), world.driver.snapshots.size]).to.deep.equal([[], [], 0]);
  });

  it('says of a platform that fails to delete', async () => {
    await begin();
    await world.createSnapshot();
    await world.settle();
    world.driver.failNext('deleteSnapshot', unavailable());
    await world.deleteSnapshot();
    await world.settle(minute);
    expect(world.harness.events.filter(({ reason }) => reason === 'SnapshotDeleteError').map(({ message }) => message)).to.deep.equal(['Failed to delete snapshot: not now']);
    expect(world.driver.snapshots.size).to.equal(0);
  });

  describe('a snapshot that somebody brings along', () => {
    const handle = 'snap-old';
    const bring = (spec: Partial<VolumeSnapshotContent['spec']> = {}): Promise<VolumeSnapshotContent> => world.client.create(VolumeSnapshotContent, {
      metadata: { name: 'old' }, spec: { driver: world.driver.name, deletionPolicy: 'Delete', source: { snapshotHandle: handle }, volumeSnapshotRef: { namespace: 'default', name: 'monday' }, ...spec },
    });
    const there = (): void => void world.driver.snapshots.set(handle, { id: handle, name: 'old', sourceVolumeId: 'vol', size: 2n ** 31n, createdAt: Date.UTC(2025, 5, 1), ready: true, complete: true });

    it('is bound and says what its driver knows of it', async () => {
      await begin();
      there();
      await world.createSnapshot('monday', { volumeSnapshotContentName: 'old' });
      await world.settle();
      expect(await failure()).to.equal('VolumeSnapshotContent is missing');
      await bring();
      await world.settle(minute);
      const { metadata, status } = await world.getSnapshot();
      expect(status).to.deep.equal({ boundVolumeSnapshotContentName: 'old', readyToUse: true, creationTime: '2025-06-01T00:00:00Z', restoreSize: '2Gi' });
      expect((await world.contents())[0]?.spec.volumeSnapshotRef.uid).to.equal(metadata.uid);
      await world.deleteSnapshot();
      await world.settle();
      expect([await world.snapshots(), await world.contents(), world.driver.snapshots.size]).to.deep.equal([[], [], 0]);
    });

    it('is another\'s, or not there', async () => {
      await begin();
      await bring({ volumeSnapshotRef: { namespace: 'default', name: 'tuesday' } });
      await world.createSnapshot('monday', { volumeSnapshotContentName: 'old' });
      await world.settle(minute);
      expect(await failure()).to.equal('VolumeSnapshotContent [old] is bound to a different snapshot');
      await world.createSnapshot('tuesday', { volumeSnapshotContentName: 'old' });
      await world.settle(minute);
      expect((await world.getSnapshot('tuesday')).status?.error?.message).to.equal('Failed to check and update snapshot content: driver memory.test has no snapshot "snap-old"');
    });
  });

  it('leaves what is of drivers of other processes to others', async () => {
    let known = true;
    await begin({ drivers: (memory) => (known ? [memory] : [{ name: 'other.test', createSnapshot: () => Promise.reject(new ProviderError('Invalid', 'unused')) } as never]) });
    known = false;
    await world.createSnapshot();
    await world.run(minute);
    expect([world.harness.effects, (await world.getSnapshot()).status]).to.deep.equal([[], undefined]);
  });

  describe('the definitions', () => {
    const rejects = async (promise: Promise<unknown>, text: string): Promise<void> => {
      const error = await promise.then(() => undefined, (thrown: unknown) => thrown);
      expect(StatusError.is(error, 'Invalid') && error.message).to.include(text);
    };

    it('hold the rules of the API', async () => {
      await begin();
      await rejects(world.createSnapshot('a', {}), 'exactly one of');
      await rejects(world.createSnapshot('a', { persistentVolumeClaimName: 'x', volumeSnapshotContentName: 'y' }), 'exactly one of');
      await rejects(world.createSnapshot('a', { persistentVolumeClaimName: 'x' }, ''), 'must not be the empty string when set');
      await world.createSnapshot('a', { persistentVolumeClaimName: 'x' });
      await rejects(world.client.patch(VolumeSnapshot, { namespace: 'default', name: 'a' }, { type: 'merge', document: { spec: { source: { persistentVolumeClaimName: 'z' } } } }), 'persistentVolumeClaimName is immutable');
      await rejects(makeClass('odd', { deletionPolicy: 'Forget' as never }), 'deletionPolicy');
      await rejects(world.client.create(VolumeSnapshotContent, { metadata: { name: 'c' }, spec: { driver: 'd', deletionPolicy: 'Delete', source: { volumeHandle: 'v' }, volumeSnapshotRef: { name: 'x' } } }), 'both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set');
    });
  });
});

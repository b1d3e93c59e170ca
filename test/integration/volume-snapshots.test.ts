import { expect } from 'chai';
import { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { Bootstrap } from '#core/controllers/bootstrap/bootstrap.ts';
import { SnapshotController } from '#core/controllers/snapshot/controller.ts';
import { snapshotDefinitions } from '#core/controllers/snapshot/definitions.ts';
import { VolumeSnapshot, VolumeSnapshotClass, VolumeSnapshotContent } from '#core/controllers/storage/snapshots.ts';
import { ClaimProtectionController } from '#core/controllers/claim-protection/controller.ts';
import { VolumeBindingController } from '#core/controllers/volume-binding/controller.ts';
import { VolumeProvisioningController } from '#core/controllers/volume-provisioning/controller.ts';
import { VolumeReclaimController } from '#core/controllers/volume-reclaim/controller.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { MemoryDiskDriver } from '#test/fixtures/memory-disk-driver.ts';

const never = new AbortController().signal;

/** A server, whose controllers run before it serves snapshots, and a platform whose snapshots take their time. */
describe('snapshots of volumes', function () {
  this.timeout(60_000);

  let plane: ControlPlane;
  let driver: MemoryDiskDriver;
  let manager: Manager;

  before(async () => {
    plane = await startControlPlane();
    const { client, kinds } = plane;
    driver = new MemoryDiskDriver({ slowSnapshots: true });
    const informers = new SharedInformers({ reader: client, clock: systemClock, logger: silentLogger });
    const recorder = { normal: () => undefined, warning: () => undefined };
    const parts = { client, informers, kinds, clock: systemClock, recorder, logger: silentLogger, drivers: [driver] };
    const controllers = [
      new VolumeBindingController(parts), new VolumeProvisioningController(parts), new VolumeReclaimController(parts), new ClaimProtectionController(parts), new SnapshotController(parts),
    ];
    manager = new Manager({ controllers, informers, clock: systemClock, logger: silentLogger });
    await client.create(StorageClass, { metadata: { name: 'fast' }, provisioner: driver.name });
    await manager.start(never);
    // As a process does at each start.
    for (let start = 0; start < 2; start++) await new Bootstrap(client, silentLogger, snapshotDefinitions).run(never);
    await eventually(async () => snapshotDefinitions.every(({ object }) => kinds.all.some(({ kind }) => `${kind.plural}.${kind.group}` === object.metadata.name)), 'the kinds to be served');
  });
  after(async () => {
    await manager.stop();
    await plane.stop();
  });

  const gone = (promise: Promise<unknown>): Promise<boolean> => promise.then(() => false, (error: unknown) => StatusError.is(error, 'NotFound'));
  const snapshot = (): Promise<VolumeSnapshot> => plane.client.get(VolumeSnapshot, { namespace: 'default', name: 'monday' });
  const claim = (name: string): Promise<PersistentVolumeClaim> => plane.client.get(PersistentVolumeClaim, { namespace: 'default', name });
  const ask = (name: string, more: object = {}): Promise<PersistentVolumeClaim> => plane.client.create(PersistentVolumeClaim, {
    metadata: { namespace: 'default', name }, spec: { storageClassName: 'fast', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
  });

  it('are taken, shown, restored and deleted', async () => {
    const { client } = plane;
    expect((await client.list(CustomResourceDefinition)).items.map(({ metadata: { name } }) => name.split('.')[0])).to.deep.equal(['volumesnapshotclasses', 'volumesnapshotcontents', 'volumesnapshots']);
    await client.create(VolumeSnapshotClass, { metadata: { name: 'daily', annotations: { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } }, driver: driver.name, deletionPolicy: 'Delete' });
    await ask('data');
    await eventually(async () => (await claim('data')).status.phase === 'Bound', 'the claim to be bound');
    await client.create(VolumeSnapshot, { metadata: { namespace: 'default', name: 'monday' }, spec: { source: { persistentVolumeClaimName: 'data' } } });
    await ask('copy', { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'monday' } });
    await eventually(async () => (await snapshot()).status?.creationTime !== undefined, 'the snapshot to be taken');
    expect([(await snapshot()).status?.readyToUse, (await claim('copy')).status.phase]).to.deep.equal([false, 'Pending']);
    driver.finishSnapshots();
    await eventually(async () => (await claim('copy')).status.phase === 'Bound', 'the copy to be bound', 20_000);

    const shown = await plane.send('GET', '/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots', { headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    const columns = (shown.body.columnDefinitions as { name: string }[]).map(({ name }) => name);
    expect(columns).to.deep.equal(['Name', 'ReadyToUse', 'SourcePVC', 'SourceSnapshotContent', 'RestoreSize', 'SnapshotClass', 'SnapshotContent', 'CreationTime', 'Age']);
    expect((shown.body.rows as { cells: unknown[] }[])[0]?.cells.slice(0, 6)).to.deep.equal(['monday', true, 'data', null, '1Gi', 'daily']);

    await client.delete(VolumeSnapshot, { namespace: 'default', name: 'monday' });
    await eventually(() => gone(snapshot()), 'the snapshot to go');
    expect([(await client.list(VolumeSnapshotContent)).items, driver.snapshots.size, driver.volumes.size]).to.deep.equal([[], 0, 2]);
    for (const name of ['data', 'copy']) await client.delete(PersistentVolumeClaim, { namespace: 'default', name });
    await eventually(async () => driver.volumes.size === 0, 'the volumes to go');
  });
});

import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { CSIDriver, StorageClass } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { VolumeBindingController } from '#core/controllers/volume-binding/controller.ts';
import { VolumeExpansionController } from '#core/controllers/volume-expansion/controller.ts';
import { VolumeProvisioningController } from '#core/controllers/volume-provisioning/controller.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { MemoryDiskDriver } from '#test/fixtures/memory-disk-driver.ts';
import { never, VolumeNode } from '#test/fixtures/node-volumes.ts';

const Gi = 2n ** 30n;
const key = { namespace: 'default', name: 'data' };

/** The controllers and the volumes of an agent, over one API with its admission. */
describe('volumes that grow while pods use them', function () {
  this.timeout(60_000);

  let api: InMemoryApi;
  let driver: MemoryDiskDriver;
  let manager: Manager;
  let node: VolumeNode;
  let pod: Pod;

  beforeEach(async () => {
    api = await inMemoryApi(systemClock);
    const { client } = api;
    driver = new MemoryDiskDriver({ name: 'folders.test', size: 10n * Gi });
    const informers = new SharedInformers({ reader: client, clock: systemClock, logger: silentLogger });
    const recorder = { normal: () => undefined, warning: () => undefined };
    const parts = { client, informers, clock: systemClock, recorder, logger: silentLogger, drivers: [driver] };
    const controllers = [new VolumeBindingController(parts), new VolumeProvisioningController(parts), new VolumeExpansionController(parts)];
    manager = new Manager({ controllers, informers, clock: systemClock, logger: silentLogger });
    await client.create(CSIDriver, { metadata: { name: driver.name }, spec: { attachRequired: false } });
    for (const [name, allowVolumeExpansion] of [['growing', true], ['fixed', false]] as const) await client.create(StorageClass, { metadata: { name }, provisioner: driver.name, allowVolumeExpansion });
    node = await VolumeNode.make({ nodeName: 'node-1', client, clock: systemClock });
    await manager.start(never);
  });
  afterEach(async () => {
    await manager.stop();
    await node.remove();
    await api.stop();
  });

  const claim = (): Promise<PersistentVolumeClaim> => api.client.get(PersistentVolumeClaim, key);
  const ask = (storage: string): Promise<PersistentVolumeClaim> => api.client.patch(PersistentVolumeClaim, key, { type: 'merge', document: { spec: { resources: { requests: { storage } } } } });

  async function use(storageClassName: string): Promise<void> {
    await api.client.create(PersistentVolumeClaim, { metadata: key, spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    await eventually(async () => (await claim()).status.phase === 'Bound', 'the claim to be bound');
    pod = await api.client.create(Pod, {
      metadata: { namespace: 'default', name: 'web' },
      spec: { nodeName: 'node-1', automountServiceAccountToken: false, volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }], containers: [{ name: 'main', image: 'i', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
    });
    await node.volumes.prepare(pod, never);
  }

  it('are as large as asked for, with their file systems', async () => {
    await use('growing');
    for (const size of ['2Gi', '3Gi']) {
      await ask(size);
      await eventually(async () => {
        await node.volumes.prepare(pod, never);
        return (await claim()).status.capacity?.['storage'] === size;
      }, `the claim to have ${size}`);
    }
    const { status, spec: { volumeName = '' } } = await claim();
    expect(status.conditions ?? []).to.deep.equal([]);
    expect(node.driver.calls.filter((call) => call.startsWith('expand'))).to.have.length(2);
    expect([...driver.volumes.values()].map(({ capacity }) => capacity)).to.deep.equal([3n * Gi]);
    await eventually(async () => {
      const { metadata, spec } = await api.client.get(PersistentVolume, { name: volumeName });
      return spec.capacity?.['storage'] === '3Gi' && metadata.annotations?.['volume.alpha.kubernetes.io/pre-resize-capacity'] === undefined;
    }, 'the volume to say so');
  });

  it('go back to a size that can be had', async () => {
    await use('growing');
    await ask('50Gi');
    await eventually(async () => (await claim()).status.allocatedResourceStatuses?.['storage'] === 'ControllerResizeInfeasible', 'the refusal to stand on the claim');
    await ask('4Gi');
    await eventually(async () => (await claim()).status.allocatedResourceStatuses?.['storage'] === 'NodeResizePending', 'the volume to grow');
    expect((await claim()).status.allocatedResources).to.deep.equal({ storage: '4Gi' });
    const error = await ask('1Gi').catch((thrown: unknown) => thrown);
    expect(StatusError.is(error, 'Invalid') && error.message).to.include('field can not be less than status.capacity');
  });

  it('are only those whose class allows it', async () => {
    await use('fixed');
    const error = await ask('2Gi').catch((thrown: unknown) => thrown);
    expect(StatusError.is(error, 'Forbidden') && error.message).to.include('must support resize');
  });
});

import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client, WatchEvent } from '#core/client/client.ts';
import { HttpClient } from '#core/client/http-client.ts';
import { ClaimProtectionController } from '#core/controllers/claim-protection/controller.ts';
import { VolumeBindingController } from '#core/controllers/volume-binding/controller.ts';
import { VolumeProtectionController } from '#core/controllers/volume-protection/controller.ts';
import { VolumeProvisioningController } from '#core/controllers/volume-provisioning/controller.ts';
import { VolumeReclaimController } from '#core/controllers/volume-reclaim/controller.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { SchedulerComponent } from '#core/scheduler/scheduler-component.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { node, pod } from '#test/fixtures/scheduling-world.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { MemoryVolumeDriver } from '#test/fixtures/memory-volume-driver.ts';

const namespace = 'default';
const connect = (plane: ControlPlane): HttpClient => new HttpClient({ server: plane.server.url, ca: plane.pki.ca, ...plane.pki.admin }, { clock: systemClock });
const reasonOf = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.then(() => undefined, (thrown: unknown) => thrown);
  return StatusError.is(error) ? error.reason : String(error);
};

/** The same cases for both: a controller cannot tell which of them it has. */
for (const kind of ['in this process', 'over HTTPS']) {
  describe(`a client ${kind}`, () => {
    let plane: ControlPlane;
    let client: Client;
    before(async () => {
      plane = await startControlPlane();
      client = kind === 'over HTTPS' ? connect(plane) : plane.client;
    });
    after(async () => {
      if (client instanceof HttpClient) client.close();
      await plane.stop();
    });
    const map = (name: string, data: Record<string, string> = {}) => client.create(ConfigMap, { metadata: { name, namespace, labels: { of: 'client' } }, data });

    it('writes and reads what it wrote, frozen', async () => {
      const made = await map('one', { a: '1' });
      expect(await client.get(ConfigMap, { namespace, name: 'one' })).to.deep.equal(made);
      expect(() => Object.assign(made, { data: {} })).to.throw(TypeError);
      const updated = await client.update(ConfigMap, { ...made, data: { a: '2' } });
      expect(updated.data).to.deep.equal({ a: '2' });
      expect((await client.patch(ConfigMap, made.metadata, { type: 'merge', document: { data: { b: '3' } } })).data).to.deep.equal({ a: '2', b: '3' });
      expect((await client.patch(ConfigMap, made.metadata, { type: 'json', operations: [{ op: 'remove', path: '/data/a' }] })).data).to.deep.equal({ b: '3' });
      expect((await client.patch(ConfigMap, made.metadata, { type: 'strategic', document: { data: { c: '4' } } }, { dryRun: true })).data).to.deep.equal({ b: '3', c: '4' });
      await client.delete(ConfigMap, made.metadata, { preconditions: { uid: made.metadata.uid } });
      expect(await reasonOf(client.get(ConfigMap, made.metadata))).to.equal('NotFound');
    });

    it('is refused with the same reasons', async () => {
      const made = await map('refused');
      await client.patch(ConfigMap, made.metadata, { type: 'merge', document: { data: { x: '1' } } });
      expect(await reasonOf(map('refused'))).to.equal('AlreadyExists');
      expect(await reasonOf(client.update(ConfigMap, { ...made, data: {} }))).to.equal('Conflict');
      expect(await reasonOf(client.patch(ConfigMap, made.metadata, { type: 'merge', document: { metadata: { uid: 'other' } } }))).to.equal('Conflict');
      expect(await reasonOf(client.delete(ConfigMap, made.metadata, { preconditions: { uid: 'other' } }))).to.equal('Conflict');
      expect(await reasonOf(map('Not A Name'))).to.equal('Invalid');
      expect(await reasonOf(client.create(ConfigMap, { metadata: { name: 'x', namespace: 'nowhere' } }))).to.equal('NotFound');
      expect(await reasonOf(client.list(ConfigMap, { namespace, labelSelector: 'a in b' }))).to.equal('BadRequest');
    });

    it('writes the status and nothing else through its subresource', async () => {
      const claim = await client.create(PersistentVolumeClaim, { metadata: { name: 'c', namespace }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } } });
      const lost = await client.patchStatus(PersistentVolumeClaim, claim.metadata, { type: 'merge', document: { status: { phase: 'Lost' }, spec: { storageClassName: 'x' } } });
      expect([lost.status.phase, lost.spec.storageClassName]).to.deep.equal(['Lost', '']);
      expect((await client.updateStatus(PersistentVolumeClaim, { ...lost, status: { ...lost.status, phase: 'Pending' } })).status.phase).to.equal('Pending');
    });

    it('lists by pages and selectors', async () => {
      for (const name of ['p1', 'p2', 'p3']) await client.create(ConfigMap, { metadata: { name, namespace, labels: { page: name } } });
      const first = await client.list(ConfigMap, { namespace, labelSelector: 'page', limit: 2 });
      const rest = await client.list(ConfigMap, { namespace, labelSelector: 'page', limit: 2, continue: first.metadata.continue });
      expect([...first.items, ...rest.items].map(({ metadata }) => metadata.name)).to.deep.equal(['p1', 'p2', 'p3']);
      expect((await client.list(ConfigMap, { fieldSelector: 'metadata.name=p2' })).items).to.have.length(1);
    });

    it('watches from a version until it is told to stop', async () => {
      const { metadata } = await client.list(ConfigMap, { namespace });
      const stop = new AbortController();
      const seen: string[] = [];
      const watching = (async () => {
        const events: AsyncIterable<WatchEvent<ConfigMap>> = client.watch(ConfigMap, { namespace, resourceVersion: metadata.resourceVersion }, stop.signal);
        for await (const { type, object } of events) if (seen.push(`${type} ${object.metadata.name}`) === 3) stop.abort(new Error('enough'));
      })();
      const made = await map('watched');
      await client.patch(ConfigMap, made.metadata, { type: 'merge', document: { data: { x: '1' } } });
      await client.delete(ConfigMap, made.metadata);
      expect(await watching.catch((error: Error) => error.message)).to.equal('enough');
      expect(seen).to.deep.equal(['ADDED watched', 'MODIFIED watched', 'DELETED watched']);
      const future = client.watch(ConfigMap, { namespace, resourceVersion: '999999' }, AbortSignal.timeout(5000))[Symbol.asyncIterator]();
      expect(await reasonOf(future.next())).to.equal('Expired');
    });

    it('is all that the scheduler needs', async () => {
      const informers = new SharedInformers({ reader: client, clock: systemClock, logger: silentLogger });
      const manager = new Manager({ controllers: [], informers, clock: systemClock, logger: silentLogger });
      const recorder = { normal: () => undefined, warning: () => undefined };
      const scheduler = new SchedulerComponent({ client, informers, clock: systemClock, logger: silentLogger, recorder });
      await manager.start(AbortSignal.timeout(10_000));
      await scheduler.start();
      try {
        await client.create(Pod, pod('scheduled', { cpu: '1' }));
        await eventually(async () => (await client.get(Pod, { namespace, name: 'scheduled' })).status.conditions?.[0]?.reason === 'Unschedulable', 'the pod to find no node');
        await client.create(Node, node('n1'));
        await client.patch(Node, { name: 'n1' }, { type: 'merge', document: { spec: { taints: null } } });
        await eventually(async () => (await client.get(Pod, { namespace, name: 'scheduled' })).spec.nodeName === 'n1', 'the pod to be bound', 15_000);
      } finally {
        await scheduler.stop();
        await manager.stop();
      }
    }).timeout(20_000);

    it('is all that the storage controllers need', async () => {
      const driver = new MemoryVolumeDriver();
      const informers = new SharedInformers({ reader: client, clock: systemClock, logger: silentLogger });
      const parts = { client, informers, clock: systemClock, logger: silentLogger, recorder: { normal: () => undefined, warning: () => undefined }, drivers: [driver] };
      const manager = new Manager({
        controllers: [
          new VolumeBindingController(parts), new VolumeProvisioningController(parts), new VolumeReclaimController(parts),
          new ClaimProtectionController(parts), new VolumeProtectionController(parts),
        ], informers, clock: systemClock, logger: silentLogger,
      });
      await manager.start(AbortSignal.timeout(10_000));
      try {
        const names = Array.from({ length: 20 }, (_, i) => `claim-${i}`);
        await client.create(StorageClass, { metadata: { name: 'memory' }, provisioner: driver.name });
        const { metadata } = await client.list(PersistentVolumeClaim, { namespace });
        await Promise.all(names.map((name) => client.create(PersistentVolumeClaim, {
          metadata: { name, namespace }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'memory', resources: { requests: { storage: '1Mi' } } },
        })));
        const bound = new Set<string>();
        for await (const { object } of client.watch(PersistentVolumeClaim, { namespace, resourceVersion: metadata.resourceVersion }, AbortSignal.timeout(15_000))) {
          if (object.status.phase === 'Bound' && bound.add(object.metadata.name).size === names.length) break;
        }
        expect(driver.volumes.size).to.equal(names.length);
        const volumes = await client.list(PersistentVolume);
        await Promise.all(names.map((name) => client.delete(PersistentVolumeClaim, { namespace, name })));
        let left = volumes.items.length;
        for await (const { type } of client.watch(PersistentVolume, { resourceVersion: volumes.metadata.resourceVersion }, AbortSignal.timeout(15_000))) {
          if (type === 'DELETED' && --left === 0) break;
        }
        expect([...driver.volumes.keys()]).to.deep.equal([]);
      } finally {
        await manager.stop();
      }
    });
  });
}

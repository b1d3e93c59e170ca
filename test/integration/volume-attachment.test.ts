import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { CSIDriver, CSINode, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { AttachDetachController } from '#core/controllers/volume-attachment/attach-detach.ts';
import { VolumeAttacherController } from '#core/controllers/volume-attachment/attacher.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { GatedClient, inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { MemoryAttachingDriver } from '#test/fixtures/memory-attaching-driver.ts';
import { never, VolumeNode } from '#test/fixtures/node-volumes.ts';

const names = ['node-1', 'node-2'] as const;
const most = 20;

/** The controllers and the volumes of two agents, over one API. */
describe('volumes that are attached before agents mount them', function () {
  this.timeout(60_000);

  let api: InMemoryApi;
  let driver: MemoryAttachingDriver;
  let manager: Manager;
  let nodes: VolumeNode[];
  let writes: number;

  beforeEach(async () => {
    api = await inMemoryApi(systemClock);
    // As over a network: what is asked for meanwhile can go together.
    const client = new GatedClient(api.client, async ({ isEffect }, effect) => {
      if (isEffect) await delay(10);
      return effect();
    });
    driver = new MemoryAttachingDriver({ name: 'folders.test' });
    const informers = new SharedInformers({ reader: client, clock: systemClock, logger: silentLogger });
    const recorder = { normal: () => undefined, warning: () => undefined };
    const parts = { client, informers, clock: systemClock, recorder, drivers: [driver] };
    manager = new Manager({ controllers: [new AttachDetachController(parts), new VolumeAttacherController(parts)], informers, clock: systemClock, logger: silentLogger });
    await client.create(CSIDriver, { metadata: { name: driver.name }, spec: { attachRequired: true } });
    nodes = [];
    for (const name of names) {
      driver.addMachine(`machine-of-${name}`);
      await client.create(Node, { metadata: { name, annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } } });
      await client.patchStatus(Node, { name }, { type: 'merge', document: { status: { conditions: [{ type: 'Ready', status: 'True' }] } } });
      await client.create(CSINode, { metadata: { name }, spec: { drivers: [{ name: driver.name, nodeID: `machine-of-${name}` }] } });
      nodes.push(await VolumeNode.make({ nodeName: name, client, clock: systemClock }));
    }
    writes = 0;
    await manager.start(never);
  });
  afterEach(async () => {
    await manager.stop();
    for (const node of nodes) await node.remove();
    await api.stop();
  });

  const handles = Array.from({ length: most }, (_each, i) => `disk-${i}`);

  async function makeVolumes(): Promise<void> {
    for (const handle of handles) {
      driver.volumes.set(handle, { id: handle, name: handle, owner: { namespace: 'default', name: handle, uid: handle }, parameters: {}, capacity: 1n, context: {}, topology: [], complete: true });
      const shape = { accessModes: ['ReadWriteOnce' as const], storageClassName: '' };
      const { metadata: { uid } } = await api.client.create(PersistentVolumeClaim, { metadata: { namespace: 'default', name: handle }, spec: { ...shape, volumeName: handle, resources: { requests: { storage: '1Gi' } } } });
      await api.client.patchStatus(PersistentVolumeClaim, { namespace: 'default', name: handle }, { type: 'merge', document: { status: { phase: 'Bound' } } });
      await api.client.create(PersistentVolume, { metadata: { name: handle }, spec: { ...shape, capacity: { storage: '1Gi' }, csi: { driver: driver.name, volumeHandle: handle }, claimRef: { namespace: 'default', name: handle, uid } } });
    }
  }

  const podOn = (name: string, nodeName: string): Promise<Pod> => api.client.create(Pod, {
    metadata: { namespace: 'default', name },
    spec: {
      nodeName, automountServiceAccountToken: false, volumes: handles.map((handle) => ({ name: handle, persistentVolumeClaim: { claimName: handle } })),
      containers: [{ name: 'main', image: 'i', volumeMounts: handles.map((handle) => ({ name: handle, mountPath: `/${handle}` })) }],
    },
  });

  const machinesWith = (): string[] => [...new Set(handles.flatMap((handle) => driver.holders(handle)))];

  it('go with their pods from node to node, with few writes', async () => {
    await makeVolumes();
    const [one, two] = nodes;
    if (one === undefined || two === undefined) throw new Error('two nodes were made');
    void count();
    const first = await podOn('first', 'node-1');
    const prepared = await one.volumes.prepare(first, never);
    expect([prepared.size, machinesWith()]).to.deep.equal([most, ['machine-of-node-1']]);
    expect(one.driver.stageRequests.map(({ publishContext }) => publishContext)[0]).to.have.property('serial');
    expect(await readdir(prepared.get('disk-0')?.hostPath ?? '')).to.deep.equal([]);

    const second = await podOn('second', 'node-2');
    await api.client.delete(Pod, first.metadata, { gracePeriodSeconds: 0 });
    const preparing = two.volumes.prepare(second, never);
    await one.volumes.release(first.metadata.uid, never);
    expect((await preparing).size).to.equal(most);
    expect([machinesWith(), one.driver.staged.size, two.driver.staged.size]).to.deep.equal([['machine-of-node-2'], 0, most]);

    await api.client.delete(Pod, second.metadata, { gracePeriodSeconds: 0 });
    await two.volumes.release(second.metadata.uid, never);
    await eventually(async () => machinesWith().length === 0 && (await api.client.list(VolumeAttachment)).items.length === 0, 'all to be detached', 20_000);
    for (const name of names) {
      await eventually(async () => {
        const { status } = await api.client.get(Node, { name });
        return status.volumesAttached === undefined && status.volumesInUse === undefined;
      }, `${name} to have nothing`);
    }
    expect([driver.count('attach'), driver.count('detach')]).to.deep.equal([2 * most, 2 * most]);
    // For each of 40 attachments a node's lists change four times; they are written together.
    expect(writes).to.be.lessThan(2 * most);
  });

  /** Writes of nodes. */
  async function count(): Promise<void> {
    for await (const { type } of api.client.watch(Node, {}, AbortSignal.timeout(60_000))) if (type === 'MODIFIED') writes++;
  }
});

import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ControllerHarness } from '#test/fixtures/controller-harness.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { EphemeralVolumeController } from './controller.ts';

describe('ephemeral-volume', () => {
  let api: InMemoryApi;
  let harness: ControllerHarness;
  beforeEach(async () => {
    const clock = new FakeClock();
    api = await inMemoryApi(clock);
    harness = new ControllerHarness({ world: api, clock, seed: 1, controllers: (parts) => [new EphemeralVolumeController(parts)] });
  });
  afterEach(async () => {
    harness.end();
    await api.stop();
  });
  const create = (spec: object = {}): Promise<Pod> => api.client.create(Pod, {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec } } } }],
    },
  });
  const claims = async (): Promise<PersistentVolumeClaim[]> => (await api.client.list(PersistentVolumeClaim)).items;
  const run = async (): Promise<void> => {
    await harness.start();
    await harness.settle();
  };

  it('makes the claim that a pod brings along, which is the pod\'s', async () => {
    const { metadata: { uid } } = await create();
    await run();
    const [claim] = await claims();
    expect([claim?.metadata.name, claim?.metadata.labels, claim?.spec.resources.requests]).to.deep.equal(['web-scratch', { a: 'b' }, { storage: '1Gi' }]);
    expect(claim?.metadata.ownerReferences).to.deep.equal([{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true, blockOwnerDeletion: true }]);
  });

  it('makes it again while the pod lives, and not for one that has ended', async () => {
    await create();
    await run();
    const remove = async (): Promise<void> => {
      await api.client.patch(PersistentVolumeClaim, { namespace: 'default', name: 'web-scratch' }, { type: 'merge', document: { metadata: { finalizers: null } } });
      await api.client.delete(PersistentVolumeClaim, { namespace: 'default', name: 'web-scratch' });
      await harness.settle();
    };
    await remove();
    expect(await claims()).to.have.length(1);
    await api.client.patchStatus(Pod, { namespace: 'default', name: 'web' }, { type: 'merge', document: { status: { phase: 'Succeeded' } } });
    await harness.settle();
    await remove();
    expect(await claims()).to.have.length(0);
  });

  it('does not take a claim of that name that is somebody else\'s, and says so', async () => {
    await api.client.create(PersistentVolumeClaim, { metadata: { namespace: 'default', name: 'web-scratch' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    await create();
    await run();
    expect(harness.events).to.deep.equal([{
      type: 'Warning', about: 'web', reason: 'FailedBinding', message: 'ephemeral volume web-scratch: PVC default/web-scratch was not created for pod default/web (pod is not owner)',
    }]);
    expect((await claims())[0]?.metadata.ownerReferences).to.equal(undefined);
  });

  it('survives a process that ends at its write, and one whose answer is lost', async () => {
    for (const fault of ['crash-before', 'crash-after', 'lose'] as const) {
      let calls = 0;
      harness.faults = () => (calls++ === 0 ? fault : undefined);
      await create();
      await run();
      if (harness.crashed) await run();
      expect(await claims(), fault).to.have.length(1);
      await api.client.delete(Pod, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
      await api.client.patch(PersistentVolumeClaim, { namespace: 'default', name: 'web-scratch' }, { type: 'merge', document: { metadata: { finalizers: null } } });
      await api.client.delete(PersistentVolumeClaim, { namespace: 'default', name: 'web-scratch' });
      harness.end();
    }
  });
});

import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import { StorageWorld } from '#test/fixtures/storage-world.ts';
import { LivePods } from './live-pods.ts';

const pod = (name: string, nodeName: string | undefined, volume: object) => ({
  metadata: { namespace: 'default', name },
  spec: { ...(nodeName === undefined ? {} : { nodeName }), containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', ...volume }] },
});

describe('claim-protection', () => {
  let world: StorageWorld;

  beforeEach(async () => {
    world = await StorageWorld.make();
    await world.createClaim('data', { storageClassName: '' });
    await world.run();
  });
  afterEach(() => world.stop());

  const isGone = (): Promise<boolean> => world.getClaim('data').then(() => false, (error: unknown) => StatusError.is(error, 'NotFound'));
  const setPhase = (name: string, phase: string) => world.client.patchStatus(Pod, { namespace: 'default', name }, { type: 'merge', document: { status: { phase } } });

  it('keeps a claim until the last running pod that uses it has ended', async () => {
    for (const name of ['a', 'b']) await world.client.create(Pod, pod(name, 'n1', { persistentVolumeClaim: { claimName: 'data' } }));
    await world.harness.settle();
    await world.deleteClaim('data');
    await world.harness.settle();
    expect(await isGone()).to.equal(false);
    await setPhase('a', 'Succeeded');
    await world.harness.settle();
    expect(await isGone()).to.equal(false);
    await world.client.delete(Pod, { namespace: 'default', name: 'b' }, { gracePeriodSeconds: 0 });
    await world.harness.settle();
    expect(await isGone()).to.equal(true);
  });

  it('counts a claim that was made with its pod, and no pod without a node', async () => {
    await world.createClaim('web-v', { storageClassName: '' });
    const volumeClaimTemplate = { metadata: {}, spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } } } };
    await world.client.create(Pod, pod('web', 'n1', { ephemeral: { volumeClaimTemplate } }));
    await world.client.create(Pod, pod('unscheduled', undefined, { persistentVolumeClaim: { claimName: 'data' } }));
    await world.harness.settle();
    for (const name of ['web-v', 'data']) await world.deleteClaim(name);
    await world.harness.settle();
    expect((await world.claims()).map(({ metadata }) => metadata.name)).to.deep.equal(['web-v']);
  });

  it('believes the API server rather than its cache', async () => {
    world.harness.held.add('pods');
    await world.client.create(Pod, pod('a', 'n1', { persistentVolumeClaim: { claimName: 'data' } }));
    await world.deleteClaim('data');
    await world.harness.settle();
    expect(await isGone()).to.equal(false);
    world.harness.held.clear();
    await setPhase('a', 'Failed');
    await world.harness.settle();
    expect(await isGone()).to.equal(true);
  });

  it('gives the finalizer to claims from before there was admission, and leaves others\' alone', async () => {
    await world.client.patch(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', document: { metadata: { finalizers: ['example.com/mine'] } } });
    await world.harness.settle();
    expect((await world.getClaim('data')).metadata.finalizers).to.have.members(['example.com/mine', 'kubernetes.io/pvc-protection']);
    await world.deleteClaim('data');
    await world.harness.settle();
    expect((await world.getClaim('data')).metadata.finalizers).to.deep.equal(['example.com/mine']);
  });

  it('lists the pods a few times for many claims, and never answers from a list that is older than the question', async () => {
    let lists = 0;
    const gates: (() => void)[] = [];
    const live = new LivePods({
      ...world.client,
      list: async (kind, options) => {
        lists++;
        const answer = await world.client.list(kind, options);
        await new Promise<void>((resolve) => gates.push(resolve));
        return answer;
      },
    });
    const { signal } = new AbortController();
    const first = live.uses('default', 'default/data', signal);
    await Promise.resolve();
    while (gates.length < 1) await new Promise(setImmediate);
    await world.client.create(Pod, pod('a', 'n1', { persistentVolumeClaim: { claimName: 'data' } }));
    const later = Array.from({ length: 50 }, () => live.uses('default', 'default/data', signal));
    gates[0]?.();
    expect(await first).to.equal(false);
    while (gates.length < 2) await new Promise(setImmediate);
    gates[1]?.();
    expect(new Set(await Promise.all(later))).to.deep.equal(new Set([true]));
    expect(lists).to.equal(2);
  });
});

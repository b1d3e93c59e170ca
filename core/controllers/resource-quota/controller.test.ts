import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { claim } from '#test/fixtures/storage-world.ts';
import { fixedKinds } from '#core/client/served-kinds.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { ResourceQuotaController } from './controller.ts';

const kinds = fixedKinds([ConfigMap, PersistentVolumeClaim] as never[]);
const key = { namespace: 'default', name: 'q' };

describe('resource-quota', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;

  beforeEach(async () => {
    world = await harnessAround((parts) => [new ResourceQuotaController({ ...parts, kinds })]);
    const hard = { configmaps: '100', 'requests.storage': '10Gi', 'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '5', 'count/configmaps': '100' };
    await world.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'before' } });
    await world.client.create(ConfigMap, { metadata: { namespace: 'kube-system', name: 'elsewhere' } });
    await world.client.create(ResourceQuota, { metadata: key, spec: { hard } });
    await world.harness.start();
    await world.harness.settle();
  });
  afterEach(() => world.stop());

  const status = async () => (await world.client.get(ResourceQuota, key)).status;

  it('adds up what there is, and follows what comes and goes', async () => {
    expect(await status()).to.deep.equal({
      hard: { configmaps: '100', 'requests.storage': '10Gi', 'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '5', 'count/configmaps': '100' },
      used: { configmaps: '1', 'requests.storage': '0', 'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '0', 'count/configmaps': '1' },
    });
    for (const name of ['a', 'b']) await world.client.create(PersistentVolumeClaim, claim(name, { resources: { requests: { storage: '1536Mi' } } }));
    await world.client.delete(ConfigMap, { namespace: 'default', name: 'before' });
    await world.harness.settle();
    expect((await status()).used).to.deep.equal({ configmaps: '0', 'requests.storage': '3Gi', 'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '2', 'count/configmaps': '0' });
  });

  it('forgets names that the quota does not limit any more', async () => {
    await world.client.patch(ResourceQuota, key, { type: 'merge', document: { spec: { hard: { configmaps: null, 'requests.storage': '20Gi' } } } });
    await world.harness.settle();
    const { hard, used } = await status();
    expect(hard).to.have.property('requests.storage', '20Gi');
    expect(used).not.to.have.property('configmaps');
  });

  it('adds up rarely while many objects come, and does not look at changes that make no difference', async () => {
    const begun = world.harness.effects.length;
    for (let i = 0; i < 90; i++) await world.client.create(ConfigMap, { metadata: { namespace: 'default', name: `m${i}` } });
    await world.harness.settle();
    expect((await status()).used).to.have.property('configmaps', '91');
    expect(world.harness.effects.length - begun).to.be.at.most(3);
    const before = world.harness.steps;
    await world.client.patch(ConfigMap, { namespace: 'default', name: 'm1' }, { type: 'merge', document: { data: { a: 'b' } } });
    await world.harness.settle();
    expect(world.harness.steps - before, 'one event taken in').to.be.at.most(3);
  });
});

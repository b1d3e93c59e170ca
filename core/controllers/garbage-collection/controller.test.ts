import { expect } from 'chai';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import type { OwnerReference } from '#core/api/schema/meta.ts';
import type { DeleteOptions } from '#core/client/client.ts';
import { fixedKinds } from '#core/client/served-kinds.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { GarbageCollectionController } from './controller.ts';

const kinds = fixedKinds([ConfigMap, Secret, Pod, Node] as never[]);
const refer = (kind: Kind, { apiVersion, metadata: { name, uid } }: KubernetesObject, rest: Partial<OwnerReference> = {}): OwnerReference =>
  ({ apiVersion, kind: kind.kind, name, uid, ...rest });

for (const stale of [false, true]) {
  describe(`garbage collection${stale ? ' with slow caches' : ''}`, () => {
    let world: Awaited<ReturnType<typeof harnessAround>>;

    beforeEach(async () => {
      world = await harnessAround(({ client, informers, recorder }) => [new GarbageCollectionController({ client, informers, kinds, recorder })], { seed: 7, stale });
      await world.harness.start();
    });
    afterEach(() => world.stop());

    const map = (name: string, owners: OwnerReference[] = [], rest: object = {}): Promise<ConfigMap> =>
      world.client.create(ConfigMap, { metadata: { namespace: 'default', name, ...(owners.length > 0 ? { ownerReferences: owners } : {}), ...rest } });
    const secret = (name: string, owners: OwnerReference[]): Promise<Secret> =>
      world.client.create(Secret, { metadata: { namespace: 'default', name, ownerReferences: owners } });
    const remove = (name: string, propagationPolicy: DeleteOptions['propagationPolicy']) => world.client.delete(ConfigMap, { namespace: 'default', name }, { propagationPolicy });
    const names = async (): Promise<string[]> => {
      const lists = await Promise.all([world.client.list(ConfigMap), world.client.list(Secret)]);
      return lists.flatMap(({ items }) => (items as KubernetesObject[]).map(({ metadata }) => metadata.name)).sort();
    };
    const get = (name: string) => world.client.get(ConfigMap, { namespace: 'default', name });

    it('deletes what an owner leaves behind, down to the last generation', async () => {
      const owner = await map('owner');
      const child = await map('child', [refer(ConfigMap, owner)]);
      await secret('grandchild', [refer(ConfigMap, child)]);
      await map('stranger');
      await world.harness.settle();
      expect(await names()).to.deep.equal(['child', 'grandchild', 'owner', 'stranger']);
      await remove('owner', 'Background');
      await world.harness.settle();
      expect(await names()).to.deep.equal(['stranger']);
    });

    it('keeps what has another owner, without the reference to the one that is gone', async () => {
      const [a, b] = [await map('a'), await map('b')];
      await map('shared', [refer(ConfigMap, a), refer(ConfigMap, b)]);
      await world.harness.settle();
      await remove('a', 'Background');
      await world.harness.settle();
      expect((await get('shared')).metadata.ownerReferences?.map(({ name }) => name)).to.deep.equal(['b']);
      await remove('b', undefined);
      await world.harness.settle();
      expect(await names()).to.deep.equal([]);
    });

    it('lets dependents live on without their owner when told to', async () => {
      const owner = await map('owner');
      await map('child', [refer(ConfigMap, owner)]);
      await world.harness.settle();
      await remove('owner', 'Orphan');
      await world.harness.settle();
      expect(await names()).to.deep.equal(['child']);
      expect((await get('child')).metadata.ownerReferences ?? []).to.deep.equal([]);
    });

    it('keeps an owner until the dependents that block it are gone', async () => {
      const owner = await map('owner');
      await map('held', [refer(ConfigMap, owner, { blockOwnerDeletion: true })], { finalizers: ['example.com/hold'] });
      await map('free', [refer(ConfigMap, owner)]);
      await world.harness.settle();
      await remove('owner', 'Foreground');
      await world.harness.settle();
      expect((await get('owner')).metadata.finalizers).to.deep.equal(['foregroundDeletion']);
      expect((await get('held')).metadata.deletionTimestamp).to.be.a('string');
      await world.client.patch(ConfigMap, { namespace: 'default', name: 'held' }, { type: 'merge', document: { metadata: { finalizers: null } } });
      await world.harness.settle();
      expect(await names()).to.deep.equal([]);
    });

    it('ends a circle of owners that wait for each other', async () => {
      const a = await map('a');
      const b = await map('b', [refer(ConfigMap, a, { blockOwnerDeletion: true })]);
      await world.client.patch(ConfigMap, a.metadata, { type: 'merge', document: { metadata: { ownerReferences: [refer(ConfigMap, b, { blockOwnerDeletion: true })] } } });
      await world.harness.settle();
      await remove('a', 'Foreground');
      await world.harness.settle();
      expect(await names()).to.deep.equal([]);
    });

    it('knows an owner by its UID, and takes an owner of a kind that it does not know for there', async () => {
      const owner = await map('owner');
      await map('of-another', [{ ...refer(ConfigMap, owner), uid: 'another' }]);
      await map('of-unknown', [{ apiVersion: 'example.com/v1', kind: 'Robot', name: 'r', uid: 'u' }]);
      await world.harness.settle();
      expect(await names()).to.deep.equal(['of-unknown', 'owner']);
    });

    it('says when an owner cannot be one', async () => {
      const owner = await map('owner');
      await world.client.create(Node, { metadata: { name: 'n1', ownerReferences: [refer(ConfigMap, owner)] } });
      await world.harness.settle();
      expect(world.harness.events.map(({ about, reason }) => `${about} ${reason}`)).to.include('n1 OwnerRefInvalidNamespace');
      expect((await world.client.get(Node, { name: 'n1' })).metadata.name).to.equal('n1');
    });

    it('finds what lost its owner while nobody looked', async () => {
      const owner = await map('owner');
      await map('child', [refer(ConfigMap, owner)]);
      await world.harness.settle();
      world.harness.end();
      await remove('owner', 'Background');
      await world.harness.start();
      await world.harness.settle();
      expect(await names()).to.deep.equal([]);
    });
  });
}

import { expect } from 'chai';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import { fixedKinds } from '#core/client/served-kinds.ts';
import { ClaimProtectionController } from '#core/controllers/claim-protection/controller.ts';
import { claim } from '#test/fixtures/storage-world.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { NamespaceController } from './controller.ts';

const kinds = fixedKinds([ConfigMap, Secret, PersistentVolumeClaim, Pod] as never[]);

describe('namespace', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;

  beforeEach(async () => {
    world = await harnessAround((parts) => [new NamespaceController({ ...parts, kinds }), new ClaimProtectionController(parts)]);
    await world.client.create(Namespace, { metadata: { name: 'team' } });
    await world.client.create(ServiceAccount, { metadata: { namespace: 'team', name: 'default' } });
    await world.harness.start();
  });
  afterEach(() => world.stop());

  const isGone = (): Promise<boolean> => world.client.get(Namespace, { name: 'team' }).then(() => false, (error: unknown) => StatusError.is(error, 'NotFound'));
  const createMap = (name: string, namespace = 'team', finalizers: string[] = []) => world.client.create(ConfigMap, { metadata: { namespace, name, finalizers } });
  const conditions = async (): Promise<Record<string, string | undefined>> => {
    const { status } = await world.client.get(Namespace, { name: 'team' });
    return Object.fromEntries((status.conditions ?? []).map(({ type, status: value, reason, message }) => [type, value === 'True' ? `${reason}: ${message}` : value]));
  };

  it('goes with everything in it, and nothing else does', async () => {
    for (let i = 0; i < 1200; i++) await createMap(`m${i}`);
    await createMap('other', 'default');
    await world.client.create(PersistentVolumeClaim, claim('data', {}, { namespace: 'team' }));
    await world.client.delete(Namespace, { name: 'team' });
    await world.harness.settle();
    expect(await isGone()).to.equal(true);
    const maps = (await world.client.list(ConfigMap)).items.map(({ metadata }) => metadata.name);
    expect(maps).to.deep.equal(['other']);
    expect((await world.client.list(PersistentVolumeClaim)).items).to.deep.equal([]);
  });

  it('says what holds it up, until that is gone', async () => {
    await createMap('held', 'team', ['example.com/hold']);
    await createMap('free');
    await world.client.delete(Namespace, { name: 'team' });
    await world.harness.settle(10_000);
    expect(await conditions()).to.deep.equal({
      NamespaceDeletionDiscoveryFailure: 'False',
      NamespaceDeletionGroupVersionParsingFailure: 'False',
      NamespaceDeletionContentFailure: 'False',
      NamespaceContentRemaining: 'SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances',
      NamespaceFinalizersRemaining: 'SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    });
    expect((await world.client.get(Namespace, { name: 'team' })).status.phase).to.equal('Terminating');
    await world.client.patch(ConfigMap, { namespace: 'team', name: 'held' }, { type: 'merge', document: { metadata: { finalizers: null } } });
    await world.harness.settle();
    expect(await isGone()).to.equal(true);
  });

  it('deletes pods before what they use', async () => {
    await world.client.create(Pod, { metadata: { namespace: 'team', name: 'web', finalizers: ['example.com/hold'] }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    await createMap('config');
    await world.client.delete(Namespace, { name: 'team' });
    await world.harness.settle(20_000);
    expect((await world.client.list(ConfigMap, { namespace: 'team' })).items.map(({ metadata }) => metadata.name)).to.deep.equal(['config']);
    await world.client.patch(Pod, { namespace: 'team', name: 'web' }, { type: 'merge', document: { metadata: { finalizers: null } } });
    await world.harness.settle();
    expect(await isGone()).to.equal(true);
  });

  it('reports a kind that cannot be emptied, empties the others, and goes on', async () => {
    await createMap('m');
    await world.client.create(Secret, { metadata: { namespace: 'team', name: 's' } });
    let refusals = 3;
    world.harness.faults = ({ what }) => (what === 'delete configmaps' && refusals-- > 0 ? 'refuse' : undefined);
    await world.client.delete(Namespace, { name: 'team' });
    await world.harness.settle(4);
    expect((await conditions())['NamespaceDeletionContentFailure']).to.include('ContentDeletionFailed: Failed to delete all resource types, 1 remaining: delete configmaps');
    expect((await world.client.list(Secret)).items).to.deep.equal([]);
    await world.harness.settle();
    expect(await isGone()).to.equal(true);
  });

  it('survives the end of the process at any call', async () => {
    for (let at = 0; at < 10; at++) {
      for (const fault of ['crash-before', 'crash-after', 'lose'] as const) {
        const name = `n${at}-${fault}`;
        await world.client.create(Namespace, { metadata: { name } });
        for (const each of ['a', 'b', 'c']) await createMap(each, name);
        await world.client.delete(Namespace, { name });
        world.harness.faults = (_call, index) => (index === at ? fault : undefined);
        await world.harness.start();
        await world.harness.settle();
        world.harness.faults = () => undefined;
        await world.harness.start();
        await world.harness.settle();
        expect((await world.client.list(Namespace)).items.map(({ metadata }) => metadata.name)).not.to.include(name);
      }
    }
  });
});

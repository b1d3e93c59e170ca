import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { RootCaController } from '#core/controllers/root-ca/controller.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { ServiceAccountController } from './controller.ts';

describe('what every namespace has', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;
  const ca = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';

  beforeEach(async () => {
    world = await harnessAround((parts) => [new ServiceAccountController(parts), new RootCaController({ ...parts, ca })]);
    await world.harness.start();
    await world.client.create(Namespace, { metadata: { name: 'team' } });
    await world.harness.settle();
  });
  afterEach(() => world.stop());

  const account = { namespace: 'team', name: 'default' };
  const root = { namespace: 'team', name: 'kube-root-ca.crt' };

  it('is a default service account and the root certificate', async () => {
    expect((await world.client.get(ServiceAccount, account)).metadata.name).to.equal('default');
    expect((await world.client.get(ConfigMap, root)).data).to.deep.equal({ 'ca.crt': ca });
  });

  it('comes back when somebody deletes or changes it', async () => {
    await world.client.delete(ServiceAccount, account);
    await world.client.patch(ConfigMap, root, { type: 'merge', document: { data: { 'ca.crt': 'mine', more: 'x' } } });
    await world.harness.settle();
    expect((await world.client.get(ServiceAccount, account)).metadata.name).to.equal('default');
    expect((await world.client.get(ConfigMap, root)).data).to.deep.equal({ 'ca.crt': ca });
    await world.client.delete(ConfigMap, root);
    await world.harness.settle();
    expect((await world.client.get(ConfigMap, root)).data).to.deep.equal({ 'ca.crt': ca });
  });

  it('does not come back in a namespace that ends', async () => {
    await world.client.delete(Namespace, { name: 'team' });
    await world.client.delete(ServiceAccount, account);
    await world.client.delete(ConfigMap, root);
    await world.harness.settle();
    const left = [...(await world.client.list(ServiceAccount, { namespace: 'team' })).items, ...(await world.client.list(ConfigMap, { namespace: 'team' })).items];
    expect(left).to.deep.equal([]);
    expect(world.harness.failures).to.deep.equal([]);
  });
});

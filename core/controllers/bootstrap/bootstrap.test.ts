import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { bootstrapObject } from '#core/spi/bootstrap-object.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { Bootstrap } from './bootstrap.ts';

describe('Bootstrap', () => {
  const { signal } = new AbortController();
  let world: InMemoryApi;

  beforeEach(async () => {
    world = await inMemoryApi(new FakeClock());
  });
  afterEach(() => world.stop());

  it('creates what is missing and changes nothing that is there', async () => {
    const objects = [
      bootstrapObject(StorageClass, { metadata: { name: 'local' }, provisioner: 'local.keelson.dev' }),
      bootstrapObject(ConfigMap, { metadata: { namespace: 'kube-public', name: 'info' }, data: { a: '1' } }),
    ];
    const bootstrap = new Bootstrap(world.client, silentLogger, objects);
    await bootstrap.run(signal);
    const key = { namespace: 'kube-public', name: 'info' };
    await world.client.patch(ConfigMap, key, { type: 'merge', document: { data: { a: '2' } } });
    await world.client.delete(StorageClass, { name: 'local' });
    await bootstrap.run(signal);
    expect((await world.client.list(Namespace)).items.map(({ metadata }) => metadata.name)).to.have.members(['default', 'kube-system', 'kube-public', 'kube-node-lease']);
    expect((await world.client.get(StorageClass, { name: 'local' })).provisioner).to.equal('local.keelson.dev');
    expect((await world.client.get(ConfigMap, key)).data).to.deep.equal({ a: '2' });
  });

  it('names the object that cannot be created', async () => {
    const bootstrap = new Bootstrap(world.client, silentLogger, [bootstrapObject(StorageClass, { metadata: { name: 'Bad Name' }, provisioner: 'x' })]);
    const error: unknown = await bootstrap.run(signal).then(() => undefined, (failure: unknown) => failure);
    expect(error).to.have.property('message').that.includes('cannot create StorageClass "Bad Name"');
  });
});

import { expect } from 'chai';
import { Container } from 'inversify';
import { isShared, KeyValueStore } from '#core/spi/key-value-store.ts';
import { EtcdStore } from './etcd-store.ts';
import { keelsonModule } from './etcd.module.ts';

describe('the etcd store\'s module', () => {
  const settings = { stateDir: '/nowhere', nodeName: 'n' };

  it('binds one store for all, and starts nothing', () => {
    const container = new Container();
    container.load(keelsonModule.create({ ...settings, url: 'etcd://127.0.0.1:1' }));
    const store = container.get(KeyValueStore);
    expect(keelsonModule.name).to.equal('etcd');
    expect(store).to.be.instanceOf(EtcdStore).and.equal(container.get(KeyValueStore));
    expect(isShared(store)).to.equal(true);
  });

  it('needs an address', () => {
    expect(() => keelsonModule.create(settings)).to.throw('the store etcd needs an address: --store etcd://HOST:2379');
  });

  it('tells what it cannot reach', async () => {
    const abilities = await keelsonModule.abilities?.({ ...settings, url: 'etcd://127.0.0.1:1' });
    expect(abilities).to.have.length(1);
    expect(abilities?.[0]).to.include({ name: 'etcd at 127.0.0.1:1', available: false });
    expect(abilities?.[0]?.reason).to.equal('it does not answer: no member can be reached: 127.0.0.1:1 (connect ECONNREFUSED 127.0.0.1:1)');
  });
});

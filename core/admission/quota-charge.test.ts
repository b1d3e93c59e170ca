import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { sharedApis, type SharedApi, type SharedApis } from '#test/fixtures/shared-apis.ts';

const key = (name: string) => ({ namespace: 'default', name });
const lists = { group: 'keelson.internal', plural: 'quotacharges' };

describe('quotas of several servers over one store', () => {
  let world: SharedApis;
  let clock: FakeClock;
  const start = async (seed: number, hard: Record<string, string> = { configmaps: '5' }): Promise<void> => {
    clock = new FakeClock();
    world = await sharedApis(3, { seed, clock });
    await at(0).client.create(ResourceQuota, { metadata: key('q'), spec: { hard } });
    for (const { api } of world.servers) await api.objects.catchUp();
  };
  afterEach(() => world.stop());

  const at = (server: number): SharedApi => {
    const found = world.servers[server % world.servers.length];
    if (found === undefined) throw new Error('there is no server');
    return found;
  };
  const create = (server: number, name: string): Promise<unknown> => at(server).client.create(ConfigMap, { metadata: key(name) });
  const count = async (): Promise<number> => (await at(0).client.list(ConfigMap, { namespace: 'default' })).items.length;
  /** Charges that are listed. */
  const listed = (): number => {
    const list = at(0).api.objects.get(lists, 'default', 'q') as { charges?: object } | undefined;
    return Object.keys(list?.charges ?? {}).length;
  };
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) await new Promise(setImmediate);
  };

  it('are exact, however many write at once', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      await start(seed);
      const results = await Promise.allSettled(Array.from({ length: 15 }, (_, i) => create(i, `m${i}`)));
      const made = results.filter(({ status }) => status === 'fulfilled').length;
      expect(await count(), `seed ${seed}`).to.equal(made);
      expect(made).to.be.at.most(5);
      // What was refused for the sake of others that were refused too has room now.
      for (let i = made; i < 5; i++) await create(i, `more${i}`);
      expect(await refusalOf(create(seed, 'last'))).to.equal('403 configmaps "last" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=5, limited: configmaps=5');
      if (seed < 25) await world.stop();
    }
  });

  it('count each object once, whichever server comes next', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      await start(seed);
      for (let i = 0; i < 5; i++) await create(i + seed, `m${i}`);
      expect(await refusalOf(create(0, 'm5'))).to.contain('used: configmaps=5');
      await at(seed).client.delete(ConfigMap, key('m0'));
      await create(seed + 1, 'again');
      if (seed < 25) await world.stop();
    }
  });

  it('count a write for as long as it takes', async () => {
    await start(1, { configmaps: '1' });
    const gate = Promise.withResolvers<void>();
    at(0).view.gate = ({ key: stored }) => (stored.includes('/configmaps/') ? gate.promise : undefined);
    const slow = create(0, 'slow');
    await turns();
    await clock.advance(30_000);
    expect(await refusalOf(create(1, 'other'))).to.contain('used: configmaps=1');
    gate.resolve();
    await slow;
    expect(await refusalOf(create(1, 'other'))).to.contain('used: configmaps=1');
    await at(2).client.delete(ConfigMap, key('slow'));
    await create(1, 'other');
  });

  it('count growth of what is there already', async () => {
    await start(1, { 'requests.storage': '3Gi' });
    const claim = (server: number, name: string) => at(server).client.create(PersistentVolumeClaim, {
      metadata: key(name), spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } },
    });
    await claim(0, 'a');
    await claim(1, 'b');
    const results = await Promise.allSettled(['c', 'd', 'e'].map((name, i) => claim(i, name)));
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
  });

  it('forget what was refused, what a dead server left behind, and what was asked for a quota that is gone', async () => {
    await start(1, { configmaps: '2' });
    await create(0, 'a');
    expect(await refusalOf(create(1, 'a'))).to.match(/^409/);
    await turns();
    await at(0).api.objects.catchUp();
    expect(listed()).to.equal(0);
    at(1).view.fault = ({ key: stored }) => (stored.includes('/configmaps/') ? 'drop' : undefined);
    expect(await refusalOf(create(1, 'never'))).to.match(/^504/);
    await turns();
    expect(await refusalOf(create(0, 'b')), 'nobody knows yet').to.contain('used: configmaps=2');
    await clock.advance(121_000);
    await create(0, 'b');
    await at(2).client.delete(ResourceQuota, key('q'));
    await turns();
    await at(0).api.objects.catchUp();
    expect(at(0).api.objects.get(lists, 'default', 'q')).to.equal(undefined);
  });
});

import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { put, record } from '#test/conformance/key-value-store-case.ts';
import { EagerWriters } from '#test/fixtures/eager-writers.ts';
import { Etcd, etcdServer, type EtcdMember } from '#test/fixtures/etcd.ts';
import { requires } from '#test/fixtures/requires.ts';
import { EtcdStore } from './etcd-store.ts';

describe('EtcdStore on three members', function () {
  this.timeout(60_000);
  let etcd: Etcd | undefined;
  let turn = 0;
  const stores: EtcdStore[] = [];

  const open = async (prefix: string): Promise<EtcdStore> => {
    const store = new EtcdStore({ endpoints: etcd?.endpoints ?? [], prefix });
    stores.push(store);
    await store.open();
    return store;
  };

  before(requires(etcdServer));
  beforeEach(async () => { etcd = await Etcd.start({ members: 3 }); });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await etcd?.stop();
  });

  for (const [what, fail, heal] of [
    ['is killed', (member: EtcdMember) => member.kill(), (member: EtcdMember) => member.start()],
    ['hangs', (member: EtcdMember) => member.pause(), (member: EtcdMember) => member.resume()],
  ] as const) {
    it(`goes on when any one of them ${what}, and loses no event`, async () => {
      const prefix = `/cluster/${turn++}`;
      const store = await open(prefix);
      const { newest } = await store.revisions();
      const watch = await record(store, '', newest);
      const writing = new EagerWriters(store, 8);
      const pauses: number[] = [];
      for (const member of etcd?.members ?? []) {
        const before = watch.received.length;
        await watch.until(() => watch.received.length > before + 50);
        await fail(member);
        const begin = performance.now();
        // The first few may have been on their way.
        const then = watch.received.length;
        await watch.until(() => watch.received.length > then + 100);
        pauses.push(performance.now() - begin);
        expect((await store.list({ prefix: '', limit: 1 })).items).to.have.length(1);
        await heal(member);
      }
      const results = await writing.stop();
      await store.progress();
      const witness = await open(prefix);
      await witness.progress();
      const truth = (await record(witness, '', newest)).received;
      expect(watch.received).to.deep.equal(truth);
      const stored = new Set(truth.map(({ modRevision }) => modRevision));
      for (const result of results) {
        if (result.status === 'fulfilled') expect(result.value.applied && stored.has(result.value.revision)).to.equal(true);
        else expect(ProviderError.is(result.reason, 'Unknown', 'Unavailable')).to.equal(true);
      }
      // An election takes a second or two by itself.
      expect(Math.max(...pauses), pauses.map(Math.round).join(' ms, ')).to.be.below(15_000);
    });
  }

  it('waits for a quorum, and tells when there is none', async () => {
    const store = new EtcdStore({ endpoints: etcd?.endpoints ?? [], prefix: '/cluster', timeoutMs: 3000 });
    stores.push(store);
    await store.open();
    const watch = await record(store, '', await put(store, 'a', '1'));
    const [first, second] = etcd?.members ?? [];
    await Promise.all([first?.kill(), second?.kill()]);
    for (const call of [store.get('a'), store.revisions(), store.progress(), store.write({ key: 'a', value: '2' })]) {
      const [result] = await Promise.allSettled([call]);
      expect(result.status === 'rejected' && ProviderError.is(result.reason, 'Unavailable', 'Unknown')).to.equal(true);
    }
    await Promise.all([first?.start(), second?.start()]);
    const revision = await put(store, 'b', '1');
    expect(watch.revisions.at(-1)).to.equal(revision);
    expect(watch.closings).to.deep.equal([]);
  });
});

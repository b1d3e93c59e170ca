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
        pauses.push(await untilOneIsStored(store, `after ${member.address}/`));
        expect((await store.list({ prefix: '', limit: 1 })).items).to.have.length(1);
        const then = watch.received.length;
        await watch.until(() => watch.received.length > then + 20);
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
      // An election takes a second or two by itself; the rest is for a machine with other things to do.
      expect(Math.max(...pauses), `pauses of ${pauses.map(Math.round).join(', ')} ms`).to.be.below(8000);
    });
  }

  it('waits for a quorum, and tells when there is none', async () => {
    const store = new EtcdStore({ endpoints: etcd?.endpoints ?? [], prefix: '/cluster', timeoutMs: 3000 });
    stores.push(store);
    await store.open();
    const watch = await record(store, '', await put(store, 'a', '1'));
    const [first, second] = etcd?.members ?? [];
    await Promise.all([first?.kill(), second?.kill()]);
    for (const result of await Promise.allSettled<unknown>([store.get('a'), store.revisions(), store.progress(), store.write({ key: 'a', value: '2' })])) {
      expect(result.status === 'rejected' && ProviderError.is(result.reason, 'Unavailable', 'Unknown')).to.equal(true);
    }
    await Promise.all([first?.start(), second?.start()]);
    const revision = await put(store, 'b', '1');
    expect(watch.revisions.at(-1)).to.equal(revision);
    expect(watch.closings).to.deep.equal([]);
  });
});

/** Begins a write every tenth of a second until one of them is stored. Those that were on their way to a leader that is gone keep etcd busy for seconds. */
async function untilOneIsStored(store: EtcdStore, key: string): Promise<number> {
  const begin = performance.now();
  const stored = Promise.withResolvers<void>();
  let count = 0;
  const attempt = (): void => void store.write({ key: `${key}${count++}`, value: 'v' }).then(() => stored.resolve(), () => undefined);
  attempt();
  const timer = setInterval(attempt, 100);
  await stored.promise;
  clearInterval(timer);
  return performance.now() - begin;
}

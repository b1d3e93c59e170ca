import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { RevisionError, type KeyWriteResult } from '#core/spi/key-value-store.ts';
import { countFrom, failure, put, record, remove, type Recorder } from '#test/conformance/key-value-store-case.ts';
import { Etcd, etcdctl, etcdServer, type EtcdMember } from '#test/fixtures/etcd.ts';
import { EagerWriters } from '#test/fixtures/eager-writers.ts';
import { program, requires } from '#test/fixtures/requires.ts';
import { TcpProxy } from '#test/fixtures/tcp-proxy.ts';
import { EtcdStore, type EtcdOptions } from './etcd-store.ts';

const reasonOf = (error: unknown): string | undefined => (ProviderError.is(error) ? error.reason : undefined);

describe('EtcdStore when something fails', function () {
  this.timeout(60_000);
  let etcd: Etcd | undefined;
  let turn = 0;
  let prefix = '';
  const opened: EtcdStore[] = [];
  const proxies: TcpProxy[] = [];

  const theEtcd = (): Etcd => {
    if (!etcd) throw new Error('etcd does not run');
    return etcd;
  };
  const open = async (options: Partial<EtcdOptions> = {}): Promise<EtcdStore> => {
    const store = new EtcdStore({ endpoints: theEtcd().endpoints, prefix, timeoutMs: 2000, ...options });
    opened.push(store);
    await store.open();
    return store;
  };
  /** A store whose connections can be cut, while others go on. */
  const openBehindProxy = async (): Promise<{ store: EtcdStore; proxy: TcpProxy }> => {
    const proxy = await TcpProxy.start(theEtcd().endpoints[0] ?? '');
    proxies.push(proxy);
    return { store: await open({ endpoints: [proxy.address] }), proxy };
  };
  /** Everything that happened since, as etcd has it. */
  const truth = async (since: number): Promise<Recorder['received']> => {
    const witness = await open();
    await witness.progress();
    return (await record(witness, '', since)).received;
  };

  before(requires(etcdServer, program('etcdctl', 'etcd-client')));
  before(async () => { etcd = await Etcd.start(); });
  beforeEach(() => { prefix = `/faults/${turn++}`; });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  });
  after(() => etcd?.stop());

  for (const [what, fail] of [
    ['is killed and started again', async (member: EtcdMember, refused: Promise<unknown>) => {
      await member.kill();
      await refused;
      await member.start();
    }],
    ['hangs for a while', async (member: EtcdMember, refused: Promise<unknown>) => {
      member.pause();
      await refused;
      member.resume();
    }],
  ] as const) {
    it(`misses nothing, repeats nothing and claims nothing when etcd ${what}`, async () => {
      const store = await open({ timeoutMs: 700 });
      const { newest } = await store.revisions();
      const watch = await record(store, '', newest);
      const writing = new EagerWriters(store, 8);
      await watch.until(() => watch.received.length > 50);
      await fail(theEtcd().members[0] ?? expect.fail(), writing.refused.promise);
      const again = watch.received.length;
      await watch.until(() => watch.received.length > again + 50);
      const results = await writing.stop();
      await store.progress();
      const events = await truth(newest);
      expect(watch.received).to.deep.equal(events);
      expect(watch.closings).to.deep.equal([]);
      const stored = new Set(events.map(({ modRevision }) => modRevision));
      for (const result of results) {
        if (result.status === 'fulfilled') expect(result.value.applied && stored.has(result.value.revision)).to.equal(true);
        else expect(reasonOf(result.reason)).to.be.oneOf(['Unknown', 'Unavailable']);
      }
    });
  }

  it('says that nothing was sent while there is no connection, and why', async () => {
    const { store, proxy } = await openBehindProxy();
    const { newest } = await store.revisions();
    proxy.cut();
    expect(reasonOf(await failure(store.get('a')))).to.equal('Unavailable');
    const error = await failure(store.write({ key: 'a', value: '1' }));
    expect(reasonOf(error)).to.equal('Unavailable');
    expect(String(error)).to.include(`no member can be reached: ${proxy.address} (`);
    proxy.mend();
    expect(await store.get('a')).to.equal(undefined);
    expect(await put(store, 'a', '2')).to.equal(newest + 1);
  });

  it('names what it cannot reach when it is opened', async () => {
    const error = await failure(open({ endpoints: ['127.0.0.1:1', '127.0.0.1:2'], timeoutMs: 300 }));
    expect(reasonOf(error)).to.equal('Unavailable');
    expect(String(error)).to.include('cannot open the store in etcd at 127.0.0.1:1, 127.0.0.1:2').and.include('ECONNREFUSED 127.0.0.1:2');
  });

  it('ends its watches when others compacted what it could not see, and goes on from there', async () => {
    const { store, proxy } = await openBehindProxy();
    const other = await open();
    const watch = await record(store, '', await put(other, 'a', '1'));
    await put(store, 'a', '2');
    proxy.cut();
    await put(other, 'a', '3');
    const compacted = await put(other, 'b', '1');
    await other.compact(compacted);
    proxy.mend();
    await watch.until(() => watch.closings.length > 0);
    expect(watch.closings.map((error) => RevisionError.is(error, 'compacted'))).to.deep.equal([true]);
    expect(watch.received.map(({ value }) => value)).to.deep.equal(['2']);
    expect((await store.list({ prefix: '' })).items.map(({ value }) => value)).to.deep.equal(['3', '1']);
    const again = await record(store, '', (await store.revisions()).newest);
    await put(store, 'a', '4');
    expect(again.received.map(({ value }) => value)).to.deep.equal(['4']);
  });

  it('goes on after a lost connection when others compacted only what it had seen', async () => {
    const { store, proxy } = await openBehindProxy();
    const other = await open();
    const watch = await record(store, '', (await store.revisions()).newest);
    const deleted = [await put(store, 'a', '1'), await remove(store, 'a')].at(-1) ?? 0;
    proxy.cut();
    await other.compact(deleted);
    await put(other, 'b', '1');
    await remove(other, 'b');
    proxy.mend();
    await watch.until(() => watch.received.length === 4);
    expect(watch.received.map(({ key, value }) => [key, value])).to.deep.equal([['a', '1'], ['a', undefined], ['b', '1'], ['b', undefined]]);
    expect(watch.closings).to.deep.equal([]);
  });

  it('finds out how far others have compacted', async () => {
    const store = await open();
    const first = await put(store, 'a', '1');
    for (const turn of countFrom(2, 5)) await put(store, 'a', String(turn));
    await etcdctl(theEtcd(), 'compact', String(first + 3));
    expect(await store.revisions()).to.include({ oldest: first + 3 });
    const error = await failure(store.list({ prefix: '', revision: first }));
    expect(error).to.be.instanceOf(RevisionError).and.include({ kind: 'compacted', oldest: first + 3 });
    expect(RevisionError.is(await failure(record(store, '', first)), 'compacted')).to.equal(true);
    expect((await record(store, '', first + 3)).received.map(({ value }) => value)).to.deep.equal(['5', '6']);
    await store.compact(first + 2);
    expect((await (await open()).revisions()).oldest).to.equal(first + 3);
  });

  it('leaves compacting to the one whose turn it is', async () => {
    const [one, two] = [await open(), await open()];
    const revisions: number[] = [];
    for (const turn of countFrom(0, 6)) revisions.push(await put(one, 'a', String(turn)));
    await one.compact(revisions[1] ?? 0);
    await two.compact(revisions[2] ?? 0);
    expect((await one.revisions()).oldest).to.equal(revisions[1]);
    await two.compact(revisions[3] ?? 0);
    expect((await one.revisions()).oldest).to.equal(revisions[3]);
    await one.compact(revisions[4] ?? 0);
    await two.compact(revisions[5] ?? 0);
    expect((await two.revisions()).oldest).to.equal(revisions[5]);
  });

  it('refuses a prefix that holds something else, and leaves it alone', async () => {
    await etcdctl(theEtcd(), 'put', `${prefix}/pods/default/a`, 'k8s');
    const foreign = await failure(open());
    expect(reasonOf(foreign)).to.equal('Invalid');
    expect(String(foreign)).to.include(`etcd holds keys below ${prefix}/ that Keelson did not write, such as "${prefix}/pods/default/a"`);
    expect(await etcdctl(theEtcd(), 'get', '--prefix', prefix, '--keys-only')).to.equal(`${prefix}/pods/default/a\n`);
    await etcdctl(theEtcd(), 'put', `${prefix}/`, 'somebody else\'s');
    expect(String(await failure(open()))).to.include('are another program\'s');
    await etcdctl(theEtcd(), 'put', `${prefix}/`, '{"format":"keelson","version":9}');
    expect(String(await failure(open()))).to.include('were written by a newer release: their layout has version 9, this release knows versions up to 1');
  });

  it('shares a prefix with its like, and each hears of everything', async () => {
    const [one, two] = [await open(), await open()];
    const { newest } = await one.revisions();
    const watches = [await record(one, '', newest), await record(two, '', newest)];
    await Promise.all(countFrom(0, 100).map((turn) => put(turn % 2 === 0 ? one : two, `k${turn}`, 'v')));
    const reached = await Promise.all([one.progress(), two.progress()]);
    for (const [index, watch] of watches.entries()) {
      expect(watch.revisions).to.deep.equal(countFrom(newest + 1, 100));
      expect(reached[index]).to.be.at.least(newest + 100);
    }
  });

  it('has told its listeners of what stands in a write\'s way', async () => {
    const [one, two] = [await open(), await open()];
    const watch = await record(one, '', (await one.revisions()).newest);
    for (const turn of countFrom(0, 20)) {
      const revision = await put(two, 'a', String(turn));
      const result = await one.write({ key: 'a', value: 'x', expected: revision - 1 });
      expect(result).to.deep.include({ applied: false });
      expect(watch.revisions.at(-1)).to.equal(revision);
    }
    const gone = await remove(two, 'a');
    expect(await one.write({ key: 'a', value: 'x', expected: gone - 1 })).to.deep.equal({ applied: false, current: undefined });
    expect(watch.revisions.at(-1)).to.equal(gone);
  });

  it('refuses values that are too large for etcd, and goes on', async () => {
    const store = await open();
    for (const size of [1.6, 3].map((megabytes) => Math.floor(megabytes * 2 ** 20))) {
      const error = await failure(store.write({ key: 'big', value: 'x'.repeat(size) }));
      expect(reasonOf(error)).to.equal('Invalid');
      expect(String(error)).to.include('cannot store "big": it is larger than etcd takes, 1.5 MiB unless');
    }
    await put(store, 'big', 'x'.repeat(1_500_000));
    expect((await store.get('big'))?.value).to.have.length(1_500_000);
  });

  it('tells its listeners when etcd went back in time', async () => {
    const lone = await Etcd.start();
    try {
      const store = await open({ endpoints: lone.endpoints });
      const watch = await record(store, '', (await store.revisions()).newest);
      await put(store, 'a', '1');
      await lone.members[0]?.wipe();
      await lone.members[0]?.start();
      expect((await store.revisions()).newest).to.equal(1);
      expect(watch.closings.map(String)).to.have.length(1);
      expect(String(watch.closings[0])).to.match(/etcd went back from revision \d+ to 1: was it restored from a backup\?/);
    } finally {
      await Promise.all(opened.splice(0).map((store) => store.close()));
      await lone.stop();
    }
  });

  it('says when etcd is full, deletes and compacts all the same, and goes on when there is room', async () => {
    const small = await Etcd.start({ quotaBytes: 20 << 20 });
    try {
      const store = await open({ endpoints: small.endpoints });
      const { newest } = await store.revisions();
      const watch = await record(store, '', newest);
      const results: PromiseSettledResult<KeyWriteResult>[] = [];
      while (results.length < 400 && results.every(({ status }) => status === 'fulfilled')) {
        results.push(...await Promise.allSettled(countFrom(results.length, 8).map((turn) => store.write({ key: `k${turn}`, value: 'x'.repeat(1 << 18), expected: 0 }))));
      }
      const refused = results.flatMap((result) => (result.status === 'rejected' ? [reasonOf(result.reason)] : []));
      expect(refused).to.not.have.length(0);
      for (const reason of refused) expect(reason).to.be.oneOf(['Exhausted', 'Unknown']);
      const error = await failure(store.write({ key: 'one more', value: 'x', expected: 0 }));
      expect(error).to.include({ message: 'cannot store "one more": etcd\'s database has reached its quota (alarm NOSPACE)' });
      expect(reasonOf(error)).to.equal('Exhausted');
      // Whatever etcd claimed not to have stored is not there.
      const stored = new Set((await store.list({ prefix: '' })).items.map(({ key }) => key));
      results.forEach((result, turn) => {
        if (result.status === 'fulfilled' || reasonOf(result.reason) === 'Exhausted') expect(stored.has(`k${turn}`)).to.equal(result.status === 'fulfilled');
      });
      for (const key of stored) await remove(store, key);
      expect(await (await open({ endpoints: small.endpoints })).get('k0')).to.equal(undefined);
      await store.compact((await store.revisions()).newest);
      await etcdctl(small, 'defrag');
      await etcdctl(small, 'alarm', 'disarm');
      await put(store, 'one more', 'x');
      expect(watch.received.at(-1)).to.include({ key: 'one more' });
    } finally {
      await Promise.all(opened.splice(0).map((store) => store.close()));
      await small.stop();
    }
  });
});

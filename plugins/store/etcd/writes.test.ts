import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { KeyWrite } from '#core/spi/key-value-store.ts';
import { failure } from '#test/conformance/key-value-store-case.ts';
import { ScriptedEtcd, type Answers } from '#test/fixtures/scripted-etcd.ts';
import { connect } from './connect.ts';
import { Layout } from './layout.ts';
import type { Members } from './members.ts';
import type { Message } from './messages.ts';
import { SharedWatch } from './shared-watch.ts';
import { Writes } from './writes.ts';

describe('a write to etcd', () => {
  const layout = new Layout('/registry', '');
  let etcd: ScriptedEtcd;
  let members: Members;
  let shared: SharedWatch;
  let writes: Writes;

  const start = async (answers: Answers): Promise<void> => {
    etcd = await ScriptedEtcd.start({ Status: () => ({ version: '3.5.9' }), ...answers });
    members = await connect({ endpoints: [etcd.address], timeoutMs: 1000 }, layout, systemClock);
    shared = new SharedWatch(members, layout, systemClock, { timeoutMs: 1000, newest: async () => 10, touch: async () => 10 });
    writes = new Writes(members, layout, shared);
    const running = shared.start(10);
    (await etcd.watch(1)).send({ created: true });
    await running;
  };
  afterEach(() => {
    shared.end(new Error('over'));
    members.close();
    etcd.stop();
  });

  const happens = async (...events: Message<'KeyValue'>[]): Promise<void> => (await etcd.watch(1)).send({ events: events.map((kv) => ({ kv })) });
  /** Whether the write waits for the watch: true unless it is settled before something happens there. */
  const waits = async (write: Promise<unknown>): Promise<boolean> => {
    const first = await Promise.race([write.then(() => 'settled'), new Promise((resolve) => setTimeout(() => resolve('waiting'), 100))]);
    return first === 'waiting';
  };

  it('is answered when the watch has seen it', async () => {
    await start({ Txn: () => ({ header: { revision: 12 }, succeeded: true, responses: [{ responsePut: {} }] }) });
    const write = writes.apply({ key: 'a', value: 'v' });
    expect(await waits(write)).to.equal(true);
    await happens({ key: '/registry/a', value: 'v', modRevision: 12, createRevision: 12 });
    expect(await write).to.deep.equal({ applied: true, revision: 12 });
  });

  it('is answered when the watch has seen what stood in its way', async () => {
    const kv = { key: '/registry/a', value: 'theirs', modRevision: 11, createRevision: 11 };
    await start({ Txn: () => ({ header: { revision: 15 }, responses: [{ responseRange: { kvs: [kv] } }] }) });
    const write = writes.apply({ key: 'a', value: 'v', expected: 0 });
    expect(await waits(write)).to.equal(true);
    await happens(kv);
    expect(await write).to.deep.equal({ applied: false, current: { ...kv, key: 'a' } });
  });

  it('is answered when the watch has seen that what it expected is gone', async () => {
    await start({ Txn: () => ({ header: { revision: 15 }, responses: [{ responseRange: {} }] }) });
    const write = writes.apply({ key: 'a', value: 'v', expected: 9 });
    expect(await waits(write)).to.equal(true);
    (await etcd.watch(1)).send({ watchId: -1, header: { revision: 15 } });
    expect(await write).to.deep.equal({ applied: false, current: undefined });
  });

  it('is not known to have happened when the watch does not confirm it', async () => {
    await start({ Txn: () => ({ header: { revision: 12 }, succeeded: true, responses: [{ responsePut: {} }] }) });
    const error = await failure(writes.apply({ key: 'a', value: 'v' }));
    expect(ProviderError.is(error, 'Unknown')).to.equal(true);
    expect(String(error)).to.include('a is stored at revision 12, but the watch did not confirm it');
  });

  for (const [what, write, stored, reason] of [
    ['was not stored', { key: 'a', value: 'v', expected: 7 }, 7, 'Exhausted'],
    ['was stored all the same', { key: 'a', value: 'v', expected: 7 }, 12, 'Unknown'],
    ['was to be the first of its key, and was not stored', { key: 'a', value: 'v', expected: 0 }, undefined, 'Exhausted'],
    ['was to be the first of its key, and was stored', { key: 'a', value: 'v', expected: 0 }, 12, 'Unknown'],
    ['was unconditional', { key: 'a', value: 'v' }, 7, 'Unknown'],
  ] as const satisfies readonly (readonly [string, KeyWrite, number | undefined, string])[]) {
    it(`that etcd had no room for, and that ${what}, is ${reason}`, async () => {
      await start({
        Txn: () => ({ code: 8, details: 'etcdserver: mvcc: database space exceeded' }),
        Range: () => ({ kvs: stored === undefined ? [] : [{ key: '/registry/a', modRevision: stored }] }),
      });
      expect(ProviderError.is(await failure(writes.apply(write)), reason)).to.equal(true);
    });
  }

  for (const [code, details, reason] of [
    [8, 'etcdserver: too many requests', 'Throttled'],
    [8, 'grpc: received message larger than max (3000000 vs. 2097152)', 'Invalid'],
    [3, 'etcdserver: request is too large', 'Invalid'],
    [7, 'etcdserver: permission denied', 'Unavailable'],
    [14, 'etcdserver: request timed out', 'Unknown'],
  ] as const) {
    it(`is ${reason} when etcd says "${details}"`, async () => {
      await start({ Txn: () => ({ code, details }) });
      expect(ProviderError.is(await failure(writes.apply({ key: 'a', value: 'v' })), reason)).to.equal(true);
    });
  }
});

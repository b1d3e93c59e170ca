import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { failure } from '#test/conformance/key-value-store-case.ts';
import { keyValueStoreConformance } from '#test/conformance/key-value-store.ts';
import { Etcd, etcdServer } from '#test/fixtures/etcd.ts';
import { requires } from '#test/fixtures/requires.ts';
import { ScriptedEtcd } from '#test/fixtures/scripted-etcd.ts';
import { EtcdStore } from './etcd-store.ts';

describe('EtcdStore on a real etcd', function () {
  this.timeout(20_000);
  let etcd: Etcd | undefined;
  let turn = 0;
  const endpoints = (): string[] => etcd?.endpoints ?? [];

  before(requires(etcdServer));
  before(async () => { etcd = await Etcd.start(); });
  after(() => etcd?.stop());

  describe('that strangers write to all the time', () => {
    const stop = new AbortController();
    let writing: Promise<void> | undefined;

    before(async () => {
      const stranger = new EtcdStore({ endpoints: endpoints(), prefix: '/stranger' });
      await stranger.open();
      writing = (async () => {
        for (let count = 0; !stop.signal.aborted; count++) {
          await stranger.write({ key: `k${count % 10}`, value: 'v' });
          await delay(2);
        }
        await stranger.close();
      })();
    });
    after(async () => {
      stop.abort();
      await writing;
    });

    keyValueStoreConformance('EtcdStore', async () => {
      const prefix = `/kit/${turn++}`;
      const make = (): EtcdStore => new EtcdStore({ endpoints: endpoints(), prefix });
      return { store: make(), reopen: async () => make(), cleanup: async () => undefined };
    }, { shared: true });
  });
});

describe('EtcdStore on a scripted etcd', () => {
  let etcd: ScriptedEtcd;
  let newest = 10;
  let version = '3.5.9';
  const minutes: (() => void)[] = [];
  const clock = {
    ...systemClock,
    after: (ms: number, action: () => void) => {
      if (ms !== 60_000) return systemClock.after(ms, action);
      minutes.push(action);
      return () => undefined;
    },
  };

  beforeEach(async () => {
    etcd = await ScriptedEtcd.start({
      Status: () => ({ version }),
      Txn: () => ({ responses: [{ responseRange: { kvs: [{ key: '/registry/', value: '{"format":"keelson","version":1}', modRevision: 2 }] } }] }),
      Range: () => ({ header: { revision: newest } }),
    });
  });
  afterEach(() => etcd.stop());

  it('looks once a minute how far an idle watch is', async () => {
    const store = new EtcdStore({ endpoints: [etcd.address] }, clock);
    const opening = store.open();
    const watch = await etcd.watch(1);
    watch.send({ created: true, header: { revision: 10 } });
    await opening;
    newest = 20;
    minutes.shift()?.();
    await watch.until(2);
    expect(watch.requests[1]).to.deep.equal({ progressRequest: {} });
    watch.send({ watchId: -1, header: { revision: 20 } });
    expect(await store.progress()).to.equal(20);
    expect(minutes).to.have.length(1);
    await store.close();
  });

  it('refuses an etcd that is too old', async () => {
    version = '3.3.27';
    const store = new EtcdStore({ endpoints: [etcd.address] }, clock);
    expect(String(await failure(store.open()))).to.include('etcd 3.4 or later is needed; this is 3.3.27');
    await store.close();
  });
});

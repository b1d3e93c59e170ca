import { setTimeout as delay } from 'node:timers/promises';
import { keyValueStoreConformance } from '#test/conformance/key-value-store.ts';
import { Etcd, etcdServer } from '#test/fixtures/etcd.ts';
import { requires } from '#test/fixtures/requires.ts';
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

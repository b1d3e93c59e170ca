import { once } from 'node:events';
import { expect } from 'chai';
import { parse } from 'yaml';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { encodeContinue } from '#core/store/continue-token.ts';
import { configMap, createMap, maps, Watcher, type Event } from '#test/fixtures/config-maps.ts';
import { SharedMemoryStore } from '#test/fixtures/shared-memory-store.ts';

describe('lists and watches over HTTPS', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  const create = (name: string, data?: Record<string, string>, metadata?: object) => createMap(plane, name, data, metadata);
  const watchMaps = async (query: string, headers: Record<string, string> = {}): Promise<Watcher> => new Watcher(await plane.open('GET', `${maps}?watch=true&${query}`, { headers }));

  describe('lists', () => {
    const names = (answer: Answer): string[] => answer.body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    before(async () => {
      for (let i = 0; i < 7; i++) await create(`page-${i}`, {}, { labels: { page: String(i), parity: i % 2 ? 'odd' : 'even' } });
    });

    it('selects by labels and by fields', async () => {
      const by = async (query: string): Promise<string[]> => names(await plane.send('GET', `${maps}?${query}`));
      expect(await by('labelSelector=page+in+(1,3),parity!%3Deven')).to.deep.equal(['page-1', 'page-3']);
      expect(await by('labelSelector=page%3E4')).to.deep.equal(['page-5', 'page-6']);
      expect(await by('fieldSelector=metadata.name%3Dpage-2')).to.deep.equal(['page-2']);
      const bad = await plane.send('GET', `${maps}?fieldSelector=data.a%3D1`);
      expect([bad.code, bad.body.message]).to.deep.equal([400, '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"']);
      expect((await plane.send('GET', `${maps}?labelSelector=a+in+b`)).code).to.equal(400);
    });

    it('pages show one version, whatever is written meanwhile', async () => {
      const first = await plane.send('GET', `${maps}?limit=3&labelSelector=page`);
      expect(names(first)).to.deep.equal(['page-0', 'page-1', 'page-2']);
      await create('page-31', {}, { labels: { page: '31' } });
      const second = await plane.send('GET', `${maps}?limit=3&labelSelector=page&continue=${first.body.metadata.continue}`);
      expect(names(second)).to.deep.equal(['page-3', 'page-4', 'page-5']);
      expect(second.body.metadata.resourceVersion).to.equal(first.body.metadata.resourceVersion);
      const last = await plane.send('GET', `${maps}?limit=3&labelSelector=page&continue=${second.body.metadata.continue}`);
      expect(names(last)).to.deep.equal(['page-6']);
      expect(last.body.metadata).not.to.have.property('continue');
    });

    it('goes on with a list that another server began, which had seen more', async () => {
      const kv = new SharedMemoryStore();
      const own = await startControlPlane({ kv });
      try {
        for (const name of ['a', 'b', 'c']) await own.send('POST', maps, { body: configMap(name) });
        kv.late = true;
        await kv.write({ key: '/registry/configmaps/default/b', value: undefined });
        const { newest } = await kv.revisions();
        const rest = await own.send('GET', `${maps}?continue=${encodeContinue({ revision: newest, after: 'default/a' })}`);
        expect([names(rest), rest.body.metadata.resourceVersion]).to.deep.equal([['c'], String(newest)]);
        await kv.write({ key: '/registry/configmaps/default/c', value: undefined });
        const newestNow = await own.send('GET', `${maps}?continue=${encodeContinue({ revision: 0, after: 'default/a' })}`);
        expect(names(newestNow), 'as it is now').to.deep.equal([]);
        const ahead = await own.send('GET', `${maps}?continue=${encodeContinue({ revision: newest + 100, after: 'default/a' })}`);
        expect([ahead.code, ahead.body.details.causes[0].reason]).to.deep.equal([504, 'ResourceVersionTooLarge']);
      } finally {
        await own.stop();
      }
    });

    it('are the same in YAML, without references', async () => {
      const [json, yaml] = [await plane.send('GET', maps), await plane.send('GET', maps, { headers: { Accept: 'application/yaml' } })];
      expect([yaml.code, yaml.headers['content-type']]).to.deep.equal([200, 'application/yaml']);
      expect(parse(yaml.text)).to.deep.equal(json.body);
      expect(yaml.text).not.to.match(/[&*]a\d/);
      expect((await plane.send('GET', `${maps}/page-0`, { headers: { Accept: 'application/yaml' } })).text).not.to.match(/[&*]a\d/);
      const none = await plane.send('GET', `${maps}?labelSelector=none`, { headers: { Accept: 'application/yaml' } });
      expect(parse(none.text)).to.have.property('items').that.deep.equals([]);
    });

    it('counts what is left when nothing is filtered', async () => {
      const all = names(await plane.send('GET', maps)).length;
      const first = await plane.send('GET', `${maps}?limit=2`);
      expect(first.body.metadata.remainingItemCount).to.equal(all - 2);
    });

    it('answers an expired page with 410 and a token that goes on', async () => {
      const own = await startControlPlane();
      try {
        for (const name of ['a', 'b', 'c']) await own.send('POST', maps, { body: configMap(name) });
        const first = await own.send('GET', `${maps}?limit=1`);
        await own.send('DELETE', `${maps}/b`);
        await (own.api.objects as unknown as { kv: { compact(revision: number): Promise<void> } }).kv.compact(own.api.objects.revision);
        const expired = await own.send('GET', `${maps}?limit=1&continue=${first.body.metadata.continue}`);
        expect([expired.code, expired.body.reason]).to.deep.equal([410, 'Expired']);
        const rest = await own.send('GET', `${maps}?continue=${expired.body.metadata.continue}`);
        expect(names(rest)).to.deep.equal(['c']);
        expect((await own.send('GET', `${maps}?resourceVersion=1&resourceVersionMatch=Exact`)).code).to.equal(410);
      } finally {
        await own.stop();
      }
    });

    it('understands versions', async () => {
      const { body } = await plane.send('GET', maps);
      const current = Number(body.metadata.resourceVersion);
      expect((await plane.send('GET', `${maps}?resourceVersion=0`)).code).to.equal(200);
      expect((await plane.send('GET', `${maps}?resourceVersion=${current}`)).code).to.equal(200);
      const future = await plane.send('GET', `${maps}?resourceVersion=${current + 1000}`);
      expect([future.code, future.body.reason, future.body.details.causes[0].reason]).to.deep.equal([504, 'Timeout', 'ResourceVersionTooLarge']);
      expect((await plane.send('GET', `${maps}?resourceVersion=x`)).code).to.equal(422);
      expect((await plane.send('GET', `${maps}?resourceVersionMatch=Exact`)).code).to.equal(422);
      expect((await plane.send('GET', `${maps}?limit=1&continue=nonsense`)).code).to.equal(400);
      expect((await plane.send('GET', `${maps}?sendInitialEvents=true`)).code).to.equal(422);
      const before = await plane.send('POST', maps, { body: configMap('exact-later') });
      const exact = await plane.send('GET', `${maps}?resourceVersion=${current}&resourceVersionMatch=Exact`);
      expect(names(exact)).not.to.include('exact-later');
      expect(before.code).to.equal(201);
    });
  });

  describe('watches', () => {
    it('goes on from a version without gap, and ends an object that leaves the selector', async () => {
      const { body } = await plane.send('GET', maps);
      await create('w-1', {}, { labels: { in: 'yes' } });
      const watcher = await watchMaps(`resourceVersion=${body.metadata.resourceVersion}&labelSelector=in`);
      const merge = { 'Content-Type': 'application/merge-patch+json' };
      await plane.send('PATCH', `${maps}/w-1`, { body: { data: { x: '1' } }, headers: merge });
      await plane.send('PATCH', `${maps}/w-1`, { body: { metadata: { labels: { in: null } } }, headers: merge });
      await create('w-2', {}, { labels: { in: 'yes' } });
      await plane.send('DELETE', `${maps}/w-2`);
      const events = await watcher.take(5);
      expect(events.map(({ type, object }) => `${type} ${object.metadata.name}`)).to.deep.equal(['ADDED w-1', 'MODIFIED w-1', 'DELETED w-1', 'ADDED w-2', 'DELETED w-2']);
      const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      expect(versions).to.deep.equal(versions.toSorted((a, b) => a - b));
      expect(new Set(versions).size).to.equal(5);
      watcher.close();
    });

    it('streams the state and marks its end when asked for initial events', async () => {
      const watcher = await watchMaps('sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=page');
      const seen: Event[] = [];
      do seen.push(await watcher.next()); while (seen.at(-1)?.type !== 'BOOKMARK');
      expect(seen.slice(0, -1).every(({ type }) => type === 'ADDED')).to.equal(true);
      expect(seen.at(-1)?.object.metadata.annotations).to.deep.equal({ 'k8s.io/initial-events-end': 'true' });
      expect(seen.at(-1)?.object.kind).to.equal('ConfigMap');
      watcher.close();
      expect((await plane.send('GET', `${maps}?watch=true&sendInitialEvents=true`)).code).to.equal(422);
    });

    it('shows the same order to every watcher', async () => {
      const { body } = await plane.send('GET', maps);
      const watchers = await Promise.all(Array.from({ length: 10 }, () => watchMaps(`resourceVersion=${body.metadata.resourceVersion}`)));
      await Promise.all(Array.from({ length: 30 }, (_, i) => create(`order-${i}`)));
      const orders = await Promise.all(watchers.map(async (watcher) => (await watcher.take(30)).map(({ object }) => object.metadata.name).join()));
      expect(new Set(orders).size).to.equal(1);
      for (const watcher of watchers) watcher.close();
    });

    it('ends cleanly after timeoutSeconds, with a bookmark for those who take them', async () => {
      const watcher = await watchMaps(`resourceVersion=${(await plane.send('GET', maps)).body.metadata.resourceVersion}&timeoutSeconds=1&allowWatchBookmarks=true`);
      expect((await watcher.next()).type).to.equal('BOOKMARK');
      expect(await watcher.next().catch((error: Error) => error.message)).to.equal('the watch ended');
    });

    it('tells of a version that is compacted in an event, and finds older ones in the store', async () => {
      const own = await startControlPlane({ historySize: 4 });
      try {
        const start = (await own.send('POST', maps, { body: configMap('old') })).body.metadata.resourceVersion;
        for (let i = 0; i < 20; i++) await own.send('PATCH', `${maps}/old`, { body: { data: { i: String(i) } }, headers: { 'Content-Type': 'application/merge-patch+json' } });
        const watcher = new Watcher(await own.open('GET', `${maps}?watch=true&resourceVersion=${start}`));
        const events = await watcher.take(20);
        expect(events.map(({ type, object }) => `${type}${object.data.i}`)).to.deep.equal(Array.from({ length: 20 }, (_, i) => `MODIFIED${i}`));
        watcher.close();
        await (own.api.objects as unknown as { kv: { compact(revision: number): Promise<void> } }).kv.compact(own.api.objects.revision);
        const late = new Watcher(await own.open('GET', `${maps}?watch=true&resourceVersion=${start}`));
        const gone = await late.next();
        expect([gone.type, gone.object.code, gone.object.reason]).to.deep.equal(['ERROR', 410, 'Expired']);
        expect(await late.next().catch((error: Error) => error.message)).to.equal('the watch ended');
      } finally {
        await own.stop();
      }
    });

    it('prints tables, with the columns in the first event only', async () => {
      const headers = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
      const watcher = await watchMaps('fieldSelector=metadata.name%3Dpage-0', headers);
      const first = await watcher.next();
      expect(first.object.kind).to.equal('Table');
      expect(first.object.columnDefinitions.map((column: { name: string }) => column.name)).to.deep.equal(['Name', 'Data', 'Age']);
      await plane.send('PATCH', `${maps}/page-0`, { body: { data: { z: '1' } }, headers: { 'Content-Type': 'application/merge-patch+json' } });
      const second = await watcher.next();
      expect(second.object.columnDefinitions).to.deep.equal([]);
      expect(second.object.rows[0].cells.slice(0, 2)).to.deep.equal(['page-0', 1]);
      watcher.close();
    });

    it('cuts off a reader that takes nothing, and goes on for the others', async () => {
      const own = await startControlPlane();
      try {
        const slow = await own.open('GET', `${maps}?watch=true`);
        slow.pause();
        const cut = once(slow, 'close');
        const big = 'x'.repeat(20_000);
        await own.send('POST', maps, { body: configMap('big') });
        for (let i = 0; i < 10_200; i++) {
          // The store would take minutes for as much; the watch only sees what the cache is told.
          own.api.objects.cache({ group: '', plural: 'configmaps' }).apply('default/big', JSON.stringify({ ...configMap('big', { big }, { namespace: 'default' }) }), own.api.objects.revision);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect((await own.send('GET', `${maps}/big`)).code).to.equal(200);
        slow.resume();
        await cut;
      } finally {
        await own.stop();
      }
    });
  });
});

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { DeleteOptions } from '#core/api/schema/meta.ts';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { protobufBody } from '#test/fixtures/protobuf-writer.ts';

const configMap = (name: string, data: Record<string, string> = {}, metadata: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data });
const maps = '/api/v1/namespaces/default/configmaps';

interface Event {
  type: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- objects of every kind
  object: any;
}

/** Reads a watch event by event. */
class Watcher {
  private readonly lines: AsyncIterator<string>;
  readonly response: IncomingMessage;

  constructor(response: IncomingMessage) {
    this.response = response;
    this.lines = createInterface({ input: response })[Symbol.asyncIterator]();
  }

  async next(): Promise<Event> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the watch ended');
    return JSON.parse(value) as Event;
  }

  async take(count: number): Promise<Event[]> {
    const events: Event[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  close(): void {
    this.response.destroy();
  }
}

describe('the API over HTTPS', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  const create = async (name: string, data: Record<string, string> = {}, metadata: object = {}): Promise<Answer> => {
    const answer = await plane.send('POST', maps, { body: configMap(name, data, metadata) });
    expect(answer.code, answer.text).to.equal(201);
    return answer;
  };
  const watchMaps = async (query: string, headers: Record<string, string> = {}): Promise<Watcher> => new Watcher(await plane.open('GET', `${maps}?watch=true&${query}`, { headers }));

  describe('objects', () => {
    it('gives a new object its identity and returns it on every path', async () => {
      const made = await create('first', { a: '1' });
      expect(made.body.metadata).to.include({ name: 'first', namespace: 'default' });
      expect(made.body.metadata.uid).to.match(/^[0-9a-f-]{36}$/);
      expect(made.body.metadata.resourceVersion).to.match(/^\d+$/);
      expect(made.body.metadata.creationTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const read = await plane.send('GET', `${maps}/first`);
      expect(read.body).to.deep.equal(made.body);
    });

    it('refuses a second object of the same name with AlreadyExists', async () => {
      await create('twice');
      const again = await plane.send('POST', maps, { body: configMap('twice') });
      expect(again.code).to.equal(409);
      expect(again.body).to.include({ kind: 'Status', status: 'Failure', reason: 'AlreadyExists', message: 'configmaps "twice" already exists' });
      expect(again.body.details).to.deep.equal({ name: 'twice', kind: 'configmaps' });
    });

    it('draws a name from generateName', async () => {
      const made = await plane.send('POST', maps, { body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'drawn-' } } });
      expect(made.body.metadata.name).to.match(/^drawn-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    });

    it('says NotFound for what is not there', async () => {
      const missing = await plane.send('GET', `${maps}/nowhere`);
      expect([missing.code, missing.body.reason, missing.body.message]).to.deep.equal([404, 'NotFound', 'configmaps "nowhere" not found']);
      expect((await plane.send('GET', '/apis/none.example/v1/things')).code).to.equal(404);
    });

    it('refuses an object of another kind, version or namespace', async () => {
      for (const change of [{ kind: 'Secret' }, { apiVersion: 'v2' }, { metadata: { name: 'x', namespace: 'other' } }]) {
        const answer = await plane.send('POST', maps, { body: { ...configMap('x'), ...change } });
        expect([answer.code, answer.body.reason], JSON.stringify(change)).to.deep.equal([400, 'BadRequest']);
      }
    });

    it('keeps dryRun from storing anything', async () => {
      const made = await plane.send('POST', `${maps}?dryRun=All`, { body: configMap('dry') });
      expect(made.code).to.equal(201);
      expect((await plane.send('GET', `${maps}/dry`)).code).to.equal(404);
      expect((await plane.send('POST', `${maps}?dryRun=Some`, { body: configMap('dry') })).code).to.equal(422);
    });
  });

  describe('field validation', () => {
    const odd = { ...configMap('odd'), dta: {}, metadata: { name: 'odd', lables: {} } };

    it('refuses unknown and duplicate fields under Strict', async () => {
      const answer = await plane.send('POST', `${maps}?fieldValidation=Strict`, { body: JSON.stringify(odd).replace('"dta"', '"data":{},"data":{},"dta"') });
      expect([answer.code, answer.body.reason]).to.deep.equal([400, 'BadRequest']);
      for (const part of ['strict decoding error', 'unknown field "dta"', 'unknown field "metadata.lables"', 'duplicate field "data"']) expect(answer.body.message).to.contain(part);
    });

    it('warns by default, and is silent under Ignore', async () => {
      const warned = await plane.send('POST', `${maps}?dryRun=All`, { body: odd });
      expect(warned.code).to.equal(201);
      expect(warned.headers['warning']).to.contain('299 - "unknown field \\"dta\\""');
      const ignored = await plane.send('POST', `${maps}?dryRun=All&fieldValidation=Ignore`, { body: odd });
      expect(ignored.headers['warning']).to.equal(undefined);
      expect(ignored.body).not.to.have.property('dta');
    });

    it('names the field of a wrong type', async () => {
      const answer = await plane.send('POST', maps, { body: { ...configMap('typed'), data: { a: 1 } } });
      expect(answer.code).to.equal(400);
      expect(answer.body.message).to.contain('cannot unmarshal number into Go struct field ConfigMap.data');
    });

    it('says where JSON goes wrong', async () => {
      const answer = await plane.send('POST', maps, { body: '{"kind": "ConfigMap",,}' });
      expect(answer.code).to.equal(400);
      expect(answer.body.message).to.contain('not valid JSON');
    });
  });

  describe('updates', () => {
    it('detects a change in between', async () => {
      const made = await create('raced');
      const first = await plane.send('PUT', `${maps}/raced`, { body: { ...made.body, data: { a: '1' } } });
      expect(first.code).to.equal(200);
      const second = await plane.send('PUT', `${maps}/raced`, { body: { ...made.body, data: { a: '2' } } });
      expect([second.code, second.body.reason]).to.deep.equal([409, 'Conflict']);
      expect(second.body.message).to.contain('the object has been modified; please apply your changes to the latest version and try again');
    });

    it('does not count a write that changes nothing', async () => {
      const made = await create('same', { a: '1' });
      const again = await plane.send('PUT', `${maps}/same`, { body: made.body });
      expect(again.body.metadata.resourceVersion).to.equal(made.body.metadata.resourceVersion);
    });

    it('keeps what a client may not change', async () => {
      const made = await create('fixed');
      const { uid, creationTimestamp } = made.body.metadata;
      const answer = await plane.send('PUT', `${maps}/fixed`, { body: configMap('fixed', { b: '2' }, { creationTimestamp: '2001-01-01T00:00:00Z' }) });
      expect(answer.body.metadata).to.include({ uid, creationTimestamp });
      const other = await plane.send('PUT', `${maps}/fixed`, { body: configMap('fixed', {}, { uid: '00000000-0000-0000-0000-000000000000' }) });
      expect([other.code, other.body.reason]).to.deep.equal([409, 'Conflict']);
    });

    it('lets many writers without a version all succeed', async () => {
      await create('busy');
      const patches = Array.from({ length: 20 }, (_, i) => plane.send('PATCH', `${maps}/busy`, { body: { data: { [`k${i}`]: 'v' } }, headers: { 'Content-Type': 'application/merge-patch+json' } }));
      for (const answer of await Promise.all(patches)) expect(answer.code, answer.text).to.equal(200);
      expect(Object.keys((await plane.send('GET', `${maps}/busy`)).body.data)).to.have.length(20);
    });

    it('applies JSON, merge and strategic merge patches, and no other kind', async () => {
      await create('patched', { a: '1', b: '2' });
      const patch = (type: string, body: unknown) => plane.send('PATCH', `${maps}/patched`, { body, headers: { 'Content-Type': type } });
      expect((await patch('application/json-patch+json', [{ op: 'replace', path: '/data/a', value: '9' }])).body.data).to.deep.equal({ a: '9', b: '2' });
      expect((await patch('application/merge-patch+json', { data: { b: null } })).body.data).to.deep.equal({ a: '9' });
      expect((await patch('application/strategic-merge-patch+json', { data: { c: '3' } })).body.data).to.deep.equal({ a: '9', c: '3' });
      expect((await patch('application/x-patch', {})).code).to.equal(415);
      expect((await patch('application/json-patch+json', [{ op: 'test', path: '/data/a', value: 'no' }])).code).to.equal(422);
    });
  });

  describe('deletion', () => {
    it('removes what nothing holds and says so', async () => {
      const made = await create('gone');
      const answer = await plane.send('DELETE', `${maps}/gone`);
      expect([answer.code, answer.body.status, answer.body.details.uid]).to.deep.equal([200, 'Success', made.body.metadata.uid]);
      expect((await plane.send('GET', `${maps}/gone`)).code).to.equal(404);
    });

    it('keeps an object until its last finalizer is gone, and takes no new ones', async () => {
      await create('held', {}, { finalizers: ['example.com/hold'] });
      const marked = await plane.send('DELETE', `${maps}/held`);
      expect(marked.body.metadata.deletionTimestamp).to.be.a('string');
      const merge = { 'Content-Type': 'application/merge-patch+json' };
      const added = await plane.send('PATCH', `${maps}/held`, { body: { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }, headers: merge });
      expect([added.code, added.body.details?.causes?.[0]?.reason], added.text).to.deep.equal([422, 'FieldValueForbidden']);
      expect((await plane.send('PATCH', `${maps}/held`, { body: { metadata: { finalizers: null } }, headers: merge })).code).to.equal(200);
      expect((await plane.send('GET', `${maps}/held`)).code).to.equal(404);
    });

    it('honours preconditions and refuses options that do not exist', async () => {
      await create('cond');
      const wrong = await plane.send('DELETE', `${maps}/cond`, { body: { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } } });
      expect([wrong.code, wrong.body.reason]).to.deep.equal([409, 'Conflict']);
      expect((await plane.send('DELETE', `${maps}/cond?propagationPolicy=Sideways`)).code).to.equal(422);
      expect((await plane.send('DELETE', `${maps}/cond`, { body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground', gracePeriodSeconds: 0 } })).code).to.equal(200);
    });

    it('empties a collection by selector', async () => {
      for (const name of ['col-a', 'col-b', 'col-c']) await create(name, {}, { labels: { of: name === 'col-c' ? 'other' : 'set' } });
      const answer = await plane.send('DELETE', `${maps}?labelSelector=of%3Dset`);
      expect(answer.code).to.equal(200);
      const left = await plane.send('GET', `${maps}?labelSelector=of`);
      expect(left.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).to.deep.equal(['col-c']);
    });
  });

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
      expect([bad.code, bad.body.message]).to.deep.equal([400, 'field label not supported: data.a']);
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

    it('answers a version that is compacted with 410, and finds older ones in the store', async () => {
      const own = await startControlPlane({ historySize: 4 });
      try {
        const start = (await own.send('POST', maps, { body: configMap('old') })).body.metadata.resourceVersion;
        for (let i = 0; i < 20; i++) await own.send('PATCH', `${maps}/old`, { body: { data: { i: String(i) } }, headers: { 'Content-Type': 'application/merge-patch+json' } });
        const watcher = new Watcher(await own.open('GET', `${maps}?watch=true&resourceVersion=${start}`));
        const events = await watcher.take(20);
        expect(events.map(({ type, object }) => `${type}${object.data.i}`)).to.deep.equal(Array.from({ length: 20 }, (_, i) => `MODIFIED${i}`));
        watcher.close();
        await (own.api.objects as unknown as { kv: { compact(revision: number): Promise<void> } }).kv.compact(own.api.objects.revision);
        const gone = await own.send('GET', `${maps}?watch=true&resourceVersion=${start}`);
        expect([gone.code, gone.body.reason]).to.deep.equal([410, 'Expired']);
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

  describe('views', () => {
    it('reduces objects to their metadata', async () => {
      const accept = { Accept: 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' };
      const answer = await plane.send('GET', `${maps}?fieldSelector=metadata.name%3Dpage-1`, { headers: accept });
      expect([answer.body.kind, answer.body.items[0].kind, Object.keys(answer.body.items[0])]).to.deep.equal(['PartialObjectMetadataList', 'PartialObjectMetadata', ['kind', 'apiVersion', 'metadata']]);
    });

    it('answers YAML, and refuses what it cannot write', async () => {
      expect((await plane.send('GET', `${maps}/page-1`, { headers: { Accept: 'application/yaml' } })).text).to.contain('kind: ConfigMap\n');
      expect((await plane.send('GET', `${maps}/page-1`, { headers: { Accept: 'text/html' } })).code).to.equal(406);
    });

    it('describes itself: discovery of both kinds and OpenAPI with a hash that can be kept', async () => {
      const legacy = await plane.send('GET', '/api/v1');
      const claims = legacy.body.resources.find((entry: { name: string }) => entry.name === 'persistentvolumeclaims');
      expect(claims).to.deep.include({ singularName: 'persistentvolumeclaim', namespaced: true, kind: 'PersistentVolumeClaim', shortNames: ['pvc'] });
      expect(legacy.body.resources.map((entry: { name: string }) => entry.name)).to.include.members(['persistentvolumeclaims/status', 'namespaces/finalize']);
      const aggregated = await plane.send('GET', '/apis', { headers: { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json' } });
      expect(aggregated.headers['content-type']).to.equal('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
      expect(aggregated.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).to.include('storage.k8s.io');
      const index = await plane.send('GET', '/openapi/v3');
      const url = index.body.paths['api/v1'].serverRelativeURL as string;
      const document = await plane.send('GET', url);
      expect(document.headers['cache-control']).to.equal('public, immutable');
      expect(document.body.components.schemas).to.have.property('io.k8s.api.core.v1.PersistentVolumeClaim');
      expect((await plane.send('GET', url, { headers: { 'If-None-Match': document.headers.etag ?? '' } })).code).to.equal(304);
      expect((await plane.send('GET', '/openapi/v3/api/v1?hash=0')).code).to.equal(301);
      expect((await plane.send('GET', '/openapi/v2')).code).to.equal(200);
    });
  });

  describe('protobuf bodies', () => {
    const protobuf = { 'Content-Type': 'application/vnd.kubernetes.protobuf', Accept: 'application/vnd.kubernetes.protobuf,application/json' };
    const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
    const claim = (name: string) => protobufBody('v1', 'PersistentVolumeClaim', PersistentVolumeClaim.struct, {
      metadata: { name, finalizers: ['kubernetes.io/pvc-protection'] }, spec: { storageClassName: '', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });

    it('are taken for creations, updates and deletions, and answered with JSON', async () => {
      const made = await plane.send('POST', claims, { body: claim('wire'), headers: protobuf });
      expect(made.code, made.text).to.equal(201);
      expect(made.body.spec).to.deep.equal({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '', volumeMode: 'Filesystem' });
      const again = await plane.send('PUT', `${claims}/wire`, { body: claim('wire'), headers: protobuf });
      expect(again.body.metadata.resourceVersion, 'nothing is different').to.equal(made.body.metadata.resourceVersion);
      const wrong = protobufBody('v1', 'DeleteOptions', DeleteOptions, { preconditions: { uid: 'other' } });
      expect((await plane.send('DELETE', `${claims}/wire`, { body: wrong, headers: protobuf })).code).to.equal(409);
      const right = protobufBody('v1', 'DeleteOptions', DeleteOptions, { preconditions: { uid: made.body.metadata.uid }, gracePeriodSeconds: 0 });
      const marked = await plane.send('DELETE', `${claims}/wire`, { body: right, headers: protobuf });
      expect([marked.code, marked.body.metadata.deletionGracePeriodSeconds]).to.deep.equal([200, 0]);
    });

    it('of another kind, or damaged, are refused', async () => {
      const other = await plane.send('POST', maps, { body: claim('wire'), headers: protobuf });
      expect([other.code, other.body.reason]).to.deep.equal([400, 'BadRequest']);
      const cut = await plane.send('POST', claims, { body: claim('wire').subarray(0, 40), headers: protobuf });
      expect(cut.code).to.equal(400);
      expect(cut.body.message).to.contain('not valid protobuf');
    });
  });

  describe('access and limits', () => {
    it('shows strangers health and version, and nothing else', async () => {
      for (const path of ['/healthz', '/livez', '/readyz?verbose', '/version']) expect((await plane.send('GET', path, { anonymous: true })).code, path).to.equal(200);
      for (const path of ['/api', maps, '/openapi/v3', '/']) {
        const answer = await plane.send('GET', path, { anonymous: true });
        expect([answer.code, answer.body.reason], path).to.deep.equal([401, 'Unauthorized']);
      }
      expect((await plane.send('GET', '/version', { anonymous: true, headers: { Authorization: 'Bearer nonsense' } })).code).to.equal(401);
    });

    it('refuses bodies that are too large before reading them all', async () => {
      const answer = await plane.send('POST', maps, { body: JSON.stringify(configMap('huge', { a: 'x'.repeat(4 * 1024 * 1024) })) }).catch((error: Error) => error);
      // The server may close while the client still sends.
      if (answer instanceof Error) expect(answer.message).to.match(/EPIPE|ECONNRESET|hang up/);
      else expect([answer.code, answer.body.reason]).to.deep.equal([413, 'RequestEntityTooLarge']);
      expect((await plane.send('GET', `${maps}/huge`)).code).to.equal(404);
    });

    it('turns requests away when too many are under way', async () => {
      const own = await startControlPlane({ maxWrites: 1 });
      try {
        const body = JSON.stringify(configMap('slow'));
        const slow = own.begin('POST', maps, { 'Content-Type': 'application/json', 'Content-Length': String(body.length) });
        const answered = once(slow, 'response');
        slow.write(body.slice(0, 10));
        let turned: Answer;
        do turned = await own.send('POST', maps, { body: configMap(`other-${Math.random()}`) }); while (turned.code === 201);
        expect([turned.code, turned.body.reason, turned.headers['retry-after']]).to.deep.equal([429, 'TooManyRequests', '1']);
        expect((await own.send('GET', maps)).code).to.equal(200);
        slow.end(body.slice(10));
        expect(((await answered) as [IncomingMessage])[0].statusCode).to.equal(201);
        expect((await own.send('POST', maps, { body: configMap('after') })).code).to.equal(201);
      } finally {
        await own.stop();
      }
    });

    it('takes selectors of 100,000 keys, and refuses longer URLs with a sentence', async () => {
      const keys = Array.from({ length: 100_000 }, (_, i) => `k${i}`);
      const many = await plane.send('GET', `${maps}?labelSelector=${keys.join(',')}`);
      expect([many.code, many.body.items]).to.deep.equal([200, []]);
      const longer = await plane.send('GET', `${maps}?labelSelector=${keys.map((key) => `${key}-and-more`).join(',')}`);
      expect([longer.code, longer.body.message]).to.deep.equal([431, 'the URL and headers are longer than 1 MiB together']);
    });

    it('refuses methods and paths that make no sense', async () => {
      expect((await plane.send('PUT', maps, { body: configMap('x') })).code).to.equal(405);
      expect((await plane.send('POST', '/api/v1/configmaps', { body: configMap('x') })).code).to.equal(405);
      expect((await plane.send('GET', '/api/v1/namespaces/default/configmaps/a/status')).code).to.equal(404);
      expect((await plane.send('GET', '/%E0%A4%A')).code).to.equal(400);
      expect((await plane.send('POST', maps, { body: configMap('x'), headers: { 'Content-Type': 'text/plain' } })).code).to.equal(415);
    });
  });
});

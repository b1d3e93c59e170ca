import { expect } from 'chai';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { configMap, createMap, maps } from '#test/fixtures/config-maps.ts';

describe('objects over HTTPS', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  const create = (name: string, data?: Record<string, string>, metadata?: object) => createMap(plane, name, data, metadata);

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

    it('begins with the status and lifetime that the server gives, whatever its author wrote', async () => {
      const path = '/api/v1/namespaces/default/persistentvolumeclaims';
      const made = await plane.send('POST', path, { body: {
        metadata: { name: 'eager', deletionTimestamp: '2001-01-01T00:00:00Z', deletionGracePeriodSeconds: 5 },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Bound', capacity: { storage: '1Gi' } },
      } });
      expect(made.body.status, made.text).to.deep.equal({ phase: 'Pending' });
      expect(made.body.metadata).not.to.have.any.keys('deletionTimestamp', 'deletionGracePeriodSeconds');
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

    it('names what a patch brings in the order of the alphabet', async () => {
      await plane.send('POST', maps, { body: configMap('misspelt') });
      for (const type of ['strategic-merge', 'merge']) {
        const answer = await plane.send('PATCH', `${maps}/misspelt?fieldValidation=Strict`, { body: { z: 1, metadata: { lables: {} }, dta: {} }, headers: { 'Content-Type': `application/${type}-patch+json` } });
        expect([answer.code, answer.body.message.split('strict decoding error: ').at(-1)], type).to.deep.equal([422, 'unknown field "dta", unknown field "metadata.lables", unknown field "z"']);
      }
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
      const again = await plane.send('DELETE', `${maps}/held`);
      expect([again.code, again.body.metadata], 'a second deletion changes nothing').to.deep.equal([200, marked.body.metadata]);
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
});

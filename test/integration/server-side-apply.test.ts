import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { startControlPlane, type Answer, type ControlPlane, type RequestOptions } from '#test/fixtures/control-plane.ts';
import { configMap, createMap, maps } from '#test/fixtures/config-maps.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';

const deployments = '/apis/apps/v1/namespaces/default/deployments';
const pods = '/api/v1/namespaces/default/pods';

/** Who owns what, as `manager operation[/subresource]`. */
const owners = ({ body }: Answer): Record<string, unknown> => Object.fromEntries((body.metadata.managedFields ?? []).map(
  ({ manager, operation, subresource, fieldsV1 }: Record<string, string>) => [`${manager} ${operation}${subresource === undefined ? '' : `/${subresource}`}`, fieldsV1],
));
const times = ({ body }: Answer): string[] => body.metadata.managedFields.map(({ time }: { time: string }) => time);

describe('server-side apply over HTTPS', () => {
  let plane: ControlPlane;
  const clock = new FakeClock(Date.parse('2024-01-01T00:00:00Z'));
  before(async () => {
    plane = await startControlPlane({ clock });
  });
  after(() => plane.stop());
  beforeEach(() => clock.advance(1000));

  const withType = (type: string, { headers, ...options }: RequestOptions): RequestOptions => ({ ...options, headers: { 'Content-Type': type, ...headers } });
  const apply = (path: string, body: unknown, query = 'fieldManager=one', headers = {}): Promise<Answer> =>
    plane.send('PATCH', `${path}?${query}`, withType('application/apply-patch+yaml', { body, headers }));
  const merge = (path: string, body: unknown, query = ''): Promise<Answer> => plane.send('PATCH', `${path}?${query}`, withType('application/merge-patch+json', { body }));

  describe('an object', () => {
    it('is created, changed and relieved of what is not wanted any more', async () => {
      const made = await apply(`${maps}/life`, configMap('life', { a: '1', b: '1' }));
      expect([made.code, made.body.data], made.text).to.deep.equal([201, { a: '1', b: '1' }]);
      expect(made.body.metadata.uid).to.match(/^[0-9a-f-]{36}$/);
      expect(owners(made)).to.deep.equal({ 'one Apply': { 'f:data': { 'f:a': {}, 'f:b': {} } } });
      const changed = await apply(`${maps}/life`, configMap('life', { a: '2' }));
      expect([changed.code, changed.body.data]).to.deep.equal([200, { a: '2' }]);
      const second = await apply(`${maps}/life`, configMap('life', { c: '1' }), 'fieldManager=two');
      expect(second.body.data).to.deep.equal({ a: '2', c: '1' });
      const relieved = await apply(`${maps}/life`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'life' } });
      expect(relieved.body.data).to.deep.equal({ c: '1' });
      expect(owners(relieved)).to.deep.equal({ 'two Apply': { 'f:data': { 'f:c': {} } } });
    });

    it('does not change by the same configuration again, and neither do the times', async () => {
      const body = configMap('same', { a: '1' }, { labels: { x: 'y' } });
      const made = await apply(`${maps}/same`, body);
      await clock.advance(60_000);
      const again = await apply(`${maps}/same`, body);
      expect(again.body).to.deep.equal(made.body);
      const put = await plane.send('PUT', `${maps}/same?fieldManager=other`, { body: { ...made.body, metadata: { ...made.body.metadata, managedFields: undefined } } });
      expect(put.body).to.deep.equal(made.body);
      expect(times(made)).to.have.length(1);
    });

    it('may be written as YAML', async () => {
      const made = await apply(`${maps}/yaml`, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata: {a: "1"}\n');
      expect([made.code, made.body.data], made.text).to.deep.equal([201, { a: '1' }]);
      const flow = await apply(`${maps}/yaml`, '{apiVersion: v1, kind: ConfigMap, metadata: {name: yaml}, data: {a: "2"}}');
      expect([flow.code, flow.body.data], flow.text).to.deep.equal([200, { a: '2' }]);
      const broken = await apply(`${maps}/yaml`, 'a: [');
      expect([broken.code, broken.body.message]).to.satisfy(([code, message]: [number, string]) => code === 400 && message.startsWith('error decoding YAML: '));
      expect((await apply(`${maps}/yaml`, '- a')).code).to.equal(400);
    });

    it('is not made by a dry run', async () => {
      const dry = await apply(`${maps}/dry`, configMap('dry', { a: '1' }), 'fieldManager=one&dryRun=All');
      expect([dry.code, dry.body.data]).to.deep.equal([201, { a: '1' }]);
      expect(owners(dry)).to.have.keys('one Apply');
      expect((await plane.send('GET', `${maps}/dry`)).code).to.equal(404);
    });
  });

  describe('conflicts', () => {
    it('are told field by field, and overcome by force', async () => {
      await createMap(plane, 'contested', { a: '1', b: '1' });
      const refused = await apply(`${maps}/contested`, configMap('contested', { a: '2' }));
      expect(refused.code).to.equal(409);
      expect(refused.body).to.deep.equal({
        kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Conflict', code: 409,
        message: 'Apply failed with 1 conflict: conflict with "unknown" using v1: .data.a',
        details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "unknown" using v1', field: '.data.a' }] },
      });
      const forced = await apply(`${maps}/contested`, configMap('contested', { a: '2' }), 'fieldManager=one&force=true');
      expect([forced.code, forced.body.data]).to.deep.equal([200, { a: '2', b: '1' }]);
      expect(owners(forced)).to.deep.equal({ 'one Apply': { 'f:data': { 'f:a': {} } }, 'unknown Update': { 'f:data': { '.': {}, 'f:b': {} } } });
    });

    it('name all managers', async () => {
      await plane.send('POST', `${maps}?fieldManager=first`, { body: configMap('many', { a: '1', b: '1' }) });
      await apply(`${maps}/many`, configMap('many', { b: '1' }), 'fieldManager=second');
      const refused = await apply(`${maps}/many`, configMap('many', { a: '2', b: '2' }));
      expect(refused.body.message).to.equal('Apply failed with 3 conflicts: conflicts with "first" using v1:\n- .data.a\n- .data.b\nconflicts with "second":\n- .data.b');
      expect(refused.body.details.causes).to.have.length(3);
    });

    it('arise with a resource version or a UID that is not the object\'s', async () => {
      const made = await apply(`${maps}/precise`, configMap('precise', { a: '1' }));
      const { resourceVersion, uid } = made.body.metadata;
      expect((await apply(`${maps}/precise`, configMap('precise', { a: '2' }, { resourceVersion, uid }))).code).to.equal(200);
      for (const metadata of [{ resourceVersion }, { uid: 'another' }]) {
        const answer = await apply(`${maps}/precise`, configMap('precise', { a: '3' }, metadata));
        expect([answer.code, answer.body.reason], answer.text).to.deep.equal([409, 'Conflict']);
      }
      const absent = await apply(`${maps}/absent`, configMap('absent', {}, { uid: 'u' }));
      expect([absent.code, absent.body.message]).to.deep.equal([409, 'Operation cannot be fulfilled on configmaps "absent": uid mismatch: the provided object specified uid u, and no existing object was found']);
    });
  });

  describe('a request', () => {
    for (const [why, query, body, code, message] of [
      ['without a manager', '', configMap('bad'), 422, 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'],
      ['with managedFields', 'fieldManager=one', configMap('bad', {}, { managedFields: [{}] }), 400, 'metadata.managedFields must be nil'],
      ['of another kind', 'fieldManager=one', { ...configMap('bad'), kind: 'Secret' }, 400, 'invalid object type: /v1, Kind=Secret'],
      ['with a field that the kind lacks', 'fieldManager=one', { ...configMap('bad'), dota: {} }, 400, 'failed to create typed patch object (/bad; /v1, Kind=ConfigMap): .dota: field not declared in schema'],
      ['with another name', 'fieldManager=one', configMap('other'), 400, 'the name of the object (other) does not match the name on the URL (bad)'],
    ] as const) {
      it(`${why} is refused`, async () => {
        const answer = await apply(`${maps}/bad`, body, query);
        expect([answer.code, answer.body.message]).to.deep.equal([code, message]);
      });
    }

    it('may not force another sort of patch', async () => {
      await createMap(plane, 'unforced');
      const answer = await merge(`${maps}/unforced`, {}, 'force=true');
      expect([answer.code, answer.body.message]).to.deep.equal([422, 'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch']);
    });

    it('hears of keys that are written twice', async () => {
      const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice}\ndata:\n  a: "1"\n  a: "2"\n';
      const strict = await apply(`${maps}/twice`, text, 'fieldManager=one&fieldValidation=Strict');
      expect([strict.code, strict.body.message]).to.deep.equal([400, 'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "a" already set in map']);
      const lenient = await apply(`${maps}/twice`, text);
      expect([lenient.code, lenient.headers['warning']], lenient.text).to.deep.equal([201, '299 - "line 6: key \\"a\\" already set in map"']);
      const json = await apply(`${maps}/twice`, '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"twice"},\n"data":{"a":"1","a":"2"}}', 'fieldManager=one&fieldValidation=Strict');
      expect(json.body.message).to.contain('line 2: key "a" already set in map');
    });
  });

  describe('plain writes', () => {
    it('record who creates, updates and patches, by name or by agent', async () => {
      const made = await plane.send('POST', maps, { body: configMap('plain', { a: '1' }, { labels: { x: 'y' } }), headers: { 'User-Agent': 'kubectl/v1.33.0 (linux/amd64)' } });
      expect(made.body.metadata.managedFields).to.deep.equal([{
        manager: 'kubectl', operation: 'Update', apiVersion: 'v1', time: made.body.metadata.creationTimestamp, fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:a': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } } },
      }]);
      await clock.advance(5000);
      const put = await plane.send('PUT', `${maps}/plain?fieldManager=editor`, { body: configMap('plain', { a: '2' }, { labels: { x: 'y' } }) });
      expect(owners(put)).to.deep.equal({ 'kubectl Update': { 'f:data': {}, 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } } }, 'editor Update': { 'f:data': { 'f:a': {} } } });
      const patched = await merge(`${maps}/plain`, { metadata: { labels: { x: null, z: '1' } } }, 'fieldManager=labeller');
      expect(owners(patched)).to.deep.equal({
        'kubectl Update': { 'f:data': {}, 'f:metadata': { 'f:labels': {} } }, 'editor Update': { 'f:data': { 'f:a': {} } }, 'labeller Update': { 'f:metadata': { 'f:labels': { 'f:z': {} } } },
      });
      expect(times(patched)).to.deep.equal([times(made)[0], times(put)[1], times(put)[1]]);
      expect(Date.parse(times(put)[1]!) - Date.parse(times(made)[0]!)).to.equal(5000);
    });

    it('of this process are keelson\'s unless they say otherwise', async () => {
      const made = await plane.client.create(ConfigMap, { metadata: { name: 'inside', namespace: 'default' }, data: { a: '1' } });
      const changed = await plane.client.update(ConfigMap, { ...made, data: { a: '2' } }, { fieldManager: 'binder' });
      expect(changed.metadata.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`)).to.deep.equal(['binder Update', 'keelson Update']);
      const { metadata: { managedFields, ...metadata } } = changed;
      const again = await plane.client.update(ConfigMap, { ...changed, metadata });
      expect(again).to.equal(changed);
      expect(managedFields).to.have.length(2);
    });

    it('can clear the bookkeeping, and hand in entries of their own', async () => {
      await createMap(plane, 'cleared', { a: '1' });
      const cleared = await merge(`${maps}/cleared`, { metadata: { managedFields: [{}] } });
      expect([cleared.code, cleared.body.metadata.managedFields]).to.deep.equal([200, undefined]);
      expect((await merge(`${maps}/cleared`, { data: { a: '2' } })).body.metadata.managedFields).to.equal(undefined);
      const entry = { manager: 'mine', operation: 'Apply', apiVersion: 'v1', time: '2023-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {} } } };
      const own = await merge(`${maps}/cleared`, { metadata: { managedFields: [entry] } });
      expect(own.body.metadata.managedFields).to.deep.equal([entry]);
      const later = await merge(`${maps}/cleared`, { metadata: { managedFields: [{ ...entry, time: '2023-01-02T00:00:00Z' }] } });
      expect(later.body, 'the time alone is no change').to.deep.equal(own.body);
      const nonsense = await merge(`${maps}/cleared`, { metadata: { managedFields: [{ ...entry, fieldsV1: { nonsense: {} } }] } });
      expect([nonsense.code, nonsense.body.metadata.managedFields]).to.deep.equal([200, [entry]]);
      const applied = await apply(`${maps}/cleared`, configMap('cleared', { a: '3' }), 'fieldManager=mine');
      expect(applied.body.data).to.deep.equal({ a: '3' });
    });

    it('leave an object that was never tracked to before-first-apply', async () => {
      await createMap(plane, 'untracked', { a: '1', b: '1' });
      await merge(`${maps}/untracked`, { metadata: { managedFields: [{}] } });
      const refused = await apply(`${maps}/untracked`, configMap('untracked', { a: '2' }));
      expect(refused.body.message).to.equal('Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a');
      expect(owners(await apply(`${maps}/untracked`, configMap('untracked', { a: '1' })))).to.deep.equal({
        'one Apply': { 'f:data': { 'f:a': {} } }, 'before-first-apply Update': { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } },
      });
    });

    it('do not record a deletion that waits for finalizers', async () => {
      const made = await createMap(plane, 'held', {}, { finalizers: ['test.example/hold'] });
      await clock.advance(5000);
      const held = await plane.send('DELETE', `${maps}/held`);
      expect(held.body.metadata.deletionTimestamp).to.be.a('string');
      expect(held.body.metadata.managedFields).to.deep.equal(made.body.metadata.managedFields);
    });

    it('show the same books in metadata alone', async () => {
      const made = await createMap(plane, 'partial', { a: '1' });
      const partial = await plane.send('GET', `${maps}/partial`, { headers: { Accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' } });
      expect(partial.body.metadata.managedFields).to.deep.equal(made.body.metadata.managedFields);
    });
  });

  describe('parts of objects', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: 80 }] }] } };

    it('belong to who may write them: the spec to one, the status to another', async () => {
      const made = await apply(`${pods}/web`, { ...pod, status: { phase: 'Running' } });
      expect([made.code, made.body.status.phase], made.text).to.deep.equal([201, 'Pending']);
      expect(owners(made)).to.deep.equal({ 'one Apply': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': {
        '.': {}, 'f:image': {}, 'f:name': {}, 'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
      } } } } });
      const status = await apply(`${pods}/web/status`, { ...pod, spec: { nodeName: 'ignored' }, status: { phase: 'Running', podIP: '10.0.0.1' } }, 'fieldManager=kubelet');
      expect([status.code, status.body.status.podIP, status.body.spec.nodeName], status.text).to.deep.equal([200, '10.0.0.1', undefined]);
      expect(owners(status)['kubelet Apply/status']).to.deep.equal({ 'f:status': { 'f:phase': {}, 'f:podIP': {} } });
      const updated = await merge(`${pods}/web/status`, { status: { podIP: '10.0.0.2' } }, 'fieldManager=other');
      expect(owners(updated)).to.deep.include({ 'other Update/status': { 'f:status': { 'f:podIP': {} } }, 'kubelet Apply/status': { 'f:status': { 'f:phase': {} } } });
      const refused = await apply(`${pods}/web/status`, { ...pod, spec: undefined, status: { podIP: '10.0.0.3' } }, 'fieldManager=kubelet');
      expect(refused.body.message).to.equal('Apply failed with 1 conflict: conflict with "other" with subresource "status" using v1: .status.podIP');
      expect((await apply(`${pods}/none/status`, { ...pod, metadata: { name: 'none' } })).code).to.equal(404);
    });

    it('are not taken over by a change of image', async () => {
      const answer = await merge(`${pods}/web`, { metadata: { labels: { x: 'y' } } }, 'fieldManager=labeller');
      expect(owners(answer)['labeller Update']).to.deep.equal({ 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } } });
      const image = await apply(`${pods}/web`, { ...pod, spec: { containers: [{ name: 'web', image: 'nginx:2', ports: [{ containerPort: 80 }] }] } });
      expect([image.code, image.body.spec.containers[0].image, image.body.metadata.labels], image.text).to.deep.equal([200, 'nginx:2', { x: 'y' }]);
    });

    it('are owned through what writes them alone', async () => {
      await plane.send('POST', pods, { body: { ...pod, metadata: { name: 'debugged' } } });
      const ephemeralContainers = [{ name: 'debug', image: 'busybox' }];
      const debug = await apply(`${pods}/debugged/ephemeralcontainers`, {
        ...pod, metadata: { name: 'debugged' }, spec: { containers: [{ name: 'web', image: 'ignored' }], ephemeralContainers },
      }, 'fieldManager=debugger');
      expect([debug.code, debug.body.spec.containers[0].image, debug.body.spec.ephemeralContainers[0].image], debug.text).to.deep.equal([200, 'nginx', 'busybox']);
      expect(owners(debug)['debugger Apply/ephemeralcontainers']).to.deep.equal({
        'f:spec': { 'f:ephemeralContainers': { 'k:{"name":"debug"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
      });
    });

    const deployment = (replicas?: number) => ({
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' },
      spec: { ...(replicas === undefined ? {} : { replicas }), selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } } },
    });

    it('can be the scale, for an autoscaler that takes it over from a configuration', async () => {
      const made = await apply(`${deployments}/web`, deployment(1));
      expect([made.code, made.body.spec.replicas], made.text).to.deep.equal([201, 1]);
      const scaled = await merge(`${deployments}/web/scale`, { spec: { replicas: 3 } }, 'fieldManager=autoscaler');
      expect([scaled.code, scaled.body.kind, scaled.body.spec], scaled.text).to.deep.equal([200, 'Scale', { replicas: 3 }]);
      const live = await plane.send('GET', `${deployments}/web`);
      expect(owners(live)['autoscaler Update/scale']).to.deep.equal({ 'f:spec': { 'f:replicas': {} } });
      expect(owners(live)['one Apply']).not.to.have.nested.property('f:spec.f:replicas');
      const refused = await apply(`${deployments}/web`, deployment(1));
      expect(refused.body.message).to.equal('Apply failed with 1 conflict: conflict with "autoscaler" with subresource "scale" using apps/v1: .spec.replicas');
      expect((await apply(`${deployments}/web`, deployment())).body.spec.replicas).to.equal(3);
    });

    it('can be the scale, applied', async () => {
      const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: 5 } };
      const refused = await apply(`${deployments}/web/scale`, scale);
      expect(refused.code, refused.text).to.equal(409);
      const answer = await apply(`${deployments}/web/scale`, scale, 'fieldManager=one&force=true');
      expect([answer.code, answer.body.spec.replicas], answer.text).to.deep.equal([200, 5]);
      const nothing = await apply(`${deployments}/web/scale`, { ...scale, spec: undefined }, 'fieldManager=nobody');
      expect([nothing.code, nothing.body.spec.replicas], nothing.text).to.deep.equal([200, 5]);
      expect(owners(await plane.send('GET', `${deployments}/web`))).to.have.keys('one Apply', 'one Apply/scale');
    });
  });

  describe('versions', () => {
    it('of one object know each other\'s managers', async () => {
      const [v1, v2] = ['v1', 'v2'].map((version) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`);
      const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 3 };
      const object = (version: string, more: object) => ({ apiVersion: `autoscaling/${version}`, kind: 'HorizontalPodAutoscaler', metadata: { name: 'web' }, spec: { ...spec, ...more } });
      const made = await apply(`${v1}/web`, object('v1', { targetCPUUtilizationPercentage: 50 }));
      expect(made.code, made.text).to.equal(201);
      const changed = await merge(`${v2}/web`, { spec: { maxReplicas: 5 } }, 'fieldManager=two');
      expect(owners(changed)).to.deep.include({ 'two Update': { 'f:spec': { 'f:maxReplicas': {} } } });
      expect(owners(changed)['one Apply']).not.to.have.nested.property('f:spec.f:maxReplicas');
      const refused = await apply(`${v1}/web`, object('v1', { targetCPUUtilizationPercentage: 50 }));
      expect(refused.body.message).to.equal('Apply failed with 1 conflict: conflict with "two" using autoscaling/v2: .spec.maxReplicas');
      const moved = await apply(`${v2}/web`, object('v2', { maxReplicas: 5 }));
      expect(moved.code, moved.text).to.equal(200);
      expect(moved.body.metadata.managedFields.map(({ manager, apiVersion }: Record<string, string>) => `${manager} ${apiVersion}`)).to.deep.equal(['one autoscaling/v2', 'two autoscaling/v2']);
    });
  });

  it('is announced with the paths of OpenAPI', async () => {
    const document = await plane.send('GET', '/openapi/v3/api/v1');
    expect(Object.keys(document.body.paths['/api/v1/namespaces/{namespace}/configmaps/{name}'].patch.requestBody.content)).to.include('application/apply-patch+yaml');
  });

  it('goes on when many apply at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => apply(`${maps}/rush`, configMap('rush', { [`k${i}`]: '1' }), `fieldManager=m${i}`)));
    expect(answers.map(({ code }) => code).sort()).to.deep.equal([...Array.from({ length: 19 }, () => 200), 201]);
    const { body } = await plane.send('GET', `${maps}/rush`);
    expect(Object.keys(body.data)).to.have.length(20);
    expect(body.metadata.managedFields).to.have.length(20);
  });
});

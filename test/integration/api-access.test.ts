import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { DeleteOptions } from '#core/api/schema/meta.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { configMap, createMap, maps } from '#test/fixtures/config-maps.ts';
import { protobufBody } from '#test/fixtures/protobuf-writer.ts';

describe('views, bodies and limits over HTTPS', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  describe('views', () => {
    before(() => createMap(plane, 'page-1'));

    it('reduces objects to their metadata', async () => {
      const accept = { Accept: 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' };
      const answer = await plane.send('GET', `${maps}?fieldSelector=metadata.name%3Dpage-1`, { headers: accept });
      expect([answer.body.kind, answer.body.items[0].kind, Object.keys(answer.body.items[0])]).to.deep.equal(['PartialObjectMetadataList', 'PartialObjectMetadata', ['kind', 'apiVersion', 'metadata']]);
    });

    it('answers YAML, and refuses what it cannot write', async () => {
      expect((await plane.send('GET', `${maps}/page-1`, { headers: { Accept: 'application/yaml' } })).text).to.contain('kind: ConfigMap\n');
      expect((await plane.send('GET', `${maps}/page-1`, { headers: { Accept: 'text/html' } })).code).to.equal(406);
    });

    it('refuses a table of what is no object', async () => {
      const review = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
      const ask = (accept: string) => plane.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body: review, headers: { Accept: accept } });
      const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
      const refused = await ask(table);
      expect([refused.code, refused.body.reason]).to.deep.equal([406, 'NotAcceptable']);
      expect((await ask(`${table},application/json`)).body.kind).to.equal('SelfSubjectAccessReview');
    });

    it('answers under the name that a caller gave the request, when it is one', async () => {
      const nameOf = async (given: string) => (await plane.send('GET', '/version', { headers: { 'Audit-ID': given } })).headers['audit-id'];
      expect(await nameOf('from-the-proxy.1')).to.equal('from-the-proxy.1');
      for (const bad of ['x'.repeat(65), 'a b', '"']) expect(await nameOf(bad)).to.match(/^[0-9a-f-]{36}$/);
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

    it('does not tell what is wrong with a token', async () => {
      await plane.send('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'brief' } } });
      const { body: { status: { token } } } = await plane.send('POST', '/api/v1/namespaces/default/serviceaccounts/brief/token', { body: { spec: {} } });
      const asRobot = (): ReturnType<ControlPlane['send']> => plane.send('GET', '/version', { anonymous: true, headers: { Authorization: `Bearer ${token}` } });
      expect((await asRobot()).code).to.equal(200);
      await plane.send('DELETE', '/api/v1/namespaces/default/serviceaccounts/brief');
      const late = await asRobot();
      expect([late.code, late.body.message]).to.deep.equal([401, 'Unauthorized']);
      const { body: { status } } = await plane.send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: { spec: { token } } });
      expect(status.error).to.equal('the ServiceAccount default/brief of the token is gone');
    });

    it('asks about kinds and versions that it does not serve as about those that it does', async () => {
      const said = async (method: string, path: string) => {
        const { code, body } = await plane.send(method, path, { headers: { 'Impersonate-User': 'jane' } });
        return `${code} ${body.message}`;
      };
      const notServed = '404 the server could not find the requested resource';
      expect(await said('GET', '/apis/fruit.example.org/v1/namespaces/default/apples')).to.equal(
        '403 apples.fruit.example.org is forbidden: User "jane" cannot list resource "apples" in API group "fruit.example.org" in the namespace "default"');
      expect(await said('GET', '/api/v1/nothings/one')).to.equal('403 nothings "one" is forbidden: User "jane" cannot get resource "nothings" in API group "" at the cluster scope');
      expect(await said('GET', '/nowhere')).to.equal('403 forbidden: User "jane" cannot get path "/nowhere"');
      const roles = '/apis/rbac.authorization.k8s.io/v1';
      const rules = [{ apiGroups: ['fruit.example.org'], resources: ['apples'], verbs: ['list'] }, { nonResourceURLs: ['/apis/*'], verbs: ['get'] }];
      await plane.send('POST', `${roles}/clusterroles`, { body: { metadata: { name: 'fruit' }, rules } });
      await plane.send('POST', `${roles}/clusterrolebindings`, { body: { metadata: { name: 'fruit' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'fruit' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }] } });
      expect(await said('GET', '/apis/fruit.example.org/v1beta1/apples')).to.equal(notServed);
      expect(await said('GET', '/apis/fruit.example.org/v1'), 'discovery').to.equal(notServed);
      expect(await said('DELETE', '/apis/fruit.example.org/v1beta1/apples')).to.match(/^403 .* cannot deletecollection resource "apples"/);
    });

    it('refuses bodies that are too large before reading them all', async () => {
      const answer = await plane.send('POST', maps, { body: JSON.stringify(configMap('huge', { a: 'x'.repeat(4 * 1024 * 1024) })) }).catch((error: Error) => error);
      // The server may close while the client still sends.
      if (answer instanceof Error) expect(answer.message).to.match(/EPIPE|ECONNRESET|hang up/);
      else expect([answer.code, answer.body.reason]).to.deep.equal([413, 'RequestEntityTooLarge']);
      expect((await plane.send('GET', `${maps}/huge`)).code).to.equal(404);
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

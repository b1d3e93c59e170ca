import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as tlsConnect } from 'node:tls';
import { expect } from 'chai';
import { APIService } from '#core/api/schema/apiregistration-v1.ts';
import { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { ClusterRole, ClusterRoleBinding, rbacGroup } from '#core/api/schema/rbac-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { ApiServiceController } from '#core/controllers/api-service/controller.ts';
import { GarbageCollectionController } from '#core/controllers/garbage-collection/controller.ts';
import { NamespaceController } from '#core/controllers/namespace/controller.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { ExtensionApiServer, type ExtensionApiServerOptions } from '#test/fixtures/extension-api-server.ts';

const group = 'fruit.example.com';
const name = `v1alpha1.${group}`;
const root = `/apis/${group}/v1alpha1`;
const flunders = `${root}/namespaces/default/flunders`;
const discoveryType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

describe('API aggregation over HTTPS', () => {
  let plane: ControlPlane;
  let server: ExtensionApiServer;

  const options = (more: Partial<ExtensionApiServerOptions> = {}): ExtensionApiServerOptions =>
    ({ group, version: 'v1alpha1', service: { namespace: 'kube-system', name: 'fruit' }, frontProxyCa: plane.pki.frontProxy.ca, ...more });

  const available = async (): Promise<string> => {
    const { status } = await plane.client.get(APIService, { name });
    const condition = status.conditions?.find(({ type }) => type === 'Available');
    return condition === undefined ? 'unknown' : `${condition.status} ${condition.reason}`;
  };
  const apis = (headers: Record<string, string> = {}): Promise<Answer> => plane.send('GET', '/apis', { headers: { Accept: discoveryType, ...headers } });
  // oxlint-disable-next-line typescript/no-explicit-any -- a document of many shapes
  const versionIn = ({ body }: Answer): any => body.items.find((item: { metadata: { name: string } }) => item.metadata.name === group)?.versions[0];

  /** An extension API server on this machine, which the service leads to by its external name. */
  async function register(more: Partial<ExtensionApiServerOptions> = {}, spec: Partial<APIService['spec']> = {}): Promise<void> {
    server = await ExtensionApiServer.start(options(more));
    await plane.client.create(Service, { metadata: { namespace: 'kube-system', name: 'fruit' }, spec: { type: 'ExternalName', externalName: 'localhost' } });
    await plane.client.create(APIService, {
      metadata: { name }, spec: {
        group, version: 'v1alpha1', service: { namespace: 'kube-system', name: 'fruit', port: server.port }, caBundle: server.caBundle, groupPriorityMinimum: 2000, versionPriority: 10, ...spec,
      },
    });
  }

  beforeEach(async () => {
    plane = await startControlPlane();
    await plane.client.create(Namespace, { metadata: { name: 'kube-system' } });
  });
  afterEach(async () => {
    await plane.stop();
    await server?.stop();
  });

  describe('requests', () => {
    beforeEach(() => register());

    it('go to the server of the group, with who asks, and come back as they are', async () => {
      const made = await plane.send('POST', flunders, { body: { apiVersion: `${group}/v1alpha1`, kind: 'Flunder', metadata: { name: 'plum' }, juice: 1 } });
      expect([made.code, made.body.juice, made.body.metadata.namespace], made.text).to.deep.equal([201, 1, 'default']);
      expect((await plane.send('GET', flunders)).body.items).to.have.length(1);
      expect((await plane.send('PATCH', `${flunders}/plum`, { body: { juice: 2 }, headers: { 'Content-Type': 'application/merge-patch+json' } })).body.juice).to.equal(2);
      expect((await plane.send('DELETE', `${flunders}/plum`)).code).to.equal(200);
      expect((await plane.send('GET', `${flunders}/plum`)).body).to.include({ reason: 'NotFound', code: 404 });
      const { headers, proxy, url } = server.seen.find(({ method }) => method === 'POST')!;
      expect(url).to.equal(flunders);
      expect(proxy, 'the certificate of the front proxy').to.equal('front-proxy-client');
      expect(headers).to.include({ 'x-remote-user': 'kubernetes-admin', host: `fruit.kube-system.svc:${server.port}`, 'x-forwarded-proto': 'https' });
      expect(String(headers['x-remote-group']).split(', ')).to.have.members(['system:masters', 'system:authenticated']);
      expect(made.headers['audit-id']).to.equal(headers['audit-id']);
    });

    it('say everything about the user, and nothing that the user says of themselves', async () => {
      await plane.send('GET', flunders, { headers: {
        'Impersonate-User': 'jané', 'Impersonate-Uid': 'u-1', 'Impersonate-Group': 'system:masters', 'Impersonate-Extra-example.com%2fscopes': 'a',
        'X-Remote-User': 'root', 'X-Remote-Extra-Evil': 'x', Authorization: '', 'X-Own': 'kept',
      } });
      const { headers } = server.seen.find(({ url }) => url === flunders)!;
      expect(Buffer.from(String(headers['x-remote-user']), 'latin1').toString()).to.equal('jané');
      expect(headers).to.include({ 'x-remote-uid': 'u-1', 'x-remote-extra-example.com%2fscopes': 'a', 'x-own': 'kept' });
      for (const hidden of ['authorization', 'impersonate-user', 'impersonate-group', 'x-remote-extra-evil']) expect(headers, hidden).to.not.have.property(hidden);
    });

    it('are refused here when the user may not', async () => {
      const jane = { 'Impersonate-User': 'jane' };
      const refused = await plane.send('GET', `${flunders}/plum`, { headers: jane });
      expect([refused.code, refused.body.message]).to.deep.equal([403, `flunders.${group} "plum" is forbidden: User "jane" cannot get resource "flunders" in API group "${group}" in the namespace "default"`]);
      await plane.client.create(ClusterRole, { metadata: { name: 'eater' }, rules: [{ apiGroups: [group], resources: ['flunders'], verbs: ['list', 'watch'] }] });
      await plane.client.create(ClusterRoleBinding, { metadata: { name: 'jane' }, roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'eater' }, subjects: [{ kind: 'User', apiGroup: rbacGroup, name: 'jane' }] });
      expect((await plane.send('GET', flunders, { headers: jane })).code).to.equal(200);
      expect((await plane.send('DELETE', flunders, { headers: jane })).body.message).to.contain('cannot deletecollection resource "flunders"');
      expect(server.seen.filter(({ url }) => url.startsWith(flunders)).map(({ method, url }) => `${method} ${url}`)).to.deep.equal([`GET ${flunders}`]);
    });

    it('stream: a watch shows each event when it happens, and ends with its reader', async () => {
      const response = await plane.open('GET', `${flunders}?watch=true`);
      expect(response.statusCode).to.equal(200);
      const lines = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      for (const fruit of ['fig', 'pear']) {
        const next = lines.next();
        await plane.send('POST', flunders, { body: { metadata: { name: fruit } } });
        expect(JSON.parse(String((await next).value))).to.nested.include({ type: 'ADDED', 'object.metadata.name': fruit });
      }
      response.destroy();
      await eventually(async () => {
        await plane.send('POST', flunders, { body: { metadata: { name: 'last' } } });
        return (server as unknown as { watchers: Set<unknown> }).watchers.size === 0;
      }, 'the watch to end at the other server');
    });

    it('hand on bodies of any length piece by piece', async () => {
      const pieces: number[] = [];
      server.override = (request, response) => {
        if (!request.url!.endsWith('/upload')) return false;
        request.on('data', (chunk: Buffer) => {
          pieces.push(chunk.length);
          if (pieces.length === 1) response.writeHead(200).flushHeaders();
        });
        request.on('end', () => response.end(String(pieces.reduce((sum, size) => sum + size, 0))));
        return true;
      };
      const upload = plane.begin('PUT', `${flunders}/plum/upload`, { 'Transfer-Encoding': 'chunked' });
      const answered = once(upload, 'response') as Promise<[IncomingMessage]>;
      upload.write('x'.repeat(1000));
      const [answer] = await answered;
      expect(answer.statusCode, 'the answer began before the body was complete').to.equal(200);
      for (let i = 0; i < 5; i++) upload.write('x'.repeat(1024 * 1024));
      upload.end();
      const chunks: Buffer[] = [];
      for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).to.equal(String(1000 + 5 * 1024 * 1024));
    });

    it('that ask for another protocol become a tunnel', async () => {
      const { port } = new URL(plane.server.url);
      const open = async (path: string, protocol: string): Promise<{ socket: ReturnType<typeof tlsConnect>; text: () => string }> => {
        const socket = tlsConnect({ host: '127.0.0.1', port: Number(port), ca: plane.pki.ca, ...plane.pki.admin });
        await once(socket, 'secureConnect');
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
        return { socket, text: () => text };
      };
      const talk = await open(`${flunders}/plum/shout`, 'shout');
      await eventually(() => talk.text().includes('\r\n\r\n'), 'the answer');
      expect(talk.text()).to.match(/^HTTP\/1.1 101 .*\r\n/).and.contain('X-Shouting: yes');
      talk.socket.write('hello');
      await eventually(() => talk.text().endsWith('HELLO'), 'an echo');
      expect(server.seen.at(-1)!.headers).to.include({ 'x-remote-user': 'kubernetes-admin', upgrade: 'shout' });
      talk.socket.end();
      await once(talk.socket, 'close');
      const other = await open(`${flunders}/plum/shout`, 'whisper');
      await once(other.socket, 'close');
      expect(other.text()).to.match(/^HTTP\/1.1 403 /).and.match(/Nope$/);
      const forbidden = await open('/api/v1/namespaces/default/configmaps', 'shout');
      await eventually(() => forbidden.text().includes('ConfigMapList'), 'an ordinary answer where nobody speaks another protocol');
      forbidden.socket.destroy();
    });

    it('are answered with 503 in upstream\'s words when the server is not there', async () => {
      await server.stop();
      const refused = await plane.send('GET', flunders);
      expect([refused.code, refused.headers['content-type']]).to.deep.equal([503, 'text/plain; charset=utf-8']);
      expect(refused.text).to.match(/^error trying to reach service: .*ECONNREFUSED/);
      await plane.client.patchStatus(APIService, { name }, { type: 'merge', document: { status: { conditions: [{ type: 'Available', status: 'False', reason: 'FailedDiscoveryCheck' }] } } });
      expect((await plane.send('GET', flunders)).text).to.equal('service unavailable\n');
      await plane.client.delete(Service, { namespace: 'kube-system', name: 'fruit' });
      await plane.client.patchStatus(APIService, { name }, { type: 'merge', document: { status: { conditions: [] } } });
      expect((await plane.send('GET', flunders)).text).to.equal('service unavailable\n');
    });

    it('trust only the authority that is named, unless told otherwise', async () => {
      const patch = (spec: object) => plane.client.patch(APIService, { name }, { type: 'merge', document: { spec } });
      await patch({ caBundle: Buffer.from(plane.pki.ca).toString('base64') });
      expect((await plane.send('GET', flunders)).text).to.match(/^error trying to reach service: .*(certificate|signature)/);
      await patch({ caBundle: null, insecureSkipTLSVerify: true });
      expect((await plane.send('GET', flunders)).code).to.equal(200);
      await patch({ insecureSkipTLSVerify: false, caBundle: Buffer.from('nonsense').toString('base64') });
      expect((await plane.send('GET', flunders)).code).to.equal(500);
    });
  });

  describe('discovery', () => {
    it('shows the groups of other servers, with an ETag, and marks what is stale', async () => {
      await register();
      const fresh = await apis();
      expect(versionIn(fresh)).to.deep.include({ version: 'v1alpha1', freshness: 'Current' });
      expect(versionIn(fresh).resources[0]).to.deep.include({ resource: 'flunders', singularResource: 'flunder', shortNames: ['fl'], categories: ['fruit'] });
      expect((await apis({ 'If-None-Match': fresh.headers.etag! })).code).to.equal(304);
      const names: string[] = fresh.body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
      expect(names[0]).to.equal('apiregistration.k8s.io');
      expect(names.indexOf('apps')).to.be.lessThan(names.indexOf(group));
      const group1 = await plane.send('GET', `/apis/${group}`);
      expect(group1.body).to.deep.include({ kind: 'APIGroup', name: group, preferredVersion: { groupVersion: `${group}/v1alpha1`, version: 'v1alpha1' } });
      expect((await plane.send('GET', '/apis')).body.groups.map((one: { name: string }) => one.name)).to.include(group);
      expect((await plane.send('GET', root)).body.resources[0].name, 'answered by the server itself').to.equal('flunders');
      await plane.client.patchStatus(APIService, { name }, { type: 'merge', document: { status: { conditions: [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }] } } });
      const stale = await apis();
      expect(versionIn(stale)).to.deep.include({ freshness: 'Stale' });
      expect(versionIn(stale).resources, 'what was known').to.have.length(1);
      expect(stale.headers.etag).to.not.equal(fresh.headers.etag);
      await plane.client.delete(APIService, { name });
      expect(versionIn(await apis())).to.equal(undefined);
    });

    it('reads the documents of servers that know only single versions', async () => {
      await register({ aggregatedDiscovery: false });
      expect(versionIn(await apis())).to.deep.equal({
        version: 'v1alpha1', freshness: 'Current', resources: [{
          resource: 'flunders', responseKind: { group, version: 'v1alpha1', kind: 'Flunder' }, scope: 'Namespaced', singularResource: 'flunder',
          verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'], shortNames: ['fl'], categories: ['fruit'],
          subresources: [{ subresource: 'shout', responseKind: { group, version: 'v1alpha1', kind: 'Flunder' }, verbs: ['get'] }],
        }],
      });
    });

    it('has OpenAPI documents of other servers, with their hashes', async () => {
      await register();
      await apis();
      const { paths } = (await plane.send('GET', '/openapi/v3')).body;
      expect(paths[`apis/${group}/v1alpha1`]).to.deep.equal({ serverRelativeURL: `/openapi/v3${root}?hash=F00` });
      expect(paths['apis/apps/v1'].serverRelativeURL).to.match(/^\/openapi\/v3\/apis\/apps\/v1\?hash=/);
      expect((await plane.send('GET', paths[`apis/${group}/v1alpha1`].serverRelativeURL)).body.components.schemas).to.have.property('Flunder');
      expect(server.seen.at(-1)!.headers['x-remote-user']).to.equal('system:kube-aggregator');
      expect((await plane.send('POST', `/openapi/v3${root}`)).code, 'documents are only read').to.equal(405);
    });
  });

  describe('local APIServices', () => {
    const names = async (): Promise<string[]> => (await plane.client.list(APIService)).items.map(({ metadata }) => metadata.name);

    it('exist for every group that is served here, and come back', async () => {
      await eventually(async () => (await names()).includes('v1.apps') && (await names()).includes('v1.'), 'the APIServices of built-in groups');
      expect(await names()).to.not.include('v1.apiregistration.k8s.io');
      const apps = await plane.client.get(APIService, { name: 'v1.apps' });
      expect(apps.metadata.labels).to.deep.equal({ 'kube-aggregator.kubernetes.io/automanaged': 'onstart' });
      expect(apps.spec).to.deep.equal({ group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 });
      expect(apps.status.conditions?.[0]).to.include({ type: 'Available', status: 'True', reason: 'Local' });
      await plane.client.delete(APIService, { name: 'v1.apps' });
      await eventually(async () => (await names()).includes('v1.apps'), 'the APIService to come back');
    });

    it('come and go with CustomResourceDefinitions', async () => {
      await plane.client.create(CustomResourceDefinition, {
        metadata: { name: 'nuts.wood.example.com' }, spec: {
          group: 'wood.example.com', scope: 'Namespaced', names: { plural: 'nuts', kind: 'Nut' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
        },
      });
      await eventually(async () => (await names()).includes('v1.wood.example.com'), 'the APIService of the definition');
      expect((await plane.client.get(APIService, { name: 'v1.wood.example.com' })).spec).to.include({ groupPriorityMinimum: 1000, versionPriority: 100 });
      await plane.client.delete(CustomResourceDefinition, { name: 'nuts.wood.example.com' });
      await eventually(async () => !(await names()).includes('v1.wood.example.com'), 'the APIService to go');
    });

    it('are accompanied by what other servers need to know of this one', async () => {
      const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
      const read = async (): Promise<Record<string, string>> => (await plane.client.get(ConfigMap, key).catch(() => undefined))?.data ?? {};
      await eventually(async () => (await read())['client-ca-file'] !== undefined, 'the ConfigMap');
      const data = await read();
      expect(data['client-ca-file']!.trim()).to.equal(plane.pki.ca.trim());
      expect(data['requestheader-client-ca-file']!.trim()).to.equal(plane.pki.frontProxy.ca.trim());
      expect(data).to.include({
        'requestheader-allowed-names': '["front-proxy-client"]', 'requestheader-username-headers': '["X-Remote-User"]', 'requestheader-group-headers': '["X-Remote-Group"]',
        'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]', 'requestheader-uid-headers': '["X-Remote-Uid"]',
      });
      await plane.client.patch(ConfigMap, key, { type: 'merge', document: { data: { 'requestheader-allowed-names': '[]' } } });
      await eventually(async () => (await read())['requestheader-allowed-names'] === '["front-proxy-client"]', 'the ConfigMap to be put right');
    });
  });

  describe('with controllers', () => {
    let manager: Manager;
    beforeEach(async () => {
      const { client, kinds } = plane;
      const informers = new SharedInformers({ reader: client, clock: systemClock, logger: silentLogger });
      const parts = { client, informers, clock: systemClock, kinds };
      manager = new Manager({
        controllers: [
          new ApiServiceController({ ...parts, check: (service) => plane.aggregation.check.problem(service) }), new NamespaceController(parts),
          new GarbageCollectionController({ ...parts, recorder: { normal: () => undefined, warning: () => undefined } }),
        ],
        informers, clock: systemClock, logger: silentLogger,
      });
      await manager.start(AbortSignal.timeout(5000));
    });
    afterEach(() => manager.stop());

    it('a server is available when it answers, and not when it does not', async () => {
      await register();
      await eventually(async () => (await available()) === 'True Passed', 'the server to be found');
      const { port } = server;
      await server.stop();
      await plane.client.patch(APIService, { name }, { type: 'merge', document: { metadata: { annotations: { look: 'again' } } } });
      await eventually(async () => (await available()) === 'False FailedDiscoveryCheck', 'the server to be missed');
      expect((await plane.send('GET', flunders)).text).to.equal('service unavailable\n');
      server = await ExtensionApiServer.start(options(), port);
      await eventually(async () => (await available()) === 'True Passed', 'the server to be found again');
      await plane.client.patch(APIService, { name }, { type: 'merge', document: { spec: { caBundle: server.caBundle } } });
      expect((await plane.send('GET', flunders)).code).to.equal(200);
    });

    it('says what is missing before it asks', async () => {
      await register();
      const key = { namespace: 'kube-system', name: 'fruit' };
      await plane.client.delete(Service, key);
      await eventually(async () => (await available()) === 'False ServiceNotFound', 'ServiceNotFound');
      await plane.client.create(Service, { metadata: key, spec: { ports: [{ name: 'https', port: 443 }], selector: { app: 'fruit' } } });
      await eventually(async () => (await available()) === 'False ServicePortError', 'ServicePortError');
      await plane.client.patch(APIService, { name }, { type: 'merge', document: { spec: { service: { port: 443 } } } });
      await eventually(async () => (await available()) === 'False EndpointsNotFound', 'EndpointsNotFound');
      const slice = await plane.client.create(EndpointSlice, {
        metadata: { namespace: 'kube-system', name: 'fruit-1', labels: { 'kubernetes.io/service-name': 'fruit' } }, addressType: 'IPv4',
        endpoints: [{ addresses: ['10.1.2.3'], conditions: { ready: false } }], ports: [{ name: 'https', port: 8443 }],
      });
      await eventually(async () => (await available()) === 'False MissingEndpoints', 'MissingEndpoints');
      expect((await plane.client.get(APIService, { name })).status.conditions?.[0]?.message).to.equal('endpointslices for service/fruit in "kube-system" have no addresses with port name "https"');
      await plane.client.delete(EndpointSlice, slice.metadata);
      await eventually(async () => (await available()) === 'False EndpointsNotFound', 'EndpointsNotFound again');
    });

    it('what belongs to an object here goes with it there', async () => {
      await register();
      await apis();
      const owner = await plane.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'tree' } });
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'tree', uid: owner.metadata.uid }];
      await plane.send('POST', flunders, { body: { metadata: { name: 'plum', ownerReferences } } });
      await plane.send('POST', flunders, { body: { metadata: { name: 'fig' } } });
      await eventually(() => (server as unknown as { watchers: Set<unknown> }).watchers.size === 1, 'somebody to watch');
      await plane.client.delete(ConfigMap, owner.metadata);
      await eventually(() => server.objects.size === 1, 'the fruit to go');
      expect([...server.objects.keys()]).to.deep.equal(['default/fig']);
    });

    it('a namespace is emptied there too before it goes', async () => {
      await register();
      await apis();
      await plane.client.create(Namespace, { metadata: { name: 'orchard' } });
      await plane.send('POST', `${root}/namespaces/orchard/flunders`, { body: { metadata: { name: 'plum' } } });
      const served = plane.kinds.find(`${group}/v1alpha1`, 'Flunder');
      expect(served?.kind).to.include({ plural: 'flunders', namespaced: true });
      expect((await plane.client.list(served!.kind, { namespace: 'orchard' })).items.map(({ metadata }) => metadata.name)).to.deep.equal(['plum']);
      await plane.client.delete(Namespace, { name: 'orchard' });
      await eventually(async () => StatusError.is(await plane.client.get(Namespace, { name: 'orchard' }).catch((error: unknown) => error), 'NotFound'), 'the namespace to go');
      expect([...server.objects.keys()]).to.deep.equal([]);
      expect(server.seen.find(({ method, url }) => method === 'DELETE' && url.includes('orchard'))!.headers['x-remote-user']).to.equal('system:keelson');
    });
  });

  it('the client of this process watches kinds of other servers', async () => {
    await register();
    await apis();
    const { kind } = plane.kinds.find(`${group}/v1alpha1`, 'Flunder')!;
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { type, object } of plane.client.watch(kind, { namespace: 'default', resourceVersion: '1' }, stop.signal)) {
        seen.push(`${type} ${object.metadata.name}`);
        if (seen.length === 2) stop.abort(new Error('enough'));
      }
    })().catch((error: Error) => error.message);
    await eventually(() => (server as unknown as { watchers: Set<unknown> }).watchers.size === 1, 'the watch');
    const fig = await plane.client.create(kind, { metadata: { namespace: 'default', name: 'fig' } });
    await plane.client.delete(kind, fig.metadata);
    expect(await watching).to.equal('enough');
    expect(seen).to.deep.equal(['ADDED fig', 'DELETED fig']);
    await plane.client.delete(APIService, { name });
    expect(plane.kinds.find(`${group}/v1alpha1`, 'Flunder')).to.equal(undefined);
  });
});

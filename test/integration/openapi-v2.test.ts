import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { APIService } from '#core/api/schema/apiregistration-v1.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { isObject } from '#core/api/value.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { ExtensionApiServer } from '#test/fixtures/extension-api-server.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';

const url = '/openapi/v2';
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const asked = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'boats.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'boats', kind: 'Boat' },
    versions: [{
      name: 'v1', served: true, storage: true, subresources: { status: {}, scale: { specReplicasPath: '.spec.crew', statusReplicasPath: '.status.crew' } },
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { crew: { type: 'integer', default: 1 }, flag: { type: 'string', nullable: true } } }, status: { type: 'object', properties: { crew: { type: 'integer' } } } } } },
    }],
  },
};

function* refsIn(value: unknown): IterableIterator<string> {
  if (Array.isArray(value)) for (const item of value) yield* refsIn(item);
  if (!isObject(value)) return;
  if (typeof value['$ref'] === 'string') yield value['$ref'];
  for (const part of Object.values(value)) yield* refsIn(part);
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('OpenAPI v2 over HTTPS', () => {
  let plane: ControlPlane;
  const clock = new FakeClock(Date.now());
  before(async () => {
    plane = await startControlPlane({ clock });
  });
  after(() => plane.stop());

  it('is one document of all kinds that refers to nothing it does not have', async () => {
    const { code, headers, body } = await plane.send('GET', url);
    expect([code, headers['content-type'], body.swagger, body.info]).to.deep.equal([200, 'application/json', '2.0', { title: 'Kubernetes', version: 'v1.33.0+test' }]);
    const missing = [...new Set(refsIn(body))].filter((ref) => !Object.hasOwn(body.definitions, ref.replace('#/definitions/', '')));
    expect(missing).to.deep.equal([]);
    expect(new Set(refsIn(body)).size).to.be.above(300);
    for (const { kind } of plane.api.resources.all) {
      const { group, version } = kind;
      expect(body.definitions[kind.struct.name]?.['x-kubernetes-group-version-kind'], kind.struct.name).to.deep.equal([{ group, kind: kind.kind, version }]);
    }
    expect(body.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale'].patch['x-kubernetes-group-version-kind']).to.deep.equal({ group: 'autoscaling', kind: 'Scale', version: 'v1' });
  });

  it('gives every operation a name of its own', async () => {
    const { body } = await plane.send('GET', url);
    const ids = Object.values<Record<string, { operationId?: string }>>(body.paths).flatMap((item) => Object.values(item).flatMap(({ operationId }) => operationId ?? []));
    expect(ids.length).to.be.above(500);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).to.deep.equal([]);
  });

  it('comes in protobuf, under a name that is a media type, for both names that are asked for', async () => {
    for (const accept of [asked, protobuf, `text/html, ${asked};q=0.9, application/json;q=0.1`]) {
      const response = await plane.open('GET', url, { headers: { Accept: accept } });
      const bytes = await bytesOf(response);
      expect([response.statusCode, response.headers['content-type']], accept).to.deep.equal([200, protobuf]);
      // Field 1, the version: "2.0".
      expect(bytes.subarray(0, 5)).to.deep.equal(Buffer.from([0x0a, 3, 0x32, 0x2e, 0x30]));
    }
    expect((await plane.send('GET', url, { headers: { Accept: 'text/html' } })).code).to.equal(406);
  });

  it('comes compressed to those who want it so', async () => {
    const plain = await bytesOf(await plane.open('GET', url));
    const response = await plane.open('GET', url, { headers: { 'Accept-Encoding': 'br, gzip' } });
    expect(response.headers['content-encoding']).to.equal('gzip');
    expect(response.headers.vary).to.include('Accept-Encoding');
    expect(gunzipSync(await bytesOf(response)).equals(plain)).to.equal(true);
    const unwanted = await plane.open('GET', url, { headers: { 'Accept-Encoding': 'gzip;q=0, identity' } });
    expect((await bytesOf(unwanted)).equals(plain)).to.equal(true);
  });

  it('need not be sent again until something changes', async () => {
    const { headers: { etag = '' } } = await plane.send('GET', url);
    const again = await plane.send('GET', url, { headers: { 'If-None-Match': etag } });
    expect([again.code, again.text, again.headers.etag]).to.deep.equal([304, '', etag]);
    expect((await plane.send('POST', crds, { body: definition })).code).to.equal(201);
    await eventually(() => plane.api.resources.find('example.com', 'v1', 'boats') !== undefined, 'boats');
    const { code, body } = await plane.send('GET', url, { headers: { 'If-None-Match': etag } });
    expect(code).to.equal(200);
    const boat = body.definitions['com.example.v1.Boat'];
    expect(boat).to.deep.include({ type: 'object', 'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Boat', version: 'v1' }] });
    expect(boat.properties.spec.properties).to.deep.equal({ crew: { type: 'integer', default: 1 }, flag: {} });
    expect(boat.properties.metadata.$ref).to.equal('#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
    expect(body.definitions['com.example.v1.BoatList'].properties.items.items).to.deep.equal({ $ref: '#/definitions/com.example.v1.Boat' });
    expect(body.paths['/apis/example.com/v1/namespaces/{namespace}/boats/{name}'].patch.consumes).to.not.include('application/strategic-merge-patch+json');

    // Once nobody wants it any more it is forgotten, and the next one is the same.
    let made = 0;
    plane.api.resources.set('boats.example.com', plane.api.resources.groupVersion('example.com', 'v1').map((resource) => Object.create(resource, { openApi: { get: () => (made++, resource.openApi) } }) as AnyResource));
    const tags: unknown[] = [];
    for (const wait of [0, 200_000, 200_000, 3_600_000]) {
      await clock.advance(wait);
      tags.push((await plane.send('GET', url)).headers.etag, made);
    }
    const [tag] = tags;
    expect(tags).to.deep.equal([tag, 1, tag, 1, tag, 1, tag, 2]);

    expect((await plane.send('DELETE', `${crds}/boats.example.com`)).code).to.equal(200);
    await eventually(async () => (await plane.send('GET', url, { headers: { 'If-None-Match': etag } })).code === 304, 'the document without boats');
  });

  describe('with another API server', () => {
    const group = 'fruit.example.com';
    const version = 'v1alpha1';
    let server: ExtensionApiServer;
    const flunder = async (): Promise<unknown> => (await plane.send('GET', url)).body.definitions.Flunder;
    const versionOf = () => plane.aggregation.discovery.versions.find((each) => each.group === group);
    before(async () => {
      const service = { namespace: 'kube-system', name: 'fruit' };
      server = await ExtensionApiServer.start({ group, version, service, frontProxyCa: plane.pki.frontProxy.ca });
      await plane.client.create(Namespace, { metadata: { name: 'kube-system' } });
      await plane.client.create(Service, { metadata: service, spec: { type: 'ExternalName', externalName: 'localhost' } });
      await plane.client.create(APIService, {
        metadata: { name: `${version}.${group}` }, spec: { group, version, service: { ...service, port: server.port }, caBundle: server.caBundle, groupPriorityMinimum: 2000, versionPriority: 10 },
      });
      await eventually(() => versionOf()?.openApi !== undefined, 'what the other server serves');
    });
    after(() => server.stop());

    it('describes its kinds too', async () => {
      const { body } = await plane.send('GET', url);
      expect(body.definitions.Flunder).to.deep.include({ type: 'object', description: 'A flunder.', 'x-kubernetes-group-version-kind': [{ group, version, kind: 'Flunder' }] });
      expect(body.paths[`/apis/${group}/${version}/namespaces/{namespace}/flunders/{name}`].patch).to.deep.include({
        'x-kubernetes-action': 'patch', parameters: [{ name: 'fieldValidation', in: 'query', type: 'string', uniqueItems: true }],
      });
      expect(server.seen.at(-1)?.headers['x-remote-user']).to.equal('system:kube-aggregator');
    });

    it('does without what it cannot use, and asks again', async () => {
      const answers: Record<string, string> = {
        'a failure': '', 'no JSON': '{', 'no object': '[]', 'a path of others': JSON.stringify({ paths: { '/api/v1/pods': { get: {} } } }), 'a reference to nothing': JSON.stringify({ components: { schemas: { Flunder: { $ref: '#/components/schemas/Plum' } } } }),
        'no schemas': '{"components":{"schemas":{"Flunder":null}}}', 'depths': `{"components":{"schemas":{"Flunder":${'{"items":'.repeat(20_000)}{}${'}'.repeat(20_000)}}}}`,
      };
      for (const [what, text] of Object.entries(answers)) {
        // What was fine is remembered until then.
        await clock.advance(3_600_000);
        server.override = (request, response) => {
          if (request.url?.startsWith('/openapi/v3/') !== true) return false;
          response.writeHead(text === '' ? 500 : 200, { 'Content-Type': 'application/json' });
          response.end(text);
          return true;
        };
        const { code, body } = await plane.send('GET', url);
        expect([code, body.definitions.Flunder], what).to.deep.equal([200, undefined]);
        expect(body.paths['/api/v1/pods'].get, what).to.have.property('operationId', 'listCoreV1PodForAllNamespaces');
        expect((await plane.send('GET', url, { headers: { Accept: asked } })).code, what).to.equal(200);
      }
      server.override = undefined;
      expect(await flunder(), 'nobody waits until something changes').to.have.property('type', 'object');
    });
  });
});

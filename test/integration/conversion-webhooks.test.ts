import { expect } from 'chai';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { startWebhookServer, type Answerer, type WebhookServer } from '#test/fixtures/webhook-server.ts';

const text = { type: 'string' };
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const one = '/apis/example.com/v1/namespaces/default/hosts';
const two = '/apis/example.com/v2/namespaces/default/hosts';

const version = (name: string, storage: boolean, properties: object) => ({ name, served: true, storage, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } } });

const definition = (webhook: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'hosts.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'hosts', kind: 'Host' }, conversion: { strategy: 'Webhook', webhook },
    versions: [version('v1', true, { address: text }), version('v2', false, { host: text, port: text, mode: { ...text, default: 'tcp' } })],
  },
});
const host = (name: string, address: string) => ({ apiVersion: 'example.com/v1', kind: 'Host', metadata: { name }, spec: { address } });

/* oxlint-disable typescript/no-explicit-any -- objects of two versions */
/** `address` of v1 is `host:port` of v2. */
function converted({ spec = {}, ...rest }: any, apiVersion: string): object {
  if (apiVersion === 'example.com/v1') return { ...rest, apiVersion, spec: { address: `${spec.host}:${spec.port}` } };
  const [name, port] = String(spec.address).split(':');
  return { ...rest, apiVersion, spec: { host: name, port, junk: true } };
}

const convertAll: Answerer = ({ apiVersion, request }) => ({
  kind: 'ConversionReview', apiVersion,
  response: { uid: request.uid, result: { status: 'Success' }, convertedObjects: request.objects.map((object: any) => converted(object, request.desiredAPIVersion)) },
});

describe('conversion webhooks', () => {
  let plane: ControlPlane;
  let webhook: WebhookServer;
  const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
    plane.send(method, path, { body, ...(method === 'PATCH' ? { headers: { 'Content-Type': 'application/merge-patch+json' } } : {}) });

  before(async () => {
    plane = await startControlPlane();
    webhook = await startWebhookServer();
    webhook.answer = convertAll;
    await send('POST', crds, definition({ clientConfig: { url: webhook.url('/convert'), caBundle: webhook.caBundle }, conversionReviewVersions: ['v9', 'v1'] }));
    while (plane.api.resources.find('example.com', 'v2', 'hosts') === undefined) await new Promise(setImmediate);
  });
  after(async () => {
    await plane.stop();
    await webhook.stop();
  });
  afterEach(async () => {
    webhook.answer = convertAll;
    await send('DELETE', one);
    webhook.reviews.length = 0;
  });

  it('are asked for other versions only', async () => {
    expect((await send('POST', one, host('a', 'b.c:80'))).body.spec).to.deep.equal({ address: 'b.c:80' });
    await send('GET', `${one}/a`);
    expect(webhook.reviews).to.have.length(0);
    const shown = await send('GET', `${two}/a`);
    expect(shown.body).to.deep.include({ apiVersion: 'example.com/v2', kind: 'Host', spec: { host: 'b.c', port: '80', mode: 'tcp' } });
    expect(webhook.reviews[0]).to.deep.include({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' });
    expect(webhook.reviews[0].request).to.deep.include({ desiredAPIVersion: 'example.com/v2' });
    expect(webhook.reviews[0].request.objects[0]).to.deep.include({ apiVersion: 'example.com/v1', spec: { address: 'b.c:80' } });
    await send('GET', `${two}/a`);
    expect(webhook.reviews, 'what was converted once').to.have.length(1);
  });

  it('convert what is written, listed and watched', async () => {
    const made = await send('POST', two, { apiVersion: 'example.com/v2', kind: 'Host', metadata: { name: 'w', labels: { a: 'b' } }, spec: { host: 'x', port: '1' } });
    expect(made.code).to.equal(201);
    expect(made.body).to.deep.include({ apiVersion: 'example.com/v2', spec: { host: 'x', port: '1', mode: 'tcp' } });
    expect((await send('GET', `${one}/w`)).body).to.deep.include({ apiVersion: 'example.com/v1', spec: { address: 'x:1' } });
    await send('POST', one, host('z', 'q:2'));
    expect((await send('GET', two)).body.items.map(({ spec }: any) => spec.host)).to.deep.equal(['x', 'q']);
    const changed = await send('PATCH', `${two}/w`, { spec: { port: '9' } });
    expect(changed.body.spec).to.deep.equal({ host: 'x', port: '9', mode: 'tcp' });
    expect(changed.body.metadata).to.include({ generation: 2 });

    const stream = await plane.open('GET', `${two}?watch=true&resourceVersion=${changed.body.metadata.resourceVersion}`);
    await send('PATCH', `${one}/z`, { spec: { address: 'r:3' } });
    const line = await new Promise<string>((resolve) => {
      stream.setEncoding('utf8').once('data', resolve);
    });
    stream.destroy();
    expect(JSON.parse(line)).to.have.nested.include({ type: 'MODIFIED', 'object.apiVersion': 'example.com/v2', 'object.spec.host': 'r' });
  });

  it('may change labels and annotations, and nothing else of the metadata', async () => {
    await send('POST', one, { ...host('m', 'a:1'), metadata: { name: 'm', finalizers: ['example.com/a'] } });
    webhook.answer = ({ apiVersion, request }) => ({
      kind: 'ConversionReview', apiVersion, response: { uid: request.uid, result: { status: 'Success' }, convertedObjects: request.objects.map((object: any) => {
        const { metadata, ...rest } = converted(object, request.desiredAPIVersion) as any;
        return { ...rest, metadata: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid, labels: { new: 'one' }, creationTimestamp: '2000-01-01T00:00:00Z' } };
      }) },
    });
    const { metadata } = (await send('GET', `${two}/m`)).body;
    expect(metadata).to.deep.include({ labels: { new: 'one' }, finalizers: ['example.com/a'] });
    expect(metadata.creationTimestamp).not.to.equal('2000-01-01T00:00:00Z');
    await send('PATCH', `${one}/m`, { metadata: { finalizers: null } });
  });

  const review = (response: (request: any) => object): Answerer => ({ apiVersion, request }) => ({ kind: 'ConversionReview', apiVersion, response: { uid: request.uid, result: { status: 'Success' }, ...response(request) } });
  const change = (how: (object: any) => object): Answerer => review(({ objects, desiredAPIVersion }) => ({ convertedObjects: objects.map((object: any) => how(converted(object, desiredAPIVersion))) }));
  const subject = 'conversion webhook for example.com/v1, Kind=Host';
  const failures: readonly (readonly [string, Answerer, string])[] = [
    ['a failure', review(() => ({ result: { status: 'Failure', message: 'no way' } })), `${subject} failed: no way`],
    ['a failure without words', review(() => ({ result: { status: 'Failure' } })), `${subject} failed: response.result.status was 'Failure', not 'Success'`],
    ['no response', ({ apiVersion }) => ({ kind: 'ConversionReview', apiVersion }), `${subject} failed: no response provided`],
    ['another kind', () => ({ kind: 'Answer', apiVersion: 'v1', response: {} }), `${subject} failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got v1, Kind=Answer`],
    ['too few objects', review(() => ({ convertedObjects: [] })), `${subject} returned 0 objects, expected 1`],
    ['another version', change((object) => ({ ...object, apiVersion: 'example.com/v3' })), `${subject} returned invalid converted object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v3)`],
    ['another object', change((object) => ({ ...object, metadata: { ...object.metadata, name: 'other' } })), `${subject} returned invalid converted object at index 0: must have the same name: f != other`],
    ['no metadata', change(({ metadata: _metadata, ...object }) => object), `${subject} returned invalid converted object at index 0: must have the same name: f != `],
    ['a label that is none', change((object) => ({ ...object, metadata: { ...object.metadata, labels: { a: 'b c' } } })), `${subject} returned invalid converted object at index 0: metadata.labels: Invalid value: "b c": a valid label must be`],
    ['no JSON', () => 'hello', `${subject} failed: Post "https://127.0.0.1:`],
  ];
  for (const [what, answer, message] of failures) {
    it(`that answer with ${what} fail the request`, async () => {
      await send('POST', one, host('f', 'a:1'));
      webhook.answer = answer;
      const failed = await send('GET', `${two}/f`);
      expect(failed.code).to.equal(500);
      expect(failed.body.message).to.include(message);
      expect((await send('GET', `${one}/f`)).code).to.equal(200);
    });
  }

  it('are asked in several calls for many large objects', async () => {
    const large = 'x'.repeat(400_000);
    for (const name of ['a', 'b', 'c', 'd']) await send('POST', one, host(name, `${large}:1`));
    webhook.reviews.length = 0;
    expect((await send('GET', two)).body.items).to.have.length(4);
    expect(webhook.reviews.map(({ request }) => request.objects.length)).to.deep.equal([2, 2]);
  });

  it('that are gone do not keep a definition', async () => {
    await send('POST', one, host('last', 'a:1'));
    webhook.answer = review(() => ({ result: { status: 'Failure' } }));
    await send('DELETE', `${crds}/hosts.example.com`);
    while ((await send('GET', `${crds}/hosts.example.com`)).code !== 404) await new Promise(setImmediate);
    expect(plane.api.objects.cache({ group: 'example.com', plural: 'hosts' }).size).to.equal(0);
  });
});

import { expect } from 'chai';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { startWebhookServer, type Answerer, type WebhookServer } from '#test/fixtures/webhook-server.ts';

const text = { type: 'string' };
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const hosts = (version: string): string => `/apis/example.com/${version}/namespaces/default/hosts`;

const version = (name: string, storage: boolean, properties: object) => ({ name, served: true, storage, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } } });
const definition = (webhook: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'hosts.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'hosts', kind: 'Host' }, conversion: { strategy: 'Webhook', webhook },
    versions: [version('v1', true, { address: text, note: text }), version('v2', false, { host: text, port: text, note: text })],
  },
});

/* oxlint-disable typescript/no-explicit-any -- objects of two versions */
/** `address` of v1 is `host:port` of v2. */
function converted({ spec: { address, host, port, ...same } = {} as any, apiVersion: from, ...rest }: any, apiVersion: string): object {
  if (from === apiVersion) return { ...rest, apiVersion, spec: { address, host, port, ...same } };
  if (apiVersion === 'example.com/v1') return { ...rest, apiVersion, spec: { ...same, address: `${host}:${port}` } };
  const [name, number] = String(address).split(':');
  return { ...rest, apiVersion, spec: { ...same, host: name, port: number } };
}
const convertAll: Answerer = ({ apiVersion, request }) => ({
  kind: 'ConversionReview', apiVersion,
  response: { uid: request.uid, result: { status: 'Success' }, convertedObjects: request.objects.map((object: any) => converted(object, request.desiredAPIVersion)) },
});

describe('managedFields of objects that a webhook converts', () => {
  let plane: ControlPlane;
  let webhook: WebhookServer;
  before(async () => {
    plane = await startControlPlane();
    webhook = await startWebhookServer();
    webhook.answer = convertAll;
    await plane.send('POST', crds, { body: definition({ clientConfig: { url: webhook.url('/convert'), caBundle: webhook.caBundle }, conversionReviewVersions: ['v1'] }) });
    while (plane.api.resources.find('example.com', 'v2', 'hosts') === undefined) await new Promise(setImmediate);
  });
  after(async () => {
    await plane.stop();
    await webhook.stop();
  });
  afterEach(async () => {
    webhook.answer = convertAll;
    await plane.send('DELETE', `${hosts('v1')}/h`);
  });

  const apply = (of: string, manager: string, spec: object, more = ''): Promise<Answer> => plane.send('PATCH', `${hosts(of)}/h?fieldManager=${manager}${more}`, {
    body: { apiVersion: `example.com/${of}`, kind: 'Host', metadata: { name: 'h' }, spec }, headers: { 'Content-Type': 'application/apply-patch+yaml' },
  });
  const change = (of: string, manager: string, spec: object): Promise<Answer> =>
    plane.send('PATCH', `${hosts(of)}/h?fieldManager=${manager}`, { body: { spec }, headers: { 'Content-Type': 'application/merge-patch+json' } });
  /** What each manager owns of the spec: `manager version f:field …`. */
  const owners = ({ body }: Answer): string[] => body.metadata.managedFields.map(({ manager, apiVersion, fieldsV1 }: any) =>
    [manager, apiVersion.split('/')[1], ...Object.keys(fieldsV1['f:spec'] ?? {})].join(' ')).toSorted();

  it('lose what another version changes', async () => {
    expect(owners(await apply('v1', 'one', { address: 'a:1', note: 'n' }))).to.deep.equal(['one v1 f:address f:note']);
    expect(owners(await change('v2', 'two', { port: '2' }))).to.deep.equal(['one v1 f:note', 'two v2 f:port']);
    expect(owners(await change('v2', 'two', { note: 'm' }))).to.deep.equal(['two v2 f:note f:port']);
    const last = await change('v1', 'three', { address: 'a:3' });
    expect(owners(last)).to.deep.equal(['three v1 f:address', 'two v2 f:note']);
    expect(last.body.spec).to.deep.equal({ address: 'a:3', note: 'm' });
  });

  it('conflict in the words of the version in which they were applied', async () => {
    await apply('v1', 'one', { address: 'a:1', note: 'n' });
    expect((await apply('v2', 'two', { host: 'a', note: 'n' })).code, 'the same values').to.equal(200);
    const refused = await apply('v2', 'three', { port: '3' });
    expect([refused.code, refused.body.details.causes]).to.deep.equal([409, [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.address' }]]);
    expect(owners(await apply('v2', 'three', { port: '3' }, '&force=true'))).to.deep.equal(['one v1 f:note', 'three v2 f:port', 'two v2 f:host f:note']);
    const back = await apply('v1', 'one', { note: 'n' });
    expect([back.code, back.body.spec]).to.deep.equal([200, { address: 'a:3', note: 'n' }]);
  });

  it('take back through another version what a manager gives up', async () => {
    await apply('v1', 'one', { address: 'a:1', note: 'n' });
    const moved = await apply('v2', 'one', { host: 'a', port: '1' });
    expect([moved.code, moved.body.spec]).to.deep.equal([200, { host: 'a', port: '1' }]);
    await apply('v2', 'two', { note: 'm' });
    await apply('v2', 'one', { host: 'a', port: '1', note: 'm' });
    const shared = await apply('v1', 'one', { address: 'a:1' });
    expect([shared.code, shared.body.spec]).to.deep.equal([200, { address: 'a:1', note: 'm' }]);
  });

  it('stay as they are when the webhook fails', async () => {
    await apply('v1', 'one', { note: 'n', address: 'a:1' });
    await change('v2', 'two', { port: '2' });
    webhook.answer = () => ({});
    expect(owners(await change('v1', 'three', { note: 'm' }))).to.deep.equal(['three v1 f:note', 'two v2 f:port']);
    const refused = await apply('v1', 'four', { note: 'other' });
    expect([refused.code, refused.body.message]).to.deep.equal([500, refused.body.message]);
    expect(refused.body.message).to.contain('conversion webhook for example.com/v1, Kind=Host failed');
  });

  it('cost no call while everybody writes one version', async () => {
    await apply('v1', 'one', { address: 'a:1' });
    await change('v1', 'two', { note: 'n' });
    webhook.reviews.length = 0;
    await change('v1', 'two', { note: 'm' });
    await apply('v1', 'one', { address: 'a:2' });
    expect(webhook.reviews).to.have.length(0);
  });
});

import { expect } from 'chai';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';

const text = { type: 'string' };
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const doors = '/apis/net.example.com/v1/namespaces/default/doors';
const betaDoors = '/apis/net.example.com/v1beta1/namespaces/default/doors';
const pending = { type: 'Ready', status: 'Unknown', reason: 'Pending', message: 'Waiting for controller' };

const listener = {
  type: 'object', required: ['name', 'port'],
  properties: {
    name: { ...text, maxLength: 253 }, port: { type: 'integer', format: 'int32', minimum: 1, maximum: 65535 }, protocol: { ...text, default: 'HTTP', maxLength: 255 },
    hostname: { ...text, maxLength: 253 }, tls: { type: 'object', properties: { mode: { ...text, default: 'Terminate', enum: ['Terminate', 'Passthrough'] } } },
  },
};
const listeners = {
  type: 'array', minItems: 1, maxItems: 64, items: listener, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'],
  'x-kubernetes-validations': [
    { message: 'no tls for HTTP', rule: "self.all(l, l.protocol.matches('(?i)^(HTTP|TCP|UDP)$') ? !has(l.tls) : true)" },
    {
      message: 'port and hostname must be unique for each listener',
      rule: 'self.all(l1, self.exists_one(l2, l1.port == l2.port && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))',
    },
  ],
};
const controller = {
  ...text, maxLength: 510,
  'x-kubernetes-validations': [
    { message: 'Value is immutable', rule: 'self == oldSelf' },
    { message: 'the domain is wrong', rule: String.raw`self.split('/', 2)[0].matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')` },
    { message: 'no part may be longer than 20', rule: "self.split('/').all(part, part.trim() == part && size(part) <= 20)" },
  ],
};
const origin = { type: 'object', properties: { claim: text, content: text } };
const oneOf = [{ required: ['claim'] }, { required: ['content'] }];
const status = {
  type: 'object', default: { conditions: [pending] },
  properties: {
    addresses: { type: 'array', items: { type: 'object', properties: { value: text } } },
    conditions: {
      type: 'array', default: [pending], 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'],
      items: { type: 'object', required: ['type', 'status'], properties: { type: text, status: text, reason: text, message: text } },
    },
  },
};
const schema = (spec: object) => ({ openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec: { type: 'object', required: ['controller', 'listeners'], properties: spec }, status } } });
const version = (name: string, storage: boolean, spec: object) => ({
  name, storage, served: true, schema: schema(spec), subresources: { status: {} },
  additionalPrinterColumns: [
    { name: 'Team', type: 'string', jsonPath: String.raw`.metadata.labels['example\.com/team']` }, { name: 'Address', type: 'string', jsonPath: '.status.addresses[*].value' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type == "Ready")].status' }, { name: 'Latest', type: 'string', jsonPath: '.status.conditions[-1:].type' },
  ],
});

/** Of the shapes that operators' definitions have: rules over lists by key, parts of computed values, two versions of different strictness. */
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'doors.net.example.com', creationTimestamp: null },
  spec: {
    group: 'net.example.com', scope: 'Namespaced', preserveUnknownFields: false, names: { plural: 'doors', singular: 'door', kind: 'Door', listKind: 'DoorList' },
    versions: [version('v1', true, { controller, listeners, origin: { ...origin, oneOf } }), version('v1beta1', false, { controller, listeners, origin, extra: text })],
  },
  status: { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: null },
};

const door = (name: string, spec: object = {}, apiVersion = 'net.example.com/v1') =>
  ({ apiVersion, kind: 'Door', metadata: { name, labels: { 'example.com/team': 'red' } }, spec: { controller: 'example.com/door', listeners: [{ name: 'http', port: 80 }], ...spec } });

describe('custom resources of operators', () => {
  let plane: ControlPlane;
  const post = (path: string, body: unknown): Promise<Answer> => plane.send('POST', path, { body });
  const get = (path: string, accept = 'application/json'): Promise<Answer> => plane.send('GET', path, { headers: { Accept: accept } });
  const merge = (path: string, body: unknown): Promise<Answer> => plane.send('PATCH', path, { body, headers: { 'Content-Type': 'application/merge-patch+json' } });

  before(async () => {
    plane = await startControlPlane();
    const made = await post(crds, definition);
    expect(made.code, made.text).to.equal(201);
    while ((await get(doors)).code !== 200);
  });
  after(() => plane.stop());

  it('get their defaults, in each version what it knows', async () => {
    const made = await post(betaDoors, door('a', { extra: 'x' }, 'net.example.com/v1beta1'));
    expect(made.code, made.text).to.equal(201);
    expect(made.body.spec).to.deep.include({ listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] });
    const { body } = await get(`${doors}/a`);
    expect(body.spec).not.to.have.property('extra');
    expect(body.status).to.deep.equal({ conditions: [pending] });
  });

  it('are held to every rule', async () => {
    const refused: readonly (readonly [object, string])[] = [
      [{ controller: 'Example.com/x' }, 'spec.controller: Invalid value: "string": the domain is wrong'],
      [{ controller: 'example.com/ x' }, 'spec.controller: Invalid value: "string": no part may be longer than 20'],
      [{ listeners: [{ name: 'a', port: 80, tls: {} }] }, 'spec.listeners: Invalid value: "array": no tls for HTTP'],
      [{ listeners: [{ name: 'a', port: 80 }, { name: 'b', port: 80 }] }, 'spec.listeners: Invalid value: "array": port and hostname must be unique for each listener'],
      [{ listeners: [{ name: 'a', port: 80 }, { name: 'a', port: 81 }] }, 'spec.listeners[1]: Duplicate value: {"name":"a"}'],
      [{ origin: { claim: 'a', content: 'b' } }, '<nil>: Invalid value: "": "spec.origin" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ];
    for (const [spec, message] of refused) expect((await post(doors, door('wrong', spec))).body.message).to.equal(`Door.net.example.com "wrong" is invalid: ${message}`);
    expect((await post(doors, door('right', { listeners: [{ name: 'a', port: 80, hostname: 'x' }, { name: 'b', port: 80 }, { name: 'c', port: 443, protocol: 'HTTPS', tls: {} }] }))).code).to.equal(201);
    expect((await merge(`${betaDoors}/right`, { spec: { controller: 'example.com/other' } })).body.message).to.include('Value is immutable');
  });

  it('may keep what only another version allows, as long as nobody touches it', async () => {
    await post(betaDoors, door('lax', { origin: {} }, 'net.example.com/v1beta1'));
    expect((await merge(`${doors}/lax`, { metadata: { labels: { a: 'b' } } })).code).to.equal(200);
    expect((await merge(`${doors}/lax`, { spec: { listeners: [{ name: 'x', port: 1 }] } })).code).to.equal(200);
    expect((await merge(`${doors}/lax`, { spec: { origin: { claim: 'a', content: 'b' } } })).code).to.equal(422);
  });

  it('print columns by every kind of path', async () => {
    await post(doors, door('shown'));
    await merge(`${doors}/shown/status`, { status: { addresses: [{ value: '10.0.0.1' }, { value: '10.0.0.2' }], conditions: [{ type: 'Ready', status: 'True' }, { type: 'Open', status: 'False' }] } });
    const { rows } = (await get(`${doors}/shown`, 'application/json;as=Table;v=v1;g=meta.k8s.io')).body;
    expect(rows[0].cells).to.deep.equal(['shown', 'red', '10.0.0.1', 'True', 'Open']);
  });
});

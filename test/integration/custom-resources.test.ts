import { expect } from 'chai';
import { MemoryStore } from '#plugins/store/memory/memory-store.ts';
import { startControlPlane, type Answer, type ControlPlane } from '#test/fixtures/control-plane.ts';

/** Outlives the server that uses it. */
class KeptStore extends MemoryStore {
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

const text = { type: 'string' };
const int = { type: 'integer' };
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const specSchema = {
  type: 'object',
  required: ['schedule'],
  properties: {
    schedule: { ...text, pattern: '^\\S+( \\S+){4}$' },
    replicas: { ...int, minimum: 0, default: 1 },
    color: { ...text, enum: ['red', 'green'] },
    port: { 'x-kubernetes-int-or-string': true },
    tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    note: { ...text, nullable: true },
  },
  'x-kubernetes-validations': [
    { rule: 'self.replicas < 100', messageExpression: '"too many for " + self.schedule' },
    { rule: "self.schedule == oldSelf.schedule || !has(oldSelf.color) || oldSelf.color != 'red'", message: 'red is final', reason: 'FieldValueForbidden', fieldPath: '.schedule' },
  ],
};
const statusSchema = { type: 'object', properties: { replicas: int, selector: text, phase: { ...text, enum: ['On', 'Off'] } } };
const schema = (spec: object = specSchema) => ({ openAPIV3Schema: { type: 'object', properties: { spec, status: statusSchema } } });

const version = (name: string, rest: object = {}) => ({
  name, served: true, storage: true, schema: schema(),
  subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } },
  additionalPrinterColumns: [
    { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
    { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1, description: 'How many.' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  selectableFields: [{ jsonPath: '.spec.color' }],
  ...rest,
});

const definition = (plural: string, kind: string, rest: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.example.com` },
  spec: { group: 'example.com', scope: 'Namespaced', names: { plural, kind, shortNames: [plural.slice(0, 3)], categories: ['all'] }, versions: [version('v1')], ...rest },
});

const tab = (name: string, spec: object = {}, rest: object = {}) => ({ apiVersion: 'example.com/v1', kind: 'CronTab', metadata: { name }, spec: { schedule: '* * * * *', ...spec }, ...rest });

describe('custom resources', () => {
  let plane: ControlPlane;
  const kv = new KeptStore();
  const tabs = '/apis/example.com/v1/namespaces/default/crontabs';

  const post = (path: string, body: unknown): Promise<Answer> => plane.send('POST', path, { body });
  const put = (path: string, body: unknown): Promise<Answer> => plane.send('PUT', path, { body });
  const get = (path: string, accept?: string): Promise<Answer> => plane.send('GET', path, accept === undefined ? {} : { headers: { Accept: accept } });
  const merge = (path: string, body: unknown): Promise<Answer> => plane.send('PATCH', path, { body, headers: { 'Content-Type': 'application/merge-patch+json' } });
  const condition = (answer: Answer, type: string): { status: string; reason: string; message: string } | undefined =>
    answer.body.status.conditions.find((each: { type: string }) => each.type === type);

  /** Asks again until the answer is right; the test's own time limit ends it. */
  async function until(ask: () => Promise<Answer>, right: (answer: Answer) => boolean): Promise<Answer> {
    for (;;) {
      const answer = await ask();
      if (right(answer)) return answer;
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  }
  const established = (name: string): Promise<Answer> => until(() => get(`${crds}/${name}`), (answer) => condition(answer, 'Established')?.status === 'True');

  before(async () => {
    plane = await startControlPlane({ kv });
    const made = await post(crds, definition('crontabs', 'CronTab'));
    expect(made.code, made.text).to.equal(201);
    await established('crontabs.example.com');
  });
  after(() => plane.stop());

  it('are named, established and discovered', async () => {
    const found = await get(`${crds}/crontabs.example.com`);
    expect(found.body.status.acceptedNames).to.deep.equal({ plural: 'crontabs', singular: 'crontab', shortNames: ['cro'], kind: 'CronTab', listKind: 'CronTabList', categories: ['all'] });
    expect(condition(found, 'NamesAccepted')).to.include({ status: 'True', reason: 'NoConflicts', message: 'no conflicts found' });
    expect(condition(found, 'Established')).to.include({ status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' });
    expect(found.body.status.storedVersions).to.deep.equal(['v1']);
    const { resources } = (await get('/apis/example.com/v1')).body;
    expect(resources.map(({ name }: { name: string }) => name)).to.deep.equal(['crontabs', 'crontabs/status', 'crontabs/scale']);
    expect(resources[0]).to.deep.include({ kind: 'CronTab', singularName: 'crontab', shortNames: ['cro'], categories: ['all'], namespaced: true });
    expect((await get('/apis/example.com')).body.preferredVersion).to.deep.equal({ groupVersion: 'example.com/v1', version: 'v1' });
    const aggregated = await get('/apis', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    expect(aggregated.text).to.include('"responseKind":{"group":"example.com","version":"v1","kind":"CronTab"}');
  });

  it('are described in OpenAPI', async () => {
    expect((await get('/openapi/v3')).body.paths['apis/example.com/v1'].serverRelativeURL).to.match(/^\/openapi\/v3\/apis\/example\.com\/v1\?hash=[0-9A-F]+$/);
    const { components, paths } = (await get('/openapi/v3/apis/example.com/v1')).body;
    const described = components.schemas['com.example.v1.CronTab'];
    expect(described['x-kubernetes-group-version-kind']).to.deep.equal([{ group: 'example.com', kind: 'CronTab', version: 'v1' }]);
    expect(described.properties.spec.properties.replicas).to.deep.equal({ type: 'integer', minimum: 0, default: 1 });
    expect(components.schemas['com.example.v1.CronTabList'].properties.items.items.allOf[0].$ref).to.equal('#/components/schemas/com.example.v1.CronTab');
    expect(Object.keys(paths)).to.include('/apis/example.com/v1/namespaces/{namespace}/crontabs/{name}/scale');
    const accepted = Object.keys(paths['/apis/example.com/v1/namespaces/{namespace}/crontabs/{name}'].patch.requestBody.content);
    expect(accepted).to.deep.equal(['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']);
  });

  it('are made, read, changed and deleted', async () => {
    const made = await post(tabs, tab('a', { port: '80%', tags: ['x'] }));
    expect(made.code).to.equal(201);
    expect(made.body).to.deep.include({ apiVersion: 'example.com/v1', kind: 'CronTab', spec: { schedule: '* * * * *', port: '80%', tags: ['x'], replicas: 1 } });
    expect(made.body.metadata).to.include({ name: 'a', namespace: 'default', generation: 1 });
    const listed = await get(tabs);
    expect(listed.body).to.include({ kind: 'CronTabList', apiVersion: 'example.com/v1' });
    expect(listed.body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).to.deep.equal(['a']);
    const changed = await put(`${tabs}/a`, { ...made.body, spec: { ...made.body.spec, replicas: 2 } });
    expect(changed.body.metadata.generation).to.equal(2);
    expect((await put(`${tabs}/a`, tab('a'))).body.message).to.equal('CronTab.example.com "a" is invalid: metadata.resourceVersion: Invalid value: "": must be specified for an update');
    expect((await put(`${tabs}/a`, made.body)).code).to.equal(409);
    expect((await merge(`${tabs}/a`, { metadata: { labels: { a: 'b' } } })).body.metadata).to.deep.include({ generation: 2, labels: { a: 'b' } });
    expect((await plane.send('DELETE', `${tabs}/a`)).body).to.deep.include({ status: 'Success', details: { name: 'a', group: 'example.com', kind: 'crontabs', uid: made.body.metadata.uid } });
    expect((await get(`${tabs}/a`)).body.message).to.equal('crontabs.example.com "a" not found');
  });

  it('are pruned, and say which fields they do not know', async () => {
    const odd = tab('pruned', { extra: 1, free: { any: { thing: [1] } }, note: null, replicas: null }, { more: true });
    const strict = await post(`${tabs}?fieldValidation=Strict`, odd);
    expect(strict.code).to.equal(400);
    expect(strict.body.message).to.include('strict decoding error: unknown field "more", unknown field "spec.extra"');
    const made = await post(tabs, odd);
    expect(made.headers['warning']).to.include('unknown field \\"spec.extra\\"');
    expect(made.body.spec).to.deep.equal({ schedule: '* * * * *', free: { any: { thing: [1] } }, note: null, replicas: 1 });
    expect(made.body).not.to.have.property('more');
    await plane.send('DELETE', `${tabs}/pruned`);
  });

  it('are refused in the words of Kubernetes', async () => {
    const say = async (body: unknown): Promise<string> => (await post(tabs, body)).body.message.replace('CronTab.example.com "x" is invalid: ', '');
    expect(await say({ ...tab('x'), spec: {} })).to.equal('[spec.schedule: Required value, <nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]');
    expect(await say(tab('x', { schedule: 'now' }))).to.equal('spec.schedule: Invalid value: "now": spec.schedule in body should match \'^\\S+( \\S+){4}$\'');
    expect(await say(tab('x', { color: 'blue' }))).to.match(/^\[spec\.color: Unsupported value: "blue": supported values: "red", "green", /);
    expect(await say(tab('x', { replicas: 'two' }))).to.match(/^\[spec\.replicas: Invalid value: "string": spec\.replicas in body must be of type integer: "string", /);
    expect(await say(tab('x', { replicas: -1 }))).to.equal('[spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0, .spec.replicas: Invalid value: -1: should be a non-negative integer]');
    expect(await say(tab('x', { tags: ['a', 'b', 'a'] }))).to.equal('spec.tags[2]: Duplicate value: "a"');
    expect(await say(tab('x', { replicas: 100 }))).to.equal('spec: Invalid value: "object": too many for * * * * *');
    expect(await say(tab('Xx'))).to.match(/metadata\.name: Invalid value: "Xx": a lowercase RFC 1123 subdomain/);
    expect((await post(tabs, { ...tab('x'), kind: 'Cron' })).code).to.equal(400);
    const red = await post(tabs, tab('red', { color: 'red' }));
    expect((await merge(`${tabs}/red`, { spec: { schedule: '1 * * * *' } })).body.message).to.equal('CronTab.example.com "red" is invalid: spec.schedule: Forbidden: red is final');
    expect((await merge(`${tabs}/red`, { spec: { replicas: 3 } })).code).to.equal(200);
    expect(red.code).to.equal(201);
    await plane.send('DELETE', `${tabs}/red`);
  });

  it('take JSON and YAML, and patches without strategies', async () => {
    const yaml = await plane.send('POST', tabs, { body: 'apiVersion: example.com/v1\nkind: CronTab\nmetadata: {name: y}\nspec: {schedule: "* * * * *"}\n', headers: { 'Content-Type': 'application/yaml' } });
    expect(yaml.code).to.equal(201);
    const strategic = await plane.send('PATCH', `${tabs}/y`, { body: {}, headers: { 'Content-Type': 'application/strategic-merge-patch+json' } });
    expect(strategic.code).to.equal(415);
    expect(strategic.body.message).to.include('accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml');
    expect((await plane.send('POST', tabs, { body: Buffer.from('k8s\0'), headers: { 'Content-Type': 'application/vnd.kubernetes.protobuf' } })).code).to.equal(415);
    const json = await plane.send('PATCH', `${tabs}/y`, { body: [{ op: 'replace', path: '/spec/replicas', value: 4 }], headers: { 'Content-Type': 'application/json-patch+json' } });
    expect(json.body.spec.replicas).to.equal(4);
    const applied = await plane.send('PATCH', `${tabs}/y?fieldManager=me`, { body: tab('y', { tags: ['b'] }), headers: { 'Content-Type': 'application/apply-patch+yaml' } });
    expect(applied.code).to.equal(200);
    expect(applied.body.metadata.managedFields.find(({ manager }: { manager: string }) => manager === 'me').fieldsV1).to.deep.equal({ 'f:spec': { 'f:schedule': {}, 'f:tags': { 'v:"b"': {} } } });
    await plane.send('DELETE', `${tabs}/y`);
  });

  it('keep their status apart', async () => {
    const made = await post(tabs, tab('s', {}, { status: { phase: 'On' } }));
    expect(made.body).not.to.have.property('status');
    const written = await put(`${tabs}/s/status`, { ...made.body, metadata: { ...made.body.metadata, labels: { a: 'b' } }, spec: { schedule: 'changed' }, status: { phase: 'On', replicas: 3, selector: 'a=b' } });
    expect(written.body).to.deep.include({ spec: made.body.spec, status: { phase: 'On', replicas: 3, selector: 'a=b' } });
    expect(written.body.metadata).to.include({ generation: 1 }).and.not.to.have.property('labels');
    expect((await merge(`${tabs}/s/status`, { status: { phase: 'No' } })).body.message).to.match(/status\.phase: Unsupported value: "No": supported values: "On", "Off"/);
    const main = await merge(`${tabs}/s`, { spec: { replicas: 2 }, status: { phase: 'Off' } });
    expect(main.body).to.deep.include({ status: { phase: 'On', replicas: 3, selector: 'a=b' } });
    expect(main.body.metadata.generation).to.equal(2);
  });

  it('scale', async () => {
    const scale = await get(`${tabs}/s/scale`);
    expect(scale.body).to.deep.include({ apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 2 }, status: { replicas: 3, selector: 'a=b' } });
    expect((await put(`${tabs}/s/scale`, { ...scale.body, spec: { replicas: 7 } })).body.spec).to.deep.equal({ replicas: 7 });
    expect((await merge(`${tabs}/s/scale`, { spec: { replicas: 8 } })).body.spec).to.deep.equal({ replicas: 8 });
    const { body } = await get(`${tabs}/s`);
    expect([body.spec.replicas, body.metadata.generation]).to.deep.equal([8, 4]);
    expect((await merge(`${tabs}/s/scale`, { spec: { replicas: -1 } })).code).to.equal(422);
    await plane.send('DELETE', `${tabs}/s`);
  });

  it('print their columns, and are selected by their fields', async () => {
    await post(tabs, tab('g', { color: 'green', replicas: 5 }));
    await post(tabs, tab('h'));
    const table = (await get(tabs, 'application/json;as=Table;v=v1;g=meta.k8s.io')).body;
    expect(table.columnDefinitions.map(({ name, type, format, priority }: Record<string, unknown>) => [name, type, format, priority])).to.deep.equal([
      ['Name', 'string', 'name', 0], ['Schedule', 'string', '', 0], ['Replicas', 'integer', '', 1], ['Age', 'date', '', 0],
    ]);
    expect(table.columnDefinitions[1].description).to.equal('Custom resource definition column (in JSONPath format): .spec.schedule');
    expect(table.rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 3))).to.deep.equal([['g', '* * * * *', 5], ['h', '* * * * *', 1]]);
    expect(table.rows[0].cells[3]).to.match(/^\d+s$/);
    const green = await get(`${tabs}?fieldSelector=spec.color%3Dgreen`);
    expect(green.body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).to.deep.equal(['g']);
    expect((await get(`${tabs}?fieldSelector=spec.schedule%3Dx`)).code).to.equal(400);
    await plane.send('DELETE', tabs);
  });

  it('wait for names that others have', async () => {
    await post(crds, definition('crontubs', 'CronTab', { names: { plural: 'crontubs', kind: 'CronTab', shortNames: ['cro'] } }));
    const name = 'crontubs.example.com';
    const refused = await until(() => get(`${crds}/${name}`), (answer) => condition(answer, 'NamesAccepted') !== undefined);
    expect(condition(refused, 'NamesAccepted')).to.include({ status: 'False', reason: 'ListKindConflict', message: '"CronTabList" is already in use' });
    expect(condition(refused, 'Established')).to.include({ status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' });
    expect((await get('/apis/example.com/v1/crontubs')).code).to.equal(404);
    await post(crds, definition('crontobs', 'CronTob', { names: { plural: 'crontobs', kind: 'CronTob', shortNames: ['tub'] } }));
    await established('crontobs.example.com');
    await merge(`${crds}/${name}`, { spec: { names: { kind: 'CronTub', listKind: 'CronTubList', singular: 'crontub', shortNames: ['tub'] } } });
    const shortless = await until(() => get(`${crds}/${name}`), (answer) => condition(answer, 'NamesAccepted')?.reason === 'ShortNamesConflict');
    expect(shortless.body.status.acceptedNames).to.deep.include({ kind: 'CronTub' }).and.not.to.have.property('shortNames');
    await plane.send('DELETE', `${crds}/crontobs.example.com`);
    await established(name);
    expect((await get('/apis/example.com/v1/crontubs')).code).to.equal(200);
    await plane.send('DELETE', `${crds}/${name}`);
    await until(() => get(`${crds}/${name}`), ({ code }) => code === 404);
    expect((await get('/apis/example.com/v1/crontubs')).code).to.equal(404);
  });

  it('are shown in each of their versions', async () => {
    await post(crds, definition('tools', 'Tool', {
      scope: 'Cluster', versions: [version('v1alpha1', { storage: false, deprecated: true }), version('v1', { schema: schema({ type: 'object', properties: { schedule: text, level: { ...int, default: 7 } } }), subresources: {}, selectableFields: [] })],
    }));
    await established('tools.example.com');
    const [alpha, stable] = ['/apis/example.com/v1alpha1/tools', '/apis/example.com/v1/tools'];
    const made = await post(alpha, { apiVersion: 'example.com/v1alpha1', kind: 'Tool', metadata: { name: 't' }, spec: { schedule: '* * * * *' } });
    expect(made.code).to.equal(201);
    expect(made.headers['warning']).to.include('example.com/v1alpha1 Tool is deprecated');
    expect((await get(`${stable}/t`)).body).to.deep.include({ apiVersion: 'example.com/v1', spec: { schedule: '* * * * *', level: 7 } });
    expect((await get(alpha)).body.items[0]).to.deep.include({ apiVersion: 'example.com/v1alpha1', spec: { schedule: '* * * * *', replicas: 1 } });
    const stored = [...plane.api.objects.cache({ group: 'example.com', plural: 'tools' }).range('')].map(([, { apiVersion }]) => apiVersion);
    expect(stored).to.deep.equal(['example.com/v1']);
    const swapped = (await get(`${crds}/tools.example.com`)).body;
    for (const each of swapped.spec.versions) each.storage = each.name === 'v1alpha1';
    expect((await put(`${crds}/tools.example.com`, swapped)).body.status.storedVersions).to.deep.equal(['v1', 'v1alpha1']);
    const same = (await get(`${stable}/t`)).body;
    expect((await put(`${stable}/t`, same)).code).to.equal(200);
    expect([...plane.api.objects.cache({ group: 'example.com', plural: 'tools' }).range('')].map(([, { apiVersion }]) => apiVersion)).to.deep.equal(['example.com/v1alpha1']);
    expect((await merge(`${stable}/t`, { spec: { level: 9 }, status: { phase: 'On' } })).body.metadata.generation).to.equal(2);
  });

  it('follow changes of their schema', async () => {
    await post(tabs, tab('old', { color: 'green' }));
    const watch = await plane.open('GET', `${tabs}?watch=true&resourceVersion=0`);
    const closed = new Promise((resolve) => {
      watch.resume().on('end', resolve);
    });
    const { color: _color, ...properties } = specSchema.properties;
    const next = version('v1', { schema: schema({ ...specSchema, properties: { ...properties, size: { ...int, default: 3 } }, 'x-kubernetes-validations': [] }), selectableFields: [] });
    expect((await merge(`${crds}/crontabs.example.com`, { spec: { versions: [next] } })).code).to.equal(200);
    expect((await get(`${tabs}/old`)).body.spec).to.deep.equal({ schedule: '* * * * *', replicas: 1, size: 3 });
    expect((await get('/openapi/v3/apis/example.com/v1')).body.components.schemas['com.example.v1.CronTab'].properties.spec.properties).to.have.property('size');
    await closed;
  });

  it('go with their definition, also when a stop comes in between', async () => {
    await post(tabs, tab('held', {}, { metadata: { name: 'held', finalizers: ['example.com/hold'] } }));
    const name = 'crontabs.example.com';
    const marked = await plane.send('DELETE', `${crds}/${name}`);
    expect(marked.body.metadata.finalizers).to.deep.equal(['customresourcecleanup.apiextensions.k8s.io']);
    await until(() => get(`${tabs}/old`), ({ code }) => code === 404);
    expect(condition(await get(`${crds}/${name}`), 'Terminating')).to.include({ status: 'True', reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' });
    const refused = await post(tabs, tab('late'));
    expect([refused.code, refused.body.message]).to.deep.equal([405, 'create not allowed while custom resource definition is terminating']);

    await plane.stop();
    plane = await startControlPlane({ kv });
    expect((await get(`${tabs}/held`)).code).to.equal(200);
    expect((await merge(`${tabs}/held`, { metadata: { finalizers: null } })).code).to.equal(200);
    await until(() => get(`${crds}/${name}`), ({ code }) => code === 404);
    expect((await get(tabs)).code).to.equal(404);
    expect((await get('/apis/example.com/v1')).body.resources.map(({ name: each }: { name: string }) => each)).to.deep.equal(['tools']);
  });
});

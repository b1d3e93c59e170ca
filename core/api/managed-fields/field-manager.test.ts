import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { decode } from '#core/api/schema/decode.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepCopy, deepFreeze, type JsonObject } from '#core/api/value.ts';
import { blankOf } from './blank.ts';
import { applyConfiguration, managedAfterWrite, sameManagers } from './field-manager.ts';
import { fieldSet, recursiveDifference } from './field-set.ts';
import type { Schema } from './versioned.ts';

const schemaOf = (kind: Kind, ...reset: string[]): Schema => ({
  apiVersion: 'v1', struct: kind.struct, blank: blankOf(kind.struct), convert: () => undefined,
  writable: (set) => recursiveDifference(set, fieldSet(...reset.map((name) => [`f:${name}`]))),
});

const pods = schemaOf(Pod, 'status');
const podStatus = schemaOf(Pod, 'spec');
const configMaps = schemaOf(ConfigMap);

const at = (second: number): string => `2024-01-01T00:00:${String(second).padStart(2, '0')}Z`;
const writer = (manager: string, second = 0, subresource = '') => ({ manager, subresource, now: at(second) });

/** An object as it is stored: with its identity, its managers, and frozen. */
function stored(object: JsonObject, managedFields: KubernetesObject['metadata']['managedFields']): KubernetesObject {
  const copy = deepCopy(object) as unknown as KubernetesObject;
  return deepFreeze({ ...copy, metadata: { ...copy.metadata, uid: 'u', resourceVersion: '1', creationTimestamp: at(0), ...(managedFields ? { managedFields } : {}) } });
}

const configMap = (data: Record<string, string>, metadata: JsonObject = {}): KubernetesObject & { data?: Record<string, string> } =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default', ...metadata }, data }) as never;

const applied = (live: KubernetesObject | undefined, configuration: object, manager: string, second = 0, force = false) =>
  applyConfiguration(configMaps, 'ConfigMap', live, configuration as JsonObject, { ...writer(manager, second), force });

function refusal(action: () => unknown): StatusError {
  try {
    action();
  } catch (error) {
    if (StatusError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('managedFields after plain writes', () => {
  const podJson = {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { run: 'web' } },
    spec: { containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} }], restartPolicy: 'Always' },
  };
  const pod = decode(Pod.struct, podJson, { kind: Pod }).value;

  it('are those that kubectl and the API server write for a new pod', () => {
    const entries = managedAfterWrite(pods, undefined, pod, writer('kubectl-run'));
    expect(entries).to.have.length(1);
    const { fieldsV1, ...entry } = entries![0]!;
    expect(entry).to.deep.equal({ manager: 'kubectl-run', operation: 'Update', apiVersion: 'v1', time: at(0), fieldsType: 'FieldsV1' });
    const { 'f:metadata': metadata, 'f:spec': spec } = fieldsV1 as Record<string, JsonObject>;
    expect(metadata).to.deep.equal({ 'f:labels': { '.': {}, 'f:run': {} } });
    expect(Object.keys(spec!)).to.include.members(['f:containers', 'f:restartPolicy']).and.not.include('.');
    const containers = spec!['f:containers'] as JsonObject;
    expect(Object.keys(containers)).to.deep.equal(['k:{"name":"web"}']);
    const container = containers['k:{"name":"web"}'] as JsonObject;
    expect(container).to.deep.include({
      '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {},
      'f:ports': { '.': {}, 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} } },
    });
  });

  it('do not have the status through the main resource, nor the spec through the status', () => {
    const live = stored(pod as never, managedAfterWrite(pods, undefined, pod, writer('kubectl')));
    const next = { ...live, spec: { ...pod.spec, nodeName: 'n' }, status: { phase: 'Running' } } as KubernetesObject;
    expect(managedAfterWrite(pods, live, next, writer('scheduler', 1))?.at(-1)).to.deep.include({ manager: 'scheduler', fieldsV1: { 'f:spec': { 'f:nodeName': {} } } });
    expect(managedAfterWrite(podStatus, live, next, writer('kubelet', 1, 'status'))?.at(-1)).to.deep.equal({
      manager: 'kubelet', operation: 'Update', apiVersion: 'v1', time: at(1), fieldsType: 'FieldsV1', fieldsV1: { 'f:status': { 'f:phase': {} } }, subresource: 'status',
    });
  });

  it('stay the very same when nothing changes', () => {
    const live = stored(configMap({ a: '1' }) as never, managedAfterWrite(configMaps, undefined, configMap({ a: '1' }), writer('one')));
    expect(managedAfterWrite(configMaps, live, configMap({ a: '1' }), writer('two', 9))).to.equal(live.metadata.managedFields);
    const echoed = configMap({ a: '1' }, { managedFields: deepCopy(live.metadata.managedFields), resourceVersion: '1' });
    expect(managedAfterWrite(configMaps, live, echoed, writer('two', 9))).to.equal(live.metadata.managedFields);
  });

  it('take in entries that a client hands in, when they can be read', () => {
    const live = stored(configMap({ a: '1' }) as never, managedAfterWrite(configMaps, undefined, configMap({ a: '1' }), writer('one')));
    const own = { manager: 'mine', operation: 'Apply', apiVersion: 'v1', time: at(5), fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {} } } };
    expect(managedAfterWrite(configMaps, live, configMap({ a: '1' }, { managedFields: [own] }), writer('two', 9))).to.deep.equal([own]);
    const changed = managedAfterWrite(configMaps, live, configMap({ a: '2' }, { managedFields: [own] }), writer('two', 9));
    expect(changed?.map(({ manager }) => manager)).to.deep.equal(['two']);
    for (const bad of [[{ ...own, operation: 'Nonsense' }], [{ ...own, fieldsV1: { x: 1 } }], [{ ...own, fieldsType: '' }]]) {
      expect(managedAfterWrite(configMaps, live, configMap({ a: '1' }, { managedFields: bad }), writer('two', 9))).to.deep.equal(live.metadata.managedFields);
    }
    expect(managedAfterWrite(configMaps, live, configMap({ a: '1' }, { managedFields: [own] }), writer('two', 9, 'status'))).to.equal(live.metadata.managedFields);
  });

  it('are cleared by an empty entry, and stay so until the object is applied', () => {
    const live = stored(configMap({ a: '1' }) as never, managedAfterWrite(configMaps, undefined, configMap({ a: '1' }), writer('one')));
    expect(managedAfterWrite(configMaps, live, configMap({ a: '2' }, { managedFields: [{}] }), writer('two', 9))).to.equal(undefined);
    const cleared = stored(configMap({ a: '2' }) as never, undefined);
    expect(managedAfterWrite(configMaps, cleared, configMap({ a: '3' }), writer('two', 9))).to.equal(undefined);
    const { managedFields } = applied(cleared, configMap({ b: '1' }), 'three', 9);
    expect(managedFields?.map(({ manager, operation }) => `${manager} ${operation}`)).to.deep.equal(['three Apply', 'before-first-apply Update']);
  });

  it('are at most ten that update, the oldest of them together', () => {
    const data: Record<string, string> = {};
    let live: KubernetesObject | undefined;
    for (let i = 0; i < 14; i++) {
      data[`k${i}`] = '1';
      const next = configMap({ ...data });
      live = stored(next as never, managedAfterWrite(configMaps, live, next, writer(`m${i}`, i)));
    }
    expect(live?.metadata.managedFields?.map(({ manager }) => manager)).to.deep.equal(['ancient-changes', ...Array.from({ length: 9 }, (_, i) => `m${i + 5}`)]);
    expect(live?.metadata.managedFields?.[0]).to.deep.include({ time: at(4), fieldsV1: { 'f:data': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {}, 'f:k4': {} } } });
  });

  it('name a writer without a name', () => {
    expect(managedAfterWrite(configMaps, undefined, configMap({ a: '1' }), writer(''))?.[0]?.manager).to.equal('unknown');
  });

  it('survive an item that cannot be told from others', () => {
    const odd = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: ['text'] } } as unknown as KubernetesObject;
    expect(managedAfterWrite(pods, undefined, odd, writer('one'))).to.equal(undefined);
  });
});

describe('applying to objects', () => {
  it('creates, changes and takes back', () => {
    const created = applied(undefined, configMap({ a: '1', b: '1' }), 'one');
    expect(created.object).to.deep.equal(configMap({ a: '1', b: '1' }));
    expect(created.managedFields).to.deep.equal([{
      manager: 'one', operation: 'Apply', apiVersion: 'v1', time: at(0), fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } },
    }]);
    const live = stored(created.object, created.managedFields);
    const changed = applied(live, configMap({ a: '2' }), 'one', 1);
    expect(changed.object['data']).to.deep.equal({ a: '2' });
    expect(changed.managedFields?.[0]).to.deep.include({ time: at(1), fieldsV1: { 'f:data': { 'f:a': {} } } });
    const again = applied(stored(changed.object, changed.managedFields), configMap({ a: '2' }), 'one', 2);
    expect(again.managedFields).to.deep.equal(changed.managedFields);
  });

  it('says with whom it conflicts, and where', () => {
    const live = stored(configMap({ a: '1', b: '1' }) as never, managedAfterWrite(configMaps, undefined, configMap({ a: '1', b: '1' }), writer('ctl')));
    const one = refusal(() => applied(live, configMap({ a: '2' }), 'one'));
    expect([one.code, one.reason, one.message]).to.deep.equal([409, 'Conflict', 'Apply failed with 1 conflict: conflict with "ctl" using v1: .data.a']);
    expect(one.details).to.deep.equal({ causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "ctl" using v1', field: '.data.a' }] });
    const next = applied(live, configMap({ b: '1' }), 'two');
    const both = refusal(() => applied(stored(next.object, next.managedFields), configMap({ a: '2', b: '2' }), 'one'));
    expect(both.message).to.equal('Apply failed with 3 conflicts: conflicts with "ctl" using v1:\n- .data.a\n- .data.b\nconflicts with "two":\n- .data.b');
    expect(both.details?.causes).to.have.length(3);
    expect(applied(live, configMap({ a: '2' }), 'one', 1, true).managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1])).to.deep.equal([
      ['one', { 'f:data': { 'f:a': {} } }], ['ctl', { 'f:data': { '.': {}, 'f:b': {} } }],
    ]);
  });

  it('names the subresource of whom it conflicts with', () => {
    const live = stored(configMap({ a: '1' }) as never, managedAfterWrite(configMaps, undefined, configMap({ a: '1' }), writer('ctl', 0, 'scale')));
    expect(refusal(() => applied(live, configMap({ a: '2' }), 'one')).message).to.equal('Apply failed with 1 conflict: conflict with "ctl" with subresource "scale" using v1: .data.a');
  });

  it('refuses a configuration that does not fit', () => {
    const refused = (configuration: object): string => refusal(() => applied(undefined, configuration, 'one')).message;
    expect(refused({ ...configMap({}), kind: 'Secret' })).to.equal('invalid object type: /v1, Kind=Secret');
    expect(refused({ ...configMap({}), apiVersion: 'apps/v1' })).to.equal('invalid object type: apps/v1, Kind=ConfigMap');
    expect(refused({})).to.equal('invalid object type: /, Kind=');
    expect(refused(configMap({}, { managedFields: [] }))).to.equal('metadata.managedFields must be nil');
    expect(refused({ ...configMap({}), date: {} })).to.equal('failed to create typed patch object (default/c; /v1, Kind=ConfigMap): .date: field not declared in schema');
  });

  it('lets kubectl take over what it applied on the client\'s side, and keeps its annotation in step', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const configuration = configMap({ a: '1', b: '1' });
    const live = configMap({ a: '1', b: '1' }, { annotations: { [annotation]: JSON.stringify(configuration), mine: 'x' } });
    const managed = managedAfterWrite(configMaps, undefined, live, writer('kubectl-client-side-apply'));
    const object = stored(live as never, managed);
    const next = configMap({ a: '2' }, { labels: { z: '1', b: '2' } });
    expect(refusal(() => applied(object, next, 'other')).code).to.equal(409);
    const result = applied(object, next, 'kubectl', 1);
    expect(result.object['data']).to.deep.equal({ a: '2', b: '1' });
    const annotations = (result.object['metadata'] as JsonObject)['annotations'] as Record<string, string>;
    expect(annotations['mine']).to.equal('x');
    expect(annotations[annotation]).to.equal('{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"labels":{"b":"2","z":"1"},"name":"c","namespace":"default"}}\n');
    const taken = stored(configMap({ a: '3', b: '1' }, { annotations: { [annotation]: JSON.stringify(configuration) } }) as never, managed);
    expect(refusal(() => applied(taken, next, 'kubectl')).message).to.equal('Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.a');
    for (const odd of ['{', '[]', '{"apiVersion":"v2"}', '{"apiVersion":"v1","data":7}']) {
      const broken = stored(configMap({ a: '1' }, { annotations: { [annotation]: odd } }) as never, managed);
      expect(refusal(() => applied(broken, next, 'kubectl')).code, odd).to.equal(409);
    }
  });

  it('drops kubectl\'s annotation when the configuration is too long for it', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const live = stored(configMap({ a: '1' }, { annotations: { [annotation]: '{}' } }) as never, managedAfterWrite(configMaps, undefined, configMap({ a: '1' }), writer('kubectl')));
    const { object } = applied(live, configMap({ long: 'x'.repeat(300_000) }), 'kubectl');
    expect((object['metadata'] as JsonObject)['annotations']).to.deep.equal({});
  });

  it('tells whether managers differ in more than time', () => {
    const entries = managedAfterWrite(configMaps, undefined, configMap({ a: '1' }), writer('one'));
    const later = managedAfterWrite(configMaps, undefined, configMap({ a: '1' }), writer('one', 9));
    expect(sameManagers(entries, later)).to.equal(true);
    expect(sameManagers(entries, managedAfterWrite(configMaps, undefined, configMap({ b: '1' }), writer('one')))).to.equal(false);
    expect(sameManagers(entries, undefined)).to.equal(false);
  });
});

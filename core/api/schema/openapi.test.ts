import { expect } from 'chai';
import { Scale } from './autoscaling-v1.ts';
import { Namespace } from './core-v1/namespace.ts';
import { PersistentVolumeClaim } from './core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from './core-v1/persistent-volume.ts';
import { Pod } from './core-v1/pod.ts';
import { ServiceProxyOptions } from './core-v1/proxy-options.ts';
import { openApiPaths, type Served } from './openapi-paths.ts';
import { componentsFor, listSchemaFor } from './openapi-schema.ts';
import { openApiDocument } from './openapi.ts';
import { CSIStorageCapacity, StorageClass } from './storage-v1.ts';
import {
  always, atomic, atomicMap, bytes, duration, granular, int64, intOrString, list, map, merged, mergedAtomic, mergedSet, microTime, oneOf,
  quantity, raw, required, retainKeys, set, string, struct, time, withDefault,
} from './type.ts';

const status = { name: 'status', verbs: ['get', 'patch', 'update'] };
const finalize = { name: 'finalize', verbs: ['update'] };
const core: Served[] = [
  { kind: Pod, subresources: [status] }, { kind: PersistentVolumeClaim, subresources: [status] },
  { kind: PersistentVolume, subresources: [status] }, { kind: Namespace, subresources: [finalize, status] },
];
const storage: Served[] = [{ kind: StorageClass, subresources: [] }, { kind: CSIStorageCapacity, subresources: [] }];

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

function refs(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, item] of Object.entries(value)) {
    if (key === '$ref') found.add(String(item));
    else refs(item, found);
  }
  return found;
}

describe('OpenAPI components', () => {
  const Inner = struct('io.test.v1.Inner', 'Inside.', { name: [1, required(string), 'Its name.'], kind: [2, required(oneOf('b', 'a')), ''] });
  const Reference = atomic(struct('io.test.v1.Reference', '', { uid: [1, string, ''] }));
  const Outer = struct('io.test.v1.Outer', 'Outside.', {
    inner: [1, Inner, 'One.'], certain: [2, always(Inner), 'Two.'], strategy: [3, retainKeys(Inner), ''], reference: [4, Reference, ''], loose: [5, granular(Reference), ''],
    plain: [6, list(string), 'Plain.'], unique: [7, set(string), ''], tags: [8, mergedSet(string), ''], items: [9, merged(Inner, ['name', 'kind']), ''],
    volumes: [10, retainKeys(merged(Inner, ['name'])), ''], ports: [11, mergedAtomic(Inner, 'name'), ''], labels: [12, map(string), ''], selector: [13, atomicMap(string), ''],
    sizes: [14, map(quantity), ''], count: [15, withDefault(int64, 3), ''], secret: [16, bytes, ''], port: [17, intOrString, ''], at: [18, time, 'When.'],
    exactly: [19, microTime, ''], every: [20, duration, ''], anything: [21, raw, ''],
  });
  const schemas = componentsFor([Outer]);
  const properties = schemas['io.test.v1.Outer']?.properties ?? {};
  const inner = { $ref: '#/components/schemas/io.test.v1.Inner' };
  const reference = { $ref: '#/components/schemas/io.test.v1.Reference' };

  it('are complete and sorted', () => {
    expect(Object.keys(schemas)).to.deep.equal([
      'io.k8s.apimachinery.pkg.api.resource.Quantity', 'io.k8s.apimachinery.pkg.apis.meta.v1.Duration', 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
      'io.k8s.apimachinery.pkg.apis.meta.v1.Time', 'io.k8s.apimachinery.pkg.runtime.RawExtension', 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
      'io.test.v1.Inner', 'io.test.v1.Outer', 'io.test.v1.Reference',
    ]);
    expect(schemas['io.k8s.apimachinery.pkg.api.resource.Quantity']).to.deep.include({ oneOf: [{ type: 'string' }, { type: 'number' }] });
    expect(schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).to.deep.include({ format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] });
    expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.Time']).to.deep.include({ type: 'string', format: 'date-time' });
  });

  it('describe structs', () => {
    expect(schemas['io.test.v1.Inner']).to.deep.equal({
      type: 'object', description: 'Inside.', required: ['name', 'kind'],
      properties: { name: { type: 'string', description: 'Its name.' }, kind: { type: 'string', enum: ['a', 'b'] } },
    });
    expect(properties['inner']).to.deep.equal({ allOf: [inner], description: 'One.' });
    expect(properties['certain']).to.deep.equal({ allOf: [inner], default: {}, description: 'Two.' });
    expect(properties['strategy']).to.deep.equal({ allOf: [inner], 'x-kubernetes-patch-strategy': 'retainKeys' });
    expect(properties['reference']).to.deep.equal({ allOf: [reference] });
    expect(properties['loose']).to.deep.equal({ allOf: [reference], 'x-kubernetes-map-type': 'granular' });
    expect(schemas['io.test.v1.Reference']).to.deep.include({ 'x-kubernetes-map-type': 'atomic' });
  });

  it('list values that no rule lets through, where upstream does', () => {
    const { StorageClass: described } = Object.fromEntries(Object.entries(componentsFor([StorageClass.struct])).map(([name, schema]) => [name.replace(/^.*\./, ''), schema]));
    expect(described?.properties?.['reclaimPolicy']).to.deep.include({ enum: ['Delete', 'Recycle', 'Retain'], default: 'Delete' });
    expect(StorageClass.struct.fields.get('reclaimPolicy')?.type).to.deep.include({ values: ['Delete', 'Retain'] });
  });

  it('describe lists, maps and scalars', () => {
    expect(properties['plain']).to.deep.equal({ type: 'array', items: { type: 'string' }, description: 'Plain.', 'x-kubernetes-list-type': 'atomic' });
    expect(properties['unique']).to.deep.include({ 'x-kubernetes-list-type': 'set' }).and.not.to.have.property('x-kubernetes-patch-strategy');
    expect(properties['tags']).to.deep.include({ 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' }).and.not.to.have.property('x-kubernetes-patch-merge-key');
    expect(properties['items']).to.deep.equal({
      type: 'array', items: inner, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name', 'kind'],
      'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge',
    });
    expect(properties['volumes']).to.deep.include({ 'x-kubernetes-patch-strategy': 'merge,retainKeys' });
    expect(properties['ports']).to.deep.include({ 'x-kubernetes-list-type': 'atomic', 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge' });
    expect(properties['labels']).to.deep.equal({ type: 'object', additionalProperties: { type: 'string' } });
    expect(properties['selector']).to.deep.include({ 'x-kubernetes-map-type': 'atomic' });
    expect(properties['sizes']?.additionalProperties).to.deep.equal({ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity' });
    expect(properties['count']).to.deep.equal({ type: 'integer', format: 'int64', default: 3 });
    expect(properties['secret']).to.deep.equal({ type: 'string', format: 'byte' });
    expect(properties['at']).to.deep.equal({ allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Time' }], description: 'When.' });
  });

  it('describe a list of objects', () => {
    const schema = listSchemaFor(StorageClass);
    expect(schema).to.deep.include({ required: ['items'], 'x-kubernetes-group-version-kind': [{ group: 'storage.k8s.io', kind: 'StorageClassList', version: 'v1' }] });
    expect(schema.properties?.['items']).to.have.nested.property('items.allOf[0].$ref', '#/components/schemas/io.k8s.api.storage.v1.StorageClass');
  });
});

describe('OpenAPI paths', () => {
  it('cover all verbs of a namespaced kind', () => {
    const paths = openApiPaths({ kind: PersistentVolumeClaim, subresources: [status] });
    const all = '/api/v1/namespaces/{namespace}/persistentvolumeclaims';
    expect(Object.keys(paths)).to.deep.equal(['/api/v1/persistentvolumeclaims', all, `${all}/{name}`, `${all}/{name}/status`]);
    const actions = Object.values(paths).map((item) => methods.map((method) => item[method]?.['x-kubernetes-action']));
    expect(actions).to.deep.equal([
      ['list', undefined, undefined, undefined, undefined], ['list', 'post', undefined, undefined, 'deletecollection'],
      ['get', undefined, 'put', 'patch', 'delete'], ['get', undefined, 'put', 'patch', undefined],
    ]);
    const patch = paths[`${all}/{name}`]?.patch;
    expect(patch?.['x-kubernetes-group-version-kind']).to.deep.equal({ group: '', kind: 'PersistentVolumeClaim', version: 'v1' });
    expect(patch?.parameters?.map(({ name }) => name)).to.have.members(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    expect(paths[`${all}/{name}`]?.parameters.map(({ name }) => name)).to.deep.equal(['name', 'namespace', 'pretty']);
    expect(paths[all]?.get?.parameters?.map(({ name }) => name)).to.include.members(['watch', 'labelSelector', 'limit', 'continue']);
    expect(paths[all]?.post?.responses).to.have.keys('200', '201', '202');
  });

  it('leave the namespace out of a cluster-wide kind', () => {
    expect(Object.keys(openApiPaths({ kind: Namespace, subresources: [finalize] })))
      .to.deep.equal(['/api/v1/namespaces', '/api/v1/namespaces/{name}', '/api/v1/namespaces/{name}/finalize']);
    expect(Object.keys(openApiPaths({ kind: StorageClass, subresources: [] })))
      .to.deep.equal(['/apis/storage.k8s.io/v1/storageclasses', '/apis/storage.k8s.io/v1/storageclasses/{name}']);
  });

  it('are known by what they take and give, lest clients take a subresource for the kind itself', () => {
    const subresources = [{ name: 'scale', verbs: ['patch'], kind: Scale }, { name: 'proxy', verbs: ['patch'], kind: ServiceProxyOptions, connects: { withPath: true } }];
    const kinds = Object.entries(openApiPaths({ kind: Pod, subresources })).flatMap(([path, { patch }]) => (patch ? [[path.replace(/^.*{name}/, ''), patch['x-kubernetes-group-version-kind'].kind]] : []));
    expect(kinds).to.deep.equal([['', 'Pod'], ['/scale', 'Scale'], ['/proxy', 'ServiceProxyOptions'], ['/proxy/{path}', 'ServiceProxyOptions']]);
  });

  it('offer apply patches only where the server takes them', () => {
    const types = (apply: boolean): string[] => Object.keys(
      openApiPaths({ kind: StorageClass, subresources: [], apply })['/apis/storage.k8s.io/v1/storageclasses/{name}']?.patch?.requestBody?.content ?? {});
    expect(types(false)).to.deep.equal(['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json']);
    expect(types(true)).to.deep.equal([...types(false), 'application/apply-patch+yaml']);
  });
});

describe('OpenAPI document', () => {
  const documents = [openApiDocument({ group: '', version: 'v1' }, core, 'v1.33.0'), openApiDocument({ group: 'storage.k8s.io', version: 'v1' }, storage, 'v1.33.0')];

  it('is complete in itself', () => {
    for (const document of documents) {
      const missing = [...refs(document)].filter((ref) => !Object.hasOwn(document.components.schemas, ref.replace('#/components/schemas/', '')));
      expect(missing).to.deep.equal([]);
      expect(document).to.deep.include({ openapi: '3.0.0', info: { title: 'Kubernetes', version: 'v1.33.0' } });
    }
  });

  it('gives every operation a name of its own', () => {
    const ids = documents.map(({ paths }) => Object.values(paths).flatMap((item) => methods.flatMap((method) => item[method]?.operationId ?? [])));
    for (const each of ids) expect(new Set(each).size).to.equal(each.length);
    expect(ids.flat()).to.include.members([
      'listCoreV1PodForAllNamespaces', 'patchCoreV1NamespacedPodStatus', 'deleteCoreV1CollectionNamespacedPod', 'deleteCoreV1Namespace', 'readStorageV1StorageClass',
    ]);
  });

  it('marks kinds, their lists and the common ones, each once', () => {
    for (const { components } of documents) {
      const marks = Object.values(components.schemas).flatMap((schema) => schema['x-kubernetes-group-version-kind'] ?? []).map(({ group, version, kind }) => `${group}/${version}/${kind}`);
      expect(new Set(marks).size).to.equal(marks.length);
      expect(marks).to.include.members(['/v1/DeleteOptions', '/v1/Status']);
    }
    expect(documents[0]?.components.schemas['io.k8s.api.core.v1.PodList']?.['x-kubernetes-group-version-kind']).to.deep.equal([{ group: '', kind: 'PodList', version: 'v1' }]);
  });

  it('refuses a kind of another group-version', () => {
    expect(() => openApiDocument({ group: '', version: 'v1' }, storage, '')).to.throw(TypeError, 'StorageClass of "storage.k8s.io" v1 does not belong to "" v1');
  });
});

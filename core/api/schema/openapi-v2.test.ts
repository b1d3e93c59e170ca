import { join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import { expect } from 'chai';
import { isObject, type JsonObject } from '#core/api/value.ts';
import { ConfigMap } from './core-v1/config.ts';
import { Pod } from './core-v1/pod.ts';
import { CustomResourceDefinition } from './apiextensions-v1.ts';
import type { Kind } from './kind.ts';
import { openApiDocument } from './openapi.ts';
import type { Served } from './openapi-paths.ts';
import { definitionBytes, documentBytes, pathBytes } from './openapi-v2-protobuf.ts';
import { customDefinition } from './openapi-v2-schema.ts';
import { swaggerHead, SwaggerParts, type DescribedApi, type SwaggerParameter, type SwaggerPart } from './openapi-v2.ts';
import type { Schema } from './openapi-type.ts';
import { struct } from './type.ts';

const status = { name: 'status', verbs: ['get', 'patch', 'update'] };
const proxy = { name: 'proxy', verbs: ['get'], connects: { withPath: true } };

const kindOf = (group: string, kind: string, component: string) =>
  ({ group, version: 'v1', kind, plural: `${kind.toLowerCase()}s`, singular: kind.toLowerCase(), namespaced: true, struct: struct(component, '', {}) }) as unknown as Kind;

const nothing: SwaggerPart = { paths: {}, definitions: {} };

function partFrom(parts: SwaggerParts, document: DescribedApi, isBuiltIn: (component: string) => boolean): SwaggerPart {
  let added = nothing;
  parts.add(document, isBuiltIn, (part) => {
    added = part;
  });
  return added;
}

function partOf(parts: SwaggerParts, ...served: Served[]): SwaggerPart {
  const kind = served[0]?.kind ?? Pod;
  const custom = new Set(served.flatMap((each) => (each.schema ? [each.kind.struct.name] : [])));
  return partFrom(parts, openApiDocument(kind, served, 'v1.33.0'), (component) => !custom.has(component));
}

function* schemasIn(schemas: Readonly<Record<string, Schema>>): IterableIterator<Schema> {
  for (const schema of Object.values(schemas)) {
    const { items, properties = {}, additionalProperties: more } = schema;
    yield schema;
    yield* schemasIn({ ...properties, ...(items ? { items } : {}), ...(typeof more === 'object' ? { more } : {}) });
  }
}

const custom = (schema: object): Schema => customDefinition(schema, { definitionOf: (name) => name });

describe('OpenAPI v2 of built-in kinds', () => {
  const parts = new SwaggerParts();
  const core = partOf(parts, { kind: Pod, subresources: [status, proxy], apply: true }, { kind: ConfigMap, subresources: [] });
  const extensions = partOf(parts, { kind: CustomResourceDefinition, subresources: [status] });
  const pods = core.definitions['io.k8s.api.core.v1.Pod'];

  it('refers to definitions, beside what else is said of a field', () => {
    expect(pods?.properties?.['spec']).to.include.keys('$ref', 'description').and.have.property('$ref', '#/definitions/io.k8s.api.core.v1.PodSpec');
    expect(pods?.['x-kubernetes-group-version-kind']).to.deep.equal([{ group: '', kind: 'Pod', version: 'v1' }]);
    const containers = core.definitions['io.k8s.api.core.v1.PodSpec']?.properties?.['containers'];
    expect(containers).to.deep.include({ type: 'array', items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' }, 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge' });
  });

  it('has one type for everything, and no defaults', () => {
    const { definitions } = core;
    expect(definitions['io.k8s.apimachinery.pkg.api.resource.Quantity']).to.include({ type: 'string' });
    expect(definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).to.include({ type: 'string', format: 'int-or-string' });
    for (const schema of schemasIn({ ...definitions, ...extensions.definitions })) expect(schema).to.not.have.any.keys('allOf', 'oneOf', 'anyOf', 'default');
    expect(definitions['io.k8s.api.core.v1.ContainerPort']?.properties?.['protocol']).to.not.have.property('default');
  });

  it('describes what several group-versions share once', () => {
    expect(core.definitions).to.have.property('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
    expect(extensions.definitions).to.not.have.property('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
    expect(extensions.definitions).to.have.property('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
  });

  const pod = '/api/v1/namespaces/{namespace}/pods/{name}';
  const named = ({ parameters = [] }: { parameters?: readonly SwaggerParameter[] }, name: string) => parameters.find((parameter) => parameter.name === name);

  it('says of operations what they take', () => {
    const { parameters = [], patch, delete: remove } = core.paths[pod] ?? {};
    expect(parameters.map(({ name, in: place }) => [name, place])).to.deep.equal([['name', 'path'], ['namespace', 'path'], ['pretty', 'query']]);
    expect(patch).to.deep.include({ 'x-kubernetes-action': 'patch', 'x-kubernetes-group-version-kind': { group: '', kind: 'Pod', version: 'v1' } });
    expect(patch?.consumes).to.include('application/apply-patch+yaml');
    expect(named(patch ?? {}, 'body')).to.deep.equal({ name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Patch' } });
    expect(named(patch ?? {}, 'force')).to.deep.include({ in: 'query', type: 'boolean', uniqueItems: true });
    expect(named(remove ?? {}, 'body')).to.include({ in: 'body' }).and.not.have.property('required');
  });

  it('says of operations what they give', () => {
    expect(core.paths['/api/v1/pods']?.get).to.deep.include({ produces: ['application/json', 'application/json;stream=watch'] });
    expect(core.paths[pod]?.get?.responses['200']).to.deep.equal({ description: 'OK', schema: { $ref: '#/definitions/io.k8s.api.core.v1.Pod' } });
    expect(core.paths[`${pod}/proxy/{path}`]?.get).to.deep.include({ produces: ['*/*'], 'x-kubernetes-action': 'connect' });
  });
});

describe('OpenAPI v2 of custom kinds', () => {
  it('drops what v2 cannot say', () => {
    expect(custom({
      type: 'object', required: ['a', 'b', 'c'], 'x-kubernetes-validations': [{ rule: 'self.a > 0' }],
      properties: {
        a: { type: 'integer', minimum: 1, default: 2, anyOf: [{ minimum: 3 }], not: { enum: [4] } },
        b: { type: 'object', nullable: true, properties: { x: { type: 'string' } } },
        c: { type: 'array', nullable: true, items: { type: 'string' } },
        port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      },
    })).to.deep.equal({
      type: 'object', required: ['a'], 'x-kubernetes-validations': [{ rule: 'self.a > 0' }],
      properties: { a: { type: 'integer', minimum: 1, default: 2 }, b: {}, c: {}, port: { 'x-kubernetes-int-or-string': true } },
    });
  });

  it('leaves free forms without a type', () => {
    const free = { 'x-kubernetes-preserve-unknown-fields': true };
    const { properties } = custom({
      type: 'object', properties: {
        object: { type: 'object', ...free, properties: { known: { type: 'string' } } }, list: { type: 'array', ...free, items: { type: 'string' } },
        text: { type: 'string', ...free }, map: { type: 'object', additionalProperties: { type: 'object', ...free } },
      },
    });
    expect(properties).to.deep.equal({ object: free, list: free, text: { type: 'string', ...free }, map: { type: 'object', additionalProperties: free } });
    expect(custom({ description: 'Mine.', type: 'object', ...free, properties: { spec: { type: 'string' } } })).to.deep.equal({ description: 'Mine.', type: 'object' });
  });

  it('wants kind and apiVersion of embedded resources', () => {
    const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true };
    const metadata = { allOf: [{ $ref: '#/components/schemas/ObjectMeta' }], default: {}, description: 'Of each.' };
    const { properties } = custom({ type: 'object', properties: { one: { ...embedded, required: ['kind'], properties: { metadata } }, any: { ...embedded, 'x-kubernetes-preserve-unknown-fields': true, properties: { metadata } } } });
    expect(properties?.['one']).to.deep.equal({ ...embedded, required: ['kind', 'apiVersion'], properties: { metadata: { $ref: '#/definitions/ObjectMeta', description: 'Of each.' } } });
    expect(properties?.['any']).to.not.have.any.keys('type', 'properties', 'required');
  });

  it('renames what has the name of something else', () => {
    const parts = new SwaggerParts();
    partOf(parts, { kind: Pod, subresources: [] });
    const kind = kindOf('core.api.k8s.io', 'Pod', 'io.k8s.api.core.v1.Pod');
    const { definitions, paths } = partOf(parts, { kind, subresources: [], schema: { type: 'object' } });
    expect(Object.keys(definitions)).to.have.members(['io.k8s.api.core.v1.Pod_v2', 'io.k8s.api.core.v1.PodList_v2']);
    expect(definitions['io.k8s.api.core.v1.PodList_v2']?.properties?.['items']?.items).to.deep.equal({ $ref: '#/definitions/io.k8s.api.core.v1.Pod_v2' });
    expect(paths['/apis/core.api.k8s.io/v1/namespaces/{namespace}/pods/{name}']?.get?.responses['200']?.schema).to.deep.equal({ $ref: '#/definitions/io.k8s.api.core.v1.Pod_v2' });
  });

  it('survives fields with names of JavaScript\'s own', () => {
    const properties = JSON.parse('{"__proto__": {"type": "string"}, "constructor": {"type": "integer"}}') as object;
    expect(Object.entries(custom({ type: 'object', properties }).properties ?? {})).to.deep.equal([['__proto__', { type: 'string' }], ['constructor', { type: 'integer' }]]);
  });
});

describe('OpenAPI v2 of other servers', () => {
  const kinds = [{ group: 'fruit.example.com', version: 'v1', kind: 'Plum' }];
  const plum = { type: 'object', properties: { spec: { allOf: [{ $ref: '#/components/schemas/PlumSpec' }], default: {} } }, 'x-kubernetes-group-version-kind': kinds };

  it('is made from documents that leave out what they like', () => {
    const schema: Schema = { $ref: '#/components/schemas/Plum' };
    const { paths, definitions } = partFrom(new SwaggerParts(), {
      paths: { '/apis/fruit.example.com/v1/plums': { get: { responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } } }, post: {} } },
      components: { schemas: { Plum: plum, PlumSpec: { oneOf: [{ type: 'string' }, { type: 'number' }] } } },
    }, () => false);
    expect(paths).to.deep.equal({ '/apis/fruit.example.com/v1/plums': {
      get: { produces: ['application/json'], responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/Plum' } } } }, post: { produces: [], responses: {} }, parameters: [],
    } });
    expect(definitions).to.deep.equal({ Plum: { type: 'object', properties: { spec: { $ref: '#/definitions/PlumSpec' } }, 'x-kubernetes-group-version-kind': kinds }, PlumSpec: {} });
  });

  it('leaves no trace of one that refers to nothing, or cannot be written', () => {
    const parts = new SwaggerParts();
    expect(() => partFrom(parts, { components: { schemas: { Plum: plum } } }, () => false)).to.throw(TypeError, 'the document refers to PlumSpec, which it does not have');
    expect(() => parts.add({ components: { schemas: { Plum: {} } } }, () => false, () => { throw new Error('full'); })).to.throw('full');
    expect(partFrom(parts, { components: { schemas: { Plum: plum, PlumSpec: {} } } }, () => false).definitions).to.have.keys('Plum', 'PlumSpec');
  });
});

describe('OpenAPI v2 in protobuf', () => {
  const types = loadSync(join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'openapi-v2.proto'), { keepCase: true, arrays: false, longs: Number });

  /** What another implementation of protobuf reads, with the wrappers around names and values taken off. */
  function read(bytes: Buffer): unknown {
    const definition = types['openapi.v2.Document'];
    if (definition === undefined || !('deserialize' in definition)) throw new TypeError('no message Document');
    return unwrapped((definition as unknown as { deserialize(bytes: Buffer): object }).deserialize(bytes));
  }

  const renamed: Record<string, string> = {
    multiple_of: 'multipleOf', exclusive_maximum: 'exclusiveMaximum', exclusive_minimum: 'exclusiveMinimum', max_length: 'maxLength', min_length: 'minLength', max_items: 'maxItems',
    min_items: 'minItems', unique_items: 'uniqueItems', max_properties: 'maxProperties', min_properties: 'minProperties', operation_id: 'operationId', security_definitions: 'securityDefinitions', _ref: '$ref',
    additional_properties: 'additionalProperties',
  };
  /** Messages that only say which of several things their content is. */
  const wrappers = new Set([
    'additional_properties', 'api_key_security', 'body_parameter', 'boolean', 'non_body_parameter', 'parameter', 'path', 'path_parameter_sub_schema', 'query_parameter_sub_schema', 'response',
    'response_code', 'schema',
  ]);
  const isNamed = (item: unknown): item is { name: string; value?: unknown } => isObject(item) && Object.keys(item).every((key) => key === 'name' || key === 'value');

  function unwrapped(value: unknown): unknown {
    if (Array.isArray(value)) return value.every(isNamed) ? Object.fromEntries(value.map(({ name, value: each }) => [name, unwrapped(each ?? {})])) : value.map(unwrapped);
    if (!isObject(value)) return value;
    const [first, ...others] = Object.entries(value);
    if (first && others.length === 0) {
      const [key, only] = first;
      if (key === 'yaml') return JSON.parse(String(only));
      // One schema of many that could be, or a response's; the other field of that name is the schema of a body.
      if (wrappers.has(key)) return unwrapped(key === 'schema' && Array.isArray(only) ? only[0] : only);
    }
    return Object.fromEntries(Object.entries(value).flatMap(([key, part]): [string, unknown][] => (key === 'vendor_extension' ? Object.entries(unwrapped(part) as JsonObject) : [plain(key, part)])));
  }

  const plain = (key: string, part: unknown): [string, unknown] => [renamed[key] ?? key, key === 'type' && isObject(part) ? (part['value'] as string[])[0] : unwrapped(part)];

  const write = (parts: readonly SwaggerPart[]): Buffer => Buffer.concat(documentBytes(
    swaggerHead('v1.33.0'), parts.flatMap(({ paths }) => Object.entries(paths).map(([path, item]) => pathBytes(path, item))),
    parts.flatMap(({ definitions }) => Object.entries(definitions).map(([name, schema]) => definitionBytes(name, schema))),
  ));

  it('says what the JSON says', () => {
    const parts = new SwaggerParts();
    const widget = kindOf('example.com', 'Widget', 'com.example.v1.Widget');
    const schema = {
      type: 'object', title: 'A ☃', 'x-kubernetes-validations': [{ rule: 'true' }], minProperties: 1, maxProperties: 5_000_000_000,
      properties: {
        count: { type: 'integer', minimum: 0.5, maximum: 1e10, exclusiveMinimum: true, multipleOf: 0.25, default: 3, enum: [3, 4] },
        names: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 300, pattern: '^a$' }, minItems: 2, maxItems: 200, 'x-kubernetes-list-type': 'set' },
        free: { type: 'object', additionalProperties: true },
      },
    };
    const all = [
      partOf(parts, { kind: Pod, subresources: [status, proxy], apply: true }), partOf(parts, { kind: CustomResourceDefinition, subresources: [status] }),
      partOf(parts, { kind: widget, subresources: [], schema: schema as unknown as Schema }),
    ];
    // An empty list is an empty message.
    const document = { ...swaggerHead('v1.33.0'), security: [{ BearerToken: {} }], paths: Object.assign({}, ...all.map(({ paths }) => paths)) as object, definitions: Object.assign({}, ...all.map(({ definitions }) => definitions)) as object };
    expect(read(write(all))).to.deep.equal(JSON.parse(JSON.stringify(document)));
  });
});

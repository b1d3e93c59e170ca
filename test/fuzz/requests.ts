import { stringify } from 'yaml';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { protobufBody } from '#test/fixtures/protobuf-writer.ts';
import { garbled, mutated, nasty, type Choices } from './choices.ts';
import { randomObject, soundObject } from './objects.ts';

/** One request as it goes over the wire. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

const namespace = 'default';

const rootOf = ({ kind }: AnyResource): string => `${kind.group === '' ? '/api' : '/apis'}/${apiVersionOf(kind)}${kind.namespaced ? `/namespaces/${namespace}` : ''}/${kind.plural}`;

const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'];
const queries = ['dryRun=All', 'fieldValidation=Strict', 'fieldManager=fuzz', 'force=true', 'pretty=true', 'limit=3', 'limit=-1', 'limit=99999999999999999999', 'continue=eyJ9', 'resourceVersion=0', 'resourceVersion=5',
  'resourceVersion=99999999999999', 'resourceVersion=x', 'resourceVersionMatch=Exact', 'labelSelector=a%3Db', 'labelSelector=a%20in%20(b%2Cc)%2C!d', 'labelSelector=%28%28', 'fieldSelector=metadata.name%3Da',
  'fieldSelector=status.phase!%3DPending', 'fieldSelector=x', 'gracePeriodSeconds=0', 'propagationPolicy=Foreground', 'propagationPolicy=Orphan', 'propagationPolicy=x', 'watch=true&timeoutSeconds=1', 'sendInitialEvents=true',
  'timeoutSeconds=1', 'includeObject=None', 'includeObject=x', 'allowWatchBookmarks=1', '%00=%ff', '__proto__=1'];
const accepts = ['application/json', 'application/yaml', '*/*', 'application/json;as=Table;v=v1;g=meta.k8s.io', 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io', 'application/vnd.kubernetes.protobuf', 'text/html', ';;;=,,', 'application/json;as=Table'];
const subresources = ['', '', '', '/status', '/scale', '/finalize', '/eviction', '/binding', '/token', '/approval', '/log', '/exec', '/proxy', '/ephemeralcontainers', '/resize', '/x'];
const strangePaths = ['/', '//', '/api/', '/api/v1/..', '/api/v1/%2e%2e/%2e%2e', '/apis/%00', '/apis/apps/v1/namespaces//deployments', '/api/v1/namespaces/default/pods/a/b/c/d', '/openapi/v3/apis/x', '/openapi/v2', '/version/x', '/metrics', '/healthz/x', '/api/v1/watch/namespaces/default/configmaps?timeoutSeconds=1', '/apis/fuzz.example.com/v1', `/api/v1/${'x/'.repeat(2000)}`, '/api/v1/namespaces/%F0%9F%92%A9/pods', '/api/v1/namespaces/default/configmaps/%2F', '/.well-known/x', '/apis?x', '*'];

const bombs = [
  '{"a":'.repeat(100_000), '['.repeat(500_000), `{"kind":"ConfigMap","apiVersion":"v1","data":{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":"v"`).join(',')}}}`,
  `[${Array.from({ length: 20_000 }, () => '{"op":"copy","from":"","path":"/x"}').join(',')}]`, '\ud800', '"', '{"a":1e400}', '{"a":1,"a":2}', 'null', '1', '[]', '',
];

/** Makes requests that are nearly right. */
export class RequestMaker {
  private readonly resources: readonly AnyResource[];
  private readonly choices: Choices;

  constructor(resources: readonly AnyResource[], choices: Choices) {
    this.resources = resources;
    this.choices = choices;
  }

  next(): FuzzRequest {
    const { choices } = this;
    if (choices.chance(0.03)) return this.request(choices.one(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE']), choices.one(strangePaths), undefined, '');
    const resource = choices.one(this.resources);
    const name = this.name(resource);
    switch (choices.below(10)) {
      case 0: return this.request('GET', `${rootOf(resource)}${choices.chance(0.5) ? `/${name}${choices.one(subresources)}` : ''}`, undefined, '');
      case 1: return this.request('DELETE', `${rootOf(resource)}/${name}`, choices.chance(0.3) ? this.text({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: choices.one(['Background', 'x']), preconditions: { uid: 'x' } }) : undefined, 'application/json');
      case 2:
      case 3: return this.patch(resource, name);
      case 4: return this.write('PUT', resource, `${rootOf(resource)}/${name}${choices.one(subresources)}`, name);
      case 5: return this.write('POST', resource, `${rootOf(resource)}/${name}${choices.one(subresources)}`, name);
      default: return this.write('POST', resource, rootOf(resource), name);
    }
  }

  /** Few names, so that later requests meet what earlier ones made. */
  private name({ kind }: AnyResource): string {
    const name = `f${this.choices.below(12)}`;
    if (this.choices.chance(0.03)) return encodeURIComponent(String(this.choices.one(nasty)).slice(0, 300).replaceAll(/[\ud800-\udfff]/g, ''));
    return kind.plural === 'customresourcedefinitions' ? `${name}s.fuzz.example.com` : name;
  }

  private object(resource: AnyResource, name: string): Record<string, unknown> {
    const where = resource.kind.namespaced ? namespace : undefined;
    return this.choices.chance(0.6) ? soundObject(resource, name.split('.', 1)[0] ?? name, where, this.choices) : randomObject(resource, name, where, this.choices);
  }

  private write(method: string, resource: AnyResource, path: string, name: string): FuzzRequest {
    const { choices } = this;
    const object = this.object(resource, name);
    if (choices.chance(0.25)) {
      const { kind } = resource;
      const bytes = protobufBody(apiVersionOf(kind), kind.kind, kind.struct, object);
      return this.request(method, path, choices.chance(0.6) ? garbled(bytes, choices) : bytes, 'application/vnd.kubernetes.protobuf');
    }
    const value = choices.chance(0.7) ? mutated(object, choices) : object;
    if (choices.chance(0.15)) return this.request(method, path, Buffer.from(yamlOf(value)), 'application/yaml');
    return this.request(method, path, this.text(value), choices.chance(0.97) ? 'application/json' : choices.one(['', 'text/plain', 'application/xml', 'multipart/form-data']));
  }

  private patch(resource: AnyResource, name: string): FuzzRequest {
    const { choices } = this;
    const type = choices.one(patches);
    const object = this.object(resource, name);
    const document = type === patches[0] ? this.operations() : choices.chance(0.6) ? mutated(object, choices) : object;
    return this.request('PATCH', `${rootOf(resource)}/${name}${choices.one(subresources)}`, this.text(document), type);
  }

  private operations(): unknown {
    const { choices } = this;
    const paths = ['', '/', '/metadata/labels', '/metadata/labels/a', '/spec', '/spec/0', '/data/a', '/-', '/metadata/~0', '/metadata/~2', '/__proto__/x', '/metadata/finalizers/-', '/metadata/name'];
    const operations = Array.from({ length: choices.below(5) }, () => ({ op: choices.one(['add', 'remove', 'replace', 'move', 'copy', 'test', 'x']), path: choices.one(paths), from: choices.one(paths), value: choices.one(nasty) }));
    return choices.chance(0.1) ? choices.one(nasty) : operations;
  }

  private text(value: unknown): Buffer {
    if (this.choices.chance(0.01)) return Buffer.from(this.choices.one(bombs));
    const bytes = Buffer.from(JSON.stringify(value) ?? 'null');
    return this.choices.chance(0.08) ? garbled(bytes, this.choices) : bytes;
  }

  private request(method: string, path: string, body: Buffer | undefined, contentType: string): FuzzRequest {
    const { choices } = this;
    const query = Array.from({ length: choices.chance(0.3) ? 1 + choices.below(3) : 0 }, () => choices.one(queries));
    const watches = query.some((one) => one.startsWith('watch')) && !query.includes('timeoutSeconds=1') ? ['timeoutSeconds=1'] : [];
    const url = query.length === 0 || path.includes('?') ? path : `${path}?${[...query, ...watches].join('&')}`;
    return {
      method, path: url, body,
      headers: {
        ...(contentType === '' ? {} : { 'Content-Type': contentType }), ...(choices.chance(0.2) ? { Accept: choices.one(accepts) } : {}),
        ...(choices.chance(0.02) ? { 'Impersonate-User': choices.one(['jane', 'system:serviceaccount:a:b', '']), 'Impersonate-Group': 'x' } : {}),
        ...(choices.chance(0.02) ? { 'User-Agent': 'x'.repeat(choices.below(5000)) } : {}),
      },
    };
  }
}

function yamlOf(value: unknown): string {
  try {
    return stringify(value);
  } catch {
    return '{';
  }
}

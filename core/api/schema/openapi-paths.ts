import { apiVersionOf, type Kind } from './kind.ts';
import { DeleteOptions, Status } from './meta.ts';
import { deleting, deletingMany, listing, nameParameter, namespaceParameter, optionsOf, patching, pathParameter, pretty, writing, type Parameter } from './openapi-parameters.ts';
import { gvkOf, listName, refTo } from './openapi-schema.ts';
import type { GroupVersionKind, Schema } from './openapi-type.ts';

/** Such as `status`, or `scale` with the kind Scale. */
export interface ServedSubresource {
  readonly name: string;
  readonly verbs: readonly string[];
  /** What it takes and gives, when that is not the kind itself. */
  readonly kind?: Kind;
  /** Requests go on to somebody else. */
  readonly connects?: { readonly withPath: boolean; readonly reads?: Kind };
}

/** What of a kind is served besides the ordinary verbs. */
export interface Served {
  readonly kind: Kind;
  readonly subresources: readonly ServedSubresource[];
  /** API verbs; all by default. */
  readonly verbs?: readonly string[];
  /** The kind's schema, when it is not made from the tables. Strategic merge patch then has nothing to go by. */
  readonly schema?: Schema;
  /** The server understands server-side apply. */
  readonly apply?: boolean;
}

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';
export type Content = Record<string, { readonly schema: Schema }>;

export interface Operation {
  readonly description: string;
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Record<string, { readonly description: string; readonly content: Content }>;
  readonly 'x-kubernetes-action': string;
  readonly 'x-kubernetes-group-version-kind': GroupVersionKind;
}

export type PathItem = Partial<Record<Method, Operation>> & { readonly parameters: readonly Parameter[] };

const patchName = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';
/** The components that the paths refer to besides the kinds and their lists. */
export const patchComponent = { [patchName]: { description: 'A patch, in one of the formats of its media types.', type: 'object' } satisfies Schema };

/** The part of a group-version's URLs before the resource. */
export const rootOf = (groupVersion: { readonly group: string; readonly version: string }): string =>
  `${groupVersion.group === '' ? '/api' : '/apis'}/${apiVersionOf(groupVersion)}`;

/** `paths` of one resource: the collection, the single object and its subresources, with all verbs. */
export function openApiPaths(served: Served): Record<string, PathItem> {
  const { kind } = served;
  const root = rootOf(kind);
  const operations = new Operations(served);
  const all = `${root}/${kind.plural}`;
  const collection = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : all;
  const scope = kind.namespaced ? [namespaceParameter, pretty] : [pretty];
  const single = [nameParameter(kind.kind), ...scope];
  const serves = (verb: string): boolean => served.verbs?.includes(verb) ?? true;
  return Object.fromEntries(Object.entries<PathItem>({
    ...(kind.namespaced ? { [all]: { ...(serves('list') ? { get: operations.list('ForAllNamespaces') } : {}), parameters: [pretty] } } : {}),
    [collection]: {
      ...(serves('list') ? { get: operations.list('') } : {}), ...(serves('create') ? { post: operations.post() } : {}),
      ...(serves('deletecollection') ? { delete: operations.deleteCollection() } : {}), parameters: scope,
    },
    [`${collection}/{name}`]: {
      ...(serves('get') ? { get: operations.get('') } : {}), ...(serves('update') ? { put: operations.put('') } : {}),
      ...(serves('delete') ? { delete: operations.delete() } : {}), ...(serves('patch') ? { patch: operations.patch('') } : {}), parameters: single,
    },
    ...Object.fromEntries(served.subresources.flatMap((sub): [string, PathItem][] => {
      const path = `${collection}/{name}/${sub.name}`;
      if (!sub.connects) return [[path, { ...operations.below(sub), parameters: single }]];
      const further: [string, PathItem][] = sub.connects.withPath ? [[`${path}/{path}`, { ...operations.connects(sub, 'WithPath'), parameters: [...single, pathParameter] }]] : [];
      return [[path, { ...operations.connects(sub, ''), parameters: single }], ...further];
    })),
  }).filter(([, item]) => Object.keys(item).length > 1));
}

const camel = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

class Operations {
  private readonly served: Served;
  /** What is taken and given; also clients know an operation by it. */
  private readonly carried: Kind;
  private readonly object: Schema;

  /** @param carried when that is not the kind itself */
  constructor(served: Served, carried: Kind = served.kind) {
    this.served = served;
    this.carried = carried;
    this.object = refTo(carried.struct.name);
  }

  list(suffix: 'ForAllNamespaces' | ''): Operation {
    const schema = refTo(listName(this.served.kind));
    const content = { 'application/json': { schema }, 'application/json;stream=watch': { schema } };
    return this.operation('list', 'list', 'list or watch', suffix, { parameters: listing, responses: { 200: { description: 'OK', content } } });
  }

  get(subresource: string): Operation {
    return this.operation('read', 'get', 'read', camel(subresource), { responses: this.answers(200) });
  }

  post(subresource = ''): Operation {
    return this.operation('create', 'post', 'create', camel(subresource), { parameters: writing, requestBody: body(this.object), responses: this.answers(200, 201, 202) });
  }

  put(subresource: string): Operation {
    return this.operation('replace', 'put', 'replace', camel(subresource), { parameters: writing, requestBody: body(this.object), responses: this.answers(200, 201) });
  }

  patch(subresource: string): Operation {
    const strategic = this.served.schema ? [] : ['application/strategic-merge-patch+json'];
    const types = ['application/json-patch+json', 'application/merge-patch+json', ...strategic, ...(this.served.apply ? ['application/apply-patch+yaml'] : [])];
    const content = Object.fromEntries(types.map((type) => [type, { schema: refTo(patchName) }]));
    return this.operation('patch', 'patch', 'partially update', camel(subresource), {
      parameters: patching, requestBody: { required: true, content }, responses: this.answers(200, 201),
    });
  }

  delete(): Operation {
    const status = json(refTo(Status.name));
    return this.operation('delete', 'delete', 'delete', '', {
      parameters: deleting, requestBody: { content: anyType(refTo(DeleteOptions.name)) },
      responses: { 200: { description: 'OK', content: status }, 202: { description: 'Accepted', content: status } },
    });
  }

  deleteCollection(): Operation {
    return this.operation('deleteCollection', 'deletecollection', 'delete a collection of', '', {
      parameters: deletingMany, requestBody: { content: anyType(refTo(DeleteOptions.name)) },
      responses: { 200: { description: 'OK', content: json(refTo(Status.name)) } },
    });
  }

  below({ name, verbs, kind }: ServedSubresource): Partial<Record<Method, Operation>> {
    const own = new Operations(this.served, kind);
    return {
      ...(verbs.includes('get') ? { get: own.get(name) } : {}), ...(verbs.includes('create') ? { post: own.post(name) } : {}),
      ...(verbs.includes('update') ? { put: own.put(name) } : {}), ...(verbs.includes('patch') ? { patch: own.patch(name) } : {}),
    };
  }

  /** What goes on, and what comes back, is not ours to describe. */
  connects({ name, verbs, kind, connects }: ServedSubresource, suffix: 'WithPath' | ''): Partial<Record<Method, Operation>> {
    const own = new Operations(this.served, kind);
    if (connects?.reads) {
      const text = { 'text/plain': { schema: { type: 'string' } } };
      return { get: own.operation('read', 'get', `read ${name} of`, camel(name), { parameters: optionsOf(connects.reads), responses: { 200: { description: 'OK', content: text } } }) };
    }
    const content = { '*/*': { schema: { type: 'string' } } };
    const parameters = kind === undefined ? [] : optionsOf(kind);
    return Object.fromEntries(methodsOf.flatMap(([verb, method]) => (verbs.includes(verb) ? [[method, own.operation(
      `connect${camel(method)}`, 'connect', `connect ${method.toUpperCase()} requests to ${name} of`, `${camel(name)}${suffix}`, { ...(parameters.length > 0 ? { parameters } : {}), responses: { 200: { description: 'OK', content } } },
    )]] : [])));
  }

  private operation(
    verb: string, action: string, words: string, suffix: string, rest: Pick<Operation, 'parameters' | 'requestBody' | 'responses'>,
  ): Operation {
    const { kind } = this.served;
    const [group = ''] = kind.group.split('.');
    const prefix = group === '' ? 'core' : group;
    const scope = kind.namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : '';
    const [what, collection] = verb === 'deleteCollection' ? ['delete', 'Collection'] : verb.startsWith('connect') ? ['connect', verb.slice('connect'.length)] : [verb, ''];
    return {
      description: `${words} ${kind.kind}${suffix === '' ? '' : ` (${suffix})`}`,
      operationId: `${what}${camel(prefix)}${camel(kind.version)}${collection}${scope}${kind.kind}${suffix}`,
      tags: [`${prefix}_${kind.version}`],
      ...rest,
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': gvkOf(this.carried),
    };
  }

  private answers(...codes: (keyof typeof reasons)[]): Operation['responses'] {
    return Object.fromEntries(codes.map((code) => [code, { description: reasons[code], content: json(this.object) }]));
  }
}

const methodsOf: readonly (readonly [verb: string, method: Method])[] = [['create', 'post'], ['delete', 'delete'], ['get', 'get'], ['patch', 'patch'], ['update', 'put']];
const reasons = { 200: 'OK', 201: 'Created', 202: 'Accepted' } as const;
const json = (schema: Schema): Content => ({ 'application/json': { schema } });
const anyType = (schema: Schema): Content => ({ '*/*': { schema } });
const body = (schema: Schema): Operation['requestBody'] => ({ required: true, content: anyType(schema) });

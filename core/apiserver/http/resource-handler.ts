import type { IncomingMessage, ServerResponse } from 'node:http';
import { decode } from '#core/api/schema/decode.ts';
import { apiVersionOf, listKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { DeleteOptions, type Status } from '#core/api/schema/meta.ts';
import type { Struct } from '#core/api/schema/type.ts';
import { StatusError } from '#core/api/status-error.ts';
import { subresourceOf, type Api, type Body, type Caller, type Target } from '#core/apiserver/api.ts';
import type { ActionIndex } from '#core/apiserver/actions/action.ts';
import type { AuditRecord } from '#core/apiserver/audit/audit-log.ts';
import type { AnyResource, Verb } from '#core/registry/resource.ts';
import { act } from '#core/apiserver/verbs/act.ts';
import { apply, applyType } from '#core/apiserver/verbs/apply.ts';
import { create } from '#core/apiserver/verbs/create.ts';
import { removeCollection } from '#core/apiserver/verbs/delete-collection.ts';
import { remove } from '#core/apiserver/verbs/delete.ts';
import { list, type ListResult } from '#core/apiserver/verbs/list.ts';
import { get } from '#core/apiserver/verbs/local-verbs.ts';
import { patch, patchTypes, type PatchType } from '#core/apiserver/verbs/patch.ts';
import { update } from '#core/apiserver/verbs/update.ts';
import { decodeObjectBody, mediaType, parseConfiguration, parseText } from './body.ts';
import { notAllowed, notServed, subresourcesOf, verbsOf } from './discovery.ts';
import { negotiate, type Format } from './negotiate.ts';
import { deletion, includeObject, isWatch, listParameters, watchParameters, writeParameters } from './query.ts';
import { send, sendList, sendObjectText, sendYamlList } from './respond.ts';
import { partial, table } from './table.ts';
import { watchStream } from './watch-stream.ts';

/** One request for a resource, with all that answering it takes. */
export interface Exchange {
  readonly api: Api;
  readonly actions: ActionIndex;
  readonly target: Target;
  readonly verb: Verb;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The body, complete; empty for requests that only read. */
  readonly bytes: Buffer;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  readonly audit: AuditRecord | undefined;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
  /** Called when a watch has sent what was there when it began: from then on it costs little. */
  readonly begun: () => void;
}

/** The API verb of a request, as authorization and audit know it. @throws {StatusError} MethodNotAllowed, NotFound */
export function verbOf(method: string, target: Target, watchPath: boolean, query: URLSearchParams): Verb {
  const { name, subresource, resource, namespace } = target;
  const reads = method === 'GET' || method === 'HEAD';
  if (reads && subresource === '' && (watchPath || isWatch(query))) return served(resource, 'watch');
  // Namespaced objects are made and deleted inside a namespace, and read across all of them.
  const across = resource.kind.namespaced && namespace === undefined;
  const known = subresource !== '' ? subresourceVerbs : name !== '' ? objectVerbs : across ? readingVerbs : collectionVerbs;
  const verb = known.get(method);
  if (verb === undefined) throw notAllowed();
  if (subresource === '') return served(resource, verb);
  checkSubresource(resource, subresource, verb);
  return verb;
}

function served(resource: AnyResource, verb: Verb): Verb {
  if (!verbsOf(resource).includes(verb)) throw notAllowed();
  return verb;
}

function checkSubresource(resource: AnyResource, name: string, verb: Verb): void {
  const found = subresourcesOf(resource).find((candidate) => candidate.name === name);
  if (found === undefined) throw notServed();
  if (!found.verbs.includes(verb)) throw notAllowed();
}

const readingVerbs: ReadonlyMap<string, Verb> = new Map([['GET', 'list'], ['HEAD', 'list']]);
const collectionVerbs: ReadonlyMap<string, Verb> = new Map([...readingVerbs, ['POST', 'create'], ['DELETE', 'deletecollection']]);
const objectVerbs: ReadonlyMap<string, Verb> = new Map([['GET', 'get'], ['HEAD', 'get'], ['PUT', 'update'], ['PATCH', 'patch'], ['DELETE', 'delete']]);
/** Some things are asked or done below an object by a POST. */
const subresourceVerbs: ReadonlyMap<string, Verb> = new Map([...objectVerbs, ['POST', 'create']]);

export async function handle(exchange: Exchange): Promise<void> {
  const { api, target, verb, request, response, query, caller } = exchange;
  const format = negotiate(request.headers.accept, target.resource.isQuestion ? [] : ['table', 'partial']);
  const agent = request.headers['user-agent'];
  if (target.resource.deprecation !== undefined) caller.warn(target.resource.deprecation);
  switch (verb) {
    case 'get': return sendObject(exchange, 200, await get(api, target), format);
    case 'list': return sendItems(exchange, await list(api, target, listParameters(query)), format);
    case 'watch': {
      const { timeoutSeconds, ...parameters } = watchParameters(query);
      const { stopping, audit, begun } = exchange;
      return watchStream(api, target, parameters, response, { format, include: includeObject(query), timeoutSeconds, stopping, audit, begun });
    }
    case 'create': {
      const parameters = writeParameters(query, { options: 'CreateOptions', agent });
      const body = await bodyOf(exchange);
      if (target.resource.isQuestion || target.subresource !== '') return sendAnswer(exchange, await act({ api, actions: exchange.actions }, target, body, parameters, caller), format);
      return sendObject(exchange, 201, await create(api, target, body, parameters, caller), format);
    }
    case 'update': {
      const parameters = writeParameters(query, { options: 'UpdateOptions', agent });
      const body = await bodyOf(exchange);
      return sendObject(exchange, 200, await update(api, target, body, parameters, caller), format);
    }
    case 'patch': {
      const type = patchType(mediaType(request), target.resource);
      const parameters = writeParameters(query, { options: 'PatchOptions', agent, applies: type === 'apply' });
      const { bytes } = exchange;
      const body = type === 'apply' ? await parseConfiguration(bytes) : parseText(bytes);
      exchange.audit?.requestObject(body.value);
      if (type !== 'apply') return sendObject(exchange, 200, await patch(api, target, type, body, parameters, caller), format);
      const { created, object } = await apply(api, target, body, parameters, caller);
      return sendObject(exchange, created ? 201 : 200, object, format);
    }
    case 'delete': {
      const result = await remove(api, target, deletion(query, await deleteOptions(exchange)), caller);
      return isStatus(result.answer) ? send(response, 200, result.answer, format.encoding) : sendObject(exchange, 200, result.answer, format);
    }
    case 'deletecollection': {
      const options = deletion(query, await deleteOptions(exchange));
      return sendItems(exchange, await removeCollection(api, target, listParameters(query), options, caller), format);
    }
  }
}

const isStatus = (answer: KubernetesObject | Status): answer is Status => answer.kind === 'Status';

function patchType(type: string, { codec }: AnyResource): PatchType | 'apply' {
  // What has a schema of its own says nothing of strategies.
  const accepted = [...patchTypes].filter(([, way]) => codec === undefined || way !== 'strategic');
  const known = accepted.find(([name]) => name === type);
  if (known !== undefined) return known[1];
  if (type === applyType) return 'apply';
  throw new StatusError('UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${[...accepted.map(([name]) => name), applyType].join(', ')}; it is ${type.slice(0, 100)}`);
}

/** A DELETE may carry DeleteOptions; without them the query speaks. @throws {StatusError} BadRequest */
async function deleteOptions({ request, bytes }: Exchange): Promise<DeleteOptions | undefined> {
  if (bytes.length === 0) return undefined;
  const { value } = await decodeObjectBody(bytes, mediaType(request), DeleteOptions);
  return decode(DeleteOptions, value, { kind: { group: '', version: 'v1', kind: 'DeleteOptions' } }).value;
}

async function bodyOf({ request, bytes, target, audit }: Exchange): Promise<Body> {
  const body = await decodeObjectBody(bytes, mediaType(request), bodyKind(target));
  audit?.requestObject(body.value);
  return body;
}

/** Undefined for kinds that protobuf cannot carry. */
function bodyKind({ resource, subresource }: Target): Struct | undefined {
  const viewed = subresourceOf(resource, subresource)?.kind;
  return viewed === undefined && resource.codec ? undefined : (viewed ?? resource.kind).struct;
}

const sendAnswer = (exchange: Exchange, answer: KubernetesObject | Status, format: Format): Promise<void> =>
  (isStatus(answer) ? send(exchange.response, answer.code ?? 201, answer, format.encoding) : sendObject(exchange, 201, answer, format));

async function sendObject(exchange: Exchange, code: number, object: KubernetesObject, format: Format): Promise<void> {
  const { api, target: { resource, subresource }, response, query } = exchange;
  exchange.audit?.responseObject(object);
  if (format.as === 'object' && format.encoding === 'json') return sendObjectText(response, code, object);
  const document = format.as === 'table'
    ? table(subresourceOf(resource, subresource)?.view ?? resource, [object], { resourceVersion: object.metadata.resourceVersion }, { version: format.version, include: includeObject(query), now: api.clock.now() })
    : format.as === 'partial' ? partial(object, format.version) : object;
  await send(response, code, document, format.encoding);
}

async function sendItems({ api, target: { resource }, response, query }: Exchange, { metadata, items }: ListResult, format: Format): Promise<void> {
  const { kind } = resource;
  if (format.as === 'table') {
    return send(response, 200, table(resource, items, metadata, { version: format.version, include: includeObject(query), now: api.clock.now() }), format.encoding);
  }
  const head = format.as === 'partial'
    ? { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${format.version}`, metadata }
    : { kind: listKindOf(kind), apiVersion: apiVersionOf(kind), metadata };
  const shownItems = format.as === 'partial' ? items.map((item) => partial(item, format.version)) : items;
  if (format.encoding === 'yaml') return sendYamlList(response, head, shownItems);
  return sendList(response, head, shownItems);
}

import { ApiError, invalid, notFound, serviceUnavailable, unknownName } from './api-error.ts';
import { readBody } from './body-validation.ts';
import { publicImages } from './catalog.ts';
import type { Cloud } from './cloud.ts';
import type { Credentials } from './credentials.ts';
import type { Fault, OperationFault } from './faults.ts';
import { parseFieldMask } from './field-mask.ts';
import type { Json, Resource } from './json.ts';
import { linkOf, projectRegex, referenceFormat, referenceRegex } from './links.ts';
import { isMutation, queryOf, type Call, type Method, type Mutation } from './method.ts';
import { findMethod } from './method-table.ts';
import { makeDefaultNetwork } from './networks.ts';
import { timestamp } from './operations.ts';
import { groupOf } from './rate-quotas.ts';
import { fingerprintOf } from './seeded.ts';

export interface ApiRequest {
  readonly verb: string;
  /** From `/compute/v1/` on, with the query. */
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly type: 'application/json' | 'text/html';
  readonly body: string;
}

/** Parameters that the front end takes of every method. */
const systemQuery = new Set(['$.xgafv', '$alt', '$prettyPrint', 'access_token', 'alt', 'callback', 'fields', 'key', 'oauth_token', 'prettyPrint', 'quotaUser', 'trace', 'uploadType', 'upload_protocol', 'userIp', 'userProject']);

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** The protocol of the Compute Engine API over a cloud. */
export class Api {
  readonly #cloud: Cloud;
  readonly #credentials: Credentials;
  readonly #known = new Set<string>();

  constructor(cloud: Cloud, credentials: Credentials) {
    this.#cloud = cloud;
    this.#credentials = credentials;
    for (const { project, ...image } of publicImages) this.#addImage(project, image);
  }

  /** The answer, or `cut`: the connection is to be cut without one. */
  async answer(request: ApiRequest): Promise<ApiAnswer | 'cut'> {
    this.#cloud.clock.settle();
    try {
      return await this.#route(request);
    } catch (error) {
      if (error instanceof ApiError) return answerOf(error.code, error.toJSON());
      throw error;
    }
  }

  async #route(request: ApiRequest): Promise<ApiAnswer | 'cut'> {
    const parts = partsOf(request.url.pathname);
    const [projects, project = '', ...rest] = parts ?? [];
    const found = projects === 'projects' && project !== '' ? findMethod(request.verb, rest) : undefined;
    if (found === undefined) return pageNotFound(request.url.pathname);
    const { method, parameters } = found;
    const user = this.#credentials.user(request.authorization);
    const query = request.url.searchParams;
    this.#admit(method, project, rest, parameters, query);
    const fault = this.#cloud.faults.next(method.id);
    if (fault === 'cut') return 'cut';
    if (fault === 'before') throw serviceUnavailable();
    if (fault === 'throttle') throw this.#cloud.rates.refusal(project, groupOf(method));
    const body = method.body === undefined ? {} : readBody(request.body, method.body);
    const select = selectionOf(query);
    const answer = await this.#call({ cloud: this.#cloud, method, project, parameters, query, body, user, fault: operationFault(fault) });
    if (fault === 'lose') return 'cut';
    if (fault === 'after') throw serviceUnavailable();
    return answerOf(200, select(answer));
  }

  /** @throws {ApiError} what keeps a call from being looked at */
  #admit(method: Method, project: string, rest: readonly string[], parameters: Readonly<Record<string, string>>, query: URLSearchParams): void {
    this.#cloud.calls.set(method.id, (this.#cloud.calls.get(method.id) ?? 0) + 1);
    this.#checkProject(project);
    checkQuery(query, method);
    this.#checkParameters(parameters);
    if (this.#cloud.denied.has(permissionOf(method))) throw denied(permissionOf(method), `projects/${project}/${rest.join('/')}`);
    this.#cloud.rates.take(project, method);
  }

  #call(call: Call): Json | Promise<Json> {
    return isMutation(call.method) ? this.#mutate(call, call.method) : call.method.handle(call);
  }

  #mutate(call: Call, method: Mutation): Json {
    const key = requestKey(call);
    const earlier = key === undefined ? undefined : this.#cloud.operations.ofRequest(key);
    if (earlier !== undefined) return earlier;
    const operation = this.#cloud.operations.start(call, method.effect(call), key);
    this.#cloud.clock.settle();
    return this.#cloud.resources.get(operation.selfLink.slice(linkOf('').length)) ?? operation;
  }

  /** A project comes into being, with its default network, when it is named first. */
  #checkProject(project: string): void {
    if (!projectRegex.test(project)) throw invalid('project', project, "Must be a match of regex '(?:(?:[-a-z0-9]{1,63}\\.)*(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?):)?(?:[0-9]{1,19}|(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?))'");
    const exists = this.#cloud.projects === undefined || this.#cloud.projects.has(project) || publicImages.some((image) => image.project === project);
    if (!exists) throw notFound(`projects/${project}`);
    if (this.#known.has(project)) return;
    this.#known.add(project);
    if (this.#cloud.resources.get(`projects/${project}/global/networks/default`) === undefined) makeDefaultNetwork(this.#cloud, project);
  }

  #checkParameters(parameters: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(parameters)) {
      if (name === 'zone' || name === 'region') this.#cloud.checkPlace(name, value);
      else if (name !== 'operation' && !referenceRegex.test(value)) throw invalid(name, value, `Must be a match of regex '${referenceFormat}'`);
    }
  }

  #addImage(project: string, { name, family, sizeGb, architecture }: { readonly name: string; readonly family: string; readonly sizeGb: number; readonly architecture: string }): void {
    const path = `projects/${project}/global/images/${name}`;
    const image: Resource = {
      kind: 'compute#image',
      id: this.#cloud.random.id(),
      creationTimestamp: timestamp(Date.UTC(2026, 8, 15)),
      name,
      family,
      architecture,
      sourceType: 'RAW',
      status: 'READY',
      diskSizeGb: String(sizeGb),
      archiveSizeBytes: '1073741824',
      storageLocations: ['us', 'eu', 'asia'],
      labelFingerprint: fingerprintOf([]),
      selfLink: linkOf(path),
    };
    this.#cloud.resources.put(path, image, 0);
  }
}

/** The parts of the path below `/compute/v1/`; undefined where it is no such path. */
function partsOf(pathname: string): readonly string[] | undefined {
  const below = /^\/compute\/v1\/(.+)$/.exec(pathname)?.[1];
  if (below === undefined) return undefined;
  try {
    return below.split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function selectionOf(query: URLSearchParams): (answer: Json) => Json {
  const mask = query.get('fields');
  return mask === null || mask === '' || mask === '*' ? (answer) => answer : parseFieldMask(mask);
}

function checkQuery(query: URLSearchParams, method: Method): void {
  const allowed = new Set(queryOf(method));
  for (const name of query.keys()) if (!allowed.has(name) && !systemQuery.has(name)) throw unknownName(name, '', 'parameter');
}

function requestKey({ query, method, project, parameters }: Call): string | undefined {
  const id = query.get('requestId');
  if (id === null || id === '') return undefined;
  if (!uuid.test(id) || /^[0-]+$/.test(id)) throw invalid('requestId', id, 'Must be a valid UUID other than the zero UUID.');
  return [id.toLowerCase(), method.id, project, ...Object.values(parameters)].join('\n');
}

function operationFault(fault: Fault | undefined): OperationFault | undefined {
  return fault === 'operation-fails' || fault === 'operation-hangs' || fault === 'operation-hangs-after' ? fault : undefined;
}

/** `compute.disks.create` for a regional disk too; most others have permissions of their own for regions. */
export function permissionOf({ id, permission = id }: Method): string {
  return permission.replace(/\.regionDisk(?=s\.|Types\.)/, '.disk');
}

function denied(permission: string, path: string): ApiError {
  return new ApiError(403, 'forbidden', `Required '${permission}' permission for '${path}'`);
}

function answerOf(status: number, body: Json): ApiAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(body, undefined, 2)}\n` };
}

/** What Google's front end says of a path that no service has: a page, not JSON. */
function pageNotFound(pathname: string): ApiAnswer {
  const shown = pathname.slice(0, 500).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  const body = `<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error 404 (Not Found)!!1</title>\n  <p><b>404.</b> <ins>That’s an error.</ins>\n  <p>The requested URL <code>${shown}</code> was not found on this server.  <ins>That’s all we know.</ins>\n`;
  return { status: 404, type: 'text/html', body };
}

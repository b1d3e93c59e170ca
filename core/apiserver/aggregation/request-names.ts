import { StatusError } from '#core/api/status-error.ts';
import { isWatch } from '#core/apiserver/http/query.ts';

/** What a request to another API server is about, as far as its URL tells: for authorization, limits and the audit log. */
export interface RequestNames {
  readonly verb: string;
  /** Undefined for a path that names no resource, such as discovery. */
  readonly resource: string | undefined;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

const verbs: ReadonlyMap<string, string> = new Map([['GET', 'get'], ['HEAD', 'get'], ['POST', 'create'], ['PUT', 'update'], ['PATCH', 'patch'], ['DELETE', 'delete']]);
const ofNamespaces = new Set(['status', 'finalize']);

/** `metadata.name=x` makes a list or watch one of that object. */
const nameSelected = (query: URLSearchParams): string => /^metadata\.name==?([^,=!]+)$/.exec(query.get('fieldSelector') ?? '')?.[1] ?? '';

/**
 * Reads what follows `/apis/<group>/<version>/`.
 * @param segments decoded
 * @throws {StatusError} BadRequest for a path that the other server could take for another one
 */
export function requestNames(method: string, segments: readonly string[], query: URLSearchParams): RequestNames {
  if (segments.some((segment) => segment === '.' || segment === '..')) throw StatusError.badRequest('the path must not contain "." or ".."');
  const verb = verbs.get(method) ?? method.toLowerCase();
  const watches = segments[0] === 'watch';
  const { namespace, parts: [resource, name = '', subresource = ''] } = inNamespace(watches ? segments.slice(1) : segments);
  if (resource === undefined) return { verb, resource, subresource: '', namespace: '', name: '' };
  const names = { resource, subresource, namespace, name };
  if (watches) return { ...names, verb: 'watch' };
  if (name !== '') return { ...names, verb };
  if (verb === 'delete') return { ...names, verb: 'deletecollection' };
  if (verb !== 'get') return { ...names, verb };
  return { ...names, verb: isWatch(query) ? 'watch' : 'list', name: nameSelected(query) };
}

function inNamespace(segments: readonly string[]): { readonly namespace: string; readonly parts: readonly string[] } {
  const [first, namespace = '', third] = segments;
  if (first !== 'namespaces' || namespace === '') return { namespace: '', parts: segments };
  return { namespace, parts: third === undefined || ofNamespaces.has(third) ? segments : segments.slice(2) };
}

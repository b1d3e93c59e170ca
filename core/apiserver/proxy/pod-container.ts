import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Target } from '#core/apiserver/api.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

/** @throws {StatusError} NotFound */
export function podOf(objects: ObjectStore, { namespace, name }: Target): Pod {
  const pod = objects.get(Pod, namespace, name);
  if (pod === undefined || !isKindOf(pod, Pod)) throw StatusError.notFound(Pod, name);
  return pod;
}

/** The container that is meant: the one that is named, or the only one. @throws {StatusError} BadRequest */
export function containerOf({ metadata, spec }: Pod, name = ''): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = spec;
  const [only, second] = containers;
  if (name === '' && only !== undefined && second === undefined) return only.name;
  const names = [...initContainers, ...containers, ...ephemeralContainers].map((container) => container.name);
  if (name === '') throw StatusError.badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(' ')}]`);
  if (!names.includes(name)) throw StatusError.badRequest(`container ${name} is not valid for pod ${metadata.name}`);
  return name;
}

/** Path and query by which a node agent does something with a pod, or with a container of it. */
export function agentPath(folder: string, { metadata: { namespace = '', name } }: Pod, container: string | undefined, query: URLSearchParams): string {
  const path = ['', folder, namespace, name, ...(container === undefined ? [] : [container])].join('/');
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

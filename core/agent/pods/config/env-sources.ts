import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Reader } from '#core/client/client.ts';

/** Where variables come from that are not in the pod. Undefined: there is no such object. */
export interface EnvSources {
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
}

/** What a pod's containers were last given, so that they start again while the API cannot be reached. */
export type SeenSources = Map<string, KubernetesObject>;

/** Reads from the API, and falls back on what was read before when no answer comes. */
export function apiEnvSources(reader: Reader, namespace: string, seen: SeenSources, signal: AbortSignal): EnvSources {
  const read = async <T extends KubernetesObject>(kind: Kind<T>, name: string): Promise<T | undefined> => {
    const key = `${kind.plural}/${name}`;
    try {
      const object = await reader.get(kind, { namespace, name }, signal);
      seen.set(key, object);
      return object;
    } catch (error) {
      signal.throwIfAborted();
      if (StatusError.is(error, 'NotFound')) {
        seen.delete(key);
        return undefined;
      }
      const before = seen.get(key);
      // Refused is an answer; what was read while it was allowed does not count any more.
      if (before === undefined || StatusError.is(error, 'Forbidden', 'Unauthorized')) throw error;
      return before as T;
    }
  };
  return { configMap: (name) => read(ConfigMap, name), secret: (name) => read(Secret, name) };
}

import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ObjectKey, Reader } from '#core/client/client.ts';

/** The newest state, or undefined when there is no such object. */
export async function live<T extends KubernetesObject>(reader: Reader, kind: Kind<T>, key: ObjectKey, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await reader.get(kind, key, signal);
  } catch (error) {
    if (StatusError.is(error, 'NotFound')) return undefined;
    throw error;
  }
}

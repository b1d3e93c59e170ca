import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ApiObjects } from '#core/agent/volumes/api-objects.ts';
import { bytesOf, filesOfKeys, type KeySelection } from './keys.ts';
import type { FileContent } from './atomic-writer.ts';

export const defaultFileMode = 0o644;

export interface NamedKeys extends KeySelection {
  readonly name?: string;
}

export interface FilesRequest {
  readonly pod: Pod;
  readonly defaultMode: number;
  /** The pod runs already: objects that were read a short while ago will do. */
  readonly isRunning: boolean;
}

/** @throws {Error} worded as upstream's when the ConfigMap or a key is missing and not optional */
export async function configMapFiles(objects: ApiObjects, keys: NamedKeys, request: FilesRequest, signal: AbortSignal): Promise<Map<string, FileContent>> {
  const found = await optionally(objects, ConfigMap, keys, request, signal);
  const values = new Map([...bytesOf(found?.data, 'utf8'), ...bytesOf(found?.binaryData, 'base64')]);
  return filesOfKeys(values, keys, request.defaultMode, (key) => `configmap references non-existent config key: ${key}`);
}

/** @throws {Error} worded as upstream's when the Secret or a key is missing and not optional */
export async function secretFiles(objects: ApiObjects, keys: NamedKeys, request: FilesRequest, signal: AbortSignal): Promise<Map<string, FileContent>> {
  const found = await optionally(objects, Secret, keys, request, signal);
  return filesOfKeys(bytesOf(found?.data, 'base64'), keys, request.defaultMode, (key) => `references non-existent secret key: ${key}`);
}

async function optionally<T extends KubernetesObject>(
  objects: ApiObjects, kind: Kind<T>, { name = '', optional = false }: NamedKeys, { pod, isRunning }: FilesRequest, signal: AbortSignal,
): Promise<T | undefined> {
  const key = { namespace: pod.metadata.namespace, name };
  try {
    return isRunning ? await objects.recent(kind, key, signal) : await objects.fresh(kind, key, signal);
  } catch (error) {
    if (!StatusError.is(error, 'NotFound')) throw error;
    if (optional) return undefined;
    throw new Error(`${kind.singular} "${name}" not found`, { cause: error });
  }
}

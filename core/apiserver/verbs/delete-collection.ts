import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Api, Caller, Target } from '#core/apiserver/api.ts';
import { remove, type Deletion } from './delete.ts';
import { list, type ListParameters, type ListResult } from './list.ts';

/** Deletions under way at once: enough to share the store's commits, few enough to leave room for others. */
const width = 32;

/** Deletes what `list` would return, and resolves to what it found. An object that is gone meanwhile is no failure. */
export async function removeCollection(api: Api, target: Target, selection: ListParameters, deletion: Deletion, caller: Caller): Promise<ListResult> {
  const found = await list(api, target, selection);
  const left: KubernetesObject[] = found.items.toReversed();
  const worker = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { namespace, name, uid } = next.metadata;
      try {
        await remove(api, { ...target, namespace, name }, { ...deletion, preconditions: { uid } }, caller);
      } catch (error) {
        if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return found;
}

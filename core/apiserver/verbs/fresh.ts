import { StatusError } from '#core/api/status-error.ts';
import type { Api } from '#core/apiserver/api.ts';

/**
 * Runs a write that reads from memory first. Where other processes write to the store too, a refusal may be about the past:
 * then the memory is brought up to date and the write tried once more, so that only the newest state refuses.
 */
export async function fresh<T>(api: Api, write: () => Promise<T>): Promise<T> {
  if (!api.objects.shared) return write();
  try {
    return await write();
  } catch (error) {
    if (!StatusError.is(error, 'NotFound', 'Conflict', 'AlreadyExists', 'Invalid', 'Forbidden', 'BadRequest')) throw error;
    await api.objects.catchUp();
    return write();
  }
}

import { resourceName, type Kind } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';

/** What is still in a namespace after a round of deletions. */
export interface Remains {
  /** How many objects are left, by resource. */
  readonly objects: ReadonlyMap<string, number>;
  /** How many of them wait for whom, by finalizer. */
  readonly finalizers: ReadonlyMap<string, number>;
  readonly failures: readonly Error[];
}

const pageSize = 500;
const atOnce = 16;

/** Deletes every object of the kinds in the namespace, and counts what stays. */
export async function emptyOf(client: Client, kinds: readonly Kind[], namespace: string, signal: AbortSignal): Promise<Remains> {
  const objects = new Map<string, number>();
  const finalizers = new Map<string, number>();
  const failures: Error[] = [];
  for (const kind of kinds) {
    try {
      if (!(await deleteAll(client, kind, namespace, signal))) continue;
      for await (const { metadata } of listed(client, kind, namespace, signal)) {
        add(objects, resourceName(kind));
        for (const name of metadata.finalizers ?? []) add(finalizers, name);
      }
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error instanceof Error ? error : new Error(String(error)));
    }
  }
  return { objects, finalizers, failures };
}

const add = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

async function* listed(client: Client, kind: Kind, namespace: string, signal: AbortSignal) {
  let next: string | undefined;
  do {
    const page = await client.list(kind, { namespace, limit: pageSize, continue: next }, signal);
    yield* page.items;
    next = page.metadata.continue;
  } while (next !== undefined && next !== '');
}

/** Resolves to whether there was anything at all. */
async function deleteAll(client: Client, kind: Kind, namespace: string, signal: AbortSignal): Promise<boolean> {
  let any = false;
  const todo = listed(client, kind, namespace, signal);
  const worker = async (): Promise<void> => {
    for (let next = await todo.next(); next.done !== true; next = await todo.next()) {
      any = true;
      const { metadata } = next.value;
      if (metadata.deletionTimestamp !== undefined) continue;
      try {
        await client.delete(kind, metadata, { preconditions: { uid: metadata.uid }, propagationPolicy: 'Background' }, signal);
      } catch (error) {
        if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return any;
}

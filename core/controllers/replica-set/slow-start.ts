/** How many of the calls succeeded, and what the first that did not met with. */
export interface SlowStart<T> {
  readonly results: readonly T[];
  readonly failure?: Error;
}

/**
 * Makes `count` calls in batches of 1, 2, 4 and so on, each batch at once. After a batch with a failure there is none: what is refused
 * once would likely be refused five hundred times.
 */
export async function slowStart<T>(count: number, call: () => Promise<T>): Promise<SlowStart<T>> {
  const results: T[] = [];
  for (let left = count, size = 1; left > 0; left -= size, size *= 2) {
    const batch = await Promise.allSettled(Array.from({ length: Math.min(size, left) }, () => call()));
    for (const each of batch) if (each.status === 'fulfilled') results.push(each.value);
    const failed = batch.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') return { results, failure: asError(failed.reason) };
  }
  return { results };
}

export const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));

import { checkOrder, inOrder } from './element-order.ts';
import { badPatch } from './strategic-failure.ts';

/** Merges lists of scalars by value, as sets. `$setElementOrder` orders all, otherwise the patch orders its own. */
export function mergeScalarList(
  original: readonly unknown[], patch: readonly unknown[], deletions: readonly unknown[], order: readonly unknown[] | undefined,
): unknown[] {
  for (const item of [...original, ...patch]) {
    if (typeof item === 'object') throw badPatch('a list that merges by value can hold only scalars');
  }
  if (order) checkOrder(patch, order);
  const gone = new Set(deletions);
  const kept = original.filter((item) => !gone.has(item));
  return inOrder([...new Set([...kept, ...patch])], (item) => item, order ?? patch, original);
}

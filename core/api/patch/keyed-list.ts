import { StatusError } from '#core/api/status-error.ts';
import { isObject, own, type JsonObject } from '#core/api/value.ts';
import { checkOrder, inOrder } from './element-order.ts';
import { badPatch, goText, noMergeKey } from './strategic-failure.ts';

type MergeItem = (original: JsonObject | undefined, patch: JsonObject) => JsonObject;

interface Changes {
  /** Items to merge or add, by key. */
  readonly items: readonly (readonly [unknown, JsonObject])[];
  readonly deleted: ReadonlySet<unknown>;
  /** `$patch: replace` stands in the list: nothing of the original stays. */
  readonly replace: boolean;
}

/** Merges lists of objects item by item, finding them by their merge key. `order` is `$setElementOrder`. */
export function mergeKeyedList(
  key: string, original: readonly unknown[], patch: readonly unknown[], order: readonly unknown[] | undefined, merge: MergeItem,
): unknown[] {
  const keyOf = (item: unknown): unknown => (isObject(item) ? own(item, key) : undefined);
  const changes = readChanges(key, patch);
  const wanted = order?.map((item) => keyIn(item, key));
  const patched = changes.items.map(([value]) => value);
  if (wanted) checkOrder(patched, wanted);
  const merged = changes.replace ? [] : original.filter((item) => !changes.deleted.has(keyOf(item)));
  const kept = merged.length;
  const found = new Map<unknown, number>();
  merged.forEach((item, index) => {
    if (!found.has(keyOf(item))) found.set(keyOf(item), index);
  });
  for (const [value, change] of changes.items) {
    const index = found.get(value) ?? merged.length;
    found.set(value, index);
    const existing = merged[index];
    merged[index] = merge(isObject(existing) ? existing : undefined, change);
  }
  if (!wanted) return inOrder(merged, keyOf, patched, merged.slice(0, kept).map(keyOf));
  // As upstream: where an order is given, new items count as standing where deleted ones left room.
  return inOrder(merged, keyOf, wanted, merged.slice(0, original.length).map(keyOf));
}

function readChanges(key: string, patch: readonly unknown[]): Changes {
  const items: [unknown, JsonObject][] = [];
  const deleted = new Set<unknown>();
  let replace = false;
  for (const item of patch) {
    if (!isObject(item)) throw badPatch(`list element types are not identical: ${goText(patch)}`);
    const directive = own(item, '$patch');
    if (directive === 'replace') replace = true;
    else if (directive === 'delete') deleted.add(keyIn(item, key));
    else if (directive === undefined || directive === 'merge') items.push([keyIn(item, key), item]);
    else throw badPatch(`unknown patch type: ${goText(directive)} in map: ${goText(item)}`);
  }
  return { items, deleted, replace };
}

function keyIn(item: unknown, key: string): unknown {
  const value = isObject(item) ? own(item, key) : undefined;
  if (value === undefined || value === null) throw noMergeKey(item, key);
  if (typeof value === 'object') throw StatusError.badRequest(`merge key ${key} must be a scalar, not ${goText(value)}`);
  return value;
}

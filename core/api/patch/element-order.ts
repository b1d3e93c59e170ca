import { badPatch, goText } from './strategic-failure.ts';

/**
 * Puts a merged list in order: items whose key is in `wanted` in that order, the others in the order they have. Where both lie
 * before each other in `stored`, the one that stood first stays first; what is new comes as early as it may.
 */
export function inOrder<T>(items: readonly T[], keyOf: (item: T) => unknown, wanted: readonly unknown[], stored: readonly unknown[]): T[] {
  const rank = positions(wanted);
  const before = positions(stored);
  const rankOf = (item: T): number => rank.get(keyOf(item)) ?? 0;
  const named = items.filter((item) => rank.has(keyOf(item))).sort((a, b) => rankOf(a) - rankOf(b));
  const others = items.filter((item) => !rank.has(keyOf(item)));
  const result: T[] = [];
  let next = 0;
  for (const item of named) {
    const place = before.get(keyOf(item));
    for (let other = others[next]; other !== undefined && place !== undefined; other = others[++next]) {
      const otherPlace = before.get(keyOf(other));
      if (otherPlace === undefined || otherPlace > place) break;
      result.push(other);
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function positions(keys: readonly unknown[]): Map<unknown, number> {
  const found = new Map<unknown, number>();
  keys.forEach((key, index) => {
    if (!found.has(key)) found.set(key, index);
  });
  return found;
}

/** @throws {StatusError} Invalid when `$setElementOrder` leaves out an item of the patch or names them in another order. */
export function checkOrder(patched: readonly unknown[], order: readonly unknown[]): void {
  if (order.length === 0) return;
  let at = 0;
  for (const key of patched) {
    at = order.indexOf(key, at) + 1;
    if (at === 0) throw badPatch(`The order in patch list: ${goText(patched)} doesn't match $setElementOrder list: ${goText(order)}`);
  }
}

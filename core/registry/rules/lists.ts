import type { FieldPath } from './field-path.ts';

/** Checks each item, and its key among the others'. A list that is too long is not looked into: that could take long. */
export function validateItems<T>(
  items: readonly T[] | undefined, max: number, check: (item: T, field: FieldPath) => void, field: FieldPath, keyOf?: (item: T) => string,
): void {
  if (items === undefined) return;
  if (items.length > max) return field.tooMany(items.length, max);
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    check(item, field.at(i));
    const key = keyOf?.(item);
    if (key === undefined) continue;
    if (seen.has(key)) field.at(i).duplicate(key);
    seen.add(key);
  }
}

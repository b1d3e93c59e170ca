import { deepFreeze } from '#core/api/value.ts';
import { sharedTree } from './shared-trees.ts';

/** Shorter strings V8 shares by itself; longer ones are hardly ever equal. */
const shortest = 8;
const longest = 64;
const capacity = 8192;
const known = new Map<string, string>();

/**
 * Freezes a freshly parsed value, and lets equal strings in it be one string: thousands of objects name the same driver, class,
 * finalizers and modes, and a parser makes a copy for each.
 */
export function freezeSharing<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    const field = fields[key];
    if (typeof field === 'string') {
      if (field.length >= shortest && field.length <= longest && key !== '__proto__') fields[key] = one(field);
    } else if (key === 'fieldsV1' && typeof field === 'object' && field !== null) fields[key] = sharedTree(field) ?? deepFreeze(field);
    else freezeSharing(field);
  }
  return Object.freeze(value);
}

function one(text: string): string {
  const same = known.get(text);
  if (same !== undefined) return same;
  // Names and identifiers pass through once; what really is common is back at once.
  if (known.size >= capacity) known.clear();
  known.set(text, text);
  return text;
}

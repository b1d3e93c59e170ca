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
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    for (let i = 0; i < items.length; i++) items[i] = shared(items[i]);
    return Object.freeze(value);
  }
  const fields = value as Record<string, unknown>;
  // Freshly parsed, it has no members but its own. One that is called `__proto__` would not be set but obeyed.
  for (const key in fields) {
    const field = fields[key];
    const better = key === 'fieldsV1' && typeof field === 'object' && field !== null ? (sharedTree(field) ?? deepFreeze(field)) : shared(field);
    if (better !== field && key !== '__proto__') fields[key] = better;
  }
  return Object.freeze(value);
}

const shared = (value: unknown): unknown => (typeof value === 'string' && value.length >= shortest && value.length <= longest ? one(value) : freezeSharing(value));

function one(text: string): string {
  const same = known.get(text);
  if (same !== undefined) return same;
  // Names and identifiers pass through once; what really is common is back at once.
  if (known.size >= capacity) known.clear();
  known.set(text, text);
  return text;
}

import { Double, eachItem, Equatable, isList, isMap, mapGet, mapKeys, normalInt, Optional, TypeValue, Uint } from './values.ts';
import { setOwn } from '#core/api/value.ts';

/**
 * A value as JSON: bytes as base64, times as text, an optional as its value or null. Ints beyond 2^53 and doubles that JSON
 * lacks (NaN, infinities) become text.
 */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (value instanceof Double) return Number.isFinite(value.value) ? value.value : String(value.value);
  if (value instanceof Uint) return toJson(normalInt(value.value));
  if (value instanceof Optional) return toJson(value.value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Equatable) return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : containerJson(value);
}

function containerJson(value: object): unknown {
  if (isList(value)) {
    const items: unknown[] = [];
    eachItem(value, (item) => items.push(toJson(item)) > 0);
    return items;
  }
  const object: Record<string, unknown> = {};
  if (isMap(value)) for (const key of mapKeys(value)) setOwn(object, String(toJson(key)), toJson(mapGet(value, key)));
  return object;
}

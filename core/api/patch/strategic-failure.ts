import { StatusError } from '#core/api/status-error.ts';
import { isObject } from '#core/api/value.ts';

/** A patch that is well formed but cannot be applied. */
export const badPatch = (problem: string): StatusError => new StatusError('Invalid', problem);

export const noMergeKey = (item: unknown, key: string): StatusError => badPatch(`map: ${goText(item)} does not contain declared merge key: ${key}`);

/** A value as Go's `%v` writes it, cut when it is long. */
export function goText(value: unknown): string {
  const text = written(value, 8);
  return text.length > 512 ? `${text.slice(0, 512)}…` : text;
}

function written(value: unknown, depth: number): string {
  if (value === null || value === undefined) return '<nil>';
  if (depth === 0) return '…';
  if (Array.isArray(value)) return `[${value.slice(0, 100).map((item) => written(item, depth - 1)).join(' ')}]`;
  if (!isObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const keys = Object.keys(value).sort().slice(0, 100);
  return `map[${keys.map((key) => `${key}:${written(value[key], depth - 1)}`).join(' ')}]`;
}

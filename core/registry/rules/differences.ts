import { Quantity } from '#core/api/quantity.ts';
import type { Scalar, Struct, Type } from '#core/api/schema/type.ts';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const shown = (value: unknown): string => (JSON.stringify(value) ?? '<unset>').slice(0, 80);

/**
 * Where two values of one type differ in meaning, as `path: old → new`.
 * Amounts count by their value, absent fields as empty ones: clients written in Go leave out false, 0, '' and [].
 */
export function* differences(type: Type, old: unknown, now: unknown, path: string): Generator<string> {
  switch (type.form) {
    case 'scalar':
      if (!sameScalar(type, old, now)) yield `${path}: ${shown(old)} → ${shown(now)}`;
      return;
    case 'list': {
      const [before, after] = [itemsOf(old), itemsOf(now)];
      if (before.length !== after.length) yield `${path}: ${before.length} items → ${after.length} items`;
      else for (const [i, item] of after.entries()) yield* differences(type.of, before[i], item, `${path}[${i}]`);
      return;
    }
    case 'map': {
      const [before, after] = [recordOf(old), recordOf(now)];
      for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
        if (!(key in before && key in after)) yield `${path}[${key}]: ${shown(before[key])} → ${shown(after[key])}`;
        else yield* differences(type.of, before[key], after[key], `${path}[${key}]`);
      }
      return;
    }
    case 'struct':
      yield* structDifferences(type, old, now, path);
  }
}

function* structDifferences(type: Struct, old: unknown, now: unknown, path: string): Generator<string> {
  const [before, after] = [recordOf(old), recordOf(now)];
  for (const field of type.fields.values()) {
    const [a, b] = [before[field.name], after[field.name]];
    const appears = field.type.form === 'struct' && !field.always && isRecord(a) !== isRecord(b);
    if (appears) yield `${path}.${field.name}: ${shown(a)} → ${shown(b)}`;
    else yield* differences(field.type, a, b, `${path}.${field.name}`);
  }
}

function sameScalar(type: Scalar, old: unknown, now: unknown): boolean {
  if (old === now) return true;
  if (empty(old) || empty(now)) return empty(old) && empty(now);
  if (type.name === 'quantity' && typeof old === 'string' && typeof now === 'string') return Quantity.parse(old).compare(Quantity.parse(now)) === 0;
  return (type.name === 'raw' || type.name === 'json') && JSON.stringify(old) === JSON.stringify(now);
}

const empty = (value: unknown): boolean => value === undefined || value === null || value === '' || value === 0 || value === false;

export const same = (type: Type, old: unknown, now: unknown): boolean => differences(type, old, now, '').next().done === true;

/** The first few differences, one a line, to stand under an error's sentence. */
export function differenceText(type: Type, old: unknown, now: unknown, path: string): string {
  const lines: string[] = [];
  for (const line of differences(type, old, now, path)) {
    if (lines.push(line) === 5) break;
  }
  return lines.map((line) => `\n  ${line}`).join('');
}

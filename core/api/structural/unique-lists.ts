import type { FieldErrors } from '#core/api/field-errors.ts';
import { isObject, own, type JsonObject } from '#core/api/value.ts';
import type { Structure } from './structure.ts';

/** Finds the items of lists of type `set` and `map` that occur more than once; each is reported where it is seen the second time. */
export function checkUniqueLists(value: JsonObject, structure: Structure, errors: FieldErrors): void {
  if (structure.hasUniqueLists) visit(value, structure, '', errors);
}

function visit(value: unknown, structure: Structure, path: string, errors: FieldErrors): void {
  if (!structure.hasUniqueLists) return;
  if (Array.isArray(value)) visitList(value, structure, path, errors);
  else if (isObject(value)) visitObject(value, structure, path, errors);
}

function visitObject(value: JsonObject, structure: Structure, path: string, errors: FieldErrors): void {
  for (const [key, each] of Object.entries(value)) {
    const property = structure.properties.get(key);
    if (property) visit(each, property, path === '' ? key : `${path}.${key}`, errors);
    else if (typeof structure.additional === 'object') visit(each, structure.additional, `${path}[${key}]`, errors);
  }
}

function visitList(value: readonly unknown[], structure: Structure, path: string, errors: FieldErrors): void {
  if (structure.listType === 'set') reportRepeated(value, path, errors);
  if (structure.listType === 'map') visitMap(value, structure.listKeys, path, errors);
  if (structure.items === undefined) return;
  for (const [i, each] of value.entries()) visit(each, structure.items, `${path}[${i}]`, errors);
}

function visitMap(value: readonly unknown[], keys: readonly string[], path: string, errors: FieldErrors): void {
  const stray = value.findIndex((item) => item !== null && !isObject(item));
  if (stray >= 0) return errors.invalid(`${path}[${stray}]`, value[stray], 'must be an object for an array of list-type map');
  const identities = value.map((item) => Object.fromEntries(keys.flatMap((key) => {
    const part = isObject(item) ? own(item, key) : undefined;
    return part === undefined ? [] : [[key, part]];
  })));
  reportRepeated(identities, path, errors);
}

function reportRepeated(items: readonly unknown[], path: string, errors: FieldErrors): void {
  const times = new Map<string, number>();
  for (const [i, item] of items.entries()) {
    const text = canonical(item);
    const seen = times.get(text) ?? 0;
    // Shown as it is compared, as Go writes maps.
    if (seen === 1) errors.duplicate(`${path}[${i}]`, JSON.parse(text));
    times.set(text, seen + 1);
  }
}

/** One text for equal values, whatever the order of their keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

import { isObject, own, type JsonObject } from '#core/api/value.ts';
import { fieldOf, isMetaField, type Structure } from './structure.ts';

/**
 * Whether `normalize` would change nothing: so is everything that was stored under the schema of today, and reading it then costs no copy.
 * Metadata of embedded resources is trusted.
 */
export const isNormal = (value: JsonObject, structure: Structure): boolean => isNormalObject(value, structure, structure.preserves);

function isNormalValue(value: unknown, structure: Structure | undefined, preserves = structure?.preserves ?? false): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return isNormalList(value, structure, preserves);
  if (structure === undefined) return Object.keys(value).length === 0;
  return isNormalObject(value as JsonObject, structure, preserves);
}

function isNormalObject(value: JsonObject, structure: Structure, preserves: boolean): boolean {
  for (const key of Object.keys(value)) {
    const given = value[key];
    const normal = isMetaField(structure, key) ? isNormalMeta(key, given) : isNormalField(given, fieldOf(structure, key), preserves);
    if (!normal) return false;
  }
  return structure.defaults.every(([name]) => own(value, name) !== undefined);
}

const isNormalMeta = (key: string, given: unknown): boolean => (key === 'metadata' ? isObject(given) : typeof given === 'string');

function isNormalField(given: unknown, field: Structure | 'any' | undefined, preserves: boolean): boolean {
  if (field === undefined) return preserves;
  if (field === 'any') return isNormalValue(given, undefined);
  return given === null ? field.nullable : isNormalValue(given, field);
}

function isNormalList(value: readonly unknown[], structure: Structure | undefined, preserves: boolean): boolean {
  const item = structure?.items;
  if (preserves && item === undefined) return true;
  return value.every((given) => (given === null ? item === undefined || item.nullable || item.schema.default === undefined : isNormalValue(given, item, preserves || item?.preserves === true)));
}

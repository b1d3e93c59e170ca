import { StatusError } from './status-error.ts';

/** How deep JSON may nest, wherever it comes from: deep enough for any object, shallow enough to recurse. */
export const maxDepth = 1000;

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of the object itself; what the prototype has does not count. */
export const own = (object: JsonObject, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

/** Assigns a member whose key came from outside: `__proto__` becomes an ordinary key. */
export function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** `spec.containers[0].name`; cut when it is very long. */
export function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
  return text.length > 256 ? `${text.slice(0, 256)}…` : text;
}

export const tooDeep = (): StatusError => StatusError.badRequest(`the JSON value nests deeper than ${maxDepth} levels`);

/** A copy that shares nothing with its source. Members that are `undefined` are left out. @throws {StatusError} BadRequest beyond `maxDepth`. */
export function deepCopy<T>(value: T, depth?: number): T;
export function deepCopy(value: unknown, depth = maxDepth): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth <= 0) throw tooDeep();
  if (Array.isArray(value)) return value.map((item: unknown) => deepCopy(item, depth - 1));
  const copy: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) setOwn(copy, key, deepCopy(item, depth - 1));
  }
  return copy;
}

/** @throws {StatusError} BadRequest when the value nests deeper than `maxDepth`. */
export function checkDepth(value: unknown, depth = maxDepth): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth <= 0) throw tooDeep();
  for (const item of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) checkDepth(item, depth - 1);
}

/** Freezes the value all the way down. What is frozen already is taken to be so all the way, so that shared parts cost nothing. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) deepFreeze(item);
  return value;
}

/** Whether both would be the same JSON: the order of keys does not matter, and a member that is `undefined` is no member. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  return !Array.isArray(b) && sameMembers(a as JsonObject, b as JsonObject);
}

function sameMembers(a: JsonObject, b: JsonObject): boolean {
  let members = 0;
  for (const key in a) {
    const value = a[key];
    if (value === undefined) continue;
    members++;
    if (!Object.hasOwn(b, key) || !deepEqual(value, b[key])) return false;
  }
  for (const key in b) if (b[key] !== undefined) members--;
  return members === 0;
}

/** An object as it goes over the wire. */
export type Json = Record<string, unknown>;

/** What every resource of the API has. */
export interface Resource extends Json {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly selfLink: string;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field of an object, never what it inherits. */
export function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** A value as a text: what is none, as JSON; nothing, as ''. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : JSON.stringify(value);
}

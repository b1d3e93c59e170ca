import { isObject } from '#core/api/value.ts';

/**
 * One step of a path into an object, in the words of FieldsV1 (KEP-555): `f:name` is a field or a map's key, `k:{"name":"a"}` the
 * item of a list with these keys, `v:"a"` the item of a set, `i:0` an item by its place. Texts are canonical: equal steps are
 * equal strings.
 */
export type PathElement = string;
export type Path = readonly PathElement[];

export const fieldElement = (name: string): PathElement => `f:${name}`;
export const valueElement = (value: unknown): PathElement => `v:${JSON.stringify(value)}`;

/** The name in a field's element; undefined for items of lists. */
export const fieldOf = (element: PathElement): string | undefined => (element.startsWith('f:') ? element.slice(2) : undefined);

export type KeyField = readonly [name: string, value: unknown];

/** Longer texts are not kept. */
const cachedLength = 256;
const cacheCapacity = 2048;

/** Keys and values are written in few forms and compared often. */
function cached<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (text.length > cachedLength) return read(text);
    let result = known.get(text);
    if (result === undefined) {
      result = read(text);
      if (known.size >= cacheCapacity) known.clear();
      known.set(text, result);
    }
    return result;
  };
}

const byName = ([a]: KeyField, [b]: KeyField): number => (a < b ? -1 : a > b ? 1 : 0);

/** The fields of a `k:` element, by name. */
export const keyFields: (element: PathElement) => readonly KeyField[] = cached((element) => {
  const value: unknown = JSON.parse(element.slice(2));
  if (!isObject(value)) throw new SyntaxError('a key is an object');
  return Object.entries(value).sort(byName);
});

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;

const canonical = cached((element): { element: PathElement | undefined } => {
  if (element.length < 2) throw new SyntaxError('key must be 2 characters long:');
  if (element[1] !== ':') throw new SyntaxError(`missing colon: ${element.slice(0, 64)}`);
  switch (element[0]) {
    case 'f': return { element };
    case 'v': {
      const value: unknown = JSON.parse(element.slice(2));
      if (!isScalar(value)) throw new SyntaxError(`the value of a set's item is a scalar: ${element.slice(0, 64)}`);
      return { element: valueElement(value) };
    }
    case 'k': {
      const fields = keyFields(element);
      if (fields.length === 0 || !fields.every(([, value]) => isScalar(value))) throw new SyntaxError(`a key consists of scalars: ${element.slice(0, 64)}`);
      return { element: keyElement(fields) };
    }
    case 'i': {
      if (!/^i:-?\d{1,15}$/.test(element)) throw new SyntaxError(`an index is a whole number: ${element.slice(0, 64)}`);
      return { element: `i:${Number(element.slice(2))}` };
    }
    default: return { element: undefined };
  }
});

/**
 * Reads an element that came from outside.
 * @returns its canonical text; undefined for a sort of element that later versions may know and that is to be ignored
 * @throws {SyntaxError} for malformed ones
 */
export function parseElement(text: string): PathElement | undefined {
  return text.startsWith('f:') ? text : canonical(text).element;
}

/** @param fields sorted by name */
export const keyElement = (fields: readonly KeyField[]): PathElement =>
  `k:{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;

const ranks: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 };

/** The canonical order: fields by name, then keys, values and indices. `.` comes before all. */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  const form = a[0] ?? '';
  if (form === 'f' && b[0] === 'f') return compareText(a, b);
  if (form !== b[0]) return (ranks[form] ?? -1) - (ranks[b[0] ?? ''] ?? -1);
  if (form === 'k') return compareKeys(keyFields(a), keyFields(b));
  return form === 'v' ? compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2))) : Number(a.slice(2)) - Number(b.slice(2));
}

/** Go compares bytes: a character beyond the basic plane stands behind all others, not among the surrogates. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const high = x >= 0xd800 && x < 0xe000;
    return high === (y >= 0xd800 && y < 0xe000) ? x - y : high ? 1 : -1;
  }
  return a.length - b.length;
}

function compareKeys(a: readonly KeyField[], b: readonly KeyField[]): number {
  for (const [i, [name, value]] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

const valueRank = (value: unknown): number => (typeof value === 'number' ? 0 : typeof value === 'string' ? 1 : typeof value === 'boolean' ? 2 : 3);

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return valueRank(a) - valueRank(b) || Number(a) - Number(b);
}

/** `.spec.containers[name="x"].image`, as messages write a path. */
export const pathText = (path: Path): string => path.map(elementText).join('');

export function elementText(element: PathElement): string {
  const rest = element.slice(2);
  if (element[0] === 'f') return `.${rest}`;
  if (element[0] === 'k') return `[${keyFields(element).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
  return element[0] === 'v' ? `[=${rest}]` : `[${rest}]`;
}

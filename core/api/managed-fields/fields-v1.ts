import { isObject, type JsonObject } from '#core/api/value.ts';
import { asMember, emptySet, isEmpty, nodeOf, union, type FieldSet } from './field-set.ts';
import { compareElements, parseElement, type PathElement } from './path-element.ts';

/** Frozen values that were found to be canonical. */
const known = new WeakSet<object>();

/**
 * Reads `fieldsV1`. What is canonical already is the set itself, not a copy; sorts of elements that are not known are left out.
 * @throws {SyntaxError} for what is no FieldsV1
 */
export function readFields(json: unknown): FieldSet {
  if (json === undefined || json === null) return emptySet;
  if (!isObject(json)) throw new SyntaxError('fieldsV1 is an object');
  if (known.has(json)) return json as FieldSet;
  if (!isCanonical(json, true)) return read(json, true);
  if (Object.isFrozen(json)) known.add(json);
  return json as FieldSet;
}

function isCanonical(json: JsonObject, root: boolean): json is Record<PathElement, JsonObject> {
  let last = '';
  for (const element in json) {
    const child = json[element];
    if (!isObject(child)) return false;
    if (element === '.') {
      if (root || last !== '' || !isEmpty(child as FieldSet)) return false;
    } else if (parseElement(element) !== element || compareElements(last, element) >= 0 || !isCanonical(child, false)) return false;
    last = element;
  }
  return last !== '.';
}

function read(json: JsonObject, root: boolean): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  let member = false;
  for (const [text, value] of Object.entries(json)) {
    if (text === '.') {
      member = !root;
      continue;
    }
    const element = parseElement(text);
    if (element === undefined) continue;
    if (value !== null && !isObject(value)) throw new SyntaxError(`fieldsV1 has something else than an object at ${text.slice(0, 64)}`);
    const child = value === null ? emptySet : read(value, false);
    const twin = children.get(element);
    children.set(element, twin === undefined ? child : either(twin, child));
  }
  return nodeOf(children, member);
}

/** Of an element that was written in two ways. */
const either = (a: FieldSet, b: FieldSet): FieldSet => {
  const both = union(a, b);
  return isEmpty(a) || isEmpty(b) || a['.'] !== undefined || b['.'] !== undefined ? asMember(both) : both;
};

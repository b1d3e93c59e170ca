import type { Type } from '#core/api/schema/type.ts';
import { isObject, setOwn, type JsonObject } from '#core/api/value.ts';
import { emptySet, isEmpty, isMember, type FieldSet } from './field-set.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { shapeOf, typeOfField, type Shape } from './shape.ts';

/**
 * The value without the fields and items of a set. A map or list of which nothing stays becomes `null`: gone, but known to have
 * been there.
 * @throws {UnkeyedItem}
 */
export const remove = (type: Type, value: unknown, set: FieldSet): unknown => removeFrom(type, value, set, () => null, emptySet);

/** As `remove`, but what becomes empty goes too, unless `claimed` says that somebody wants it empty. */
export const removeUnclaimed = (type: Type, value: unknown, set: FieldSet, claimed: FieldSet): unknown =>
  removeFrom(type, value, set, (emptied, wanted) => (wanted ? emptied : undefined), claimed);

/** What stands where nothing is left. */
type Emptied = (empty: object, claimed: boolean) => unknown;

function removeFrom(type: Type, value: unknown, set: FieldSet, emptied: Emptied, claimed: FieldSet): unknown {
  if (isEmpty(set)) return value;
  const shape = shapeOf(type, value);
  if (shape.form === 'list') return Array.isArray(value) ? removeItems(shape, value, set, emptied, claimed) : null;
  if (shape.form === 'whole') return typeof value === 'object' ? null : value;
  return isObject(value) ? removeMembers(shape, value, set, emptied, claimed) : null;
}

const wants = (claimed: FieldSet): boolean => claimed['.'] !== undefined;

function removeItems({ of, elementOf }: Extract<Shape, { form: 'list' }>, items: readonly unknown[], set: FieldSet, emptied: Emptied, claimed: FieldSet): unknown {
  const kept: unknown[] = [];
  for (const item of items) {
    const element = elementOf(item);
    const below = set[element];
    if (below !== undefined && isMember(below)) continue;
    const rest = below === undefined ? item : removeFrom(of, item, below, emptied, memberOf(claimed, element));
    if (rest !== undefined) kept.push(rest);
  }
  return kept.length > 0 ? kept : emptied([], wants(claimed));
}

function removeMembers(shape: Extract<Shape, { form: 'struct' | 'map' }>, value: JsonObject, set: FieldSet, emptied: Emptied, claimed: FieldSet): unknown {
  const kept: JsonObject = {};
  for (const name of Object.keys(value)) {
    const element = fieldElement(name);
    const below = set[element];
    if (below !== undefined && isMember(below)) continue;
    const rest = below === undefined ? value[name] : removeFrom(typeOf(shape, name), value[name], below, emptied, memberOf(claimed, element));
    if (rest !== undefined) setOwn(kept, name, rest);
  }
  return Object.keys(kept).length > 0 ? kept : emptied({}, wants(claimed));
}

/** The node of a claim, such that a member is seen as one. */
function memberOf(claimed: FieldSet, element: PathElement): FieldSet {
  const node = claimed[element];
  return node === undefined ? emptySet : isEmpty(node) ? claimedWhole : node;
}

const claimedWhole: FieldSet = { '.': emptySet };

const typeOf = (shape: Extract<Shape, { form: 'struct' | 'map' }>, name: string): Type => (shape.form === 'map' ? shape.of : typeOfField(shape.type, name));

/**
 * Only the fields and items of a set, with what leads to them; the keys of items too, so that they can be told apart.
 * @returns undefined when the value has nothing of the set
 * @throws {UnkeyedItem}
 */
export function extract(type: Type, value: unknown, set: FieldSet): unknown {
  const shape = shapeOf(type, value);
  if (shape.form === 'whole' || isEmpty(set)) return value;
  if (shape.form === 'list') return Array.isArray(value) ? extractItems(shape, value, set) : undefined;
  return isObject(value) ? extractMembers(shape, value, set) : undefined;
}

function extractItems({ of, elementOf, keys }: Extract<Shape, { form: 'list' }>, items: readonly unknown[], set: FieldSet): unknown {
  const found: unknown[] = [];
  for (const item of items) {
    const below = set[elementOf(item)];
    if (below === undefined) continue;
    const taken = extract(of, item, below);
    const named = isObject(item) ? Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]])) : undefined;
    found.push(named === undefined ? taken : { ...named, ...(isObject(taken) ? taken : {}) });
  }
  return found.length > 0 ? found : undefined;
}

function extractMembers(shape: Extract<Shape, { form: 'struct' | 'map' }>, value: JsonObject, set: FieldSet): unknown {
  const found: JsonObject = {};
  for (const name of Object.keys(value)) {
    const below = set[fieldElement(name)];
    const taken = below === undefined ? undefined : extract(typeOf(shape, name), value[name], below);
    if (taken !== undefined) setOwn(found, name, taken);
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

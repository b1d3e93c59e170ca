import { json, type Type } from '#core/api/schema/type.ts';
import { deepEqual, isObject, type JsonObject } from '#core/api/value.ts';
import { emptySet, type FieldSet } from './field-set.ts';
import { compareElements, fieldElement, type PathElement } from './path-element.ts';
import { restOf, shapeOf, typeOfField, valueIn, type Shape } from './shape.ts';
import { everythingIn } from './to-field-set.ts';

/** What differs between two values; no path is in more than one of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** The nodes of one place in the three sets; undefined where a set has nothing. */
interface Change {
  readonly added: FieldSet | undefined;
  readonly modified: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
}

const modifiedHere: Change = { added: undefined, modified: emptySet, removed: undefined };

/** Compares two values of a type, field by field. @throws {UnkeyedItem} */
export function compare(type: Type, before: unknown, after: unknown): Comparison {
  const change = changeOf(type, before, after);
  return { added: change?.added ?? emptySet, modified: change?.modified ?? emptySet, removed: change?.removed ?? emptySet };
}

/** @returns undefined when nothing changed */
function changeOf(type: Type, before: unknown, after: unknown): Change | undefined {
  if (before === after || (before === undefined && after === undefined)) return undefined;
  if (before === undefined) return { added: everythingIn(type, after), modified: undefined, removed: undefined };
  if (after === undefined) return { added: undefined, modified: undefined, removed: everythingIn(type, before) };
  const shape = shapeOf(type, before);
  const next = shapeOf(type, after);
  if (shape.form !== next.form) return changedForm(shape, next, before, after);
  switch (shape.form) {
    case 'whole': return deepEqual(before, after) ? undefined : modifiedHere;
    case 'struct': return membersChange(before, after, (old, now) => structChange(shape, old, now));
    case 'map': return membersChange(before, after, (old, now) => mapChange(shape.of, old, now));
    case 'list': return listChange(shape, before, after);
  }
}

/** A value without a described type turned from an object into something else, or the other way. */
function changedForm(shape: Shape, next: Shape, before: unknown, after: unknown): Change | undefined {
  if (before === null || after === null) return membersChange(before, after, (old, now) => mapChange(json, old, now));
  const gone = shape.form === 'map' && isObject(before) ? mapChange(shape.of, before, {}) : undefined;
  const come = next.form === 'map' && isObject(after) ? mapChange(next.of, {}, after) : undefined;
  return { added: come?.added, modified: emptySet, removed: gone?.removed };
}

const noMembers: JsonObject = {};

/** `null` stands for no members; two values without members differ only as wholes. */
function membersChange(before: unknown, after: unknown, changes: (old: JsonObject, now: JsonObject) => Change | undefined): Change | undefined {
  const old = isObject(before) ? before : noMembers;
  const now = isObject(after) ? after : noMembers;
  if (old !== before || now !== after) {
    if (Object.keys(old).length === 0 && Object.keys(now).length === 0) return deepEqual(before, after) ? undefined : modifiedHere;
  }
  return changes(old, now);
}

/** Gathers the changes of a value's members, which come in any order. */
class Gathering {
  private readonly nodes: [Record<PathElement, FieldSet> | undefined, Record<PathElement, FieldSet> | undefined, Record<PathElement, FieldSet> | undefined] = [undefined, undefined, undefined];
  private last = '';
  private inOrder = true;

  add(element: PathElement, change: Change | undefined): void {
    if (change === undefined) return;
    if (this.inOrder && compareElements(this.last, element) > 0) this.inOrder = false;
    this.last = element;
    this.put(0, element, change.added);
    this.put(1, element, change.modified);
    this.put(2, element, change.removed);
  }

  private put(index: 0 | 1 | 2, element: PathElement, node: FieldSet | undefined): void {
    if (node !== undefined) (this.nodes[index] ??= {})[element] = node;
  }

  result(): Change | undefined {
    const [added, modified, removed] = this.inOrder ? this.nodes : this.nodes.map(ordered);
    return added || modified || removed ? { added, modified, removed } : undefined;
  }
}

const ordered = (node: Record<PathElement, FieldSet> | undefined): FieldSet | undefined =>
  node && Object.fromEntries(Object.entries(node).sort(([a], [b]) => compareElements(a, b)));

function structChange({ type, fields }: Extract<Shape, { form: 'struct' }>, old: JsonObject, now: JsonObject): Change | undefined {
  let gathering: Gathering | undefined;
  for (const field of fields) {
    const before = valueIn(old, field);
    const after = valueIn(now, field);
    if (before === after) continue;
    const change = changeOf(field.type, before, after);
    if (change) (gathering ??= new Gathering()).add(field.element, change);
  }
  if (type.rest !== undefined) {
    for (const name of new Set([...restOf(type, old), ...restOf(type, now)])) {
      const change = changeOf(typeOfField(type, name), memberOf(old, name), memberOf(now, name));
      if (change) (gathering ??= new Gathering()).add(fieldElement(name), change);
    }
  }
  return gathering?.result();
}

const memberOf = (object: JsonObject, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

function mapChange(of: Type, old: JsonObject, now: JsonObject): Change | undefined {
  let gathering: Gathering | undefined;
  const visit = (key: string, before: unknown, after: unknown): void => {
    const change = changeOf(of, before, after);
    if (change) (gathering ??= new Gathering()).add(fieldElement(key), change);
  };
  for (const key of Object.keys(old)) visit(key, old[key], memberOf(now, key));
  for (const key of Object.keys(now)) if (!Object.hasOwn(old, key)) visit(key, undefined, now[key]);
  return gathering?.result();
}

function listChange({ of, elementOf }: Extract<Shape, { form: 'list' }>, before: unknown, after: unknown): Change | undefined {
  const old: readonly unknown[] = Array.isArray(before) ? before : [];
  const now: readonly unknown[] = Array.isArray(after) ? after : [];
  if (old.length === 0 && now.length === 0) return deepEqual(before, after) ? undefined : modifiedHere;
  if (deepEqual(old, now)) return undefined;
  const was = byElement(old, elementOf);
  const is = byElement(now, elementOf);
  const gathering = new Gathering();
  for (const [element, items] of was) gathering.add(element, itemsChange(of, items, is.get(element) ?? []));
  for (const [element, items] of is) if (!was.has(element)) gathering.add(element, itemsChange(of, [], items));
  return gathering.result();
}

function byElement(items: readonly unknown[], elementOf: (item: unknown) => PathElement): Map<PathElement, unknown[]> {
  const found = new Map<PathElement, unknown[]>();
  for (const item of items) {
    const element = elementOf(item);
    const twins = found.get(element);
    if (twins) twins.push(item);
    else found.set(element, [item]);
  }
  return found;
}

/** Of items with one key: two or more are one value together, of which only the key is in a set. */
function itemsChange(of: Type, old: readonly unknown[], now: readonly unknown[]): Change | undefined {
  if (old.length <= 1 && now.length <= 1) return changeOf(of, old[0], now[0]);
  if (old.length >= 2 && now.length >= 2) return deepEqual(old, now) ? undefined : modifiedHere;
  const [single] = old.length >= 2 ? now : old;
  const others = single === undefined ? undefined : everythingIn(of, single);
  return old.length >= 2 ? { added: others, modified: undefined, removed: emptySet } : { added: emptySet, modified: undefined, removed: others };
}

import type { Type } from '#core/api/schema/type.ts';
import { isObject, type JsonObject } from '#core/api/value.ts';
import { asMember, emptySet, nodeOf, type FieldSet } from './field-set.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { restOf, shapeOf, typeOfField, valueIn, type Shape } from './shape.ts';

/**
 * `applied`: the fields that a configuration sets, which are its leaves, keys of maps and items of lists.
 * `all`: also the structs, maps and lists that hold them, as for a value that is new altogether.
 */
type Extent = 'applied' | 'all';

/** The fields that a value sets. @throws {UnkeyedItem} */
export const toFieldSet = (type: Type, value: unknown): FieldSet => nodeFor(type, value, 'applied') ?? emptySet;

/** Everything of a value that was not there before, and the value itself. @throws {UnkeyedItem} */
export const everythingIn = (type: Type, value: unknown): FieldSet => asMember(nodeFor(type, value, 'all') ?? emptySet);

/** @returns undefined when nothing is set */
function nodeFor(type: Type, value: unknown, extent: Extent): FieldSet | undefined {
  const shape = shapeOf(type, value);
  switch (shape.form) {
    case 'whole': return emptySet;
    case 'struct': return isObject(value) ? structNode(shape, value, extent) : emptySet;
    case 'map': return isObject(value) ? mapNode(shape.of, value, extent) : emptySet;
    case 'list': {
      if (!Array.isArray(value)) return emptySet;
      if (value.length > 0) return listNode(shape, value, extent);
      return extent === 'all' ? emptySet : undefined;
    }
  }
}

function structNode(shape: Extract<Shape, { form: 'struct' }>, value: JsonObject, extent: Extent): FieldSet | undefined {
  const node: Record<PathElement, FieldSet> = {};
  let children = false;
  let keys = false;
  if (extent === 'all') node['.'] = emptySet;
  for (const field of shape.fields) {
    const member = valueIn(value, field);
    if (member === undefined) continue;
    keys = true;
    const child = nodeFor(field.type, member, extent);
    if (child === undefined) continue;
    node[field.element] = child;
    children = true;
  }
  const rest = restOf(shape.type, value);
  if (rest.length > 0) return withRest(shape, value, rest, node, extent);
  return children ? node : keys && extent === 'applied' ? undefined : emptySet;
}

function withRest(
  { type }: Extract<Shape, { form: 'struct' }>, value: JsonObject, rest: readonly string[], node: Readonly<Record<PathElement, FieldSet>>, extent: Extent,
): FieldSet {
  const children = new Map(Object.entries(node).filter(([element]) => element !== '.'));
  for (const name of rest) children.set(fieldElement(name), asMember(nodeFor(typeOfField(type, name), value[name], extent) ?? emptySet));
  return nodeOf(children, extent === 'all');
}

function mapNode(of: Type, value: JsonObject, extent: Extent): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined) children.set(fieldElement(key), asMember(nodeFor(of, value[key], extent) ?? emptySet));
  }
  return nodeOf(children, extent === 'all');
}

/** Of items with the same key only the key is owned: which of them is which, nobody can say. */
function listNode({ of, elementOf }: Extract<Shape, { form: 'list' }>, items: readonly unknown[], extent: Extent): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  for (const item of items) {
    const element = elementOf(item);
    children.set(element, children.has(element) ? emptySet : asMember(nodeFor(of, item, extent) ?? emptySet));
  }
  return nodeOf(children, extent === 'all');
}

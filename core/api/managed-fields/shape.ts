import { json, type Dictionary, type Field, type List, type Struct, type Type } from '#core/api/schema/type.ts';
import { isObject, own, type JsonObject } from '#core/api/value.ts';
import { fieldElement, keyElement, valueElement, type PathElement } from './path-element.ts';

export interface StructField {
  readonly name: string;
  readonly element: PathElement;
  readonly type: Type;
  /** The name is one that every object has from its prototype, such as `constructor`. */
  readonly inherited: boolean;
}

/** How server-side apply sees a value: whole, or by its fields or items. */
export type Shape =
  | { readonly form: 'whole' }
  | { readonly form: 'struct'; readonly type: Struct; readonly fields: readonly StructField[] }
  | { readonly form: 'map'; readonly of: Type }
  | { readonly form: 'list'; readonly of: Type; readonly keys: readonly string[]; readonly elementOf: (item: unknown) => PathElement };

const whole: Shape = { form: 'whole' };
/** The members of a value whose type nobody described: objects merge, all else is taken as it is. */
const deduced: Shape = { form: 'map', of: json };

const shapes = new WeakMap<Type, Shape>();

export function shapeOf(type: Type, value: unknown): Shape {
  if (type.form === 'scalar') return (type.name === 'json' || type.name === 'raw') && isObject(value) ? deduced : whole;
  let shape = shapes.get(type);
  if (shape === undefined) {
    shape = makeShape(type);
    shapes.set(type, shape);
  }
  return shape;
}

function makeShape(type: Struct | Dictionary | List): Shape {
  switch (type.form) {
    case 'struct': return type.atomic ? whole : { form: 'struct', type, fields: fieldsOf(type) };
    case 'map': return type.atomic ? whole : { form: 'map', of: type.of };
    case 'list': return type.semantics === 'atomic' ? whole : { form: 'list', of: type.of, keys: type.keys, elementOf: type.semantics === 'set' ? setItem : keyedItem(type) };
  }
}

const fieldsOf = (type: Struct): readonly StructField[] => [...type.fields.values()]
  .map(({ name, type: of }) => ({ name, element: fieldElement(name), type: of, inherited: name in Object.prototype }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

/** An item that has no name in its list. */
export class UnkeyedItem extends Error {}

function setItem(item: unknown): PathElement {
  if (isObject(item)) throw new UnkeyedItem('associative list without keys has an element that\'s a map type');
  if (Array.isArray(item)) throw new UnkeyedItem('not supported: associative list with lists as elements');
  if (item === null || item === undefined) throw new UnkeyedItem('associative list without keys has an element that\'s an explicit null');
  return valueElement(item);
}

function keyedItem({ keys, of }: List): (item: unknown) => PathElement {
  const fields = keys.map((name) => ({ name, default: of.form === 'struct' ? absentKey(of.fields.get(name)) : undefined }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return (item) => {
    if (item === null || item === undefined) throw new UnkeyedItem('associative list with keys may not have a null element');
    if (!isObject(item)) throw new UnkeyedItem('associative list with keys may not have non-map elements');
    return keyElement(fields.map(({ name, default: value }) => [name, keyValue(item, name, value)]));
  };
}

/** A key that is left out has the field's default; '' counts as left out where a text may be missing. */
function absentKey(field: Field | undefined): unknown {
  if (field === undefined || field.default !== undefined) return field?.default;
  const { type, required } = field;
  return !required && type.form === 'scalar' && type.name === 'string' && !type.pointer ? '' : undefined;
}

function keyValue(item: JsonObject, name: string, byDefault: unknown): unknown {
  const value = own(item, name) ?? byDefault;
  if (value === undefined) throw new UnkeyedItem(`associative list with keys has an element that omits key field "${name}" (and doesn't have default value)`);
  if (typeof value === 'object') throw new UnkeyedItem(`associative list with keys has an element whose key field "${name}" is not a scalar`);
  return value;
}

export const valueIn = (object: JsonObject, { name, inherited }: StructField): unknown => (inherited ? own(object, name) : object[name]);

/** The type of a field that the struct may or may not describe. */
export const typeOfField = (type: Struct, name: string): Type => type.fields.get(name)?.type ?? type.rest ?? json;

/** Names in `object` that the struct does not describe; there are none unless it has `rest`. */
export const restOf = (type: Struct, object: JsonObject): string[] =>
  (type.rest === undefined ? [] : Object.keys(object).filter((name) => !type.fields.has(name) && object[name] !== undefined).sort());

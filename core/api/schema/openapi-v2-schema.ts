import type { Schema } from './openapi-type.ts';

export interface Naming {
  /** The definition that a component of the v3 document has become. */
  readonly definitionOf: (component: string) => string;
}

const componentPrefix = '#/components/schemas/';
const definitionPrefix = '#/definitions/';

/** A component of the built-in kinds, as v2 has it. Like upstream's document it tells no defaults: generated clients would fill them in. */
export function builtInDefinition(schema: Schema, naming: Naming): Schema {
  const { $ref: _ref, allOf: _allOf, oneOf, default: _default, properties, items, additionalProperties, ...rest } = schema;
  const below = (part: Schema): Schema => builtInDefinition(part, naming);
  return {
    ...referenceOf(schema, naming),
    ...rest,
    // What is of several types is mostly written as a string, and v2 has one type only.
    ...(oneOf ? { type: 'string' } : {}),
    ...shapeOf({ properties, items, additionalProperties }, below),
  };
}

/**
 * A component of a custom kind, without what v2 cannot say. kubectl is no friend of free forms either: it refuses unknown fields of
 * whatever has some fields described, and lists whose items are not, so that these lose their fields and their type.
 */
export function customDefinition(schema: Schema, naming: Naming): Schema {
  if (schema['x-kubernetes-preserve-unknown-fields'] !== true) return customPart(schema, naming);
  const { description, 'x-kubernetes-group-version-kind': kinds } = schema;
  return { ...(description === undefined ? {} : { description }), type: 'object', ...(kinds ? { 'x-kubernetes-group-version-kind': kinds } : {}) };
}

function customPart(schema: Schema, naming: Naming): Schema {
  const reference = referenceOf(schema, naming);
  if (reference.$ref !== undefined) return { ...reference, ...(schema.description === undefined ? {} : { description: schema.description }) };
  const { allOf: _allOf, anyOf: _anyOf, oneOf: _oneOf, not: _not, nullable, type, required: _required, properties, items, additionalProperties, ...rest } = schema;
  const free = nullable === true || rest['x-kubernetes-preserve-unknown-fields'] === true;
  const shown: Shape = free ? { additionalProperties } : { properties, items, additionalProperties };
  const needed = requiredOf(schema, free);
  return {
    ...rest,
    ...(type === undefined || hidesType(schema, shown) ? {} : { type }),
    ...(needed.length === 0 ? {} : { required: needed }),
    ...shapeOf(shown, (part) => customPart(part, naming)),
  };
}

const hidesType = ({ type, nullable, ...rest }: Schema, { items }: Shape): boolean =>
  nullable === true || (type === 'object' && rest['x-kubernetes-preserve-unknown-fields'] === true) || (type === 'array' && !items);

function requiredOf({ required = [], properties = {}, additionalProperties: more, ...schema }: Schema, free: boolean): string[] {
  if (typeof more === 'object' && more.nullable === true) return [];
  const kept = free ? required : required.filter((name) => !Object.hasOwn(properties, name) || properties[name]?.nullable !== true);
  return schema['x-kubernetes-embedded-resource'] === true && !free ? [...new Set([...kept, 'kind', 'apiVersion'])] : kept;
}

/** In v3 a reference hides what stands beside it and is therefore wrapped; in v2 all clients read both. */
function referenceOf({ $ref, allOf }: Schema, { definitionOf }: Naming): Pick<Schema, '$ref'> {
  const reference = $ref ?? allOf?.[0]?.$ref;
  return reference === undefined ? {} : { $ref: refToDefinition(definitionOf(reference.slice(componentPrefix.length))) };
}

export const refToDefinition = (name: string): string => `${definitionPrefix}${name}`;

interface Shape {
  readonly properties?: Schema['properties'] | undefined;
  readonly items?: Schema | undefined;
  readonly additionalProperties?: Schema['additionalProperties'] | undefined;
}

function shapeOf({ properties, items, additionalProperties: more }: Shape, convert: (schema: Schema) => Schema): Schema {
  return {
    ...(items ? { items: convert(items) } : {}),
    ...(more === undefined ? {} : { additionalProperties: typeof more === 'object' ? convert(more) : more }),
    ...(properties ? { properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, convert(property)])) } : {}),
  };
}

import type { CustomResourceDefinitionSpec } from '#core/api/schema/apiextensions-v1.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';


/** Deeper schemas and larger ones are refused before anything else looks at them: they could keep the server busy for long. */
const maxDepth = 200;
const maxSchemas = 100_000;

const membersOf = (schemas: Readonly<Record<string, JSONSchemaProps>> | undefined): readonly JSONSchemaProps[] => Object.values(schemas ?? {});

/** The schemas directly inside of a schema, also where a structural schema may have none. */
export const partsOf = (schema: JSONSchemaProps): readonly JSONSchemaProps[] => [
  ...(schema.items === undefined ? [] : [schema.items].flat<(JSONSchemaProps | readonly JSONSchemaProps[])[]>()),
  ...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.not ? [schema.not] : []),
  ...membersOf(schema.properties), ...membersOf(schema.patternProperties), ...membersOf(schema.definitions),
  ...[schema.additionalProperties, schema.additionalItems].filter((part) => typeof part === 'object'),
  ...Object.values(schema.dependencies ?? {}).filter((part): part is JSONSchemaProps => !Array.isArray(part)),
];

/** Whether the predicate holds for the schema or one inside of it. */
export const someSchema = (schema: JSONSchemaProps, holds: (schema: JSONSchemaProps) => boolean): boolean =>
  holds(schema) || partsOf(schema).some((part) => someSchema(part, holds));

/** As `someSchema` for all versions. */
export const someSchemaOf = ({ versions }: CustomResourceDefinitionSpec, holds: (schema: JSONSchemaProps) => boolean): boolean =>
  versions.some(({ schema }) => schema?.openAPIV3Schema !== undefined && someSchema(schema.openAPIV3Schema, holds));

/** What is wrong with the size of a schema, if anything. */
export function sizeProblem(schema: JSONSchemaProps): string | undefined {
  let count = 0;
  const visit = (part: JSONSchemaProps, depth: number): string | undefined => {
    if (depth > maxDepth) return `must not nest deeper than ${maxDepth} schemas`;
    if (++count > maxSchemas) return `must not consist of more than ${maxSchemas} schemas`;
    for (const each of partsOf(part)) {
      const problem = visit(each, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return visit(schema, 1);
}

const intOrString = (schemas: readonly JSONSchemaProps[] | undefined): boolean =>
  schemas?.length === 2 && schemas.every((schema, i) => schema.type === (i === 0 ? 'integer' : 'string') && Object.keys(schema).length === 1);

/** The one form of alternatives that may name types. */
export const isIntOrStringAny = (schema: JSONSchemaProps): boolean => intOrString(schema.anyOf);
export const isIntOrStringAll = (schema: JSONSchemaProps): boolean => intOrString(schema.allOf?.[0]?.anyOf);


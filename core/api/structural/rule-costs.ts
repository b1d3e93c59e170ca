import { maxRequestSize } from '#core/api/cel/limits.ts';
import type { CelType } from '#core/api/cel/types.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { compileRules, type CompiledRule } from './rule.ts';
import { hasRules } from './rules.ts';
import { additionalOf, itemsOf } from './structure.ts';
import { celTypeOfField, celTypeOfParts, toCelType } from './to-cel-type.ts';

/** A schema that has rules of its own. */
export interface CostedNode {
  /** Of the schema, as messages about a CustomResourceDefinition spell it. */
  readonly path: string;
  /** Undefined when its values have no type that rules could speak of. */
  readonly rules: readonly CompiledRule[] | undefined;
  /** How often a rule runs for one object at most. */
  readonly times: number;
  /** The path of the schema around it whose values cannot be told from what they were before. */
  readonly uncorrelated: string | undefined;
}

interface Place {
  readonly path: string;
  readonly type: CelType | undefined;
  /** How many values there can be; undefined when nothing but the size of a request bounds them. */
  readonly count: number | undefined;
  readonly uncorrelated: string | undefined;
}

/** The schemas with rules of their own, innermost first. @param path of the schema in its CustomResourceDefinition */
export const costedNodes = (schema: JSONSchemaProps, path: string): readonly CostedNode[] =>
  (hasRules(schema) ? visit(schema, { path, type: toCelType(schema, 'object', true), count: 1, uncorrelated: undefined }) : []);

function visit(schema: JSONSchemaProps, place: Place): CostedNode[] {
  const { path, type, uncorrelated } = place;
  const count = multiplied(place.count, capacity(schema));
  const inner = { count, uncorrelated, type: celTypeOfParts(type) };
  const items = itemsOf(schema);
  const additional = additionalOf(schema);
  const nodes = [
    ...(additional ? visit(additional, { ...inner, path: `${path}.additionalProperties` }) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      visit(property, { count, uncorrelated, path: `${path}.properties[${name}]`, type: celTypeOfField(type, name, property) })),
    ...(items ? visit(items, { ...inner, path: `${path}.items`, uncorrelated: uncorrelated ?? (schema['x-kubernetes-list-type'] === 'map' ? undefined : path) }) : []),
  ];
  if ((schema['x-kubernetes-validations'] ?? []).length > 0) {
    const times = place.count ?? Math.floor(maxRequestSize / ((type?.minSize ?? 0) + 1));
    nodes.push({ path, times, uncorrelated, rules: type && compileRules(schema, type) });
  }
  return nodes;
}

const multiplied = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a * b);

/** How many values stand directly in a value of the schema, for each that is described. */
function capacity(schema: JSONSchemaProps): number | undefined {
  const limit = schema.type === 'array' ? schema.maxItems : schema.maxProperties;
  const holdsMany = schema.type === 'array' || (schema.type === 'object' && schema.additionalProperties !== undefined);
  if (!holdsMany) return 1;
  return limit === undefined ? undefined : Math.max(0, limit);
}

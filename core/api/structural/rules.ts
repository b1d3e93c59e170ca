import { createRequire } from 'node:module';
import type { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { additionalOf, itemsOf } from './structure.ts';
import type * as Costs from './rule-costs.ts';
import type { CostedNode } from './rule-costs.ts';
import type * as Engine from './rule-engine.ts';

/** The rules (x-kubernetes-validations) of a schema, ready to judge values. */
export interface Rules {
  /**
   * Reports rules that do not hold, in upstream's words, and stops when the budget for one object is spent.
   * @param value an object that the rest of the schema finds nothing wrong with
   * @param old what it was before the update, or `uncorrelated`: rules about changes are skipped then
   * @param path of the value; '' for a whole resource
   */
  check(value: unknown, old: unknown, path: string, errors: FieldErrors): void;
}

const load = createRequire(import.meta.url);
let engine: typeof Engine | undefined;
let costs: typeof Costs | undefined;

/** Whether there are rules anywhere in the schema. */
export function hasRules(schema: JSONSchemaProps): boolean {
  if ((schema['x-kubernetes-validations'] ?? []).length > 0) return true;
  const inside = [itemsOf(schema), additionalOf(schema), ...Object.values(schema.properties ?? {})];
  return inside.some((part) => part !== undefined && hasRules(part));
}

/** Undefined for a schema without rules. @param root the schema is that of a whole resource */
export function rulesOf(schema: JSONSchemaProps, root: boolean): Rules | undefined {
  if (!hasRules(schema)) return undefined;
  // CEL is loaded when a rule is met for the first time: many installations never do.
  engine ??= load('#core/api/structural/rule-engine.ts') as typeof Engine;
  return engine.compile(schema, root);
}

/** The schemas with rules of their own, innermost first, and how often those run. @param path of the schema in its CustomResourceDefinition */
export function costedNodes(schema: JSONSchemaProps, path: string): readonly CostedNode[] {
  if (!hasRules(schema)) return [];
  costs ??= load('#core/api/structural/rule-costs.ts') as typeof Costs;
  return costs.costedNodes(schema, path);
}

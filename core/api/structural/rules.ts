import { runtimeCostBudget } from '#core/api/cel/limits.ts';
import type { CelType } from '#core/api/cel/types.ts';
import type { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { isObject, own, type JsonObject } from '#core/api/value.ts';
import { OldItems } from './old-items.ts';
import { Anchor, childOf, Evaluation } from './rule-evaluation.ts';
import { compileRules, type CompiledRule } from './rule.ts';
import { additionalOf, itemsOf } from './structure.ts';
import { celTypeOfField, celTypeOfParts, toCelType } from './to-cel-type.ts';
import { uncorrelated } from './visit.ts';

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

/** Whether there are rules anywhere in the schema. */
export function hasRules(schema: JSONSchemaProps): boolean {
  if ((schema['x-kubernetes-validations'] ?? []).length > 0) return true;
  const inside = [itemsOf(schema), additionalOf(schema), ...Object.values(schema.properties ?? {})];
  return inside.some((part) => part !== undefined && hasRules(part));
}

/** A schema with rules at it or inside of it. */
interface RuleNode {
  readonly schema: JSONSchemaProps;
  readonly rules: readonly CompiledRule[];
  readonly items: RuleNode | undefined;
  readonly additional: RuleNode | undefined;
  readonly properties: ReadonlyMap<string, RuleNode>;
}

/** Undefined when there are no rules in the schema. Rules for what has no type are left out. */
function ruleTree(schema: JSONSchemaProps, type: CelType | undefined): RuleNode | undefined {
  const rules = type === undefined ? [] : compileRules(schema, type);
  const items = itemsOf(schema);
  const additional = additionalOf(schema);
  const node = {
    schema, rules,
    items: items && ruleTree(items, celTypeOfParts(type)),
    additional: additional && ruleTree(additional, celTypeOfParts(type)),
    properties: new Map(Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
      const below = ruleTree(property, celTypeOfField(type, name, property));
      return below === undefined ? [] : [[name, below]];
    })),
  };
  return rules.length > 0 || node.items || node.additional || node.properties.size > 0 ? node : undefined;
}

/** Undefined for a schema without rules. Compiled when the first value is judged. @param root the schema is that of a whole resource */
export function rulesOf(schema: JSONSchemaProps, root: boolean): Rules | undefined {
  if (!hasRules(schema)) return undefined;
  let tree: RuleNode | undefined;
  return {
    check(value, old, path, errors) {
      tree ??= ruleTree(schema, toCelType(schema, 'object', root));
      if (tree !== undefined) new Run(errors).visit(tree, value, old, undefined, path);
    },
  };
}

/** One pass over a value; each visit returns whether to go on. */
class Run {
  private readonly evaluation: Evaluation;

  constructor(errors: FieldErrors) {
    this.evaluation = new Evaluation(errors, runtimeCostBudget);
  }

  visit(node: RuleNode, value: unknown, old: unknown, around: Anchor | undefined, path: string): boolean {
    if (value === null || value === undefined) return true;
    const anchor = old === uncorrelated ? around : new Anchor(value, old);
    if (!this.evaluation.judge(node.rules, node.schema.type ?? '', { value, old, anchor, path })) return false;
    if (Array.isArray(value)) return this.visitItems(node, value, old, anchor, path);
    return !isObject(value) || this.visitFields(node, value, old, anchor, path);
  }

  private visitItems(node: RuleNode, value: readonly unknown[], old: unknown, anchor: Anchor | undefined, path: string): boolean {
    const { items } = node;
    if (items === undefined) return true;
    const before = new OldItems(node.schema, old);
    return value.every((item, i) => this.visit(items, item, before.of(item), anchor, `${path}[${i}]`));
  }

  private visitFields(node: RuleNode, value: JsonObject, old: unknown, anchor: Anchor | undefined, path: string): boolean {
    for (const name of Object.keys(value)) {
      const property = node.properties.get(name);
      const field = property ?? node.additional;
      if (field === undefined) continue;
      if (!this.visit(field, value[name], oldField(old, name), anchor, property ? childOf(path, name) : `${path}[${name}]`)) return false;
    }
    return true;
  }
}

const oldField = (old: unknown, name: string): unknown => (isObject(old) ? own(old, name) ?? uncorrelated : uncorrelated);

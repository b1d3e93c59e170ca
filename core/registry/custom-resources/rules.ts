import type { FieldErrors } from '#core/api/field-errors.ts';
import { staticCostLimit, staticCrdCostLimit } from '#core/api/cel/limits.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { costedNodes, type CostedNode } from '#core/api/structural/rule-costs.ts';
import type { CompiledRule } from '#core/api/structural/rule.ts';

/** Checks the expressions of all rules in a schema that is otherwise right. @param unchanged what they cost each is not held against them any more */
export const checkRules = (schema: JSONSchemaProps, path: string, unchanged: boolean, errors: FieldErrors): void => new Checks(errors, unchanged).all(schema, path);

interface Cost {
  readonly path: string;
  readonly cost: number;
}

class Checks {
  private readonly errors: FieldErrors;
  private readonly unchanged: boolean;
  private total = 0;
  private readonly expensive: Cost[] = [];

  constructor(errors: FieldErrors, unchanged: boolean) {
    this.errors = errors;
    this.unchanged = unchanged;
  }

  all(schema: JSONSchemaProps, path: string): void {
    for (const node of costedNodes(schema, path)) this.node(node);
    if (this.total <= staticCrdCostLimit) return;
    const most = this.expensive.sort((a, b) => b.cost - a.cost).slice(0, 4);
    for (const each of most) this.errors.forbidden(each.path, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema');
    this.errors.forbidden(path, excess('x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema', this.total, staticCrdCostLimit));
  }

  private node({ path, rules, times, uncorrelated }: CostedNode): void {
    const at = `${path}.x-kubernetes-validations`;
    if (rules === undefined) {
      const message = 'Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';
      this.errors.causes.push({ reason: 'InternalError', field: at, message });
      return;
    }
    for (const [i, rule] of rules.entries()) {
      this.condition(rule, times, `${at}[${i}].rule`);
      this.message(rule, `${at}[${i}].messageExpression`);
      this.old(rule, uncorrelated, `${at}[${i}]`);
    }
  }

  private condition({ rule, condition }: CompiledRule, times: number, path: string): void {
    if ('problem' in condition) this.errors.invalid(path, rule, condition.problem);
    else this.charge('estimated rule cost', times === 0 ? 0 : condition.program.estimatedCost().max * times, path);
  }

  private message({ rule, message }: CompiledRule, path: string): void {
    if (message === undefined) return;
    if ('problem' in message) this.errors.invalid(path, rule, message.problem);
    else this.charge('estimated messageExpression cost', message.program.estimatedCost().max, path);
  }

  private old({ rule, usesOld }: CompiledRule, uncorrelated: string | undefined, path: string): void {
    if (usesOld && uncorrelated !== undefined) {
      this.errors.invalid(`${path}.rule`, rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`);
    } else if (!usesOld && rule.optionalOldSelf !== undefined) {
      this.errors.invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule');
    }
  }

  private charge(what: string, cost: number, path: string): void {
    if (!this.unchanged && cost > staticCostLimit) this.errors.forbidden(path, excess(what, cost, staticCostLimit));
    this.total += cost;
    if (cost >= staticCrdCostLimit / 100) this.expensive.push({ path, cost });
  }
}

function excess(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

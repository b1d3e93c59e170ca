import { issuesText } from '#core/api/cel/issue.ts';
import { compile, environment, type CelEnvironment, type CelProgram } from '#core/api/cel/program.ts';
import { optionalOf, type CelType } from '#core/api/cel/types.ts';
import type { JSONSchemaProps, ValidationRule } from '#core/api/schema/json-schema-v1.ts';
import { resolvePath } from './schema-path.ts';

/** An expression, or why it is none. */
export type Compiled = { readonly program: CelProgram } | { readonly problem: string };

/** One of x-kubernetes-validations. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly condition: Compiled;
  /** The message expression, if there is one and the condition is one. */
  readonly message: Compiled | undefined;
  /** It judges a change, not a state. */
  readonly usesOld: boolean;
  /** The field to blame, below the value that the rule is about; '' for the value itself. */
  readonly blamed: string;
}

/** The rules that stand directly at a schema. @param type that of its values, see `toCelType` */
export function compileRules(schema: JSONSchemaProps, type: CelType): readonly CompiledRule[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.length === 0) return [];
  const plain = environment({ root: type, variables: { self: type, oldSelf: type } });
  const optional = environment({ root: type, variables: { self: type, oldSelf: optionalOf(type) } });
  return rules.map((rule) => compileRule(rule, schema, rule.optionalOldSelf === true ? optional : plain));
}

function compileRule(rule: ValidationRule, schema: JSONSchemaProps, env: CelEnvironment): CompiledRule {
  const condition = compileAs('bool', env, rule.rule, 'compilation failed', 'cel expression must evaluate to a bool');
  const described = 'program' in condition && (rule.messageExpression ?? '') !== '';
  return {
    rule, condition, blamed: blamedBy(rule, schema),
    usesOld: 'program' in condition && condition.program.uses.has('oldSelf'),
    message: described ? compileAs('string', env, rule.messageExpression ?? '', 'messageExpression compilation failed', 'messageExpression must evaluate to a string') : undefined,
  };
}

function compileAs(kind: CelType['kind'], env: CelEnvironment, source: string, failed: string, mistyped: string): Compiled {
  const program = compile(env, source);
  if ('errors' in program) return { problem: `${failed}: ${issuesText(source, program.errors)}` };
  return program.type.kind === kind ? { program } : { problem: mistyped };
}

function blamedBy({ fieldPath = '' }: ValidationRule, schema: JSONSchemaProps): string {
  if (fieldPath === '') return '';
  try {
    return resolvePath(fieldPath, schema).name;
  } catch (error) {
    // The rule still holds for the value as a whole.
    if (error instanceof RangeError) return '';
    throw error;
  }
}

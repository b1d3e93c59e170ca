import { bool, dyn, nullType, string, type CelType } from '#core/api/cel/types.ts';
import { compile, type CelEnvironment, type CelProgram } from '#core/api/cel/program.ts';
import { issuesText } from '#core/api/cel/issue.ts';
import type { MatchCondition, ValidatingAdmissionPolicySpec, Validation } from '#core/api/schema/admissionregistration-v1.ts';
import { conditionEnvironment, policyEnvironment } from './environment.ts';

/** An expression that cannot be compiled, and where it stands below the spec or webhook. */
export interface ExpressionProblem {
  readonly path: readonly (string | number)[];
  readonly expression: string;
  readonly text: string;
}

/** Compiles expressions and collects what is wrong with them. */
class Compiler {
  readonly problems: ExpressionProblem[] = [];

  compile(environment: CelEnvironment, expression: string, returns: readonly CelType[] | undefined, ...path: (string | number)[]): CelProgram | undefined {
    const result = compile(environment, expression, returns ? { returns } : {});
    if (!('errors' in result)) return result;
    this.problems.push({ path, expression, text: `compilation failed: ${issuesText(expression, result.errors)}` });
    return undefined;
  }
}

export interface CompiledCondition {
  readonly name: string;
  readonly program: CelProgram;
}

export interface CompiledValidation {
  readonly source: Validation;
  readonly program: CelProgram;
  readonly message: CelProgram | undefined;
}

export interface CompiledVariable {
  readonly name: string;
  readonly program: CelProgram;
}

export interface CompiledAnnotation {
  readonly key: string;
  readonly program: CelProgram;
}

export interface CompiledPolicy {
  readonly conditions: readonly CompiledCondition[];
  readonly variables: readonly CompiledVariable[];
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly CompiledAnnotation[];
  readonly problems: readonly ExpressionProblem[];
}

/** `matchConditions` of a webhook, with what is wrong with them. */
export function compileConditions(conditions: readonly MatchCondition[] | undefined): { readonly conditions: readonly CompiledCondition[]; readonly problems: readonly ExpressionProblem[] } {
  const compiler = new Compiler();
  const compiled = conditionsOf(compiler, conditionEnvironment(), conditions);
  return { conditions: compiled, problems: compiler.problems };
}

function conditionsOf(compiler: Compiler, environment: CelEnvironment, conditions: readonly MatchCondition[] = []): CompiledCondition[] {
  return conditions.flatMap(({ name, expression }, i) => {
    const program = compiler.compile(environment, expression, [bool], 'matchConditions', i, 'expression');
    return program ? [{ name, program }] : [];
  });
}

/** All expressions of a policy. Each variable sees those before it. @param object as `policyEnvironment` */
export function compilePolicy(spec: ValidatingAdmissionPolicySpec, object?: CelType): CompiledPolicy {
  const compiler = new Compiler();
  const hasParams = spec.paramKind !== undefined;
  const types: Record<string, CelType> = {};
  const variables = (spec.variables ?? []).flatMap(({ name, expression }, i): CompiledVariable[] => {
    const program = compiler.compile(policyEnvironment(hasParams, { ...types }, object), expression, undefined, 'variables', i, 'expression');
    // What uses a variable that is wrong is not wrong itself.
    types[name] = program?.type ?? dyn;
    return program ? [{ name, program }] : [];
  });
  const environment = policyEnvironment(hasParams, types, object);
  const validations = (spec.validations ?? []).flatMap((source, i): CompiledValidation[] => {
    const program = compiler.compile(environment, source.expression, [bool], 'validations', i, 'expression');
    const message = source.messageExpression ? compiler.compile(environment, source.messageExpression, [string], 'validations', i, 'messageExpression') : undefined;
    return program ? [{ source, program, message }] : [];
  });
  const annotations = (spec.auditAnnotations ?? []).flatMap(({ key, valueExpression }, i): CompiledAnnotation[] => {
    const program = compiler.compile(environment, valueExpression, [string, nullType], 'auditAnnotations', i, 'valueExpression');
    return program ? [{ key, program }] : [];
  });
  return { conditions: conditionsOf(compiler, environment, spec.matchConditions), variables, validations, annotations, problems: compiler.problems };
}

import type { CompiledPolicy, CompiledValidation } from '#core/api/admission/policy-program.ts';
import { LazyFields } from '#core/api/cel/containers.ts';
import { toJson } from '#core/api/cel/json.ts';
import { runtimeCostBudget } from '#core/api/cel/limits.ts';
import { CelError, type CelProgram } from '#core/api/cel/program.ts';
import type { StatusReason } from '#core/api/status-error.ts';
import type { Activation } from './activation.ts';

/** What one policy says of one request with one set of parameters. */
export interface Finding {
  readonly action: 'deny' | 'error';
  readonly message: string;
  readonly reason: StatusReason;
  /** Which of the policy's validations, from 0, when it is about one. */
  readonly index?: number;
}

export interface Evaluation {
  readonly findings: readonly Finding[];
  readonly annotations: readonly (readonly [key: string, value: string])[];
  /** Annotations that could not be evaluated. */
  readonly annotationErrors: readonly string[];
}

const longestMessage = 5 * 1024;

/** Shares one budget among all expressions of a policy. */
class Spending {
  private left: number = runtimeCostBudget;

  /** @throws {CelError} */
  evaluate(program: CelProgram, activation: Activation): unknown {
    try {
      const { value, cost } = program.evaluate(activation, { budget: this.left });
      this.left -= cost;
      return value;
    } catch (error) {
      if (error instanceof CelError) this.left -= error.cost;
      throw error;
    }
  }
}

export function evaluate(policy: CompiledPolicy, given: Activation): Evaluation {
  const spending = new Spending();
  const activation = { ...given, variables: variablesOf(policy, given, spending) };
  const findings = policy.validations.flatMap((validation, index) => check(validation, activation, spending).map((finding) => ({ ...finding, index })));
  const annotations: [string, string][] = [];
  const annotationErrors: string[] = [];
  for (const { key, program } of policy.annotations) {
    const value = attempt(() => toJson(spending.evaluate(program, activation)));
    if ('error' in value) annotationErrors.push(`expression for annotation "${key}" failed: ${value.error}`);
    else if (typeof value.value === 'string' && value.value.trim() !== '') annotations.push([key, value.value]);
  }
  return { findings, annotations, annotationErrors };
}

/** Each is worked out when an expression first needs it, so that one that fails matters to nobody else. */
function variablesOf(policy: CompiledPolicy, given: Activation, spending: Spending): LazyFields {
  const programs = new Map(policy.variables.map(({ name, program }) => [name, program]));
  const variables: LazyFields = new LazyFields((name) => {
    const program = programs.get(name);
    if (program === undefined) return undefined;
    const result = attempt(() => spending.evaluate(program, { ...given, variables }));
    if ('value' in result) return result.value;
    throw result.exhausted ? new CelError(result.error, 0, true) : new Error(`composited variable "${name}" fails to evaluate: ${result.error}`);
  });
  return variables;
}

function check({ source, program, message }: CompiledValidation, activation: Activation, spending: Spending): Finding[] {
  const result = attempt(() => spending.evaluate(program, activation));
  if ('error' in result) return [{ action: 'error', reason: 'Invalid', message: `expression '${source.expression.trim()}' resulted in error: ${result.error}` }];
  if (result.value === true) return [];
  return [{ action: 'deny', reason: source.reason ?? 'Invalid', message: messageOf(source, message, activation, spending) }];
}

function messageOf(source: CompiledValidation['source'], program: CelProgram | undefined, activation: Activation, spending: Spending): string {
  if (program) {
    const result = attempt(() => spending.evaluate(program, activation));
    if ('value' in result && typeof result.value === 'string') {
      const text = result.value.trim();
      if (text !== '' && text.length <= longestMessage && !text.includes('\n')) return text;
    }
  }
  return source.message?.trim() || `failed expression: ${source.expression.trim()}`;
}

function attempt(run: () => unknown): { readonly value: unknown } | { readonly error: string; readonly exhausted: boolean } {
  try {
    return { value: run() };
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return { error: error.message, exhausted: error.exhausted };
  }
}

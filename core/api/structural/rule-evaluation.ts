import { CelError, type CelProgram } from '#core/api/cel/program.ts';
import type { FieldErrors } from '#core/api/field-errors.ts';
import type { ValidationRule } from '#core/api/schema/json-schema-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import type { CompiledRule } from './rule.ts';
import { uncorrelated } from './visit.ts';

/** The innermost value around a place, itself included, that can be told from what it was before. */
export class Anchor {
  private readonly value: unknown;
  private readonly old: unknown;
  private known: boolean | undefined;

  constructor(value: unknown, old: unknown) {
    this.value = value;
    this.old = old;
  }

  get unchanged(): boolean {
    return (this.known ??= deepEqual(this.value, this.old));
  }
}

/** A value that rules are about. */
export interface Judged {
  readonly value: unknown;
  readonly old: unknown;
  readonly anchor: Anchor | undefined;
  readonly path: string;
}

interface Outcome {
  readonly value?: unknown;
  readonly error?: CelError;
}

const maxMessageSize = 5 * 1024;
const maxErrors = 100;
const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** Runs rules as long as the budget lasts. */
export class Evaluation {
  private readonly errors: FieldErrors;
  private budget: number;

  constructor(errors: FieldErrors, budget: number) {
    this.errors = errors;
    this.budget = budget;
  }

  /** @param type what messages show in place of the value. Returns false when the rest must not run. */
  judge(rules: readonly CompiledRule[], type: string, judged: Judged): boolean {
    return rules.every((rule) => this.judgeOne(rule, type, judged));
  }

  private judgeOne(compiled: CompiledRule, type: string, judged: Judged): boolean {
    const { rule, condition, usesOld } = compiled;
    if (usesOld && judged.old === uncorrelated && rule.optionalOldSelf !== true) return true;
    if ('problem' in condition) {
      this.errors.invalid(judged.path || '<nil>', type, `rule compile error: ${condition.problem}`);
      return true;
    }
    const { value, error } = this.run(condition.program, judged);
    if (error) return this.fail(error, rule, type, judged.path);
    return value === true || this.reject(compiled, type, judged);
  }

  private fail(error: CelError, rule: ValidationRule, type: string, path: string): boolean {
    this.errors.invalid(path || '<nil>', type, this.budget < 0 ? outOfBudget : failureText(error, rule));
    return this.budget >= 0 && !error.exhausted;
  }

  /** The budget is negative when it did not suffice. */
  private run(program: CelProgram, { value, old }: Judged): Outcome {
    try {
      const result = program.evaluate({ self: value, oldSelf: old === uncorrelated ? undefined : old });
      this.budget -= result.cost;
      return this.budget < 0 ? { error: new CelError(outOfBudget, result.cost, true) } : { value: result.value };
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      this.budget -= error.cost;
      return { error };
    }
  }

  private reject(compiled: CompiledRule, type: string, judged: Judged): boolean {
    const field = childOf(judged.path, compiled.blamed) || '<nil>';
    // What was wrong before and has not been touched may stay.
    if (!compiled.usesOld && judged.anchor?.unchanged === true) return true;
    const message = this.messageOf(compiled, judged);
    if ('stop' in message) this.errors.invalid(field, type, message.stop);
    else this.add(compiled.rule, field, type, message.text);
    return !('stop' in message) && this.errors.causes.length < maxErrors;
  }

  private add({ reason }: ValidationRule, field: string, type: string, text: string): void {
    if (reason === 'FieldValueForbidden') this.errors.forbidden(field, text);
    else if (reason === 'FieldValueRequired') this.errors.required(field, text);
    else if (reason === 'FieldValueDuplicate') this.errors.duplicate(field, type);
    else this.errors.invalid(field, type, text);
  }

  /** `stop` when the message's expression costs too much. When it fails otherwise, there still is the plain message. */
  private messageOf({ rule, message }: CompiledRule, judged: Judged): { readonly text: string } | { readonly stop: string } {
    const plain = { text: (rule.message ?? '') === '' ? `failed rule: ${nameOf(rule)}` : nameOf(rule) };
    if (message === undefined || 'problem' in message) return plain;
    const { value, error } = this.run(message.program, judged);
    if (this.budget < 0) return { stop: 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run' };
    if (error?.exhausted === true) return { stop: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(rule.messageExpression)}` };
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > maxMessageSize ? plain : { text };
  }
}

const nameOf = ({ rule, message = '' }: ValidationRule): string => (message === '' ? rule : message).trim();

function failureText({ message, exhausted }: CelError, rule: ValidationRule): string {
  if (exhausted) return `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(rule)}`;
  if (message.startsWith('no such overload')) return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(rule)}`;
  return `${message} evaluating rule: ${nameOf(rule)}`;
}

/** The path of a field of the value at a path. */
export const childOf = (path: string, name: string): string => (path === '' || name === '' || name.startsWith('[') ? path + name : `${path}.${name}`);

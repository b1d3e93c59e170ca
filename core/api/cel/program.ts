import { adapterOf } from './adapt.ts';
import { Checker, type Checked } from './check.ts';
import { estimateCost } from './cost-estimate.ts';
import { BudgetExceeded, Frame } from './frame.ts';
import type { Functions } from './function.ts';
import { issueAt, SyntaxFailure, type CelIssue } from './issue.ts';
import { allFunctions } from './library/all.ts';
import { perCallLimit } from './limits.ts';
import type { Eval } from './operators.ts';
import { parse } from './parser.ts';
import { Planner } from './plan.ts';
import type { Range } from './range.ts';
import { isSameType, typeText } from './signature.ts';
import type { CelType } from './types.ts';
import { Failure, fromJson } from './values.ts';

const maxIssues = 100;

/** What an expression may speak of. */
export interface CelEnvironment {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly functions: Functions;
  readonly mixedLiterals: boolean;
  readonly folding: boolean;
  readonly root: CelType | undefined;
}

export interface EnvironmentOptions {
  /** Types of the variables; a name may have dots, as `authorizer.requestResource`. */
  readonly variables: Readonly<Record<string, CelType>>;
  /** Lists and maps may hold values of different types. The language allows that, Kubernetes does not: off by default. */
  readonly mixedLiterals?: boolean;
  /** Constants are made once and cost nothing when evaluated, as in Kubernetes: on by default. */
  readonly folding?: boolean;
  /** The type of the value that rules are about. Estimates take the size of what stands in computed lists and maps from it, for upstream does. */
  readonly root?: CelType;
}

/** The language, Kubernetes' libraries, and the variables of one place where expressions stand. */
export function environment({ variables, mixedLiterals = false, folding = true, root }: EnvironmentOptions): CelEnvironment {
  return { variables: new Map(Object.entries(variables)), functions: allFunctions(), mixedLiterals, folding, root };
}

/** Why an evaluation came to no value. */
export class CelError extends Error {
  /** What was spent until then. */
  readonly cost: number;
  /** The budget is used up, or the expression took too long: nothing is known about its value. */
  readonly exhausted: boolean;

  constructor(message: string, cost: number, exhausted = false) {
    super(message);
    this.cost = cost;
    this.exhausted = exhausted;
  }
}

export interface EvaluationOptions {
  /** Most units that it may cost; `perCallLimit` by default. */
  readonly budget?: number;
}

export interface Evaluated {
  /** For `toJson`, or for the activation of another program. A string, bool or null is one of JavaScript. */
  readonly value: unknown;
  readonly cost: number;
}

/** An expression whose types are right, ready to be evaluated any number of times. */
export class CelProgram {
  readonly type: CelType;
  /** The variables that it refers to. */
  readonly uses: ReadonlySet<string>;
  private readonly checked: Checked;
  private readonly variables: readonly (readonly [string, CelType])[];
  private readonly run: Eval;
  private readonly root: CelType | undefined;
  private estimate: Range | undefined;

  constructor(checked: Checked, variables: readonly (readonly [string, CelType])[], run: Eval, root: CelType | undefined) {
    this.checked = checked;
    this.root = root;
    this.type = checked.typeOf(checked.expr);
    this.variables = variables;
    this.uses = new Set(variables.map(([name]) => name));
    this.run = run;
  }

  /** Least and most units that it can cost, by the sizes that the variables' types declare. */
  estimatedCost(): Range {
    return (this.estimate ??= estimateCost(this.checked, this.root));
  }

  /**
   * @param activation values of variables: JSON, which their types adapt, or what another program returned. Not changed, and not
   * to be changed meanwhile. A variable that is missing fails the expression only where it matters.
   * @throws {CelError}
   */
  evaluate(activation: Readonly<Record<string, unknown>>, { budget = perCallLimit }: EvaluationOptions = {}): Evaluated {
    const slots: unknown[] = this.variables.map(([name, type]) => slotValue(activation, name, type));
    const frame = new Frame(slots, budget);
    const value = this.outcome(frame);
    if (value instanceof Failure) throw new CelError(value.message, frame.cost);
    return { value, cost: frame.cost };
  }

  private outcome(frame: Frame): unknown {
    try {
      return this.run(frame);
    } catch (error) {
      if (error instanceof BudgetExceeded) throw new CelError(error.message, frame.cost, true);
      // JavaScript's own limits: a string or a recursion that is too long.
      if (error instanceof RangeError) return new Failure(`value too large: ${error.message}`);
      throw error;
    }
  }
}

function slotValue(activation: Readonly<Record<string, unknown>>, name: string, type: CelType): unknown {
  const raw = Object.hasOwn(activation, name) ? activation[name] : undefined;
  if (raw === undefined) return type.kind === 'optional' ? adapterOf(type)?.(raw) : undefined;
  return (adapterOf(type) ?? fromJson)(raw);
}

export interface CompileOptions {
  /** What the expression must evaluate to: one of these. Anything by default. */
  readonly returns?: readonly CelType[];
}

/** Parses and checks. What is wrong comes back as issues, not as an exception; `issuesText` prints them as upstream does. */
export function compile(env: CelEnvironment, source: string, { returns }: CompileOptions = {}): CelProgram | { readonly errors: CelIssue[] } {
  const errors: CelIssue[] = [];
  const report = (offset: number, message: string): void => {
    if (errors.length < maxIssues) errors.push(issueAt(source, offset, message));
  };
  try {
    const checked = new Checker(parse(source), env, report);
    const problem = errors.length > 0 || returns === undefined ? undefined : returnProblem(checked.typeOf(checked.expr), returns);
    if (problem !== undefined) report(0, problem);
    const program = errors.length > 0 ? undefined : planned(env, checked, report);
    return program === undefined || errors.length > 0 ? { errors } : program;
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error;
    report(error.offset, error.message);
    return { errors };
  }
}

function returnProblem(type: CelType, returns: readonly CelType[]): string | undefined {
  if (returns.some((wanted) => isSameType(type, wanted))) return undefined;
  return returns.length === 1 ? `must evaluate to ${returns.map(typeText).join('')}` : `must evaluate to one of [${returns.map(typeText).join(' ')}]`;
}

function planned(env: CelEnvironment, checked: Checked, report: (offset: number, message: string) => void): CelProgram {
  const used = new Set([...checked.references.values()].flatMap((reference) => (reference.kind === 'variable' ? [reference.name] : [])));
  const variables = [...env.variables].filter(([name]) => used.has(name));
  const slots = new Map(variables.map(([name], index) => [name, index]));
  return new CelProgram(checked, variables, new Planner(checked, { slots, folding: env.folding, report }).plan(checked.expr), env.root);
}

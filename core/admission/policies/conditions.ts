import type { CompiledCondition } from '#core/api/admission/policy-program.ts';
import { CelError } from '#core/api/cel/program.ts';
import type { Activation } from './activation.ts';

/** Units that all conditions of one webhook or policy may cost together. */
export const conditionsBudget = 1_000_000 / 4;

/** `error`: none is false, and some could not be evaluated. */
export type Met = { readonly met: boolean; readonly error?: undefined } | { readonly met: false; readonly error: string };

/** Whether all conditions hold. One that is false decides, whatever others fail. */
export function conditionsMet(conditions: readonly CompiledCondition[], activation: Activation, budget: number = conditionsBudget): Met {
  let left = budget;
  const errors: string[] = [];
  for (const { name, program } of conditions) {
    try {
      const { value, cost } = program.evaluate(activation, { budget: left });
      left -= cost;
      if (value !== true) return { met: false };
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      left -= error.cost;
      errors.push(`matchCondition "${name}" failed: ${error.message}`);
    }
  }
  return errors.length === 0 ? { met: true } : { met: false, error: errors.join('; ') };
}

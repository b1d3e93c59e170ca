import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { plainCalls, type CallBudgets, type PlatformCalls } from '#core/spi/platform-calls.ts';
import { BudgetedCalls } from './budgeted-calls.ts';
import { CountedCalls } from './counted-calls.ts';
import { RepeatedCalls } from './repeated-calls.ts';

/** What providers send their calls through: every attempt is charged to its budget and counted, and what a moment's trouble hindered is sent again. */
export function guardedCalls(options: { readonly budgets: CallBudgets; readonly clock: Clock; readonly log: Logger; readonly random?: () => number }): { readonly calls: PlatformCalls; readonly counted: CountedCalls } {
  const { budgets, clock, log, random } = options;
  const counted = new CountedCalls(plainCalls, clock, log);
  return { calls: new RepeatedCalls(new BudgetedCalls(counted, budgets, clock), clock, random), counted };
}

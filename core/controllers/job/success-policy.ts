import type { Job } from '#core/api/schema/batch-v1/job.ts';
import { IndexSet } from './index-set.ts';

/** Which rule of its policy makes the Job a success by these indexes, in a sentence; undefined when none does (KEP-3998). */
export function matchedRule({ spec: { successPolicy, completions = 0 } }: Job, succeeded: IndexSet): string | undefined {
  if (succeeded.size === 0) return undefined;
  const index = (successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount = Infinity }) => {
    if (succeededIndexes === undefined) return succeeded.size >= succeededCount;
    const needed = IndexSet.parse(succeededIndexes, completions);
    const common = needed.common(succeeded);
    return needed.size > 0 && (common === needed.size || common >= succeededCount);
  });
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}

import type { Batch, Outcome } from './protocol.ts';

/** The batch's deletions alone, and where in it they were. */
export function deletionsOf({ keys, values, expected }: Batch): { readonly batch: Batch; readonly indexes: readonly number[] } {
  const indexes = values.flatMap((value, index) => (value === null ? [index] : []));
  return {
    indexes,
    batch: { keys: indexes.map((index) => keys[index] ?? ''), values: indexes.map(() => null), expected: indexes.map((index) => expected[index]) },
  };
}

/** The outcome of a whole batch of which only some writes, those at `indexes`, were tried. */
export function widened({ revisions, created, conflicts, short }: Outcome, indexes: readonly number[], count: number): Outcome {
  const whole: Outcome = { revisions: Array.from({ length: count }, () => -1), created: Array.from({ length: count }, () => 0), conflicts: new Map(), short };
  indexes.forEach((at, index) => {
    whole.revisions[at] = revisions[index] ?? -1;
    whole.created[at] = created[index] ?? 0;
    const stored = conflicts.get(index);
    if (stored) whole.conflicts.set(at, stored);
  });
  return whole;
}

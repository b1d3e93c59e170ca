import { startOf, type Candidate } from './victims.ts';

/** Makes every priority positive, so that more victims always weigh more. */
const offset = 2 ** 31;

/** The smaller, the better; each decides only among those that are equal by all before it. */
const costs: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => victims[0]?.priority ?? -Infinity,
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + offset, 0),
  ({ victims }) => victims.length,
  // Those who began last among the most important have the least to lose.
  ({ victims }) => -Math.min(...victims.filter(({ priority }) => priority === victims[0]?.priority).map(startOf)),
];

/** The candidate whose victims cost least; of equals, the first. */
export function cheapest(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates;
  for (const cost of costs) {
    if (left.length <= 1) break;
    const values = left.map(cost);
    const least = Math.min(...values);
    left = left.filter((_, i) => values[i] === least);
  }
  return left[0];
}

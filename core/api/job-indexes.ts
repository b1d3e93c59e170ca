/** Sets of indexes as Jobs write them: `1,3-5`, in ascending order. */

/** Both ends belong to it. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

const excerpt = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);

function indexOf(text: string, completions: number): number {
  if (!/^\+?\d+$/.test(text)) throw new RangeError(`cannot convert string to integer for index: ${excerpt(text)}`);
  const index = Number(text);
  if (index >= completions) throw new RangeError(`too large index: ${excerpt(text)}`);
  return index;
}

function rangeOf(text: string, completions: number): IndexRange {
  const [low = '', high, ...more] = text.split('-');
  if (more.length > 0) {
    throw new RangeError(`the fragment ${excerpt(text)} violates the requirement that an index interval can have at most two parts separated by '-'`);
  }
  const from = indexOf(low, completions);
  if (high === undefined) return { from, to: from };
  const to = indexOf(high, completions);
  if (from >= to) throw new RangeError(`non-increasing order, previous: ${from}, current: ${to}`);
  return { from, to };
}

/**
 * @param completions indexes lie below it
 * @throws {RangeError} with the API's wording
 */
export function parseIndexes(text: string, completions: number): IndexRange[] {
  if (text === '') return [];
  const ranges: IndexRange[] = [];
  for (const piece of text.split(',')) {
    const range = rangeOf(piece, completions);
    const last = ranges.at(-1)?.to;
    if (last !== undefined && last >= range.from) throw new RangeError(`non-increasing order, previous: ${last}, current: ${range.from}`);
    ranges.push(range);
  }
  return ranges;
}

export const countIndexes = (ranges: readonly IndexRange[]): number => ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);

/** The first index that stands in both sets. */
export function firstCommonIndex(a: readonly IndexRange[], b: readonly IndexRange[]): number | undefined {
  let [i, j] = [0, 0];
  for (;;) {
    const [one, other] = [a[i], b[j]];
    if (one === undefined || other === undefined) return undefined;
    if (one.from <= other.to && other.from <= one.to) return Math.max(one.from, other.from);
    if (one.from <= other.from) i++;
    else j++;
  }
}

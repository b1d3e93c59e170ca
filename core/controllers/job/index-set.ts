import { countIndexes, type IndexRange } from '#core/api/job-indexes.ts';

/** Indexes of a Job, kept as ranges: a Job may have a hundred thousand. */
export class IndexSet {
  static readonly none = new IndexSet([]);
  /** In ascending order, with gaps between them. */
  readonly ranges: readonly IndexRange[];

  private constructor(ranges: readonly IndexRange[]) {
    this.ranges = ranges;
  }

  /** Such as `1,3-5`. Indexes that the Job has no more fall away, and what cannot be read is passed over. */
  static parse(text: string, completions: number): IndexSet {
    const pieces = text.split(',').map((piece) => /^(\d+)(?:-(\d+))?$/.exec(piece)).filter((match) => match !== null);
    const ranges = pieces.map(([, from = '', to = from]) => ({ from: Number(from), to: Math.min(Number(to), completions - 1) }));
    return new IndexSet(merged(ranges.filter(({ from, to }) => from <= to)));
  }

  static of(indexes: Iterable<number>): IndexSet {
    return new IndexSet(merged([...indexes].map((index) => ({ from: index, to: index }))));
  }

  get size(): number {
    return countIndexes(this.ranges);
  }

  union(other: IndexSet): IndexSet {
    return new IndexSet(merged([...this.ranges, ...other.ranges]));
  }

  has(index: number): boolean {
    let [low, high] = [0, this.ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ranges[middle]?.to ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return (this.ranges[low]?.from ?? Infinity) <= index;
  }

  /** How many of these are in the other set too. */
  common(other: IndexSet): number {
    let [count, i, j] = [0, 0, 0];
    for (;;) {
      const [one, two] = [this.ranges[i], other.ranges[j]];
      if (one === undefined || two === undefined) return count;
      count += Math.max(0, Math.min(one.to, two.to) - Math.max(one.from, two.from) + 1);
      if (one.to <= two.to) i++;
      else j++;
    }
  }

  /** The lowest `count` indexes below `completions` that are not in the set. */
  firstMissing(count: number, completions: number): number[] {
    const missing: number[] = [];
    let next = 0;
    for (const { from, to } of [...this.ranges, { from: completions, to: completions }]) {
      for (; next < Math.min(from, completions) && missing.length < count; next++) missing.push(next);
      next = Math.max(next, to + 1);
    }
    return missing;
  }

  /** As a Job's status has it: two neighbours are written with a comma. */
  toString(): string {
    return this.ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}${to === from + 1 ? ',' : '-'}${to}`)).join(',');
  }
}

function merged(ranges: readonly IndexRange[]): IndexRange[] {
  const result: IndexRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last === undefined || range.from > last.to + 1) result.push(range);
    else if (range.to > last.to) result[result.length - 1] = { from: last.from, to: range.to };
  }
  return result;
}

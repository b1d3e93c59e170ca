import type { Compaction, Operation, Segment, Seen, Truth } from './history.ts';

/** The revisions of which an answer may speak, both ends included. */
export interface Window {
  readonly low: number;
  readonly high: number;
}

/** A revision that somebody knew of at a time. */
interface Mark {
  readonly at: number;
  readonly revision: number;
}

/** What was so at which revision, and which revisions were known at what time. */
export class Timeline {
  readonly #truth: readonly Truth[];
  readonly #byKey: ReadonlyMap<string, readonly Truth[]>;
  /** By time; the revisions only grow. */
  readonly #known: readonly Mark[];
  /** By time backwards; the revisions only shrink: what began at or after a time was given a revision at least that high. */
  readonly #begun: readonly Mark[];
  readonly #compactions: readonly Compaction[];

  constructor(truth: readonly Truth[], operations: readonly Operation[], segments: readonly Segment[], compactions: readonly Compaction[]) {
    this.#compactions = compactions;
    this.#truth = truth;
    this.#byKey = Map.groupBy(truth, ({ key }) => key);
    const answered = operations.flatMap(({ ended, revision }) => (revision === undefined ? [] : [{ at: ended, revision }]));
    const watched = segments.flatMap(({ events }) => events.map(({ at, revision }) => ({ at, revision })));
    this.#known = running([...answered, ...watched].toSorted((a, b) => a.at - b.at), Math.max);
    const writes = operations.filter(({ verb, outcome }) => (verb === 'create' || verb === 'update') && outcome === 'done');
    this.#begun = running(writes.map(({ begun, revision = 0 }) => ({ at: begun, revision })).toSorted((a, b) => b.at - a.at), Math.min);
  }

  windowOf({ begun, ended }: Operation): Window {
    const known = lastWhere(this.#known, ({ at }) => at < begun);
    const later = lastWhere(this.#begun, ({ at }) => at > ended);
    return { low: known?.revision ?? 0, high: (later?.revision ?? Infinity) - 1 };
  }

  /** Whether the state at a revision may have been gone at a time. */
  isGone(revision: number, time: number): boolean {
    return this.#compactions.some((compaction) => compaction.at <= time && compaction.revision > revision);
  }

  /** Whether the key's state passes the test at some revision of the window. */
  somewhere(key: string, { low, high }: Window, test: (state: Seen | undefined) => boolean): boolean {
    const events = this.#byKey.get(key) ?? [];
    if (test(seen(events.findLast(({ revision }) => revision <= low)))) return true;
    return events.some((event) => event.revision > low && event.revision <= high && test(seen(event)));
  }

  stateAt(revision: number): Map<string, Seen> {
    const state = new Map<string, Seen>();
    for (const event of this.#truth) {
      if (event.revision > revision) break;
      const now = seen(event);
      if (now === undefined) state.delete(event.key);
      else state.set(event.key, now);
    }
    return state;
  }

  eventAt(key: string, revision: number): Truth | undefined {
    return this.#byKey.get(key)?.find((event) => event.revision === revision);
  }

  /** What the key was just before a revision. */
  before(key: string, revision: number): Seen | undefined {
    return seen(this.#byKey.get(key)?.findLast((event) => event.revision < revision));
  }

  deletionOf(key: string, uid: string): Truth | undefined {
    return this.#byKey.get(key)?.find((event) => event.value === undefined && event.uid === uid);
  }
}

const seen = (event: Truth | undefined): Seen | undefined => (event?.value === undefined ? undefined : { revision: event.revision, value: event.value });

function running(marks: readonly Mark[], choose: (a: number, b: number) => number): Mark[] {
  let best: number | undefined;
  return marks.map(({ at, revision }) => ({ at, revision: (best = best === undefined ? revision : choose(best, revision)) }));
}

/** Of marks of which the first ones pass the test and the others do not, the last that does. */
function lastWhere(marks: readonly Mark[], passes: (mark: Mark) => boolean): Mark | undefined {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const mark = marks[middle];
    if (mark !== undefined && passes(mark)) low = middle + 1;
    else high = middle;
  }
  return marks[low - 1];
}

import type { ObjectReference } from '#core/api/schema/core-v1/references.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { LruMap } from './lru-map.ts';

/** Something that happened once. */
export interface Occurrence {
  readonly component: string;
  readonly about: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** All occurrences that one Event object stands for. */
export interface Occurrences {
  readonly first: Occurrence;
  /** The newest message: the same each time, unless similar events were combined. */
  message: string;
  count: number;
  readonly firstMs: number;
  lastMs: number;
}

/** Different messages for one object and reason that get Events of their own. */
const similarLimit = 10;
const similarForMs = 600_000;
/** Events that an object may have at once, and how long until it may have one more. Repetitions are counted by themselves, lest they keep out what is new. */
const burst = 25;
const refillMs = 300_000;
const longestMessage = 1024;

interface Similar {
  readonly messages: Set<string>;
  lastMs: number;
}

interface Budget {
  left: number;
  refilledAt: number;
}

/**
 * Decides which Event an occurrence belongs to, as client-go's recorder does: repetitions are counted on one; many that
 * differ only in their message are combined; an object that makes too many is silenced. What it remembers is bounded.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #known: LruMap<Occurrences>;
  readonly #similar: LruMap<Similar>;
  readonly #budgets: LruMap<Budget>;

  constructor(clock: Clock, remembered = 4096) {
    this.#clock = clock;
    this.#known = new LruMap(remembered);
    this.#similar = new LruMap(remembered);
    this.#budgets = new LruMap(remembered);
  }

  /** Counts the occurrence. Returns what to store, or undefined when the object has used up its budget. */
  note(occurrence: Occurrence): Occurrences | undefined {
    const { component, about, type, reason } = occurrence;
    const now = this.#clock.now();
    const object = [component, about.apiVersion, about.kind, about.namespace, about.name, about.uid];
    const group = JSON.stringify([...object, type, reason]);
    const message = occurrence.message.slice(0, longestMessage);
    const combined = this.#isOneTooMany(group, message, now);
    const occurrences = this.#known.getOrMake(combined ? group : `${group} ${about.fieldPath ?? ''} ${message}`, () => ({ first: occurrence, message, count: 0, firstMs: now, lastMs: now }));
    occurrences.count++;
    occurrences.lastMs = now;
    occurrences.message = combined ? `(combined from similar events): ${message}`.slice(0, longestMessage) : message;
    return this.#spend(JSON.stringify([...object, occurrences.count > 1]), now) ? occurrences : undefined;
  }

  #isOneTooMany(group: string, message: string, now: number): boolean {
    const similar = this.#similar.getOrMake(group, () => ({ messages: new Set(), lastMs: now }));
    if (now - similar.lastMs > similarForMs) similar.messages.clear();
    similar.lastMs = now;
    if (similar.messages.size >= similarLimit && !similar.messages.has(message)) return true;
    similar.messages.add(message);
    return false;
  }

  #spend(object: string, now: number): boolean {
    const budget = this.#budgets.getOrMake(object, () => ({ left: burst, refilledAt: now }));
    const refill = Math.floor((now - budget.refilledAt) / refillMs);
    if (refill > 0) {
      budget.left = Math.min(burst, budget.left + refill);
      budget.refilledAt += refill * refillMs;
    }
    if (budget.left === 0) return false;
    budget.left--;
    return true;
  }
}

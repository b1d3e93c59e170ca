import type { ClusterEvent } from '#core/scheduler/plugin.ts';

/** Events kept for pods that are worked on; beyond, they are told that they may have missed some. */
const mostEvents = 10_000;

/** What happens while somebody works on a pod: it may be the very thing that the pod will be waiting for. */
export class MissedEvents<K> {
  readonly #begun = new Map<K, number>();
  #events: ClusterEvent[] = [];
  /** The number of the first event that is kept. */
  #first = 0;

  begin(who: K): void {
    this.#begun.set(who, this.#first + this.#events.length);
  }

  note(event: ClusterEvent): void {
    if (this.#begun.size === 0) return;
    if (this.#events.length >= mostEvents) {
      this.#first += this.#events.length;
      this.#events = [];
    }
    this.#events.push(event);
  }

  /** The events since it began, or undefined when there were too many to keep. */
  end(who: K): readonly ClusterEvent[] | undefined {
    const begun = this.#begun.get(who);
    this.#begun.delete(who);
    const missed = begun === undefined ? [] : begun < this.#first ? undefined : this.#events.slice(begun - this.#first);
    if (this.#begun.size === 0) {
      this.#first += this.#events.length;
      this.#events = [];
    }
    return missed;
  }
}

import { ProviderError } from '#core/spi/errors.ts';

export interface WriteLimits {
  /** Writes that may be under way at etcd. */
  readonly underWay: number;
  /** Writes, and characters of their values, that may wait or be under way. */
  readonly waiting: number;
  readonly waitingCharacters: number;
}

/**
 * Keeps the writes of one key in their order: each is sent when the one before it is answered, for etcd does not promise to handle
 * calls in the order in which they were sent. Writes of different keys go side by side.
 */
export class WriteOrder {
  readonly #limits: WriteLimits;
  /** The last write of each key that has any. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #queue: (() => void)[] = [];
  #underWay = 0;
  #waiting = 0;
  #characters = 0;

  constructor(limits: WriteLimits) {
    this.#limits = limits;
  }

  async run<T>(key: string, characters: number, task: () => Promise<T>): Promise<T> {
    const { waiting, waitingCharacters } = this.#limits;
    if (this.#waiting >= waiting || this.#characters >= waitingCharacters) {
      throw new ProviderError('Throttled', `${this.#waiting} writes of ${this.#characters} characters wait for etcd already`);
    }
    this.#waiting++;
    this.#characters += characters;
    const slotted = (): Promise<T> => this.#inSlot(task);
    const before = this.#last.get(key);
    const mine = before ? before.then(slotted, slotted) : slotted();
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      this.#waiting--;
      this.#characters -= characters;
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }

  /** Resolves when every write that was asked for is settled. */
  async drained(): Promise<void> {
    while (this.#last.size > 0) await Promise.allSettled(this.#last.values());
  }

  async #inSlot<T>(task: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#limits.underWay) await new Promise<void>((wake) => this.#queue.push(wake));
    else this.#underWay++;
    try {
      return await task();
    } finally {
      // The slot goes to the one who has waited longest.
      const wake = this.#queue.shift();
      if (wake) wake();
      else this.#underWay--;
    }
  }
}

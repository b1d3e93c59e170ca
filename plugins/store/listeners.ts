import type { KeyEvent, KeyListener } from '#core/spi/key-value-store.ts';

interface Subscription {
  readonly prefix: string;
  readonly listener: KeyListener;
  readonly signal: AbortSignal;
  /** The newest revision that the listener knows of. */
  seen: number;
}

/**
 * The live part of a store's watches, for the stores in this folder: hands each event to the listeners of its key's prefix,
 * synchronously, in order, once. A listener may call the store, which may deliver again: that waits until the round is over.
 */
export class Listeners {
  readonly #subscriptions = new Map<Subscription, () => void>();
  readonly #undelivered: (readonly KeyEvent[])[] = [];
  #delivering = false;
  #ended: Error | undefined;

  get size(): number {
    return this.#subscriptions.size;
  }

  /** From here on `listener` gets what comes after revision `seen`. */
  attach(prefix: string, seen: number, listener: KeyListener, signal: AbortSignal): void {
    if (this.#ended) throw this.#ended;
    signal.throwIfAborted();
    const subscription = { prefix, listener, signal, seen };
    const detach = (): void => void this.#subscriptions.delete(subscription);
    this.#subscriptions.set(subscription, detach);
    signal.addEventListener('abort', detach, { once: true });
  }

  /** `events` are whole revisions, in order, and follow what was delivered before. */
  deliver(events: readonly KeyEvent[]): void {
    this.#undelivered.push(events);
    if (this.#delivering) return;
    this.#delivering = true;
    for (let round = this.#undelivered.shift(); round; round = this.#undelivered.shift()) {
      for (const subscription of this.#subscriptions.keys()) this.#hand(subscription, round);
    }
    this.#delivering = false;
  }

  /** Tells every listener that its watch is over, and refuses new ones with the same reason. */
  end(reason: Error): void {
    this.#ended ??= reason;
    for (const subscription of [...this.#subscriptions.keys()]) this.#drop(subscription, reason);
  }

  #hand(subscription: Subscription, round: readonly KeyEvent[]): void {
    const { prefix, seen, listener } = subscription;
    const events = round.filter(({ key, modRevision }) => modRevision > seen && key.startsWith(prefix));
    subscription.seen = Math.max(seen, round.at(-1)?.modRevision ?? 0);
    if (events.length === 0) return;
    try {
      listener.events(events);
    } catch (error) {
      // A listener's bug must not keep the others from their events, nor the writer from its answer.
      this.#drop(subscription, new Error(`the listener of ${JSON.stringify(prefix)} threw`, { cause: error }));
    }
  }

  #drop(subscription: Subscription, reason: Error): void {
    const detach = this.#subscriptions.get(subscription);
    if (!detach) return;
    detach();
    subscription.signal.removeEventListener('abort', detach);
    try {
      subscription.listener.closed(reason);
    } catch {
      // Nobody is left to be told.
    }
  }
}

import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { KeyEvent, KeyListener } from '#core/spi/key-value-store.ts';
import { Feed } from './feed.ts';
import type { Layout } from './layout.ts';
import type { Members } from './members.ts';
import type { SharedWatch } from './shared-watch.ts';

export interface Past {
  readonly prefix: string;
  readonly from: number;
  readonly listener: KeyListener;
  readonly signal: AbortSignal;
  /** Aborted when the store is closed. */
  readonly over: AbortSignal;
}

/**
 * Hands a listener what happened between revision `from` and where the shared watch is, then attaches it there.
 *
 * It is a watch over all of the store's keys, not only those of the prefix: so it is certain to meet the last event that the shared watch has seen,
 * and that is where nothing is missing and nothing comes twice.
 */
export async function replay(members: Members, layout: Layout, clock: Clock, shared: SharedWatch, { prefix, from, listener, signal, over }: Past): Promise<void> {
  const done = Promise.withResolvers<void>();
  const feed = new Feed(members, layout, clock, { revision: from, resuming: true }, {
    advance: (events, upTo) => {
      try {
        if (handOver(events, upTo)) finish();
      } catch (error) {
        finish(error);
      }
    },
    lost: (error) => finish(error),
  });
  const finish = (error?: unknown): void => {
    feed.stop();
    if (error === undefined) done.resolve();
    else done.reject(error);
  };
  const handOver = (events: readonly KeyEvent[], upTo: number): boolean => {
    const joint = shared.lastEvent;
    if (joint === undefined) throw new ProviderError('Unavailable', 'the watch on etcd has just begun anew');
    // Listeners hear of everything in one order: this watch may be ahead of the shared one, but does not tell.
    const past = events.filter(({ key, modRevision }) => modRevision <= joint && key.startsWith(prefix));
    if (past.length > 0) listener.events(past);
    signal.throwIfAborted();
    if (upTo < joint) return false;
    shared.attach(prefix, joint, listener, signal);
    return true;
  };
  const aborts = [signal, over, shared.over].map((each) => ({ each, heed: (): void => finish(each.reason) }));
  for (const { each, heed } of aborts) each.addEventListener('abort', heed, { once: true });
  try {
    void feed.start();
    await done.promise;
  } finally {
    for (const { each, heed } of aborts) each.removeEventListener('abort', heed);
  }
}

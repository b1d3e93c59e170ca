import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { RevisionError } from '#core/spi/key-value-store.ts';
import { isCompacted } from './failures.ts';
import type { Layout } from './layout.ts';
import type { Members } from './members.ts';
import type { Response } from './messages.ts';
import { shareNext } from './share-next.ts';

export interface WatchState {
  /** A revision that the store's watch has seen. */
  readonly seen: () => number;
  /** The cluster is at an earlier revision than it was. */
  readonly wentBack: (reason: Error) => void;
}

/** The cluster's newest revision, and the oldest that can be read. */
export class Revisions {
  readonly #clock: Clock;
  readonly #members: Members;
  readonly #layout: Layout;
  readonly #watch: WatchState;
  /** The oldest readable one when it was last looked for, or compacted to. Others may have compacted further. */
  oldest = 1;
  /** By a quorum read, so that no write that was answered before, by whichever member, is newer. */
  readonly latest: () => Promise<{ readonly newest: number; readonly oldest: number }>;

  constructor(members: Members, layout: Layout, clock: Clock, watch: WatchState) {
    this.#clock = clock;
    this.#members = members;
    this.#layout = layout;
    this.#watch = watch;
    this.latest = shareNext(() => this.#read());
  }

  compactedTo(revision: number): void {
    this.oldest = Math.max(this.oldest, revision);
  }

  async failure(kind: 'compacted' | 'future', asked: number): Promise<RevisionError> {
    const { newest, oldest } = await this.latest();
    return new RevisionError(kind, asked, oldest, newest);
  }

  async #read(): Promise<{ newest: number; oldest: number }> {
    for (;;) {
      const seen = this.#watch.seen();
      const { oldest } = this;
      try {
        // One answer for both: its header tells the newest revision although an old one is read.
        const { header } = await this.#members.call('Range', { key: this.#layout.marker, revision: oldest, countOnly: true }, { repeatable: true });
        const newest = header?.revision ?? 0;
        if (newest < seen) this.#watch.wentBack(new ProviderError('Unavailable', `etcd went back from revision ${seen} to ${newest}: was it restored from a backup?`));
        return { newest, oldest };
      } catch (error) {
        if (!isCompacted(error)) throw error;
        // Unless it was this process that compacted meanwhile.
        if (oldest === this.oldest) this.compactedTo(await this.#compactedSince(oldest));
      }
    }
  }

  /** etcd names the revision that it compacted to only when it refuses a watch from before it. */
  async #compactedSince(revision: number): Promise<number> {
    const { call } = await this.#members.watch();
    const late = this.#clock.after(answerMs, () => call.cancel());
    try {
      return await new Promise<number>((resolve, reject) => {
        call.on('error', reject);
        call.on('end', () => reject(new Error('etcd ended the watch')));
        call.on('data', ({ canceled, compactRevision = 0, cancelReason }: Response<'Watch'>) => {
          if (compactRevision > 0) resolve(compactRevision);
          else if (canceled) reject(new Error(`etcd refuses the watch: ${cancelReason}`));
        });
        call.write({ createRequest: { key: this.#layout.marker, startRevision: revision } });
      });
    } finally {
      late();
      call.cancel();
    }
  }
}

const answerMs = 5000;

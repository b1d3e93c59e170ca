import type { Clock } from '#core/kernel/clock.ts';
import { RevisionError, type KeyEvent } from '#core/spi/key-value-store.ts';
import type { Layout } from './layout.ts';
import type { WatchCall } from './member.ts';
import type { Members } from './members.ts';
import type { Message, Response } from './messages.ts';

export interface FeedListener {
  /**
   * Whole revisions, in order, each once. Nothing else happened up to `upTo`, which never shrinks.
   * `eventful`: something happened at `upTo` itself, if only to the marker.
   */
  advance(events: readonly KeyEvent[], upTo: number, eventful: boolean): void;
  /** What came next is compacted away. The feed is over. */
  lost(error: RevisionError): void;
}

const deletion = 1;
const maxPauseMs = 1000;

/** One etcd watch over all of the store's keys. It outlives its connection: a new one goes on where the last one broke off. */
export class Feed {
  readonly #members: Members;
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #listener: FeedListener;
  readonly #attached = Promise.withResolvers<void>();
  #seen: number;
  /** Events of a revision whose rest is still to come. */
  #held: KeyEvent[] = [];
  #resuming: boolean;
  #failures = 0;
  #call: WatchCall | undefined;
  #stopped = false;
  /** The member's answers to `requestProgress` tell the truth. */
  progressIsExact = false;
  /** Why there is no watch at the moment. */
  trouble: unknown;

  /** `resuming`: things may have happened after `from` already. */
  constructor(members: Members, layout: Layout, clock: Clock, from: { readonly revision: number; readonly resuming: boolean }, listener: FeedListener) {
    this.#members = members;
    this.#layout = layout;
    this.#clock = clock;
    this.#seen = from.revision;
    this.#resuming = from.resuming;
    this.#listener = listener;
  }

  /** Resolves when etcd has accepted the watch for the first time. */
  start(): Promise<void> {
    void this.#run();
    return this.#attached.promise;
  }

  stop(): void {
    this.#stopped = true;
    this.#call?.cancel();
  }

  /** Asks for an answer that says how far the watch is; lost when there is no connection. */
  requestProgress(): void {
    this.#call?.write({ progressRequest: {} });
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#session();
      } catch (error) {
        if (this.#stopped) return;
        if (error instanceof RevisionError) {
          this.#stopped = true;
          this.#attached.resolve();
          this.#listener.lost(error);
          return;
        }
        this.trouble = error;
      }
      await this.#clock.sleep(Math.min(50 * ++this.#failures, maxPauseMs));
    }
  }

  /** Rejects when the watch ends, for whatever reason. */
  async #session(): Promise<never> {
    const { call, version } = await this.#members.watch();
    this.progressIsExact = answersProgressExactly(version);
    const { key, rangeEnd } = this.#layout.everything;
    try {
      return await new Promise<never>((_resolve, reject) => {
        call.on('error', reject);
        call.on('end', () => reject(new Error('etcd ended the watch')));
        call.on('data', (response: Response<'Watch'>) => {
          try {
            this.#take(response);
          } catch (error) {
            reject(error);
          }
        });
        this.#call = call;
        if (this.#stopped) call.cancel();
        // From the revision that is known already: if that is compacted, so may be what came next, and only then etcd refuses.
        call.write({ createRequest: { key, rangeEnd, startRevision: this.#resuming ? this.#seen : this.#seen + 1, progressNotify: true, fragment: true } });
      });
    } finally {
      this.#call = undefined;
      this.#held = [];
      this.#resuming = true;
      call.cancel();
    }
  }

  #take(response: Response<'Watch'>): void {
    if (this.#stopped) return;
    const { created, canceled, events = [], fragment = false } = response;
    if (canceled) throw this.#refusal(response);
    if (events.length > 0) this.#takeEvents(events, fragment);
    else if (!created) this.#takeProgress(response);
    if (!created) return;
    this.#failures = 0;
    this.trouble = undefined;
    this.#attached.resolve();
  }

  #refusal({ compactRevision = 0, cancelReason = '' }: Response<'Watch'>): Error {
    if (compactRevision > 0) return new RevisionError('compacted', this.#seen, compactRevision, Math.max(this.#seen, compactRevision));
    // An old token looks like a missing permission.
    this.#members.forgetLogin();
    return new Error(`etcd refuses the watch: ${cancelReason}`);
  }

  /** Answers to requests bear the id of no watch; those that come by themselves can be relied on in all versions. */
  #takeProgress({ header, watchId = 0 }: Response<'Watch'>): void {
    if (watchId >= 0 || this.progressIsExact) this.#advance([], header?.revision ?? 0, false);
  }

  #takeEvents(events: readonly Message<'Event'>[], fragment: boolean): void {
    const last = events.at(-1)?.kv?.modRevision ?? 0;
    const fresh = [...this.#held, ...events.flatMap((event) => this.#decode(event))];
    // A fragment may break off within a revision.
    this.#held = fragment ? fresh.filter(({ modRevision }) => modRevision === last) : [];
    this.#advance(fragment ? fresh.filter(({ modRevision }) => modRevision < last) : fresh, fragment ? last - 1 : last, !fragment);
  }

  #advance(events: readonly KeyEvent[], upTo: number, eventful: boolean): void {
    if (upTo < this.#seen) return;
    this.#seen = upTo;
    this.#listener.advance(events, upTo, eventful);
  }

  /** What was seen already comes again after a reconnection; the marker is nobody's business. */
  #decode({ type, kv = {} }: Message<'Event'>): KeyEvent[] {
    const { key = '', value = '', modRevision = 0, createRevision = 0 } = kv;
    const inner = this.#layout.fromEtcd(key);
    if (inner === undefined || modRevision <= this.#seen) return [];
    return [{ key: inner, value: type === deletion ? undefined : value, modRevision, createRevision }];
  }
}

/** Before 3.4.25 and 3.5.8 the answer may overtake events (etcd issue 15220). */
export function answersProgressExactly(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major !== 3 || minor > 5) return major >= 3;
  return minor === 5 ? patch >= 8 : minor === 4 && patch >= 25;
}

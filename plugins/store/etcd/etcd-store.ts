import { systemClock, type Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { KeyListener, KeyPage, KeyRange, KeyValue, KeyWrite, KeyWriteResult, SharedStore } from '#core/spi/key-value-store.ts';
import { checkWrite } from '#plugins/store/check-write.ts';
import { Compaction } from './compaction.ts';
import { connect, type ConnectOptions } from './connect.ts';
import { toProviderError } from './failures.ts';
import { replay } from './history.ts';
import { Layout } from './layout.ts';
import { claimPrefix, touchMarker } from './marker.ts';
import type { Members } from './members.ts';
import { Reads } from './reads.ts';
import { Revisions } from './revisions.ts';
import { shareNext } from './share-next.ts';
import { SharedWatch } from './shared-watch.ts';
import { WriteOrder } from './write-order.ts';
import { Writes } from './writes.ts';

export interface EtcdOptions extends ConnectOptions {
  /** Where everything lies in etcd; `/registry` by default. */
  readonly prefix?: string;
  /** What all keys of this store begin with, and which `prefix` stands for in etcd. Nothing by default. */
  readonly inner?: string;
  /** Writes that may wait before more are refused as `Throttled`; 10,000 by default. */
  readonly maxWaitingWrites?: number;
}

/** What there is once the store is open. */
interface Parts {
  readonly members: Members;
  readonly layout: Layout;
  readonly revisions: Revisions;
  readonly shared: SharedWatch;
  readonly reads: Reads;
  readonly writes: Writes;
  readonly compaction: Compaction;
}

/** `KeyValueStore` over etcd 3.4 or later, which others may write to as well. One instance is opened once. */
export class EtcdStore implements SharedStore {
  readonly #options: EtcdOptions;
  readonly #clock: Clock;
  readonly #order: WriteOrder;
  readonly #stopped = new AbortController();
  #parts: Parts | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #compacting: Promise<unknown> = Promise.resolve();
  #cancelFresh: () => void = () => undefined;
  readonly #progress = shareNext(() => this.#catchUp());

  constructor(options: EtcdOptions, clock: Clock = systemClock) {
    this.#options = options;
    this.#clock = clock;
    this.#order = new WriteOrder({ underWay: 256, waiting: options.maxWaitingWrites ?? 10_000, waitingCharacters: 64 << 20 });
  }

  open(): Promise<void> {
    if (this.#closing) return Promise.reject(closed());
    return (this.#opening ??= this.#start());
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#shutDown());
  }

  async revisions(): Promise<{ newest: number; oldest: number }> {
    const { revisions } = this.#serving();
    return this.#explained('cannot read the revision', revisions.latest());
  }

  async progress(): Promise<number> {
    this.#serving();
    return this.#explained('cannot tell how far the watch is', this.#progress());
  }

  async get(key: string): Promise<KeyValue | undefined> {
    return this.#serving().reads.get(key);
  }

  async list(range: KeyRange): Promise<KeyPage> {
    return this.#serving().reads.list(range);
  }

  async write(write: KeyWrite): Promise<KeyWriteResult> {
    const { layout, writes } = this.#serving();
    checkWrite(write);
    return this.#order.run(layout.toEtcd(write.key), write.value?.length ?? 0, () => writes.apply(write));
  }

  async watch(prefix: string, from: number, listener: KeyListener, signal: AbortSignal): Promise<void> {
    const { members, layout, revisions, shared } = this.#serving();
    signal.throwIfAborted();
    if (from < revisions.oldest) throw await revisions.failure('compacted', from);
    await shared.ready;
    if (from > shared.seen) {
      const { newest } = await this.revisions();
      if (from > newest) throw await revisions.failure('future', from);
    }
    this.#serving();
    // Nothing happened since the last event, so whoever knows of that one has missed nothing.
    if (from >= (shared.lastEvent ?? shared.seen)) return shared.attach(prefix, from, listener, signal);
    if (shared.lastEvent === undefined) await this.#explained('cannot read the past', shared.mark());
    await replay(members, layout, this.#clock, shared, { prefix, from, listener, signal, over: this.#stopped.signal });
  }

  async compact(revision: number): Promise<void> {
    const { reads, revisions, compaction } = this.#serving();
    if (revision <= revisions.oldest) return;
    const { newest } = await this.revisions();
    if (revision > newest) throw await revisions.failure('future', revision);
    // The pages of a list are all read at the revision of the first, which must not go away meanwhile.
    const before = [this.#compacting, ...reads.lists];
    const mine = Promise.allSettled(before).then(async () => {
      if (revision > revisions.oldest && await compaction.compact(revision)) revisions.compactedTo(revision);
    });
    this.#compacting = mine;
    await this.#explained('cannot compact', mine);
  }

  async #start(): Promise<void> {
    const { endpoints, timeoutMs = 10_000, prefix = '/registry', inner = '' } = this.#options;
    const layout = new Layout(prefix, inner);
    const members = await connect(this.#options, layout, this.#clock);
    const revisions: Revisions = new Revisions(members, layout, this.#clock, { seen: () => shared.seen, wentBack: (reason) => shared.restart(reason) });
    const touch = shareNext(() => touchMarker(members, layout));
    const shared: SharedWatch = new SharedWatch(members, layout, this.#clock, { timeoutMs, touch, newest: async () => (await revisions.latest()).newest });
    const compaction = new Compaction(members);
    try {
      await checkVersion(members);
      await claimPrefix(members, layout);
      await compaction.open();
      await shared.start((await revisions.latest()).newest);
      this.#parts = { members, layout, revisions, shared, compaction, reads: new Reads(members, layout, revisions), writes: new Writes(members, layout, shared) };
    } catch (error) {
      shared.end(closed());
      members.close();
      throw toProviderError(error, `cannot open the store in etcd at ${endpoints.join(', ')}`, false);
    }
    this.#keepFresh();
  }

  async #shutDown(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    await this.#order.drained();
    this.#cancelFresh();
    this.#parts?.shared.end(closed());
    this.#stopped.abort(closed());
    this.#parts?.members.close();
  }

  /**
   * Now and then the watch is brought up to the newest revision although nothing happens here: others may compact what it has not seen,
   * and then it could not go on after a lost connection.
   */
  #keepFresh(): void {
    this.#cancelFresh = this.#clock.after(freshMs, () => {
      this.progress().catch(() => undefined);
      if (!this.#closing) this.#keepFresh();
    });
  }

  async #catchUp(): Promise<number> {
    const { revisions, shared } = this.#serving();
    const { newest } = await revisions.latest();
    await shared.reach(newest, false);
    return shared.seen;
  }

  #serving(): Parts {
    if (this.#closing) throw closed();
    if (!this.#parts) throw new ProviderError('Unavailable', 'the store is not open');
    return this.#parts;
  }

  async #explained<T>(what: string, call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      throw toProviderError(error, what, false);
    }
  }
}

/** How often an idle watch is brought up to date. */
const freshMs = 60_000;

const closed = (): ProviderError => new ProviderError('Unavailable', 'the store is closed');

async function checkVersion(members: Members): Promise<void> {
  const version = await members.version();
  if (version === undefined) return;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 4)) throw new ProviderError('Invalid', `etcd 3.4 or later is needed; this is ${version}`);
}

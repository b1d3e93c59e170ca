import { resourceName, type KindNames, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { isShared, RevisionError, type KeyEvent, type KeyValue, type KeyValueStore } from '#core/spi/key-value-store.ts';
import { kindPrefix, localKey, registryPrefix, splitKey } from './keys.ts';
import { Renewal } from './renewal.ts';
import { ResourceCache, unpack, withRevision, type Change } from './resource-cache.ts';
import { storedText } from './stored-text.ts';
import { Turns } from './turns.ts';

type Names = Pick<KindNames, 'group' | 'plural'>;

export interface ObjectStoreOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Changes that each kind keeps in memory for watchers that come back; older ones are read from the store. Default 1024. */
  readonly historySize?: number;
  /** Resources whose objects are written often and hardly read, such as `events`: they are kept as text. */
  readonly packed?: readonly string[];
  /** How often history is compacted, and how much of it is kept. Default 5 minutes. */
  readonly compactEveryMs?: number;
}

/** History is compacted early when so much has been written, however little time has passed: a disk is finite. */
const historyCharacters = 128 * 1024 * 1024;

const retryMs = 500;

/** A stored object and its key inside its kind. */
export type Entry = readonly [key: string, object: KubernetesObject];

/**
 * Objects over a `KeyValueStore`: a copy of everything in memory, kept true by one watch on the store, so that reads never
 * wait for the disk and every watcher sees one order. Writes are compare-and-swap on the object's version.
 */
export class ObjectStore implements Component {
  readonly name = 'object-store';
  private readonly kv: KeyValueStore;
  private readonly options: ObjectStoreOptions;
  private readonly caches = new Map<string, ResourceCache>();
  private readonly turns = new Turns();
  private readonly stopped = new AbortController();
  private startRevision = 0;
  private newest = 0;
  /** Characters written since `mark`, and the revision at which they began to be counted. */
  private written = 0;
  private mark = 0;
  private compacting = false;
  private cancelCompaction: () => void = () => undefined;
  private failure: Error | undefined;
  /** How often the state is being read anew at the moment: nobody knows how old the one in memory is. */
  private renewals = 0;
  /** Others write to this store too: what is in memory may be behind. */
  readonly shared: boolean;

  constructor(kv: KeyValueStore, options: ObjectStoreOptions) {
    this.kv = kv;
    this.options = options;
    this.shared = isShared(kv);
  }

  async start(): Promise<void> {
    await this.kv.open();
    const { newest } = await this.kv.revisions();
    this.startRevision = newest;
    this.newest = newest;
    try {
      await this.load(newest, (cache, local, { value, modRevision }) => cache.load(local, { value, modRevision }));
      await this.watch(newest);
    } catch (error) {
      if (!RevisionError.is(error, 'compacted')) throw error;
      await this.renew();
    }
    this.mark = this.newest;
    this.scheduleCompaction();
  }

  private async watch(from: number): Promise<void> {
    await this.kv.watch(registryPrefix, from, {
      events: (events) => this.take(events),
      closed: (reason) => void this.lost(reason),
    }, this.stopped.signal);
  }

  /** History was compacted while this process was cut off: what it has in memory is brought up to date, and whoever watches has to list again. */
  private async lost(reason: Error): Promise<void> {
    if (!this.shared || !RevisionError.is(reason, 'compacted')) return this.fail(reason);
    this.options.logger.warn('the store moved on too far while it could not be reached; everything is read anew', { error: reason });
    this.renewals++;
    try {
      await this.renew();
    } catch (error) {
      if (!this.stopped.signal.aborted) this.fail(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.renewals--;
    }
  }

  /** Takes over the newest state, in one step: until then the memory shows the old one, and never something in between. */
  private async renew(): Promise<void> {
    for (;;) {
      try {
        const { newest, renewal } = await this.reachable(() => this.readAnew());
        this.startRevision = newest;
        renewal.take([...this.caches.values()], newest);
        this.newest = newest;
        return await this.reachable(() => this.watch(this.newest));
      } catch (error) {
        // Others may compact again at any time.
        if (!RevisionError.is(error, 'compacted')) throw error;
      }
    }
  }

  private async readAnew(): Promise<{ newest: number; renewal: Renewal }> {
    const { newest } = await this.kv.revisions();
    const renewal = new Renewal();
    await this.load(newest, (cache, local, item) => renewal.note(cache, local, item));
    return { newest, renewal };
  }

  /** A store that was just lost may be away for a while yet. */
  private async reachable<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await read();
      } catch (error) {
        if (this.stopped.signal.aborted || !ProviderError.is(error, 'Unavailable')) throw error;
        await new Promise<void>((resolve) => {
          this.options.clock.after(retryMs, resolve);
        });
      }
    }
  }

  /**
   * Brings the memory up to date with the writes of other processes; resolves to whether there can be any.
   * @throws {StatusError} ServiceUnavailable when the store cannot be reached, or is being read anew
   */
  async catchUp(): Promise<boolean> {
    this.assertUsable();
    if (!isShared(this.kv)) return false;
    const reached = await this.kv.progress().catch(unreachable);
    if (this.renewals > 0) throw new StatusError('ServiceUnavailable', 'the store is being read anew', { retryAfterSeconds: 1 });
    this.newest = Math.max(this.newest, reached);
    return true;
  }

  async stop(): Promise<void> {
    this.stopped.abort(new Error('the object store is stopped'));
    this.cancelCompaction();
    await this.kv.close();
  }

  /** The newest version that this store has seen. */
  get revision(): number {
    return this.newest;
  }

  /** Why the store cannot be used, when it cannot. */
  get trouble(): Error | undefined {
    return this.failure;
  }

  cache(names: Names): ResourceCache {
    const prefix = kindPrefix(names);
    let cache = this.caches.get(prefix);
    if (!cache) {
      cache = new ResourceCache({
        revision: this.startRevision, historySize: this.options.historySize ?? 1024, packed: this.options.packed?.includes(resourceName(names)) ?? false,
      });
      this.caches.set(prefix, cache);
    }
    return cache;
  }

  get(names: Names, namespace: string | undefined, name: string): KubernetesObject | undefined {
    this.assertUsable();
    return this.cache(names).get(localKey(namespace, name));
  }

  /** Runs a read-modify-write of one object while no other one of this process does. Other processes may still come in between. */
  inTurn<T>(names: Names, namespace: string | undefined, name: string, task: () => Promise<T>): Promise<T> {
    return this.turns.take(kindPrefix(names) + localKey(namespace, name), task);
  }

  /** @throws {StatusError} AlreadyExists */
  async create(names: Names, object: KubernetesObject): Promise<KubernetesObject> {
    const stored = await this.swap(names, object, 0);
    if (stored === undefined) throw StatusError.alreadyExists(names, object.metadata.name);
    return stored;
  }

  /** Stores `object` in place of `current`; undefined when `current` is not the newest any more. */
  async replace(names: Names, object: KubernetesObject, current: KubernetesObject): Promise<KubernetesObject | undefined> {
    return this.swap(names, object, revisionOf(current));
  }

  /** Removes `current`; undefined when it is not the newest any more, otherwise its last state with the deletion's version. */
  async remove(names: Names, current: KubernetesObject): Promise<KubernetesObject | undefined> {
    this.assertUsable();
    const { namespace, name } = current.metadata;
    const key = kindPrefix(names) + localKey(namespace, name);
    const result = await this.kv.write({ key, value: undefined, expected: revisionOf(current) }).catch(storageFailure);
    if (!result.applied) return undefined;
    return withRevision(current, result.revision);
  }

  /**
   * The objects as they were at `revision`, from the store's history.
   * @throws {RevisionError} `compacted` or `future`
   */
  async listAt(names: Names, range: { prefix: string; after?: string; limit?: number; revision: number }): Promise<{ items: readonly Entry[]; more: boolean }> {
    const base = kindPrefix(names);
    const page = await this.kv.list({
      prefix: base + range.prefix, revision: range.revision,
      ...(range.after === undefined ? {} : { after: base + range.after }),
      ...(range.limit === undefined ? {} : { limit: range.limit }),
    });
    return { items: page.items.map((item) => [item.key.slice(base.length), unpack(item)]), more: page.more };
  }

  /**
   * Hands every change of a kind after `from` to `listener`, until the returned function is called.
   * Changes that this store no longer has in memory are read from its history first. `lost` is called when changes may be missing
   * from there on: nothing comes after it.
   * @throws {RevisionError} `compacted` when they are gone there too
   */
  async follow(names: Names, from: number, listener: (change: Change) => void, lost?: () => void): Promise<() => void> {
    this.assertUsable();
    const cache = this.cache(names);
    if (from > this.newest) throw new RevisionError('future', from, 0, this.newest);
    let reached = from;
    let recent = cache.since(from);
    // While history is being read the memory may move on; a store that keeps outrunning its reader has to be listed again.
    for (let round = 0; recent === undefined; round++) {
      if (round === 3) throw new RevisionError('compacted', from, reached, this.newest);
      const past = await this.history(names, reached);
      for (const change of past.changes) listener(change);
      reached = past.reached;
      recent = cache.since(reached);
    }
    for (const change of recent) listener(change);
    return cache.subscribe(listener, lost);
  }

  /** Replays from the store: the state at `from` gives each change its `previous`. */
  private async history(names: Names, from: number): Promise<{ changes: readonly Change[]; reached: number }> {
    const base = kindPrefix(names);
    const { items } = await this.kv.list({ prefix: base, revision: from });
    const state = new Map(items.map((item) => [item.key, unpack(item)]));
    const changes: Change[] = [];
    const collect = (event: KeyEvent): void => {
      const previous = state.get(event.key);
      if (event.value !== undefined) {
        const object = unpack({ ...event, value: event.value });
        state.set(event.key, object);
        changes.push({ deleted: false, object, previous, revision: event.modRevision, size: event.value.length });
      } else if (previous !== undefined) {
        state.delete(event.key);
        changes.push({ deleted: true, object: withRevision(previous, event.modRevision), previous, revision: event.modRevision, size: 0 });
      }
    };
    const done = new AbortController();
    try {
      await this.kv.watch(base, from, { events: (events) => events.forEach(collect), closed: () => undefined }, done.signal);
    } finally {
      done.abort();
    }
    // What the memory has not seen yet it will tell itself.
    const reached = Math.max(from, this.newest);
    return { changes: changes.filter(({ revision }) => revision <= reached), reached };
  }

  private async swap(names: Names, object: KubernetesObject, expected: number): Promise<KubernetesObject | undefined> {
    this.assertUsable();
    const { namespace, name } = object.metadata;
    const local = localKey(namespace, name);
    const value = storedText(object);
    const result = await this.kv.write({ key: kindPrefix(names) + local, value, expected }).catch(storageFailure);
    if (!result.applied) return undefined;
    const stored = this.cache(names).get(local);
    // Unless the next write has already replaced it, the answer is the very object that everybody reads.
    return stored !== undefined && revisionOf(stored) === result.revision ? stored : unpack({ value, modRevision: result.revision }, true);
  }

  private async load(revision: number, put: (cache: ResourceCache, local: string, item: KeyValue) => void): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.kv.list({ prefix: registryPrefix, revision, limit: 2000, ...(after === undefined ? {} : { after }) });
      for (const item of page.items) {
        const { kind, local } = splitKey(item.key);
        put(this.cacheAt(kind), local, item);
      }
      after = page.items.at(-1)?.key;
      if (!page.more || after === undefined) return;
    }
  }

  private take(events: readonly KeyEvent[]): void {
    for (const event of events) {
      this.newest = event.modRevision;
      this.written += event.value?.length ?? 0;
      const { kind, local } = splitKey(event.key);
      this.cacheAt(kind).apply(local, event.value, event.modRevision);
    }
    if (this.written > historyCharacters) this.compact();
  }

  private cacheAt(kind: string): ResourceCache {
    const dot = kind.indexOf('.');
    return this.cache(dot < 0 ? { group: '', plural: kind } : { group: kind.slice(dot + 1), plural: kind.slice(0, dot) });
  }

  private fail(reason: Error): void {
    this.failure = reason;
    this.options.logger.error('the store is gone; every request fails until the server is started again', { error: reason });
  }

  private assertUsable(): void {
    if (this.failure) throw new StatusError('ServiceUnavailable', `the store is not available: ${this.failure.message}`, undefined, { cause: this.failure });
  }

  private scheduleCompaction(): void {
    this.cancelCompaction = this.options.clock.after(this.options.compactEveryMs ?? 5 * 60_000, () => {
      this.compact();
      this.scheduleCompaction();
    });
  }

  /** Drops the history up to the last call, so that at least what came since then is kept. */
  private compact(): void {
    if (this.compacting || this.stopped.signal.aborted) return;
    const { mark } = this;
    this.mark = this.newest;
    this.written = 0;
    this.compacting = true;
    this.kv.compact(mark).catch((error: unknown) => {
      if (!this.stopped.signal.aborted) this.options.logger.warn('history was not compacted; trying again at the next round', { error });
    }).finally(() => {
      this.compacting = false;
    });
  }
}

const revisionOf = (object: KubernetesObject): number => Number(object.metadata.resourceVersion);

function unreachable(error: unknown): never {
  throw new StatusError('ServiceUnavailable', `the store cannot be reached: ${error instanceof Error ? error.message : String(error)}`, { retryAfterSeconds: 1 }, { cause: error });
}

/** What the store says becomes what the API says. */
function storageFailure(error: unknown): never {
  if (ProviderError.is(error, 'Exhausted')) throw new StatusError('InternalError', `the store is full: ${error.message}`, undefined, { cause: error, code: 507 });
  if (ProviderError.is(error, 'Throttled')) throw new StatusError('TooManyRequests', `the store is behind: ${error.message}`, { retryAfterSeconds: 1 }, { cause: error });
  if (ProviderError.is(error, 'Invalid')) throw new StatusError('RequestEntityTooLarge', `the store does not take the object: ${error.message}`, undefined, { cause: error });
  if (ProviderError.is(error, 'Unavailable')) throw new StatusError('ServiceUnavailable', `the store is not available: ${error.message}`, { retryAfterSeconds: 1 }, { cause: error });
  if (ProviderError.is(error, 'Unknown')) throw new StatusError('Timeout', `the store did not say whether the write happened: ${error.message}`, undefined, { cause: error });
  throw new StatusError('InternalError', `the store did not confirm the write: ${error instanceof Error ? error.message : String(error)}`, undefined, { cause: error });
}

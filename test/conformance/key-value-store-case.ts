import { expect } from 'chai';
import { RevisionError, type KeyEvent, type KeyListener, type KeyValue, type KeyValueStore, type KeyWriteResult } from '#core/spi/key-value-store.ts';

/** A store to be tested, not opened yet. */
export interface StoreUnderTest {
  readonly store: KeyValueStore;
  /** Another store on the same data, not opened; called when the one before is closed. Undefined: the data goes with the store. */
  readonly reopen?: () => Promise<KeyValueStore>;
  /** Removes the data. All stores are closed. */
  readonly cleanup: () => Promise<void>;
}

/** What a case works with. */
export interface Case {
  /** Open, and empty at the start of the case. Another one after `restart`. */
  store: KeyValueStore;
  /** Closes the store and opens another on the same data; undefined when the data goes with the store. */
  readonly restart: (() => Promise<void>) | undefined;
  /** The store is a `SharedStore`: only writes for the same key keep their order. */
  readonly shared: boolean;
}

/** Declares one case of the kit. */
export type Law = (title: string, body: (given: Case) => Promise<void>) => void;

/** Keeps what a watch delivers, and checks that it comes in order. */
export class Recorder implements KeyListener {
  readonly received: KeyEvent[] = [];
  readonly closings: Error[] = [];
  readonly disorder: string[] = [];
  readonly #waiting: (() => void)[] = [];

  events(events: readonly KeyEvent[]): void {
    for (const event of events) {
      const last = this.received.at(-1)?.modRevision ?? 0;
      if (event.modRevision <= last) this.disorder.push(`${event.modRevision} after ${last}`);
      this.received.push(event);
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  closed(reason: Error): void {
    this.closings.push(reason);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  get revisions(): number[] {
    return this.received.map(({ modRevision }) => modRevision);
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((wake) => this.#waiting.push(wake));
  }
}

/** Attaches a new recorder; it is detached by the returned function, or when the store is closed. */
export async function record(store: KeyValueStore, prefix: string, from: number): Promise<Recorder & { stop(): void }> {
  const abort = new AbortController();
  const recorder = Object.assign(new Recorder(), { stop: () => abort.abort() });
  await store.watch(prefix, from, recorder, abort.signal);
  return recorder;
}

/** The write must apply; its revision. */
export function applied(result: KeyWriteResult): number {
  if (!result.applied) throw new Error(`the write was not applied; stored is ${JSON.stringify(result.current)}`);
  return result.revision;
}

export const put = async (store: KeyValueStore, key: string, value: string): Promise<number> => applied(await store.write({ key, value }));
export const remove = async (store: KeyValueStore, key: string): Promise<number> => applied(await store.write({ key, value: undefined }));

export async function keysOf(store: KeyValueStore, prefix: string, after?: string): Promise<string[]> {
  const { items } = await store.list({ prefix, ...(after === undefined ? {} : { after }) });
  return items.map(({ key }) => key);
}

export const itemsAt = async (store: KeyValueStore, revision: number): Promise<readonly KeyValue[]> => (await store.list({ prefix: '', revision })).items;

/** The call must reject; its error. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call should have failed');
}

export async function expectRevisionError(call: Promise<unknown>, kind: 'compacted' | 'future'): Promise<void> {
  const error = await failure(call);
  expect(RevisionError.is(error, kind), `a RevisionError "${kind}", not ${String(error)}`).to.equal(true);
}

/** What came of writes for many keys, which a shared store may have put into another order. */
export const inAnyOrder = ({ shared }: Case, revisions: readonly number[]): number[] => (shared ? revisions.toSorted((left, right) => left - right) : [...revisions]);

export const countFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, index) => first + index);

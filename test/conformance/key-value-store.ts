import { isShared, type KeyValueStore } from '#core/spi/key-value-store.ts';
import { closingCases } from './key-value-store-closing.ts';
import type { Case, Law, StoreUnderTest } from './key-value-store-case.ts';
import { compactionCases } from './key-value-store-compaction.ts';
import { Numbering, Renumbered } from './key-value-store-renumbered.ts';
import { randomCases } from './key-value-store-random.ts';
import { readCases } from './key-value-store-reads.ts';
import { watchCases } from './key-value-store-watches.ts';
import { writeCases } from './key-value-store-writes.ts';

export type { StoreUnderTest } from './key-value-store-case.ts';

export interface KeyValueStoreConformanceOptions {
  /** Cases, by their titles, that the store cannot keep, and why. A title that no case has is an error. */
  readonly skip?: readonly { readonly reason: string; readonly cases: readonly string[] }[];
  /** It is a `SharedStore`: held to the weaker laws of one. During a case nobody else may write to its keys. */
  readonly shared?: boolean;
}

/** Declares a mocha suite that holds a store to every law of `core/spi/key-value-store.ts`. `make` is called once for each case. */
export function keyValueStoreConformance(name: string, make: () => Promise<StoreUnderTest>, options: KeyValueStoreConformanceOptions = {}): void {
  const skipped = new Map((options.skip ?? []).flatMap(({ reason, cases }) => cases.map((title) => [title, reason] as const)));

  describe(`${name} keeps the laws of a KeyValueStore`, function () {
    this.timeout(20_000);
    const law: Law = (title, body) => {
      const reason = skipped.get(title);
      skipped.delete(title);
      if (reason === undefined) it(title, () => run(make, body, options.shared ?? false));
      else it.skip(`${title} (skipped: ${reason})`);
    };
    for (const cases of [writeCases, readCases, watchCases, compactionCases, closingCases, randomCases]) cases(law);
    if (skipped.size > 0) throw new Error(`no such cases to skip: ${[...skipped.keys()].join(', ')}`);
  });
}

async function run(make: () => Promise<StoreUnderTest>, body: (given: Case) => Promise<void>, shared: boolean): Promise<void> {
  const { store, reopen, cleanup } = await make();
  const numbering = new Numbering();
  const seen = (each: KeyValueStore): KeyValueStore => {
    if (isShared(each) !== shared) throw new Error('the option "shared" is for a SharedStore, and needs one');
    return isShared(each) ? new Renumbered(each, numbering) : each;
  };
  const restart = async (next: NonNullable<typeof reopen>): Promise<void> => {
    await given.store.close();
    given.store = seen(await next());
    await given.store.open();
  };
  const given: Case = { store: seen(store), restart: reopen && (() => restart(reopen)), shared };
  try {
    await given.store.open();
    await body(given);
  } finally {
    await given.store.close();
    await cleanup();
  }
}

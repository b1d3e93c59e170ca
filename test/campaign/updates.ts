import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '#test/conformance/key-value-store-model.ts';
import { SqliteStore } from '#plugins/store/sqlite/sqlite-store.ts';

export interface UpdateLoad {
  readonly updates: number;
  readonly writers: number;
  /** How many keys are updated, and how long a value is on average: half are leases, which are short, half are objects. */
  readonly keys: number;
  readonly characters: number;
  /** History is compacted, up to where the last compaction was asked for, whenever so much has been written: as the API server does. */
  readonly compactEveryCharacters: number;
  readonly seed: number;
}

/** The state of things at one moment. */
export interface Sample {
  readonly updates: number;
  readonly seconds: number;
  readonly fileBytes: number;
  readonly logBytes: number;
}

export interface UpdateReport {
  readonly seconds: number;
  readonly samples: readonly Sample[];
  readonly compactions: number;
  /** Milliseconds that each write waited, by whether a compaction was under way when it was asked for. */
  readonly during: readonly number[];
  readonly otherwise: readonly number[];
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Updates the same keys over and over, as fast as the store takes them. */
export async function updateAll(stateDir: string, load: UpdateLoad, each: (sample: Sample) => void = () => undefined): Promise<UpdateReport> {
  const file = join(stateDir, 'state.db');
  const store = new SqliteStore({ stateDir });
  await store.open();
  const random = new Random(load.seed);
  const samples: Sample[] = [];
  const during: number[] = [];
  const otherwise: number[] = [];
  let begun = 0;
  let done = 0;
  let written = 0;
  let mark = 1;
  let compactions = 0;
  let compacting: Promise<void> | undefined;
  const text = 'x'.repeat(load.characters * 2);
  const start = performance.now();

  const sample = (): void => {
    const now = { updates: done, seconds: (performance.now() - start) / 1000, fileBytes: sizeOf(file), logBytes: sizeOf(`${file}-wal`) };
    samples.push(now);
    each(now);
  };
  const compact = async (): Promise<void> => {
    const upTo = mark;
    ({ newest: mark } = await store.revisions());
    written = 0;
    await store.compact(upTo);
    compactions++;
    sample();
    compacting = undefined;
  };
  const writer = async (): Promise<void> => {
    while (begun < load.updates) {
      begun++;
      const key = random.below(load.keys);
      const value = text.slice(0, key % 2 === 0 ? load.characters / 2 : load.characters / 2 + random.below(load.characters * 1.5 | 0));
      const times = compacting ? during : otherwise;
      const asked = performance.now();
      await store.write({ key: `/registry/${key % 2 === 0 ? 'leases' : 'objects'}/${key}`, value });
      times.push(performance.now() - asked);
      written += value.length;
      if (written > load.compactEveryCharacters) compacting ??= compact();
      if (++done % Math.ceil(load.updates / 50) === 0) sample();
    }
  };

  try {
    await Promise.all(Array.from({ length: load.writers }, writer));
    const seconds = (performance.now() - start) / 1000;
    await compacting;
    return { seconds, samples, compactions, during, otherwise };
  } finally {
    await store.close();
  }
}

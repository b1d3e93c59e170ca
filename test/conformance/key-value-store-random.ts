import { expect } from 'chai';
import type { KeyRange, KeyWrite, KeyWriteResult } from '#core/spi/key-value-store.ts';
import { countFrom, expectRevisionError, record, type Case, type Law, type Recorder } from './key-value-store-case.ts';
import { NaiveStore, Random } from './key-value-store-model.ts';

/** Random calls, compared with a naive model after every one. A failure's message names the seed and the step. */
export function randomCases(law: Law): void {
  for (const seed of [1, 2, 3]) {
    law(`random calls do what the model does (seed ${seed})`, async (given) => {
      const run = new RandomRun(given, new Random(seed));
      for (let step = 0; step < 250; step++) {
        try {
          await run.step();
        } catch (error) {
          throw new Error(`seed ${seed}, step ${step}`, { cause: error });
        }
      }
    });
  }
}

const keys = ['a', 'a/', 'a/b', 'a/b\0', 'a0', 'b', 'b/é', 'b/\uffff', 'b/😀', 'c\u{10ffff}', 'c\u{10ffff}x', 'd'] as const;
const prefixes = ['', 'a', 'a/', 'b/', 'b/\uffff', 'c\u{10ffff}', 'd', 'e'] as const;

class RandomRun {
  readonly #given: Case;
  readonly #random: Random;
  readonly #model = new NaiveStore();
  #watches: { prefix: string; from: number; watch: Recorder & { stop(): void } }[] = [];

  constructor(given: Case, random: Random) {
    this.#given = given;
    this.#random = random;
  }

  async step(): Promise<void> {
    const turn = this.#random.below(100);
    if (turn < 50) await this.#writes();
    else if (turn < 75) await this.#list();
    else if (turn < 85) await this.#watch();
    else if (turn < 88) this.#watches.splice(this.#random.below(this.#watches.length + 1), 1)[0]?.watch.stop();
    else if (turn < 92) await this.#compact();
    else if (turn < 94) await this.#restart();
    else await this.#get();
    this.#checkWatches();
  }

  async #writes(): Promise<void> {
    const writes = countFrom(0, 1 + this.#random.below(6)).map(() => this.#randomWrite());
    const results = await Promise.all(writes.map((write) => this.#given.store.write(write)));
    const order = this.#given.shared ? orderOf(writes, results) : [...writes.keys()];
    for (const turn of order) expect(results[turn]).to.deep.equal(this.#model.write(writes[turn] ?? { key: '', value: '' }));
  }

  #randomWrite(): KeyWrite {
    const key = this.#random.pick(keys);
    const value = this.#random.chance(25) ? undefined : `v${this.#random.below(1000)}`;
    if (this.#random.chance(40)) return { key, value };
    const current = this.#model.state(this.#model.newest).get(key)?.modRevision ?? 0;
    return { key, value, expected: this.#random.chance(70) ? current : this.#random.below(this.#model.newest + 2) };
  }

  async #list(): Promise<void> {
    const range: KeyRange = {
      prefix: this.#random.pick(prefixes),
      ...(this.#random.chance(40) ? { after: this.#random.pick(keys) } : {}),
      ...(this.#random.chance(50) ? { limit: 1 + this.#random.below(6) } : {}),
      ...(this.#random.chance(60) ? { revision: this.#randomRevision() } : {}),
    };
    const refused = this.#refused(range.revision ?? this.#model.newest);
    if (refused) await expectRevisionError(this.#given.store.list(range), refused);
    else expect(await this.#given.store.list(range)).to.deep.equal(this.#model.list(range));
  }

  async #get(): Promise<void> {
    const key = this.#random.pick(keys);
    expect(await this.#given.store.get(key)).to.deep.equal(this.#model.state(this.#model.newest).get(key));
    expect(await this.#given.store.revisions()).to.deep.equal({ newest: this.#model.newest, oldest: this.#model.oldest });
  }

  async #watch(): Promise<void> {
    const prefix = this.#random.pick(prefixes);
    const from = this.#randomRevision();
    const refused = this.#refused(from);
    if (refused) await expectRevisionError(record(this.#given.store, prefix, from), refused);
    else this.#watches.push({ prefix, from, watch: await record(this.#given.store, prefix, from) });
  }

  async #compact(): Promise<void> {
    const revision = this.#random.below(this.#model.newest + 1);
    await this.#given.store.compact(revision);
    this.#model.compact(revision);
  }

  async #restart(): Promise<void> {
    if (!this.#given.restart) return;
    await this.#given.restart();
    for (const { watch } of this.#watches) expect(watch.closings).to.have.length(1);
    this.#watches = [];
  }

  #checkWatches(): void {
    for (const { prefix, from, watch } of this.#watches) {
      expect(watch.received).to.deep.equal(this.#model.events.filter(({ key, modRevision }) => modRevision > from && key.startsWith(prefix)));
    }
  }

  #randomRevision(): number {
    return this.#model.oldest - 1 + this.#random.below(this.#model.newest - this.#model.oldest + 3);
  }

  #refused(revision: number): 'compacted' | 'future' | undefined {
    if (revision < this.#model.oldest) return 'compacted';
    return revision > this.#model.newest ? 'future' : undefined;
  }
}

/** Turns of writes as they were applied. One that was not applied comes where it was asked for among those of its key. */
function orderOf(writes: readonly KeyWrite[], results: readonly KeyWriteResult[]): number[] {
  const revision = (turn: number): number => {
    const result = results[turn];
    return result?.applied ? result.revision : 0;
  };
  const place = (turn: number): number => revision(turn) || Math.max(0, ...[...writes.keys()].filter((other) => other < turn && writes[other]?.key === writes[turn]?.key).map(revision));
  return [...writes.keys()].toSorted((left, right) => place(left) - place(right) || left - right);
}

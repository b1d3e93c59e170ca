import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { execa } from 'execa';
import { Random } from '#test/conformance/key-value-store-model.ts';
import { mountingImages, unmet } from '#test/fixtures/requires.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { SqliteStore } from '#plugins/store/sqlite/sqlite-store.ts';
import { chosenSeed, inFolder } from './folder.ts';

const rounds = 60;

/** An ext4 file system of 96 MB is filled and cleared again and again, with restarts in between: nothing acknowledged is lost, and it goes on each time. */
export async function fullDisk(): Promise<void> {
  const reason = unmet(...mountingImages);
  if (reason !== undefined) {
    process.stdout.write(`skipped: ${reason}\n`);
    return;
  }
  const random = new Random(chosenSeed());
  await inFolder(async (folder) => {
    const image = join(folder, 'image');
    const disk = join(folder, 'disk');
    await writeFile(image, '');
    await truncate(image, 96 << 20);
    await mkdir(disk);
    await execa('mkfs.ext4', ['-q', '-m', '0', image]);
    await execa('mount', ['-o', 'loop', image, disk]);
    try {
      const campaign = new FullDisk(join(disk, 'state'), random);
      await mkdir(campaign.stateDir);
      try {
        await campaign.run();
      } finally {
        await campaign.close();
      }
    } finally {
      await execa('umount', [disk]);
    }
  });
}

class FullDisk {
  readonly stateDir: string;
  readonly #random: Random;
  /** What was acknowledged. */
  readonly #truth = new Map<string, string>();
  #store: SqliteStore | undefined;
  #fresh = 0;
  #refused = 0;

  constructor(stateDir: string, random: Random) {
    this.stateDir = stateDir;
    this.#random = random;
  }

  async run(): Promise<void> {
    let store = await this.#open();
    for (let round = 1; round <= rounds; round++) {
      await this.#fill(store);
      await this.#expectTruth(store);
      if (this.#random.chance(40)) store = await this.#reopen(store);
      await this.#clear(store, 30 + this.#random.below(60));
      if (this.#random.chance(20)) store = await this.#reopen(store);
      await this.#write(store, `again/${round}`, 'x'.repeat(2000));
      await this.#expectTruth(store);
      if (round % 10 === 0) process.stdout.write(`filled ${round} times: ${this.#truth.size} keys, revision ${(await store.revisions()).newest}, ${this.#refused} writes refused\n`);
    }
    await this.close();
    const database = new DatabaseSync(join(this.stateDir, 'state.db'), { readOnly: true });
    expect(database.prepare('PRAGMA integrity_check').get()).to.deep.include({ integrity_check: 'ok' });
    database.close();
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }

  async #open(): Promise<SqliteStore> {
    this.#store = new SqliteStore({ stateDir: this.stateDir });
    await this.#store.open();
    return this.#store;
  }

  async #reopen(store: SqliteStore): Promise<SqliteStore> {
    await store.close();
    return this.#open();
  }

  /** New keys and updates, of any size, until most are refused. */
  async #fill(store: SqliteStore): Promise<void> {
    for (let refused = 0; refused < 40;) {
      const writes = new Map(Array.from({ length: 50 }, () => [this.#anyKey(), String(this.#fresh++).padEnd(this.#random.below(12_000), 'x')] as const));
      const results = await Promise.allSettled([...writes].map(async ([key, value]) => {
        await store.write({ key, value });
        this.#truth.set(key, value);
      }));
      const errors = results.filter((result) => result.status === 'rejected');
      for (const { reason } of errors) expect(ProviderError.is(reason, 'Exhausted'), String(reason)).to.equal(true);
      refused = errors.length;
      this.#refused += refused;
    }
  }

  #anyKey(): string {
    return this.#random.chance(30) ? `old/${this.#random.below(200)}` : `new/${this.#fresh++}`;
  }

  /** Deletes a share of what there is. */
  async #clear(store: SqliteStore, percent: number): Promise<void> {
    const doomed = [...this.#truth.keys()].filter(() => this.#random.chance(percent));
    for (let start = 0; start < doomed.length; start += 64) {
      await Promise.all(doomed.slice(start, start + 64).map(async (key) => {
        expect(await store.write({ key, value: undefined })).to.have.property('applied', true);
        this.#truth.delete(key);
      }));
    }
  }

  /** Room is made in the background. */
  async #write(store: SqliteStore, key: string, value: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const refusal: unknown = await store.write({ key, value }).then(() => undefined, (error: unknown) => error);
      if (refusal === undefined) break;
      if (attempt > 5000 || !ProviderError.is(refusal, 'Exhausted')) throw new Error(`${key} is refused although there should be room`, { cause: refusal });
    }
    this.#truth.set(key, value);
  }

  async #expectTruth(store: SqliteStore): Promise<void> {
    const { items } = await store.list({ prefix: '' });
    expect(items.length, 'keys').to.equal(this.#truth.size);
    for (const { key, value } of items) if (this.#truth.get(key) !== value) throw new Error(`${key} is not what was acknowledged`);
  }
}

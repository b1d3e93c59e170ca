import { mkdir, stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { itemsAt } from '#test/conformance/key-value-store-case.ts';
import { Random } from '#test/conformance/key-value-store-model.ts';
import { percentile, printTable } from '#test/bench/table.ts';
import { SqliteBackup } from '#plugins/store/sqlite/sqlite-backup.ts';
import { SqliteStore } from '#plugins/store/sqlite/sqlite-store.ts';
import { inFolder } from './folder.ts';

const main = join(import.meta.dirname, '..', '..', 'core', 'cli', 'main.ts');
const objects = 100_000;
const megabyte = 1024 * 1024;
const bounds = { logMegabytes: 64, maxMs: 1000 };

/** 100,000 objects are backed up by another process, five times, while 32 writers update them; each backup must be the state of its revision. */
export async function backup(): Promise<void> {
  await inFolder(async (folder) => {
    const stateDir = join(folder, 'sqlite');
    await mkdir(stateDir);
    const store = new SqliteStore({ stateDir });
    await store.open();
    try {
      await Promise.all(Array.from({ length: 100 }, async (_, part) => {
        for (let each = part; each < objects; each += 100) await write(store, each, 0);
      }));
      const rows: (string | number)[][] = [];
      for (let round = 1; round <= 5; round++) rows.push([`backup ${round}`, ...await backUpUnderLoad(store, folder, round)]);
      printTable('Backups of 100,000 objects by another process, while 32 writers update them as fast as they can', ['', 's', 'MB', 'writes meanwhile', 'p99 ms', 'longest ms', 'log MB'], rows);
    } finally {
      await store.close();
    }
  });
}

const write = (store: SqliteStore, each: number, turn: number): Promise<unknown> =>
  store.write({ key: `/registry/objects/${each}`, value: `${turn}:${'x'.repeat(1000)}` });

async function backUpUnderLoad(store: SqliteStore, folder: string, round: number): Promise<number[]> {
  const random = new Random(round);
  const file = join(folder, `backup${round}`);
  const times: number[] = [];
  let logBytes = 0;
  let over = false;
  const writer = async (): Promise<void> => {
    for (let turn = 0; !over; turn++) {
      const asked = performance.now();
      await write(store, random.below(objects), turn);
      times.push(performance.now() - asked);
      if (turn % 16 === 0) logBytes = Math.max(logBytes, statSync(join(folder, 'sqlite', 'state.db-wal')).size);
    }
  };
  const writers = Promise.all(Array.from({ length: 32 }, writer));
  const begun = performance.now();
  await execa(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'backup', file, '--data-dir', folder]).finally(() => {
    over = true;
  });
  const seconds = (performance.now() - begun) / 1000;
  await writers;
  await expectState(store, folder, file, round);
  expect(logBytes / megabyte, 'MB of the write-ahead log').to.be.below(bounds.logMegabytes);
  expect(percentile(times, 1), 'longest ms of a write').to.be.below(bounds.maxMs);
  return [seconds, (await stat(file)).size / megabyte, times.length, percentile(times, 0.99), percentile(times, 1), logBytes / megabyte];
}

/** Restores the backup elsewhere, and holds it against what the store still knows of that revision. */
async function expectState(store: SqliteStore, folder: string, file: string, round: number): Promise<void> {
  const stateDir = join(folder, `restored${round}`);
  await mkdir(stateDir);
  const backups = new SqliteBackup({ stateDir });
  const { revision } = await backups.inspect(file);
  await backups.restore(file);
  const restored = new SqliteStore({ stateDir });
  await restored.open();
  try {
    const { items } = await restored.list({ prefix: '' });
    expect(items.length).to.equal(objects);
    const wanted = await itemsAt(store, revision);
    const wrong = wanted.findIndex((item, index) => JSON.stringify(item) !== JSON.stringify(items[index]));
    expect(wrong, `the first key that differs, ${wanted[wrong]?.key}`).to.equal(-1);
  } finally {
    await restored.close();
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs a task with a folder of its own, which is gone afterwards. */
export async function inFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-campaign-'));
  try {
    return await task(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A seed for this run, or the one that is to be repeated. */
export function chosenSeed(): number {
  const seed = Number(process.env['KEELSON_TEST_SEED'] ?? Math.floor(Math.random() * 1e9));
  process.stdout.write(`seed ${seed}\n`);
  return seed;
}

import { openSync, writeSync } from 'node:fs';
import { SqliteStore } from './sqlite-store.ts';

/**
 * Run by the tests that kill it: writes until then, with many writes under way and compactions in between. Appends to the file `acknowledged`
 * one line for each write that was answered: key, revision, value (`-` for a deletion) and a full stop, without which the line is cut off.
 * To a file, because what is written there outlives the process; of its output the last part may be lost. There it says `opened`, and a dot for each line.
 */
const [stateDir = '', seed = '0', acknowledged = ''] = process.argv.slice(2);
let state = Number(seed);
const randomBelow = (end: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
};
const file = openSync(acknowledged, 'a');

const store = new SqliteStore({ stateDir });
await store.open();
process.stdout.write('opened\n');
await Promise.all([...Array.from({ length: 48 }, (_, writer) => write(writer)), compact()]);

async function write(writer: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = `w${writer}/${randomBelow(6)}`;
    const current = await store.get(key);
    const value = current && randomBelow(5) === 0 ? undefined : `${seed}:${turn}:${'x'.repeat(randomBelow(3000))}`;
    const result = await store.write({ key, value, expected: current?.modRevision ?? 0 });
    if (!result.applied) throw new Error(`${key} was written by somebody else`);
    writeSync(file, `${key} ${result.revision} ${value ?? '-'} .\n`);
    process.stdout.write('.\n');
  }
}

async function compact(): Promise<void> {
  for (;;) {
    const { newest, oldest } = await store.revisions();
    await store.compact(oldest + Math.floor((newest - oldest) / 2));
    await store.list({ prefix: '' });
  }
}

import { SqliteStore } from './sqlite-store.ts';
import { Random } from '#test/conformance/key-value-store-model.ts';

/**
 * Writes until it is killed, with many writes under way and compactions in between. Prints `opened`, then one line for each
 * acknowledged write: key, revision, value (`-` for a deletion) and a full stop, without which the line is cut off.
 */
const [stateDir = '', seed = '0'] = process.argv.slice(2);
const random = new Random(Number(seed));
const store = new SqliteStore({ stateDir });
await store.open();
console.log('opened');

async function write(writer: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = `w${writer}/${random.below(6)}`;
    const current = await store.get(key);
    const value = current && random.chance(20) ? undefined : `${seed}:${turn}:${'x'.repeat(random.below(3000))}`;
    const result = await store.write({ key, value, expected: current?.modRevision ?? 0 });
    if (!result.applied) throw new Error(`${key} was written by somebody else`);
    console.log(`${key} ${result.revision} ${value ?? '-'} .`);
  }
}

async function compact(): Promise<void> {
  for (;;) {
    const { newest, oldest } = await store.revisions();
    await store.compact(oldest + Math.floor((newest - oldest) / 2));
    await store.list({ prefix: '' });
  }
}

await Promise.all([...Array.from({ length: 48 }, (_, writer) => write(writer)), compact()]);

import { SqliteStore } from './sqlite-store.ts';

/**
 * Run by `crash.test.ts`: writes until it is killed, with many writes under way and compactions in between. Prints `opened`, then
 * one line for each acknowledged write: key, revision, value (`-` for a deletion) and a full stop, without which the line is cut off.
 */
const [stateDir = '', seed = '0'] = process.argv.slice(2);
let state = Number(seed);
const randomBelow = (end: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
};
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const store = new SqliteStore({ stateDir });
await store.open();
print('opened');
await Promise.all([...Array.from({ length: 48 }, (_, writer) => write(writer)), compact()]);

async function write(writer: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = `w${writer}/${randomBelow(6)}`;
    const current = await store.get(key);
    const value = current && randomBelow(5) === 0 ? undefined : `${seed}:${turn}:${'x'.repeat(randomBelow(3000))}`;
    const result = await store.write({ key, value, expected: current?.modRevision ?? 0 });
    if (!result.applied) throw new Error(`${key} was written by somebody else`);
    print(`${key} ${result.revision} ${value ?? '-'} .`);
  }
}

async function compact(): Promise<void> {
  for (;;) {
    const { newest, oldest } = await store.revisions();
    await store.compact(oldest + Math.floor((newest - oldest) / 2));
    await store.list({ prefix: '' });
  }
}

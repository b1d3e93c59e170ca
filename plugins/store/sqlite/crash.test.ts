import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { execa } from 'execa';
import type { KeyValue } from '#core/spi/key-value-store.ts';
import { countFrom, itemsAt, record } from '#test/conformance/key-value-store-case.ts';
import { Random } from '#test/conformance/key-value-store-model.ts';
import { SqliteStore } from './sqlite-store.ts';

interface Written {
  readonly key: string;
  readonly value: string | undefined;
}

const rounds = 8;

/** Runs the writer until it has acknowledged `count` writes, kills it, and returns all that it acknowledged. */
async function writeAndKill(stateDir: string, seed: number, count: number): Promise<Map<number, Written>> {
  const acknowledged = new Map<number, Written>();
  const writer = execa(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'crash-writer.ts'), stateDir, String(seed)], {
    reject: false, buffer: { stdout: false },
  });
  let opened = false;
  for await (const line of writer.iterable({ from: 'stdout' })) {
    opened ||= line === 'opened';
    const [key = '', revision = '', value, stop] = line.split(' ');
    if (stop === '.') {
      expect(acknowledged.has(Number(revision)), `revision ${revision} was given twice`).to.equal(false);
      acknowledged.set(Number(revision), { key, value: value === '-' ? undefined : value });
    }
    if (opened && acknowledged.size >= count) writer.kill('SIGKILL');
  }
  const { signal, stderr } = await writer;
  expect(signal, stderr).to.equal('SIGKILL');
  return acknowledged;
}

/** What a key holds at the newest revision, as its history tells it. */
function fold(base: readonly KeyValue[], history: readonly (readonly [number, Written])[]): Map<string, string> {
  const state = new Map(base.map(({ key, value }) => [key, value]));
  for (const [, { key, value }] of history) if (value === undefined) state.delete(key); else state.set(key, value);
  return state;
}

describe('SqliteStore under kill -9', function () {
  this.timeout(60_000);
  let stateDir: string;
  let store: SqliteStore | undefined;
  beforeEach(async () => { stateDir = await mkdtemp(join(tmpdir(), 'keelson-crash-')); });
  afterEach(async () => {
    await store?.close();
    await rm(stateDir, { recursive: true });
  });

  it('keeps every acknowledged write, gives no revision twice, and needs no repair', async () => {
    const random = new Random(2024);
    /** All that any round acknowledged or showed, by revision. */
    const known = new Map<number, Written>();
    let newestBefore = 1;
    for (let round = 0; round < rounds; round++) {
      const acknowledged = await writeAndKill(stateDir, round, round === 0 ? 0 : random.below(1500));
      for (const [revision, written] of acknowledged) {
        expect(revision).to.be.above(newestBefore);
        known.set(revision, written);
      }

      store = new SqliteStore({ stateDir });
      await store.open();
      const { newest, oldest } = await store.revisions();
      expect(newest).to.be.at.least(Math.max(newestBefore, ...acknowledged.keys()));
      const watch = await record(store, '', oldest);
      expect(watch.revisions).to.deep.equal(countFrom(oldest + 1, newest - oldest));
      const base = await itemsAt(store, oldest);
      const history = watch.received.map(({ key, value, modRevision }) => [modRevision, { key, value }] as const);
      for (const [revision, written] of history) {
        if (known.has(revision)) expect(written).to.deep.equal(known.get(revision));
        known.set(revision, written);
      }
      expectState(base, known, oldest);
      expect(new Map((await itemsAt(store, newest)).map(({ key, value }) => [key, value]))).to.deep.equal(fold(base, history));
      await store.close();
      newestBefore = newest;
    }
    const database = new DatabaseSync(join(stateDir, 'state.db'));
    expect(database.prepare('PRAGMA integrity_check').all().map((row) => row.integrity_check)).to.deep.equal(['ok']);
    database.close();
  });
});

/** The state at `revision` holds, of each key, the last acknowledged write or one that was under way after it. */
function expectState(state: readonly KeyValue[], known: ReadonlyMap<number, Written>, revision: number): void {
  const stored = new Map(state.map((item) => [item.key, item]));
  const last = new Map<string, readonly [number, Written]>();
  for (const [each, written] of [...known].toSorted(([left], [right]) => left - right)) if (each <= revision) last.set(written.key, [each, written]);
  for (const [key, [each, { value }]] of last) {
    const item = stored.get(key);
    if (item && item.modRevision > each) continue;
    expect(item?.value, `${key} at ${revision}`).to.equal(value);
    if (item) expect(item.modRevision).to.equal(each);
  }
}

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { execa } from 'execa';
import type { KeyValue } from '#core/spi/key-value-store.ts';
import { countFrom, itemsAt, record } from '#test/conformance/key-value-store-case.ts';
import { Random } from '#test/conformance/key-value-store-model.ts';
import { SqliteStore } from '#plugins/store/sqlite/sqlite-store.ts';

interface Written {
  readonly key: string;
  readonly value: string | undefined;
}

/** When a writer is killed: after so many of its writes were acknowledged, or so long after it was started. */
type Kill = { readonly afterWrites: number } | { readonly afterMs: number };

/** As many as `crash-writer.ts` has. */
const writers = 48;
const writerFile = join(import.meta.dirname, '..', '..', 'plugins', 'store', 'sqlite', 'crash-writer.ts');

/** Runs the writer until it is killed, and returns all that it acknowledged. */
async function writeAndKill(stateDir: string, seed: number, kill: Kill): Promise<Map<number, Written>> {
  const file = join(stateDir, 'acknowledged');
  await writeFile(file, '');
  const writer = execa(process.execPath, ['--disable-warning=ExperimentalWarning', writerFile, stateDir, String(seed), file], { reject: false, buffer: { stdout: false } });
  const over = new AbortController();
  if ('afterMs' in kill) void delay(kill.afterMs, undefined, { signal: over.signal }).then(() => writer.kill('SIGKILL'), () => undefined);
  let lines = 0;
  for await (const _line of writer.iterable({ from: 'stdout' })) if (++lines > ('afterWrites' in kill ? kill.afterWrites : Infinity)) writer.kill('SIGKILL');
  const { signal, stderr } = await writer;
  over.abort();
  expect(signal, stderr).to.equal('SIGKILL');
  return readAcknowledged(await readFile(file, 'utf8'));
}

function readAcknowledged(text: string): Map<number, Written> {
  const acknowledged = new Map<number, Written>();
  for (const line of text.split('\n')) {
    const [key = '', revision = '', value, stop] = line.split(' ');
    if (stop !== '.') continue;
    expect(acknowledged.has(Number(revision)), `revision ${revision} was given twice`).to.equal(false);
    acknowledged.set(Number(revision), { key, value: value === '-' ? undefined : value });
  }
  return acknowledged;
}

export interface CrashReport {
  rounds: number;
  /** Writes that were acknowledged, and those that were stored although nobody heard of it. */
  acknowledged: number;
  unheard: number;
  newest: number;
}

/**
 * A writer with many writes under way and compactions in between, killed at a random moment again and again, its start included.
 * After each kill: every acknowledged write is there, no revision was given twice or lost, all readable revisions fit together,
 * and SQLite finds nothing wrong with the file.
 */
export async function crashRounds(stateDir: string, { rounds, seed }: { rounds: number; seed: number }, progress: (report: CrashReport) => void = () => undefined): Promise<CrashReport> {
  const random = new Random(seed);
  /** What any round acknowledged or showed, by revision, as far as it may still be seen. */
  let known = new Map<number, Written>();
  const report: CrashReport = { rounds: 0, acknowledged: 0, unheard: 0, newest: 1 };
  while (report.rounds < rounds) {
    const kill: Kill = random.chance(50) ? { afterMs: random.below(1500) } : { afterWrites: random.below(1500) };
    const acknowledged = await writeAndKill(stateDir, seed + report.rounds, kill);
    for (const [revision, written] of acknowledged) {
      expect(revision).to.be.above(report.newest);
      known.set(revision, written);
    }
    const store = new SqliteStore({ stateDir });
    try {
      await store.open();
      const { newest, oldest } = await store.revisions();
      expect(newest).to.be.at.least(Math.max(report.newest, ...acknowledged.keys()));
      const unheard = newest - report.newest - acknowledged.size;
      // Each of the writers waits for one answer at a time.
      expect(unheard, 'writes that nobody heard of').to.be.within(0, writers);
      await expectTruth(store, known, { newest, oldest });
      known = readableFrom(known, oldest);
      report.unheard += unheard;
      report.newest = newest;
    } finally {
      await store.close();
    }
    expectIntegrity(join(stateDir, 'state.db'));
    report.rounds++;
    report.acknowledged += acknowledged.size;
    progress(report);
  }
  return report;
}

/** Holds what the store shows of every readable revision against what is known, and learns what was not. */
async function expectTruth(store: SqliteStore, known: Map<number, Written>, { newest, oldest }: { newest: number; oldest: number }): Promise<void> {
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
}

/** What a key holds at the newest revision, as its history tells it. */
function fold(base: readonly KeyValue[], history: readonly (readonly [number, Written])[]): Map<string, string> {
  const state = new Map(base.map(({ key, value }) => [key, value]));
  for (const [, { key, value }] of history) if (value === undefined) state.delete(key); else state.set(key, value);
  return state;
}

/** The state at `revision` holds, of each key, the last acknowledged write or one that was under way after it. */
function expectState(state: readonly KeyValue[], known: ReadonlyMap<number, Written>, revision: number): void {
  const stored = new Map(state.map((item) => [item.key, item]));
  for (const [key, [each, { value }]] of lastBefore(known, revision)) {
    const item = stored.get(key);
    if (item && item.modRevision > each) continue;
    expect(item?.value, `${key} at ${revision}`).to.equal(value);
    if (item) expect(item.modRevision).to.equal(each);
  }
}

/** Of each key what is known to have been written last, at `revision` or before. */
function lastBefore(known: ReadonlyMap<number, Written>, revision: number): Map<string, readonly [number, Written]> {
  const last = new Map<string, readonly [number, Written]>();
  for (const [each, written] of [...known].toSorted(([left], [right]) => left - right)) if (each <= revision) last.set(written.key, [each, written]);
  return last;
}

/** Forgets what no later round can show. */
const readableFrom = (known: ReadonlyMap<number, Written>, oldest: number): Map<number, Written> =>
  new Map([...lastBefore(known, oldest).values(), ...[...known].filter(([revision]) => revision > oldest)]);

function expectIntegrity(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    expect(database.prepare('PRAGMA integrity_check').all().map((row) => row['integrity_check'])).to.deep.equal(['ok']);
  } finally {
    database.close();
  }
}

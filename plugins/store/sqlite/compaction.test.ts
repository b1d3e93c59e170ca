import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { countFrom } from '#test/conformance/key-value-store-case.ts';
import { Database } from './database.ts';
import { toFailure } from './errors.ts';
import { Commits } from './commits.ts';
import { integer, openDatabase } from './schema.ts';

describe('the database file', () => {
  let folder: string;
  let file: string;
  let database: Database;

  const write = (keys: readonly string[], value: string | null): void => {
    for (let start = 0; start < keys.length; start += 500) {
      const batch = keys.slice(start, start + 500);
      database.commit({ keys: batch, values: batch.map(() => value), expected: batch.map(() => undefined) });
    }
  };
  const clear = (): void => {
    database.compact(database.list({ prefix: '', after: undefined, limit: 1, revision: undefined }).revision);
    while (database.sweep());
  };
  const look = (sql: string): number => {
    const reader = new DatabaseSync(file);
    const found = integer(reader, sql);
    reader.close();
    return found;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keelson-sqlite-'));
    file = join(folder, 'state.db');
    database = new Database();
    database.open(file, 0);
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  it('holds one row for each living key after a compaction', () => {
    for (let turn = 0; turn < 4; turn++) write(countFrom(0, 300).map((key) => `k${key}`), `turn ${turn}`);
    write(countFrom(0, 100).map((key) => `k${key}`), null);
    clear();
    database.close();
    expect(look('SELECT count(*) FROM log')).to.equal(200);
    expect(look('SELECT count(*) FROM current')).to.equal(200);
  });

  it('refuses the rest of a past that was compacted meanwhile', () => {
    write(countFrom(0, 3000).map((key) => `k${key}`), 'v');
    const { to } = database.changes('', 1);
    expect(to).to.be.below(3001);
    clear();
    expect(() => database.changes('', to)).to.throw(`revision ${to} is compacted; the oldest kept is 3001`);
  });

  it('stays as it is under updates and compactions without end, and so does its write-ahead log', () => {
    const keys = countFrom(0, 200).map((key) => `lease/${key}`);
    const sizes: number[] = [];
    for (let round = 0; round < 12; round++) {
      for (let turn = 0; turn < 5; turn++) write(keys, 'x'.repeat(1000));
      clear();
      expect(statSync(`${file}-wal`).size).to.equal(0);
      sizes.push(statSync(file).size);
    }
    expect(Math.max(...sizes.slice(2))).to.be.at.most((sizes[1] ?? 0) * 1.1);
  });

  it('bounds its write-ahead log without a compaction', () => {
    for (let turn = 0; turn < 30; turn++) write(countFrom(0, 500).map((key) => `k${turn}/${key}`), 'x'.repeat(2000));
    expect(statSync(file).size).to.be.above(20 << 20);
    expect(statSync(`${file}-wal`).size).to.be.below(16 << 20);
  });

  it('gives room back to the disk after much was deleted', () => {
    const keys = countFrom(0, 10_000).map((key) => `k${key}`);
    write(keys, 'x'.repeat(4000));
    const before = statSync(file).size;
    write(keys, null);
    clear();
    expect(before).to.be.above(40_000_000);
    expect(statSync(file).size).to.be.below(20_000_000);
  });

  it('goes on with a sweep that was cut short', () => {
    for (let turn = 0; turn < 4; turn++) write(countFrom(0, 500).map((key) => `k${key}`), `turn ${turn}`);
    database.compact(2001);
    expect(database.sweep()).to.equal(true);
    database.close();
    expect(look('SELECT count(*) FROM log')).to.be.above(1000);
    database.open(file, 0);
    while (database.sweep());
    database.close();
    expect(look('SELECT count(*) FROM log')).to.equal(500);
    expect(look("SELECT value FROM meta WHERE name = 'swept'")).to.equal(2001);
  });

  it('says when it is full, with nothing changed, and goes on when there is room', () => {
    database.close();
    const small = openDatabase(file);
    small.exec('PRAGMA max_page_count = 40');
    const commits = new Commits(small);
    const batch = { keys: ['a', 'b'], values: ['x'.repeat(100_000), 'x'.repeat(100_000)], expected: [undefined, undefined] };
    try {
      commits.apply(batch, 1);
      expect.fail('the commit should have failed');
    } catch (error) {
      expect(toFailure(error, file)).to.include({ kind: 'Exhausted', message: `no room left to write to ${file}` });
    }
    expect(integer(small, 'SELECT count(*) FROM log') + integer(small, 'SELECT count(*) FROM current')).to.equal(0);
    small.exec('PRAGMA max_page_count = 400');
    expect(commits.apply(batch, 1).revisions).to.deep.equal([2, 3]);
    small.close();
  });
});

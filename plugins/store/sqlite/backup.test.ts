import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { Backup } from '#core/spi/key-value-store.ts';
import { countFrom, expectRevisionError, failure, itemsAt, put, record, remove } from '#test/conformance/key-value-store-case.ts';
import { revisionAfter } from './restore.ts';
import { SqliteBackup } from './sqlite-backup.ts';
import { SqliteStore } from './sqlite-store.ts';

const { signal } = new AbortController();
const certificates = new Map([['pki/ca.key', Buffer.from('secret')], ['pki/empty', Buffer.from('')], ['pki/binary', Buffer.from([0, 255, 128])]]);
const day = 24 * 3600_000;

describe('backups of the SQLite store', () => {
  let root: string;
  let file: string;
  const opened: SqliteStore[] = [];
  const open = async (name: string): Promise<SqliteStore> => {
    await mkdir(join(root, name), { recursive: true });
    const store = new SqliteStore({ stateDir: join(root, name), reserveBytes: 0 });
    opened.push(store);
    await store.open();
    return store;
  };
  const backups = (name: string, now?: number): SqliteBackup => new SqliteBackup({ stateDir: join(root, name) }, now === undefined ? undefined : () => now);
  const save = (name: string): Promise<Backup> => backups(name).save(file, certificates, signal);
  const filesIn = async (name: string): Promise<string[]> => (await readdir(join(root, name))).toSorted();
  /** What is on the disk when a store's process is killed. */
  const kill = (name: string, as: string): Promise<void> => cp(join(root, name), join(root, as), { recursive: true });
  const tamper = (path: string, sql: string): void => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'keelson-backup-'));
    file = join(root, 'backup');
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await rm(root, { recursive: true });
  });

  it('give back every key, value and revision, and the files that were given along', async () => {
    const store = await open('a');
    const values = ['', '\0', '{"a":1}', 'ü 漢字 😀 \u{10ffff}', 'x'.repeat(100_000)];
    for (const [index, value] of values.entries()) await put(store, `k/${value.slice(0, 8)}/${index}`, value);
    await put(store, 'updated', '1');
    await put(store, 'updated', '2');
    await put(store, 'deleted', '1');
    await remove(store, 'deleted');
    const state = await itemsAt(store, 10);
    expect(await save('a')).to.include({ revision: 10, keys: 6 });
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(await filesIn('.')).to.deep.equal(['a', 'backup']);

    const inspected = await backups('a').inspect(file);
    expect([...inspected.files].map(([name, content]) => [name, Buffer.from(content)])).to.have.deep.members([...certificates]);
    await mkdir(join(root, 'b'));
    const { revision, replaced } = await backups('b').restore(file);
    expect(replaced).to.equal(undefined);
    const restored = await open('b');
    expect(await restored.revisions()).to.deep.equal({ newest: revision, oldest: revision });
    expect(await itemsAt(restored, revision)).to.deep.equal(state);
  });

  it('are made of a store that was stopped, was killed, or is empty', async () => {
    const store = await open('a');
    expect(await save('a')).to.include({ revision: 1, keys: 0 });
    await put(store, 'k', 'v');
    await kill('a', 'killed');
    expect(await save('killed')).to.include({ revision: 2, keys: 1 });
    await store.close();
    expect(await save('a')).to.include({ revision: 2, keys: 1 });
    expect((await (await open('killed')).get('k'))?.value).to.equal('v');
  });

  it('let a restored store go on where no client has been, and send every watcher of before to list again', async () => {
    const before = await open('a');
    for (let turn = 0; turn < 5; turn++) await put(before, 'k', String(turn));
    await save('a');
    // What clients see after the backup is lost, and must not come to mean something else.
    for (let turn = 5; turn < 9; turn++) await put(before, 'k', String(turn));
    const { newest: seen } = await before.revisions();
    await before.close();

    const { revision } = await backups('a').restore(file);
    const after = await open('a');
    expect(revision).to.be.at.least(seen + 1_000_000_000);
    for (const from of [1, 5, 6, seen, revision - 1]) {
      await expectRevisionError(record(after, '', from), 'compacted');
      await expectRevisionError(after.list({ prefix: '', revision: from }), 'compacted');
    }
    const watch = await record(after, '', revision);
    expect(await after.get('k')).to.deep.equal({ key: 'k', value: '4', modRevision: 6, createRevision: 2 });
    expect(await after.write({ key: 'k', value: 'lost', expected: seen })).to.include({ applied: false });
    expect(await after.write({ key: 'k', value: 'next', expected: 6 })).to.deep.equal({ applied: true, revision: revision + 1 });
    expect(watch.received).to.deep.equal([{ key: 'k', value: 'next', modRevision: revision + 1, createRevision: 2 }]);
    expect((await itemsAt(after, revision)).map(({ value }) => value)).to.deep.equal(['4']);
    await after.compact(revision + 1);
    expect((await itemsAt(after, revision + 1)).map(({ value }) => value)).to.deep.equal(['next']);
  });

  it('may be restored again and again, each time further ahead', async () => {
    await put(await open('a'), 'k', 'v');
    await save('a');
    let last = 0;
    // On one machine, on one that knows nothing of the others, and on one whose clock is wrong.
    for (const [name, now] of [['b', Date.now() + day], ['b', Date.now() - day], ['c', Date.now() + 2 * day]] as const) {
      await mkdir(join(root, name), { recursive: true });
      const { revision } = await backups(name, now).restore(file);
      expect(revision).to.be.above(last);
      const store = await open(name);
      for (let turn = 0; turn < 5; turn++) last = await put(store, 'k', String(turn));
      await store.close();
    }
  });

  it('reckon with every revision that may have been given out since', () => {
    const backup = { revision: 500, madeAt: new Date(1_000_000) };
    expect(revisionAfter(backup, 0, 1_000_000)).to.equal(1_000_000_500);
    expect(revisionAfter(backup, 0, 1_000_000 + 3600_000)).to.equal(1_000_000_500 + 360_000_000);
    expect(revisionAfter(backup, 9_000_000_000, 1_000_000)).to.equal(10_000_000_000);
    expect(revisionAfter(backup, 0, 0), 'a clock that went back').to.equal(1_000_000_500);
    expect(revisionAfter(backup, 0, 1_000_000 + 365 * 100 * day)).to.be.below(Number.MAX_SAFE_INTEGER);
  });

  it('are not restored while a store is open, which then notices nothing', async () => {
    const store = await open('a');
    await put(store, 'k', '1');
    await save('a');
    const error = await failure(backups('a').restore(file));
    expect(ProviderError.is(error, 'Unavailable')).to.equal(true);
    expect(String(error)).to.contain('state.db is in use by another process');
    expect(await put(store, 'k', '2')).to.equal(3);
  });

  it('replace a store that was killed, whose write-ahead log would be poison to the restored one, and keep it beside', async () => {
    const store = await open('a');
    await Promise.all(countFrom(0, 500).map((turn) => put(store, `old/${turn}`, 'x'.repeat(500))));
    await save('a');
    await Promise.all(countFrom(0, 300).map((turn) => put(store, `old/${turn * 3}`, 'y'.repeat(900))));
    await kill('a', 'killed');
    expect((await stat(join(root, 'killed', 'state.db-wal'))).size).to.be.above(100_000);
    const { replaced } = await backups('killed').restore(file);
    const restored = await open('killed');
    const { items } = await restored.list({ prefix: '' });
    expect(items).to.have.length(500);
    for (const { value } of items) expect(value).to.equal('x'.repeat(500));
    await restored.close();
    expect(await readdir(replaced ?? '')).to.include.members(['state.db', 'state.db-wal', 'state.db-newest']);
    await cp(replaced ?? '', join(root, 'kept'), { recursive: true });
    expect((await (await open('kept')).list({ prefix: 'old/' })).items.filter(({ value }) => value.startsWith('y'))).to.have.length(300);
  });

  it('are in place whole, or not at all, at whatever step a restore is killed', async () => {
    const store = await open('a');
    await put(store, 'k', 'restored');
    await save('a');
    await put(store, 'k', 'old');
    await kill('a', 'killed');
    await kill('a', 'twin');
    await backups('twin').restore(file);
    const database = await readFile(join(root, 'twin', 'state.db'));
    const old = ['state.db-wal', 'state.db-shm', 'state.db-newest', 'state.db'];
    for (let moved = -1; moved <= old.length; moved++) {
      const name = `step${moved}`;
      await kill('killed', name);
      // Before the decisive name is there, nothing has happened.
      await writeFile(join(root, name, `state.db.restored${moved < 0 ? '.tmp' : ''}`), database);
      for (const path of old.slice(0, Math.max(0, moved))) await rm(join(root, name, path));
      const reopened = await open(name);
      expect((await reopened.get('k'))?.value, name).to.equal(moved < 0 ? 'old' : 'restored');
      await reopened.close();
    }
  });

  it('are refused when anything about them is wrong', async () => {
    const store = await open('a');
    await Promise.all(countFrom(0, 300).map((turn) => put(store, `k${turn}`, 'some value '.repeat(40))));
    await save('a');
    const { size } = await stat(file);
    const at = (offset: number, content: string) => async (path: string): Promise<void> => {
      const bytes = await readFile(path);
      bytes.write(content, offset, 'latin1');
      await writeFile(path, bytes);
    };
    const damages: readonly [string, string, (path: string) => unknown][] = [
      ['cut short', 'is damaged', (path) => truncate(path, size - 5000)],
      ['emptied', 'is no backup', (path) => truncate(path, 0)],
      ['garbage at its beginning', 'is not a database', at(0, 'garbage!')],
      ['a page of garbage', 'is damaged', at(Math.floor(size / 8192) * 4096, 'garbage!'.repeat(512))],
      ['one letter of a value', 'does not match its checksum', (path) => tamper(path, "UPDATE objects SET value = 'S' || substr(value, 2) WHERE key = 'k7'")],
      ['a key that is gone', 'does not match its checksum', (path) => tamper(path, "DELETE FROM objects WHERE key = 'k7'")],
      ['another key\'s value', 'does not match its checksum', (path) => tamper(path, "UPDATE objects SET revision = revision + 1000 WHERE key = 'k7'")],
      ['a file that was changed', 'does not match its checksum', (path) => tamper(path, "UPDATE files SET content = x'00' WHERE name = 'pki/ca.key'")],
      ['no description', 'does not say what it holds', (path) => tamper(path, 'DELETE FROM backup')],
      ['a newer format', 'its format is 7, this release knows 1', (path) => tamper(path, 'PRAGMA user_version = 7')],
      ['a store\'s own database', 'is no backup', (path) => cp(join(root, 'killed', 'state.db'), path)],
      ['text', 'is not a database', (path) => writeFile(path, 'shopping list '.repeat(100))],
    ];
    await store.close();
    await kill('a', 'killed');
    for (const [what, sentence, damage] of damages) {
      const path = join(root, 'damaged');
      await cp(file, path);
      await damage(path);
      for (const attempt of ['inspect', 'restore'] as const) {
        const error: unknown = await backups('a')[attempt](path).then(() => expect.fail(`${what} was not noticed`), (reason: unknown) => reason);
        expect(ProviderError.is(error, 'Invalid'), `${what}: ${String(error)}`).to.equal(true);
        expect(String(error), what).to.contain(sentence).and.contain(path);
      }
    }
    expect(ProviderError.is(await failure(backups('a').inspect(join(root, 'missing'))), 'NotFound')).to.equal(true);
    expect((await (await open('a')).list({ prefix: '' })).items).to.have.length(300);
  });

  it('are not taken for a store when they are put in its place by hand', async () => {
    await put(await open('a'), 'k', 'v');
    await save('a');
    await mkdir(join(root, 'b'));
    await cp(file, join(root, 'b', 'state.db'));
    expect(String(await failure(open('b')))).to.contain('a backup that was put here by hand: "keelson restore" does that');
  });

  it('leave nothing behind when they fail, and keep the one that was there', async () => {
    await put(await open('a'), 'k', 'v');
    await save('a');
    const before = await readFile(file);
    expect(String(await failure(backups('a').save(file, certificates, AbortSignal.abort(new Error('enough')))))).to.contain('enough');
    expect(ProviderError.is(await failure(save('missing')), 'NotFound')).to.equal(true);
    await writeFile(join(root, 'a', 'state.db-wal.copy'), '');
    expect(String(await failure(backups('a').save(join(root, 'nowhere', 'backup'), certificates, signal)))).to.contain('nowhere');
    expect(await filesIn('.')).to.deep.equal(['a', 'backup']);
    expect(await readFile(file)).to.deep.equal(before);
  });
});

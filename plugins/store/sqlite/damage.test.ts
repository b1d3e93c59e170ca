import { cp, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { countFrom, failure, put } from '#test/conformance/key-value-store-case.ts';
import { SqliteBackup } from './sqlite-backup.ts';
import { SqliteStore } from './sqlite-store.ts';

const size = async (path: string): Promise<number> => (await stat(path)).size;
const cutTo = async (path: string, share: number): Promise<void> => truncate(path, Math.floor((await size(path)) * share));
/** Overwrites the part of a file that begins at a share of its length. */
const scribble = (share: number, bytes: number) => async (path: string): Promise<void> => {
  const content = await readFile(path);
  const start = Math.floor(content.length * share);
  content.fill('garbage!', start, Math.min(start + bytes, content.length));
  await writeFile(path, content);
};
const all = Infinity;

describe('SqliteStore with damaged files', function () {
  this.timeout(30_000);
  let root: string;
  let stateDir: string;
  let database: string;
  const opened: SqliteStore[] = [];
  const open = async (): Promise<SqliteStore> => {
    const store = new SqliteStore({ stateDir, reserveBytes: 0 });
    opened.push(store);
    await store.open();
    return store;
  };
  const fresh = async (from: string): Promise<void> => {
    await rm(stateDir, { recursive: true, force: true });
    await cp(join(root, from), stateDir, { recursive: true });
  };

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'keelson-damage-'));
    stateDir = join(root, 'live');
    database = join(stateDir, 'state.db');
    const store = new SqliteStore({ stateDir: root, reserveBytes: 0 });
    await store.open();
    // Enough for the write-ahead log to have been moved into the file once, and to be well filled again.
    await Promise.all(countFrom(10_000, 10_000).map((turn) => put(store, `k/${turn}`, 'value '.repeat(150))));
    await new SqliteBackup({ stateDir: root }).save(join(root, 'backup'), new Map(), new AbortController().signal);
    const keep = async (name: string): Promise<void> => {
      for (const file of ['state.db', 'state.db-wal', 'state.db-shm', 'state.db-newest']) await cp(join(root, file), join(root, name, file)).catch((error: NodeJS.ErrnoException) => expect(error.code).to.equal('ENOENT'));
    };
    await keep('killed');
    await store.close();
    await keep('stopped');
    expect(await size(join(root, 'killed', 'state.db'))).to.be.above(4 << 20);
    expect(await size(join(root, 'killed', 'state.db-wal'))).to.be.above(1 << 20);
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });
  after(() => rm(root, { recursive: true }));

  const harmless: readonly [string, string, () => Promise<unknown>][] = [
    ['nothing was damaged', 'killed', async () => undefined],
    ['the index of the log is missing', 'killed', () => rm(`${database}-shm`)],
    ['the index of the log is garbage', 'killed', () => scribble(0, all)(`${database}-shm`)],
    // Its first page is in the log too.
    ['the database is garbage at its beginning, beside its log', 'killed', () => scribble(0, 16)(database)],
    ['the mark of the newest revision is missing', 'killed', () => rm(`${database}-newest`)],
    ['the mark of the newest revision is empty', 'killed', () => truncate(`${database}-newest`, 0)],
    ['the mark of the newest revision is garbage', 'killed', () => scribble(0, all)(`${database}-newest`)],
  ];
  for (const [what, from, damage] of harmless) {
    it(`has everything when ${what}`, async () => {
      await fresh(from);
      await damage();
      const store = await open();
      expect(await store.revisions()).to.deep.equal({ newest: 10_001, oldest: 1 });
      expect((await store.list({ prefix: '' })).items).to.have.length(10_000);
    });
  }

  const lossy: readonly [string, string, () => Promise<unknown>][] = [
    ['the log is missing', 'killed', () => rm(`${database}-wal`)],
    ['the log is empty', 'killed', () => truncate(`${database}-wal`, 0)],
    ['the log is cut short', 'killed', () => cutTo(`${database}-wal`, 0.1)],
    ['the log is garbage', 'killed', () => scribble(0, all)(`${database}-wal`)],
    ['the log is garbage at its beginning', 'killed', () => scribble(0, 16)(`${database}-wal`)],
    ['the log is garbage in its middle', 'killed', () => scribble(0.3, 5000)(`${database}-wal`)],
    ['the database is missing', 'stopped', () => rm(database)],
    ['the database is missing beside its log', 'killed', () => rm(database)],
    ['the database is empty', 'stopped', () => truncate(database, 0)],
    ['the database is empty beside its log', 'killed', () => truncate(database, 0)],
    ['the database is cut in half', 'stopped', () => cutTo(database, 0.5)],
    ['the database is cut in half beside its log', 'killed', () => cutTo(database, 0.5)],
    ['the database is garbage at its beginning', 'stopped', () => scribble(0, 16)(database)],
    ['the database is garbage in its middle', 'stopped', () => scribble(0.5, 8192)(database)],
    ['the database is garbage', 'stopped', () => scribble(0, all)(database)],
  ];
  for (const [what, from, damage] of lossy) {
    it(`is not opened, and says what helps, when ${what}`, async () => {
      await fresh(from);
      await damage();
      for (let attempt = 0; attempt < 2; attempt++) {
        const error = await failure(open());
        expect(ProviderError.is(error, 'Invalid'), String(error)).to.equal(true);
        expect(String(error)).to.contain(database).and.contain('keelson restore FILE --force');
      }
      const { revision } = await new SqliteBackup({ stateDir }).restore(join(root, 'backup'));
      const store = await open();
      expect(revision).to.be.above(10_001);
      expect((await store.list({ prefix: '' })).items).to.have.length(10_000);
    });
  }

  it('goes on without what was lost when its owner says so', async () => {
    await fresh('killed');
    await rm(`${database}-wal`);
    expect(String(await failure(open()))).to.contain(`to go on without what was lost, remove ${database}-newest`).and.contain('revision 10001 was acknowledged');
    await rm(`${database}-newest`);
    const store = await open();
    expect((await store.revisions()).newest).to.be.within(1000, 10_000);
  });
});

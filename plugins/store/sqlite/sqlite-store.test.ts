import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { execa } from 'execa';
import { ProviderError } from '#core/spi/errors.ts';
import { countFrom, failure, put, record } from '#test/conformance/key-value-store-case.ts';
import { keyValueStoreConformance } from '#test/conformance/key-value-store.ts';
import { SqliteStore } from './sqlite-store.ts';
import { startWorker } from './worker-link.ts';

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'keelson-sqlite-'));

keyValueStoreConformance('SqliteStore', async () => {
  const stateDir = await newFolder();
  return {
    store: new SqliteStore({ stateDir }),
    reopen: async () => new SqliteStore({ stateDir }),
    cleanup: () => rm(stateDir, { recursive: true }),
  };
});

describe('SqliteStore', () => {
  let stateDir: string;
  let file: string;
  const opened: SqliteStore[] = [];

  const open = async (options: { maxWaitingWrites?: number } = {}, worker: () => Worker = startWorker): Promise<SqliteStore> => {
    const store = new SqliteStore({ stateDir, ...options }, worker);
    opened.push(store);
    await store.open();
    return store;
  };
  /** Works on the file of a store that is closed. */
  const tamper = <T>(work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(file);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };

  beforeEach(async () => {
    stateDir = await newFolder();
    file = join(stateDir, 'state.db');
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await rm(stateDir, { recursive: true });
  });

  it('lets nobody else read its files', async () => {
    await writeFile(file, '', { mode: 0o644 });
    await put(await open(), 'a', 'secret');
    for (const name of [file, `${file}-wal`]) expect((await stat(name)).mode & 0o777).to.equal(0o600);
  });

  it('refuses a database that is open already, here or in another process, and leaves it alone', async () => {
    const store = await open();
    await put(store, 'a', '1');
    const here = await failure(open());
    expect(ProviderError.is(here, 'Unavailable')).to.equal(true);
    expect(String(here)).to.contain(`${file} is in use by another process`);
    const program = `
      import { SqliteStore } from ${JSON.stringify(new URL('sqlite-store.ts', import.meta.url).href)};
      await new SqliteStore({ stateDir: ${JSON.stringify(stateDir)} }).open().catch((error) => console.log(error.message));`;
    const { stdout } = await execa(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program], { cwd: import.meta.dirname });
    expect(stdout).to.equal(`${file} is in use by another process`);
    expect(await put(store, 'a', '2')).to.equal(3);
    await store.close();
    expect((await (await open()).get('a'))?.value).to.equal('2');
  });

  it('refuses a database of a newer release, of another program, and what is none', async () => {
    await (await open()).close();
    tamper((database) => database.exec('PRAGMA user_version = 9'));
    expect(String(await failure(open()))).to.contain('was written by a newer release: its schema has version 9, this release knows versions up to 1');
    await rm(file);
    tamper((database) => database.exec('CREATE TABLE photos (name TEXT)'));
    expect(String(await failure(open()))).to.contain('is a database of another program');
    expect(tamper((database) => database.prepare('PRAGMA journal_mode').get())).to.deep.include({ journal_mode: 'delete' });
    await writeFile(file, 'shopping list '.repeat(100));
    const error = await failure(open());
    expect(ProviderError.is(error, 'Invalid')).to.equal(true);
    expect(String(error)).to.contain('is not a database');
  });

  it('says when it cannot be opened, or is not open', async () => {
    const store = new SqliteStore({ stateDir: join(stateDir, 'missing') });
    expect(ProviderError.is(await failure(store.get('a')), 'Unavailable')).to.equal(true);
    expect(String(await failure(store.open()))).to.contain(join(stateDir, 'missing', 'state.db'));
    await store.close();
    expect(String(await failure(store.open()))).to.contain('the store is closed');
  });

  it('rejects the writes of a commit that fails, shows nothing of them, and goes on', async () => {
    await (await open()).close();
    tamper((database) => database.exec("CREATE TRIGGER broken BEFORE INSERT ON log WHEN new.key = 'bad' BEGIN SELECT RAISE(ABORT, 'no such luck'); END"));
    const store = await open();
    const watch = await record(store, '', 1);
    const results = await Promise.allSettled(['a', 'bad', 'b'].map((key) => store.write({ key, value: 'v' })));
    for (const result of results) expect(result.status === 'rejected' && ProviderError.is(result.reason, 'Unavailable')).to.equal(true);
    expect(await store.list({ prefix: '' })).to.deep.equal({ items: [], more: false, revision: 1 });
    expect(await put(store, 'c', 'v')).to.equal(2);
    expect(watch.received.map(({ key }) => key)).to.deep.equal(['c']);
  });

  it('refuses writes when too many wait', async () => {
    const store = await open({ maxWaitingWrites: 20 });
    const results = await Promise.allSettled(countFrom(0, 50).map((turn) => store.write({ key: `k${turn}`, value: 'v' })));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).to.have.length(30);
    for (const { reason } of refused) expect(ProviderError.is(reason, 'Throttled')).to.equal(true);
    expect((await store.list({ prefix: '' })).items).to.have.length(20);
    expect(await put(store, 'later', 'v')).to.equal(22);
  });

  it('fails all at once when its worker dies, and loses nothing that was answered', async () => {
    const workers: Worker[] = [];
    const store = await open({}, () => {
      const worker = startWorker();
      workers.push(worker);
      return worker;
    });
    await put(store, 'a', 'answered');
    const watch = await record(store, '', 2);
    const calls = [...countFrom(0, 1000).map((turn) => store.write({ key: `k${turn}`, value: 'v' })), store.get('a'), store.list({ prefix: '' })];
    const settled = Promise.allSettled(calls);
    await workers[0]?.terminate();
    const lost = (await settled).filter((result) => result.status === 'rejected');
    expect(lost).to.not.have.length(0);
    for (const { reason } of lost) expect(ProviderError.is(reason, 'Unavailable')).to.equal(true);
    expect(watch.closings.map((error) => ProviderError.is(error, 'Unavailable'))).to.deep.equal([true]);
    for (const call of [store.revisions(), store.get('a'), store.write({ key: 'a', value: 'x' }), store.compact(1)]) {
      expect(ProviderError.is(await failure(call), 'Unavailable')).to.equal(true);
    }
    await store.close();
    expect((await (await open()).get('a'))?.value).to.equal('answered');
  });
});

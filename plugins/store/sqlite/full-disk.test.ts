import { mkdir, mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { execa } from 'execa';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { ObjectStore } from '#core/store/object-store.ts';
import { applied, countFrom, failure, put } from '#test/conformance/key-value-store-case.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { mounting, requires } from '#test/fixtures/requires.ts';
import { SqliteStore } from './sqlite-store.ts';

const megabytes = 32;
const value = 'x'.repeat(4000);

describe('SqliteStore on a full disk', function () {
  this.timeout(60_000);
  before(requires(...mounting));
  let disk: string;
  let stateDir: string;
  let store: SqliteStore;
  const open = async (): Promise<void> => {
    store = new SqliteStore({ stateDir, reserveBytes: 8 << 20 });
    await store.open();
  };

  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'keelson-full-'));
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'keelson-test', disk]);
    stateDir = join(disk, 'state');
    await mkdir(stateDir);
    await open();
  });
  afterEach(async () => {
    await store?.close();
    if (disk === undefined) return;
    await execa('umount', [disk]);
    await rm(disk, { recursive: true });
  });

  /** Writes new keys until one is refused; returns those that were acknowledged. */
  const fill = async (name: string): Promise<string[]> => {
    const written: string[] = [];
    for (let turn = 0; ; turn += 50) {
      const results = await Promise.allSettled(countFrom(turn, 50).map(async (each) => {
        const key = `${name}/${each}`;
        await put(store, key, value);
        written.push(key);
      }));
      const refused = results.filter((result) => result.status === 'rejected');
      for (const { reason } of refused) expect(ProviderError.is(reason, 'Exhausted'), String(reason)).to.equal(true);
      if (refused.length > 0) return written;
    }
  };
  const keys = async (): Promise<string[]> => (await store.list({ prefix: '' })).items.map(({ key }) => key);
  /** Room is made in the background: tries until a write is taken. */
  const putSoon = async (key: string): Promise<void> => {
    for (let attempt = 0; attempt < 1000; attempt++) {
      const done = await put(store, key, value).catch((error: unknown) => ProviderError.is(error, 'Exhausted') ? undefined : Promise.reject(error));
      if (done !== undefined) return;
      await new Promise(setImmediate);
    }
    throw new Error(`no room for ${key} after 1000 attempts`);
  };
  const integrity = async (): Promise<unknown> => {
    await store.close();
    const database = new DatabaseSync(join(stateDir, 'state.db'), { readOnly: true });
    const found = database.prepare('PRAGMA integrity_check').all();
    database.close();
    return found.map((row) => row['integrity_check']);
  };
  const takeAllRoom = async (): Promise<string> => {
    const { bavail, bsize } = await statfs(disk);
    const filler = join(disk, 'filler');
    await writeFile(filler, Buffer.alloc(bavail * bsize));
    return filler;
  };

  it('refuses writes, and reads what it has', async () => {
    const written = await fill('k');
    expect(written.length * value.length).to.be.above(8 << 20);
    expect((await keys()).toSorted()).to.deep.equal(written.toSorted());
    expect(await store.get(written[7] ?? '')).to.include({ value });
    expect(String(await failure(put(store, 'more', value)))).to.contain(`no room left to write to ${join(stateDir, 'state.db')}`);
    expect(await integrity()).to.deep.equal(['ok']);
  });

  it('lets room be made by deletions, takes writes again by itself, and loses nothing', async () => {
    let kept: string[] = [];
    for (let round = 0; round < 4; round++) {
      kept.push(...await fill(`round${round}`));
      const deleted = kept.filter((_key, index) => index % 2 === 0);
      kept = kept.filter((_key, index) => index % 2 === 1);
      for (let start = 0; start < deleted.length; start += 100) {
        for (const result of await Promise.all(deleted.slice(start, start + 100).map((key) => store.write({ key, value: undefined })))) applied(result);
      }
      const key = `round${round}/again`;
      await putSoon(key);
      kept.push(key);
      expect((await keys()).toSorted()).to.deep.equal(kept.toSorted());
      expect((await stat(join(stateDir, 'state.db-reserve'))).size).to.equal(8 << 20);
    }
    expect(await integrity()).to.deep.equal(['ok']);
  });

  it('gives up history before it refuses what replaces it', async () => {
    // Five times what the disk holds, of twenty values.
    for (let turn = 0; turn < 400; turn++) for (const key of countFrom(0, 20)) await putSoon(`k${key}/${turn % 5 === 0 ? 'a' : 'b'}`);
    const { newest, oldest } = await store.revisions();
    expect(newest).to.equal(8001);
    expect(oldest).to.be.above(1000);
    expect(await keys()).to.have.length(40);
    expect(await integrity()).to.deep.equal(['ok']);
  });

  it('takes writes again as soon as somebody else makes room', async () => {
    await put(store, 'a', value);
    const filler = await takeAllRoom();
    await fill('k');
    await rm(filler);
    expect(await put(store, 'b', value)).to.be.a('number');
    expect(await integrity()).to.deep.equal(['ok']);
  });

  it('applies the deletions of a batch whose other writes are refused', async () => {
    const written = await fill('k');
    const results = await Promise.allSettled([
      store.write({ key: 'new', value }), store.write({ key: written[0] ?? '', value: undefined }), store.write({ key: written[1] ?? '', value: undefined, expected: 1 }),
      store.write({ key: 'nothing', value: undefined }), store.write({ key: written[2] ?? '', value }),
    ]);
    expect(results.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    const [, deleted, conflict, nothing] = results.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
    expect(deleted).to.deep.include({ applied: true });
    expect(conflict).to.have.nested.property('current.key', written[1]);
    expect(nothing).to.deep.equal({ applied: false, current: undefined });
  });

  it('can be opened, read and cleared when the disk has no byte left', async () => {
    const written = await fill('k');
    await store.close();
    await takeAllRoom();
    await open();
    expect(await keys()).to.have.length(written.length);
    for (const key of written.slice(0, 500)) applied(await store.write({ key, value: undefined }));
    await putSoon('again');
    expect((await keys()).toSorted()).to.deep.equal(['again', ...written.slice(500)].toSorted());
    expect(await integrity()).to.deep.equal(['ok']);
  });

  it('can be opened and read even when somebody else has got the reserve', async () => {
    const written = await fill('k');
    await store.close();
    await rm(join(stateDir, 'state.db-reserve'), { force: true });
    const filler = await takeAllRoom();
    await open();
    expect(await keys()).to.have.length(written.length);
    expect(ProviderError.is(await failure(store.write({ key: written[0] ?? '', value: undefined })), 'Exhausted')).to.equal(true);
    await rm(filler);
    for (const key of written.slice(0, 500)) applied(await store.write({ key, value: undefined }));
    await putSoon('again');
    expect(await integrity()).to.deep.equal(['ok']);
  });

  it('makes the API answer 507, and 200 again to what makes room', async () => {
    const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } }) as unknown as KubernetesObject;
    await store.close();
    store = new SqliteStore({ stateDir, reserveBytes: 8 << 20 });
    const objects = new ObjectStore(store, { logger: silentLogger, clock: new FakeClock() });
    await objects.start();
    const made: KubernetesObject[] = [];
    let refusal: unknown;
    while (refusal === undefined) await objects.create(ConfigMap, configMap(`m${made.length}`)).then((object) => made.push(object), (error: unknown) => { refusal = error; });
    expect(StatusError.is(refusal, 'InternalError')).to.equal(true);
    expect(refusal).to.have.property('code', 507);
    expect(refusal).to.have.property('message').that.contains('the store is full: no room left to write to');
    for (const object of made.splice(0, 1000)) expect(await objects.remove(ConfigMap, object)).to.be.an('object');
    let again: unknown;
    for (let attempt = 0; attempt < 1000 && again === undefined; attempt++) again = await objects.create(ConfigMap, configMap('again')).catch(() => undefined);
    expect(again).to.have.nested.property('metadata.name', 'again');
    expect(objects.cache(ConfigMap).size).to.equal(made.length + 1);
    await objects.stop();
  });
});

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Container } from 'inversify';
import { KeyValueStore } from '#core/spi/key-value-store.ts';
import { SqliteStore } from './sqlite-store.ts';
import { keelsonModule } from './sqlite.module.ts';

describe('the SQLite store\'s module', () => {
  let stateDir: string;
  beforeEach(async () => { stateDir = await mkdtemp(join(tmpdir(), 'keelson-sqlite-')); });
  afterEach(() => rm(stateDir, { recursive: true }));

  it('binds one store, in the module\'s folder, and starts nothing', async () => {
    const container = new Container();
    container.load(keelsonModule.create({ stateDir, nodeName: 'n' }));
    const store = container.get(KeyValueStore);
    expect(keelsonModule.name).to.equal('sqlite');
    expect(store).to.be.instanceOf(SqliteStore).and.equal(container.get(KeyValueStore));
    expect(await readdir(stateDir)).to.deep.equal([]);
    await store.open();
    expect(await readdir(stateDir)).to.include('state.db');
    await store.close();
  });
});

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { updateAll } from '#test/campaign/updates.ts';

const megabyte = 1024 * 1024;

/** A slice of the campaign `compaction`. */
describe('SqliteStore under 20,000 updates', function () {
  this.timeout(60_000);
  let stateDir: string;
  beforeEach(async () => { stateDir = await mkdtemp(join(tmpdir(), 'keelson-updates-')); });
  afterEach(() => rm(stateDir, { recursive: true }));

  it('keeps its file and its log small, and leaves no log behind', async () => {
    const { samples, compactions, during, otherwise } = await updateAll(stateDir, {
      updates: 20_000, writers: 64, keys: 500, characters: 1000, compactEveryCharacters: 1.5 * megabyte, seed: 1,
    });
    expect(during.length + otherwise.length).to.equal(20_000);
    expect(compactions).to.be.at.least(4);
    // 16 MB were written; half a megabyte of it is alive, and two rounds of history are kept.
    expect(Math.max(...samples.map(({ fileBytes }) => fileBytes)) / megabyte).to.be.below(9);
    expect(Math.max(...samples.map(({ logBytes }) => logBytes)) / megabyte).to.be.below(13);
    expect(await stat(join(stateDir, 'state.db-wal')).catch((error: NodeJS.ErrnoException) => error.code)).to.equal('ENOENT');
  });
});

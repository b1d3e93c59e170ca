import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { crashRounds } from '#test/campaign/crash-rounds.ts';

describe('SqliteStore under kill -9', function () {
  this.timeout(60_000);
  let stateDir: string;
  beforeEach(async () => { stateDir = await mkdtemp(join(tmpdir(), 'keelson-crash-')); });
  afterEach(() => rm(stateDir, { recursive: true }));

  it('keeps every acknowledged write, gives no revision twice, and needs no repair', async () => {
    const { rounds, acknowledged } = await crashRounds(stateDir, { rounds: 8, seed: 2024 });
    expect(rounds).to.equal(8);
    expect(acknowledged).to.be.above(500);
  });
});

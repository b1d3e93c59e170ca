import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { countFrom } from '#test/conformance/key-value-store-case.ts';
import { StallingDisk } from './slow-disk.ts';
import { SqliteStore } from './sqlite-store.ts';

describe('SqliteStore on a disk that stalls', () => {
  let stateDir: string;
  let disk: StallingDisk;
  let store: SqliteStore;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'keelson-slow-'));
    disk = new StallingDisk();
    store = new SqliteStore({ stateDir, maxWaitingWrites: 1000, reserveBytes: 0 }, disk.startWorker);
    await store.open();
  });
  afterEach(async () => {
    disk.letThrough(1_000_000);
    await store.close();
    await rm(stateDir, { recursive: true });
  });

  const write = (turn: number): Promise<unknown> => store.write({ key: `k${turn}`, value: 'v' });
  /** Until the queue has handed its first batch to the disk, and no more than so many writes are left. */
  const begun = async (left = 0): Promise<void> => {
    while (store.waitingWrites > left) await new Promise(setImmediate);
  };

  it('queues up to its limit, refuses the rest at once, and takes more when the disk goes on', async () => {
    const first = write(0);
    await begun();
    const waiting = countFrom(1, 1000).map(write);
    expect(store.waitingWrites).to.equal(1000);
    for (let turn = 0; turn < 5000; turn++) {
      const refused: unknown = await write(2000 + turn).catch((error: unknown) => error);
      expect(ProviderError.is(refused, 'Throttled')).to.equal(true);
    }
    expect(store.waitingWrites).to.equal(1000);

    disk.letThrough(2);
    await first;
    await waiting[511];
    expect(store.waitingWrites).to.equal(1000 - 512);
    const more = countFrom(7000, 500).map(write);
    expect(store.waitingWrites).to.equal(1500 - 512);
    disk.letThrough(2);
    await Promise.all([...waiting, ...more]);
    expect((await store.list({ prefix: '' })).items).to.have.length(1501);
  });

  it('answers no write before its commit', async () => {
    let answered = 0;
    const writes = countFrom(0, 600).map((turn) => write(turn).then(() => answered++));
    await begun(600 - 512);
    expect(answered).to.equal(0);
    disk.letThrough(1);
    await writes[511];
    expect(answered).to.equal(512);
    disk.letThrough(1);
    await Promise.all(writes);
    expect(answered).to.equal(600);
  });

  it('bounds what waits by its size too', async () => {
    const first = write(0);
    await begun();
    const large = 'x'.repeat(16 << 20);
    const waiting = countFrom(1, 4).map((turn) => store.write({ key: `k${turn}`, value: large }));
    const refused: unknown = await write(9).catch((error: unknown) => error);
    expect(ProviderError.is(refused, 'Throttled')).to.equal(true);
    disk.letThrough(10);
    await Promise.all([first, ...waiting]);
  });
});

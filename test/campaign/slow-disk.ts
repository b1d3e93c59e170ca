import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { printTable } from '#test/bench/table.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { StallingDisk } from '#plugins/store/sqlite/slow-disk.ts';
import { SqliteStore } from '#plugins/store/sqlite/sqlite-store.ts';
import { inFolder } from './folder.ts';

const seconds = 20;
const perSecond = 1000;
const resolution = 10;
const limit = 10_000;
const bounds = { p99Ms: 50, maxMs: 250 };

/** A thousand writes a second are asked for, however slow the disk; the event loop must not notice. */
export async function slowDisk(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const stallMs of [0, 20, 200, 1000, 5000]) rows.push(await offer(stallMs));
  printTable(`${perSecond} writes a second for ${seconds} s, onto a disk whose commits take longer and longer`,
    ['', 'stored', 'refused', 'longest queue', 'event loop p50 ms', 'p99 ms', 'longest ms'], rows);
}

async function offer(stallMs: number): Promise<(string | number)[]> {
  return inFolder(async (stateDir) => {
    const disk = new StallingDisk(stallMs);
    const store = new SqliteStore({ stateDir, maxWaitingWrites: limit }, disk.startWorker);
    await store.open();
    const loop = monitorEventLoopDelay({ resolution });
    let stored = 0;
    let refused = 0;
    let longest = 0;
    const writes: Promise<void>[] = [];
    const value = 'x'.repeat(1000);
    loop.enable();
    const start = performance.now();
    for (let asked = 0; asked < seconds * perSecond;) {
      for (const due = Math.min(seconds, (performance.now() - start) / 1000) * perSecond; asked < due; asked++) {
        writes.push(store.write({ key: `k${asked}`, value }).then(() => {
          stored++;
        }, (error: unknown) => {
          if (!ProviderError.is(error, 'Throttled')) throw error;
          refused++;
        }));
      }
      longest = Math.max(longest, store.waitingWrites);
      await delay(1);
    }
    loop.disable();
    disk.letThrough(1_000_000);
    await Promise.all(writes);
    await store.close();
    const [p50, p99, max] = [loop.percentile(50), loop.percentile(99), loop.max].map((nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution));
    expect(stored + refused).to.equal(seconds * perSecond);
    expect(longest).to.be.at.most(limit);
    expect(p99, 'p99 ms by which the event loop was late').to.be.below(bounds.p99Ms);
    expect(max, 'longest ms by which the event loop was late').to.be.below(bounds.maxMs);
    return [`commits take ${stallMs} ms more`, stored, refused, longest, p50 ?? 0, p99 ?? 0, max ?? 0];
  });
}

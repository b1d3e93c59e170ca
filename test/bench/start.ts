import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SqliteStore } from '#plugins/store/sqlite/sqlite-store.ts';
import { configMap } from './api.ts';
import { BenchServer, concurrently } from './server.ts';
import { percentile, printTable } from './table.ts';

/** From `keelson up` on an empty data directory to a ready answer from /readyz, certificates made on the way. */
export async function start(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const store of ['sqlite', 'memory']) {
    const times: number[] = [];
    let megabytes = 0;
    for (let round = 0; round < 5; round++) {
      const server = await BenchServer.start(['--store', store]);
      times.push(server.startedInMs);
      megabytes = await server.residentMegabytes();
      await server.stop();
    }
    rows.push([store, Math.min(...times), percentile(times, 0.5), Math.max(...times), megabytes]);
  }
  printTable('Process start → /readyz answers 200, empty data directory', ['store', 'best ms', 'p50 ms', 'worst ms', 'RSS MB'], rows);
  printTable('Process start → /readyz answers 200, data directory of an earlier run', ['objects', 'best ms', 'p50 ms', 'worst ms', 'RSS MB'], [await restarts(0), await restarts(100_000)]);
}

async function restarts(objects: number): Promise<(string | number)[]> {
  let server = await BenchServer.start();
  const { dataDir } = server;
  const times: number[] = [];
  try {
    await server.halt();
    await fill(dataDir, objects);
    for (let round = 0; round < 5; round++) {
      server = await BenchServer.start([], [], dataDir);
      times.push(server.startedInMs);
      if (round < 4) await server.halt();
    }
    await delay(5000);
    return [objects.toLocaleString('en'), Math.min(...times), percentile(times, 0.5), Math.max(...times), await server.residentMegabytes()];
  } finally {
    await server.stop();
  }
}

/** Objects of 2 KB, as the server would have stored them. */
async function fill(dataDir: string, count: number): Promise<void> {
  const store = new SqliteStore({ stateDir: join(dataDir, 'sqlite') });
  await store.open();
  try {
    await concurrently(count, 2000, async (index) => {
      const object = configMap(`map-${index}`);
      const metadata = { ...object.metadata, namespace: 'default', uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`, creationTimestamp: '2026-01-01T00:00:00Z' };
      await store.write({ key: `/registry/configmaps/default/map-${index}`, value: JSON.stringify({ ...object, metadata }), expected: 0 });
    });
  } finally {
    await store.close();
  }
}

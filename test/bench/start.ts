import { BenchServer } from './server.ts';
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
}

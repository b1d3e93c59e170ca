import { etcdCreates } from './etcd.ts';
import { BenchServer, concurrently } from './server.ts';
import { percentile, printTable } from './table.ts';

export const maps = '/api/v1/namespaces/default/configmaps';
export const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value: 'x'.repeat(1900) } });

/** Clients at once, and the objects that they create. */
export const widths = [[1, 1000], [16, 6000], [64, 16_000]] as const;
/** Created before anything is measured: V8 has compiled what is used often by then. */
const warmUp = 3000;

/** Creates a second at several widths, with and without durability, and beside them what a bare etcd on the same disk does; then what a list of 10,000 costs. */
export async function api(): Promise<void> {
  const rows: (string | number)[][] = [];
  const lists: (string | number)[][] = [];
  for (const store of ['sqlite', 'memory']) {
    const server = await BenchServer.start(['--store', store]);
    try {
      let made = 0;
      const create = (index: number) => server.send('POST', maps, configMap(`map-${String(index).padStart(6, '0')}`));
      const end = await server.watch(`${maps}?watch=true`, () => undefined);
      await concurrently(warmUp, 16, async (index) => {
        await create(index);
      });
      made += warmUp;
      for (const [width, count] of widths) {
        const latencies: number[] = [];
        const begun = performance.now();
        const base = made;
        await concurrently(count, width, async (index) => {
          const start = performance.now();
          await create(base + index);
          latencies.push(performance.now() - start);
        });
        made += count;
        rows.push([`${store}, ${width} client${width === 1 ? '' : 's'}`, count / ((performance.now() - begun) / 1000), percentile(latencies, 0.5), percentile(latencies, 0.99)]);
      }
      end();
      if (store === 'sqlite') {
        for (const [title, path] of listings) lists.push([title, ...(await timedList(server, path))]);
      }
    } finally {
      await server.stop();
    }
  }
  rows.push(...(await etcdCreates(JSON.stringify(configMap('map-000000')), widths)));
  printTable('Creates of 2 KB objects over HTTPS with a watcher attached; sqlite and etcd answer after their fsync', ['', 'creates/s', 'p50 ms', 'p99 ms'], rows);
  printTable('List of 26,000 objects of 2 KB', ['', 'p50 ms', 'MB', 'MB/s'], lists);
}

const listings = [
  ['all at once', maps], ['all at once, from the cache', `${maps}?resourceVersion=0`], ['pages of 500', `${maps}?limit=500`],
] as const;

async function timedList(server: BenchServer, path: string): Promise<number[]> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    bytes = await listAll(server, path);
    times.push(performance.now() - begun);
  }
  const typical = percentile(times, 0.5);
  return [typical, bytes / 1e6, bytes / 1e3 / typical];
}

async function listAll(server: BenchServer, path: string): Promise<number> {
  let bytes = 0;
  let token = '';
  do {
    const page = await server.read(token === '' ? path : `${path}&continue=${token}`);
    bytes += page.bytes;
    token = /"continue":"([^"]+)"/.exec(page.beginning)?.[1] ?? '';
  } while (token !== '');
  return bytes;
}

import { BenchServer, concurrently } from './server.ts';
import { percentile, printTable } from './table.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value: 'x'.repeat(1000) } });

/** Creates a second at several widths, with and without durability; then what a list of 10,000 costs. */
export async function api(): Promise<void> {
  const rows: (string | number)[][] = [];
  const lists: (string | number)[][] = [];
  for (const store of ['sqlite', 'memory']) {
    const server = await BenchServer.start(['--store', store]);
    try {
      let made = 0;
      for (const [width, count] of [[1, 500], [16, 3000], [64, 6500]] as const) {
        const latencies: number[] = [];
        const begun = performance.now();
        const base = made;
        await concurrently(count, width, async (index) => {
          const start = performance.now();
          await server.send('POST', maps, configMap(`map-${String(base + index).padStart(6, '0')}`));
          latencies.push(performance.now() - start);
        });
        made += count;
        rows.push([`${store}, ${width} client${width === 1 ? '' : 's'}`, count / ((performance.now() - begun) / 1000), percentile(latencies, 0.5), percentile(latencies, 0.99)]);
      }
      if (store === 'sqlite') {
        for (const [title, path] of [['all at once', maps], ['pages of 500', `${maps}?limit=500`]] as const) lists.push([title, ...(await timedList(server, path))]);
      }
    } finally {
      await server.stop();
    }
  }
  printTable('Creates of 1 KB objects over HTTPS; sqlite answers after its fsync', ['', 'creates/s', 'p50 ms', 'p99 ms'], rows);
  printTable('List of 10,000 objects of 1 KB', ['', 'p50 ms', 'MB', 'MB/s'], lists);
}

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
    const page = await server.send('GET', token === '' ? path : `${path}&continue=${token}`);
    bytes += page.length;
    token = /"continue":"([^"]+)"/.exec(page.subarray(0, 1000).toString())?.[1] ?? '';
  } while (token !== '');
  return bytes;
}

/** How long 1,000 watchers wait for a change, from before it is written. */
export async function watchers(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const count of [1, 100, 1000]) {
    const server = await BenchServer.start();
    try {
      const { metadata } = JSON.parse((await server.send('POST', maps, configMap('watched'))).toString()) as { metadata: { resourceVersion: string } };
      let seen: (() => void) | undefined;
      const ends: (() => void)[] = [];
      await concurrently(count, 50, async () => {
        // From a version on: the state at the beginning would count as the first change.
        ends.push(await server.watch(`${maps}?watch=true&resourceVersion=${metadata.resourceVersion}`, () => seen?.()));
      });
      const first: number[] = [];
      const last: number[] = [];
      for (let round = 0; round < 20; round++) {
        let left = count;
        const begun = performance.now();
        const all = new Promise<void>((resolve) => {
          seen = () => {
            if (left === count) first.push(performance.now() - begun);
            if (--left === 0) resolve();
          };
        });
        await server.send('PUT', `${maps}/watched`, { ...configMap('watched'), data: { round: String(round) } });
        await all;
        last.push(performance.now() - begun);
      }
      rows.push([`${count.toLocaleString('en')} watcher${count === 1 ? '' : 's'}`, percentile(first, 0.5), percentile(last, 0.5), percentile(last, 0.99), await server.residentMegabytes()]);
      for (const end of ends) end();
    } finally {
      await server.stop();
    }
  }
  printTable('Update sent → event received, over HTTPS, one connection each', ['', 'first p50 ms', 'last p50 ms', 'last p99 ms', 'RSS MB'], rows);
}

import { EtcdStore } from '#plugins/store/etcd/etcd-store.ts';
import { Etcd, etcdServer } from '#test/fixtures/etcd.ts';
import { concurrently } from './server.ts';
import { percentile } from './table.ts';

/** What an etcd with one member does with values of the same size, in transactions and without anything in front of it; no rows where etcd is missing. */
export async function etcdCreates(value: string, widths: readonly (readonly [width: number, count: number])[]): Promise<(string | number)[][]> {
  if (!etcdServer.isMet()) return [];
  const etcd = await Etcd.start();
  const store = new EtcdStore({ endpoints: etcd.endpoints });
  const rows: (string | number)[][] = [];
  try {
    await store.open();
    for (const [width, count] of widths) {
      const latencies: number[] = [];
      const begun = performance.now();
      await concurrently(count, width, async (index) => {
        const sent = performance.now();
        await store.write({ key: `/registry/configmaps/default/map-${width}-${index}`, value, expected: 0 });
        latencies.push(performance.now() - sent);
      });
      rows.push([`bare etcd, ${width} client${width === 1 ? '' : 's'}`, count / ((performance.now() - begun) / 1000), percentile(latencies, 0.5), percentile(latencies, 0.99)]);
    }
  } finally {
    await store.close();
    await etcd.stop();
  }
  return rows;
}

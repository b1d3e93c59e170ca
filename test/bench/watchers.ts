import { setTimeout as delay } from 'node:timers/promises';
import { configMap, maps } from './api.ts';
import { BenchServer, concurrently } from './server.ts';
import { percentile, printTable } from './table.ts';

const perSecond = 100;
const events = 500;
/** Changes before anything is measured: V8 has compiled what is used often by then, and what piled up meanwhile is delivered. */
const warmUp = 300;
/** For what is still on its way when the last update is answered; a machine that cannot keep up shows it in what was delivered. */
const patienceMs = 20_000;

/** How long watchers wait for a change, from before it is written, while 100 changes a second go to every one of them. */
export async function watchers(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const count of [1, 100, 1000]) {
    const server = await BenchServer.start();
    try {
      rows.push([`${count.toLocaleString('en')} watcher${count === 1 ? '' : 's'}`, ...(await deliveries(server, count))]);
    } finally {
      await server.stop();
    }
  }
  printTable(`Update sent → event received, ${perSecond} updates a second for each watcher, over HTTPS, one connection each`, ['', 'p50 ms', 'p99 ms', 'worst ms', 'events/s', 'delivered %', 'RSS MB'], rows);
}

async function deliveries(server: BenchServer, count: number): Promise<number[]> {
  const { metadata } = JSON.parse((await server.send('POST', maps, configMap('watched'))).toString()) as { metadata: { resourceVersion: string } };
  const sent: number[] = [];
  const waits: number[] = [];
  let received = 0;
  let finish: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const ends: (() => void)[] = [];
  await concurrently(count, 50, async () => {
    let rest = '';
    // From a version on: the state at the beginning would count as the first change.
    ends.push(await server.watchBytes(`${maps}?watch=true&resourceVersion=${metadata.resourceVersion}`, (bytes) => {
      const whole = rest + bytes.toString('latin1');
      let at = 0;
      for (const found of whole.matchAll(/"round":"(\d+)"/g)) {
        const round = Number(found[1]);
        received++;
        if (round >= warmUp) waits.push(performance.now() - (sent[round] ?? NaN));
        at = found.index + found[0].length;
      }
      rest = whole.slice(Math.max(at, whole.length - 30));
      if (received === count * (warmUp + events)) finish();
    }));
  });
  const first = performance.now();
  let begun = first;
  const writes: Promise<unknown>[] = [];
  for (let round = 0; round < warmUp + events; round++) {
    await delay(Math.max(0, first + (round * 1000) / perSecond - performance.now()));
    if (round === warmUp) begun = performance.now();
    sent[round] = performance.now();
    writes.push(server.send('PUT', `${maps}/watched`, { ...configMap('watched'), data: { round: String(round) } }));
  }
  await Promise.all(writes);
  await Promise.race([all, delay(patienceMs, undefined, { ref: false })]);
  const seconds = (performance.now() - begun) / 1000;
  const megabytes = await server.residentMegabytes();
  for (const end of ends) end();
  return [percentile(waits, 0.5), percentile(waits, 0.99), percentile(waits, 1), waits.length / seconds, (waits.length / (count * events)) * 100, megabytes];
}

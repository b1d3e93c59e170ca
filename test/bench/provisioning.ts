import { readdir, readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchServer, concurrently } from './server.ts';
import { percentile, printTable } from './table.ts';

const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
const clients = 20;
/** After a burst the server gives memory back when it has been idle for a while. */
const settleMs = 25_000;

const claim = (name: string) => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
});

interface Run {
  perSecond: number;
  p50: number;
  p99: number;
  createP99: number;
  megabytes: number;
  cpuMsPerClaim: number;
}

/** How the load is made: every client waits until its claim is Bound before it makes the next, or none waits for anything. */
type Load = 'each client waits for Bound' | 'all at once';

async function run(server: BenchServer, count: number, load: Load): Promise<Run> {
  const sent = new Map<string, number>();
  const bound = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  const creates: number[] = [];
  let finish: () => void = () => undefined;
  const allBound = new Promise<void>((resolve) => {
    finish = resolve;
  });
  // Looking for two substrings is all the parsing that the load generator can afford beside the server.
  const end = await server.watch(`${claims}?watch=true`, (line) => {
    if (!line.includes('"phase":"Bound"')) return;
    const name = /"name":"(claim-\d+)"/.exec(line)?.[1];
    if (name === undefined || bound.has(name)) return;
    bound.set(name, performance.now());
    waiting.get(name)?.();
    if (bound.size === count) finish();
  });
  const cpu = await server.cpuSeconds();
  const begun = performance.now();
  await concurrently(count, clients, async (index) => {
    const name = `claim-${index}`;
    const start = performance.now();
    sent.set(name, start);
    await server.send('POST', claims, claim(name));
    creates.push(performance.now() - start);
    if (load === 'each client waits for Bound' && !bound.has(name)) await new Promise<void>((resolve) => {
      waiting.set(name, resolve);
    });
  });
  await allBound;
  const seconds = (performance.now() - begun) / 1000;
  end();
  const latencies = [...bound].map(([name, at]) => at - (sent.get(name) ?? NaN));
  return {
    perSecond: count / seconds, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), createP99: percentile(creates, 0.99),
    megabytes: await server.residentMegabytes(), cpuMsPerClaim: ((await server.cpuSeconds()) - cpu) * 1000 / count,
  };
}

/** Claims created over HTTPS by 20 clients until they are Bound, on the durable store and, beside it, without durability. */
export async function provisioning(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const load of ['each client waits for Bound', 'all at once'] as const) {
    for (const [store, count] of [['sqlite', 1000], ['sqlite', 10_000], ['memory', 1000]] as const) {
      const server = await BenchServer.start(['--store', store]);
      try {
        const result = await run(server, count, load);
        await delay(count === 10_000 ? settleMs : 0);
        const settled = count === 10_000 ? await server.residentMegabytes() : '';
        rows.push([`${count.toLocaleString('en')}, ${store}, ${load}`, result.perSecond, result.p50, result.p99, result.createP99, result.cpuMsPerClaim, result.megabytes, settled]);
      } finally {
        await server.stop();
      }
    }
  }
  printTable(`Claim created → Bound, ${clients} clients over HTTPS on the same machine (best published peer: about 40/s)`,
    ['claims', 'claims/s', 'p50 ms', 'p99 ms', 'create p99 ms', 'server CPU ms/claim', 'RSS MB', 'idle RSS MB'], rows);
  await whereTheTimeGoes();
}

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
}

/** Shares of the server's main thread by part of the house, from V8's sampling profiler. */
async function whereTheTimeGoes(): Promise<void> {
  const profiles = await mkdtemp(join(tmpdir(), 'keelson-profile-'));
  const server = await BenchServer.start([], ['--cpu-prof', `--cpu-prof-dir=${profiles}`]);
  try {
    await run(server, 2000, 'all at once');
  } finally {
    await server.stop();
  }
  const parts = new Map<string, number>();
  let total = 0;
  for (const file of await readdir(profiles)) {
    const profile = JSON.parse(await readFile(join(profiles, file), 'utf8')) as Profile;
    const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, partOf(callFrame.url, callFrame.functionName)]));
    profile.samples.forEach((id, index) => {
      const part = names.get(id) ?? 'other';
      if (part === 'idle') return;
      const time = profile.timeDeltas[index] ?? 0;
      total += time;
      parts.set(part, (parts.get(part) ?? 0) + time);
    });
  }
  await rm(profiles, { recursive: true, force: true });
  const rows = [...parts].toSorted(([, a], [, b]) => b - a).slice(0, 16).map(([part, time]) => [part, (time / total) * 100, time / 2000 / 1000]);
  printTable('Where the server\'s time goes, all threads, start included (2,000 claims)', ['', '% of busy time', 'CPU ms/claim'], rows);
}

function partOf(url: string, name: string): string {
  if (name === '(idle)') return 'idle';
  if (name === '(program)') return 'V8 and system calls';
  if (name === '(garbage collector)') return 'garbage collection';
  const own = /\/((?:core|plugins|providers)\/[^/]+(?:\/[^/]+)?)\//.exec(url)?.[1];
  if (own !== undefined) return own.startsWith('core/') ? own.split('/').slice(0, 2).join('/') : own;
  if (url.startsWith('node:')) return /tls|http|net|stream|_http/.test(url) ? 'node: HTTP and TLS' : 'node: other';
  return url === '' ? 'node: native' : 'dependencies';
}

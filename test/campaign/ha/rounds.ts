import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '#test/conformance/key-value-store-model.ts';
import { until } from '#test/e2e/harness.ts';
import { check } from './checker.ts';
import { HaClient } from './clients.ts';
import { HaCluster } from './cluster.ts';
import { harmHistory, harmLinks, harmMembers, harmServers } from './faults.ts';
import type { Compaction, Operation } from './history.ts';
import { limitsHold } from './limits.ts';
import { itemsOf } from './lists.ts';
import { Recorder } from './recorder.ts';
import type { HaServer } from './server.ts';
import { HaWatcher } from './watcher.ts';

export interface HaOptions {
  readonly servers: number;
  readonly seed: number;
  readonly rounds: number;
  /** How long clients write and faults go on in each round. */
  readonly roundMs: number;
  /** How often the server that runs the controllers is killed. */
  readonly failovers: number;
  readonly say: (text: string) => void;
}

const clients = 6;
const watchers = 4;
const sentinel = 'z-last';

/** @throws {Error} that lists what the checker found */
export async function haRounds(options: HaOptions): Promise<void> {
  const cluster = await HaCluster.start(options.servers);
  try {
    options.say(cluster.network ? 'each member of etcd has a network of its own' : 'the members of etcd are on loopback: none is cut off');
    const met = { expiredLists: 0, expiredWatches: 0 };
    for (let round = 0; round < options.rounds; round++) await haRound(cluster, options, round, met);
    // A short run may be lucky; a long one that never met them has tested nothing of it.
    if (options.rounds > 2 && (met.expiredLists === 0 || met.expiredWatches === 0)) throw new Error(`no list or no watch met a version that was compacted: ${JSON.stringify(met)}`);
    const times: number[] = [];
    for (let i = 0; i < options.failovers; i++) times.push(await failOver(cluster, `failover-${i}`));
    if (times.length > 0) options.say(`controllers work on another server ${times.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s after kill -9`);
    const slow = times.filter((ms) => ms > failOverWithinMs);
    if (slow.length > 0) throw new Error(`fail-over took ${slow.join(', ')} ms`);
  } finally {
    await cluster.remove();
  }
}

/** What a round met, for those who doubt that it met anything. */
interface Met {
  expiredLists: number;
  expiredWatches: number;
}

async function haRound(cluster: HaCluster, { seed, roundMs, say }: HaOptions, round: number, met: Met): Promise<void> {
  const namespace = `ha-${round}`;
  const random = (part: number): Random => new Random(seed + round * 1000 + part);
  const { servers } = cluster;
  const begin = await createNamespace(servers, namespace);
  const recorder = new Recorder(cluster.etcd.endpoints, namespace, begin);
  try {
    const operations: Operation[] = [];
    const [working, watching] = [new AbortController(), new AbortController()];
    const work = { servers, namespace, operations, signal: working.signal };
    const following = Array.from({ length: watchers }, (_, i) => new HaWatcher(`watcher ${i}`, random(100 + i), work));
    const watches = following.map((watcher) => watcher.run(watching.signal));
    const workers = Array.from({ length: clients }, (_, i) => new HaClient(`${namespace}-c${i}`, servers[i % servers.length] ?? anyOf(servers), random(i), work).run());
    let compactions: Compaction[] = [];
    try {
      compactions = await harm(cluster, recorder, random, AbortSignal.timeout(roundMs), say);
    } finally {
      working.abort();
      await Promise.all(workers);
    }
    try {
      const last = await createSentinel(servers, namespace);
      operations.push(last);
      // What every server says at last.
      const reader = new HaClient('reader', anyOf(servers), random(300), work);
      for (const server of servers) await until(async () => (await reader.list(server)).outcome === 'done', `server ${server.index} to answer`, 30_000);
      await until(() => following.every(({ reached }) => reached >= (last.revision ?? 0)), `the watchers to reach ${last.revision}; they are at ${following.map(({ reached }) => reached).join(', ')}`, 30_000);
    } finally {
      watching.abort();
      await Promise.all(watches);
    }
    const truth = await recorder.reach(sentinel);
    const segments = following.flatMap((watcher) => watcher.segments);
    const terms = servers.flatMap((server) => server.terms);
    const wrong = check({ operations, segments, truth, terms, compactions });
    const count = (outcome: string): number => operations.filter((each) => each.outcome === outcome).length;
    const expired = [operations.filter(({ reason }) => reason === 'Expired').length, following.reduce((sum, each) => sum + each.expired, 0)] as const;
    met.expiredLists += expired[0];
    met.expiredWatches += expired[1];
    say(`round ${round}: ${count('done')} done, ${count('refused')} refused, ${count('unknown')} unknown, ${truth.length} changes, `
      + `${segments.reduce((sum, { events }) => sum + events.length, 0)} events, ${compactions.length} compactions, 410 for ${expired[0]} lists and ${expired[1]} watches, ${terms.length} terms`);
    if (wrong.length > 0) throw new Error(`${wrong.length} violations (seed ${seed}):\n${wrong.slice(0, 20).join('\n')}`);
  } finally {
    await recorder.stop();
  }
  await limitsHold(servers, namespace);
  await deleteNamespace(servers, namespace, random(301));
}

/** Everything bad at once, until the signal aborts; resolves to what was compacted. */
async function harm(cluster: HaCluster, recorder: Recorder, random: (part: number) => Random, over: AbortSignal, say: HaOptions['say']): Promise<Compaction[]> {
  const [compactions] = await Promise.all([
    harmHistory(cluster, recorder, random(203), over), harmMembers(cluster, random(200), over, say), harmServers(cluster, random(201), over, say), harmLinks(cluster, random(202), over),
  ]);
  return compactions;
}

/** Resolves to a version before everything in it. */
async function createNamespace(servers: readonly HaServer[], name: string): Promise<number> {
  let revision = 0;
  await until(async () => {
    const { code, body } = await anyOf(servers).request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    if (code === 201) revision = Number(body.metadata.resourceVersion);
    return code === 201;
  }, `the namespace ${name} to be made`, 30_000);
  return revision;
}

async function createSentinel(servers: readonly HaServer[], namespace: string): Promise<Operation> {
  const value = `${namespace}-last`;
  const begun = performance.now();
  let revision = 0;
  await until(async () => {
    const { code, body } = await anyOf(servers).request('POST', `/api/v1/namespaces/${namespace}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: sentinel }, data: { value } });
    if (code === 201) revision = Number(body.metadata.resourceVersion);
    return code === 201;
  }, 'a last object to be made', 30_000);
  return { client: 'last', server: 0, verb: 'create', key: sentinel, begun, ended: performance.now(), outcome: 'done', value, revision };
}

const anyOf = (servers: readonly HaServer[]): HaServer => {
  const [first] = servers;
  if (first === undefined) throw new RangeError('there are no servers');
  return first;
};

/** Whichever server is asked, the namespace goes with all that is in it, and no server shows it any more. */
async function deleteNamespace(servers: readonly HaServer[], name: string, random: Random): Promise<void> {
  const asked = servers[random.below(servers.length)] ?? anyOf(servers);
  const path = `/api/v1/namespaces/${name}`;
  const { code } = await asked.request('DELETE', path);
  if (code !== 200 && code !== 202) throw new Error(`server ${asked.index} answered the deletion of ${name} with ${code}`);
  for (const server of servers) await until(async () => (await server.request('GET', path)).code === 404, `${name} to be gone from server ${server.index}`, 30_000);
  for (const server of servers) {
    const { body } = await server.request('GET', `${path}/configmaps`);
    if (itemsOf(body).size > 0) throw new Error(`objects of ${name} outlived it`);
  }
}

const failOverWithinMs = 13_000;

/** Kills the server that leads, and resolves to how long it took until another one gave a new namespace its service account. */
async function failOver(cluster: HaCluster, namespace: string): Promise<number> {
  await until(() => cluster.leader !== undefined, 'a server to lead', 20_000);
  const { leader } = cluster;
  const others = cluster.servers.filter((server) => server !== leader);
  const holder = await holderOf(others);
  const begun = performance.now();
  await leader?.kill();
  await createNamespace(others, namespace);
  await until(async () => (await anyOf(others).request('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`)).code === 200, 'the service account', 30_000);
  const took = performance.now() - begun;
  if ((await holderOf(others)) === holder) throw new Error(`${holder} still holds the lease after it was killed`);
  if (leader !== undefined) await cluster.restart(leader);
  await delay(500);
  return took;
}

async function holderOf(servers: readonly HaServer[]): Promise<string> {
  const { body } = await anyOf(servers).request('GET', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/keelson-controllers');
  return String(body.spec.holderIdentity);
}

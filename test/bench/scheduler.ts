import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { PriorityClass } from '#core/api/schema/scheduling-v1.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import type { ResourceStrategy } from '#core/scheduler/plugins/node-resources-fit.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { SchedulingLab } from '#test/fixtures/scheduling-lab.ts';
import { SchedulingWorld } from '#test/fixtures/scheduling-world.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { percentile, printTable } from './table.ts';

const sizes = [1000, 5000] as const;
const pods = 3000;
const owners = 10;
const zone = 'topology.kubernetes.io/zone';
const capacity = { cpu: '4', memory: '32Gi' };

interface Workload {
  readonly name: string;
  readonly spec: (app: string) => Draft<Pod>['spec'];
  /** Every node is full of less important pods, of which one has to go for each that comes. */
  readonly full?: boolean;
}

const selector = (app: string) => ({ labelSelector: { matchLabels: { app } } });

const workloads: readonly Workload[] = [
  { name: 'basic', spec: () => ({}) },
  {
    name: 'spread over zones (rule) and nodes (wish)',
    spec: (app) => ({
      topologySpreadConstraints: [
        { topologyKey: zone, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...selector(app) },
        { topologyKey: 'kubernetes.io/hostname', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', ...selector(app) },
      ],
    }),
  },
  { name: 'anti-affinity between nodes', spec: (app) => ({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', ...selector(app) }] } } }) },
  { name: 'preemption', spec: () => ({}), full: true },
];

/** The pods that have to be scheduled; those that push others out are fewer than the nodes, so that each finds one. */
const countOf = (workload: Workload, nodes: number): number => (workload.full ? Math.min(pods, nodes) / 2 : pods);
const requests = { cpu: '100m', memory: '128Mi' };
const large = { cpu: '2', memory: '1Gi' };
const appOf = (index: number): string => `app-${index % owners}`;

/** Decisions alone: no queue, no API, no time but the processor's. */
function decisions(workload: Workload, nodes: number): { readonly perSecond: number; readonly p99: number; readonly cpuMs: number } {
  const lab = new SchedulingLab();
  for (let i = 0; i < nodes; i++) {
    lab.node(`node-${i}`, capacity, { [zone]: `zone-${i % 3}` });
    if (workload.full) for (const half of ['a', 'b']) lab.placed(`node-${i}`, `low-${i}${half}`, large, { priority: 1 });
  }
  const waiting = Array.from({ length: countOf(workload, nodes) }, (_, i) =>
    lab.pod(`pod-${i}`, workload.full ? large : requests, { ...workload.spec(appOf(i)), priority: 100 }, { namespace: 'default', labels: { app: appOf(i) } }));
  const times: number[] = [];
  const begun = performance.now();
  const cpu = process.cpuUsage();
  for (const pod of waiting) {
    const start = performance.now();
    decide(lab, pod);
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: waiting.length / ((performance.now() - begun) / 1000), p99: percentile(times, 0.99), cpuMs: (user + system) / 1000 / waiting.length };
}

function decide(lab: SchedulingLab, pod: PodInfo): void {
  const decision = lab.decide(pod);
  const plan = decision.node === undefined ? lab.preemptor.plan(decision.filters, decision.diagnosis) : undefined;
  for (const { uid } of plan?.candidate?.victims ?? []) lab.cluster.removePod(uid);
  const node = decision.node ?? plan?.candidate?.node;
  if (node === undefined) throw new Error(`pod ${pod.name} found no node`);
  lab.cluster.assume(pod, node.name);
}

/** The whole way: pods are there, the scheduler starts, and the time runs until the last is bound, with all writes and events to the real API in this process. */
async function throughApi(workload: Workload, nodes: number): Promise<{ readonly perSecond: number; readonly cpuMs: number }> {
  const world = await SchedulingWorld.start({ scheduling: false });
  // Back-offs alone do not keep a process alive.
  const alive = setInterval(() => undefined, 1000);
  try {
    for (const [name, value] of [['low', 1], ['high', 100]] as const) await world.client.create(PriorityClass, { metadata: { name }, value });
    for (let i = 0; i < nodes; i++) {
      await world.createNode(`node-${i}`, capacity, { [zone]: `zone-${i % 3}` });
      if (workload.full) for (const half of ['a', 'b']) await world.createPod(`low-${i}${half}`, large, { nodeName: `node-${i}`, priorityClassName: 'low' });
    }
    const count = countOf(workload, nodes);
    for (let i = 0; i < count; i++) {
      await world.createPod(`pod-${i}`, workload.full ? large : requests, { ...workload.spec(appOf(i)), priorityClassName: 'high' }, { labels: { app: appOf(i) } });
    }
    if (workload.full) world.runKubelet();
    const done = Promise.withResolvers<void>();
    let bound = 0;
    world.informers.for(Pod).subscribe((pod, previous) => {
      if (pod?.spec.nodeName !== undefined && previous !== undefined && previous.spec.nodeName === undefined && ++bound === count) done.resolve();
    });
    const begun = performance.now();
    const cpu = process.cpuUsage();
    await world.scheduler.start();
    await done.promise;
    const { user, system } = process.cpuUsage(cpu);
    return { perSecond: count / ((performance.now() - begun) / 1000), cpuMs: (user + system) / 1000 / count };
  } finally {
    clearInterval(alive);
    await world.stop();
  }
}

interface Packing {
  readonly used: number;
  readonly bound: number;
  /** Standard deviation of the nodes' load, in percent of a node. */
  readonly imbalance: number;
}

/** Pods of all sizes onto more nodes than they need. */
function packing(strategy: ResourceStrategy, nodes: number, count: number): Packing {
  const lab = new SchedulingLab({ strategy });
  const random = seededRandom(5);
  const of = (choices: readonly number[]): number => choices[Math.floor(random() * choices.length)] ?? 0;
  for (let i = 0; i < nodes; i++) lab.node(`node-${i}`, { cpu: '16', memory: '32Gi', pods: '110' });
  let [cpu, memory] = [0, 0];
  for (let i = 0; i < count; i++) {
    const [milli, mebi] = [of([100, 250, 500, 1000, 1500]), of([100, 256, 512, 1024, 2048, 4096])];
    cpu += milli;
    memory += mebi;
    lab.schedule(lab.pod(`pod-${i}`, { cpu: `${milli}m`, memory: `${mebi}Mi` }));
  }
  const loads = lab.cluster.nodes.map(({ requested, allocatable }) => (100 * requested.cpu) / allocatable.cpu);
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  const variance = loads.reduce((sum, load) => sum + (load - mean) ** 2, 0) / loads.length;
  return {
    used: lab.cluster.nodes.filter((node) => node.pods.size > 0).length, imbalance: Math.sqrt(variance),
    bound: Math.ceil(Math.max(cpu / 16_000, memory / (32 * 1024))),
  };
}

/** Pods per second by number of nodes and what the pods ask for, and how well they are packed. */
export async function scheduler(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const nodes of sizes) {
    for (const workload of workloads) {
      const alone = decisions(workload, nodes);
      const { perSecond, cpuMs } = await throughApi(workload, nodes);
      rows.push([`${nodes.toLocaleString('en')} nodes, ${workload.name}`, countOf(workload, nodes), alone.perSecond, alone.p99, alone.cpuMs, perSecond, cpuMs]);
    }
  }
  printTable('Pods scheduled, all waiting at the start; through the API each is bound and has its event stored (in memory) in this process',
    ['', 'pods', 'decisions/s', 'p99 ms', 'CPU ms/decision', 'pods/s through the API', 'CPU ms/pod'], rows);
  const packed = (['MostAllocated', 'LeastAllocated'] as const).flatMap((strategy) => [1000, 5000].map((count) => {
    const { used, bound, imbalance } = packing(strategy, 500, count);
    return [`${strategy}, ${count.toLocaleString('en')} pods`, used, bound, used / bound, imbalance];
  }));
  printTable('Packing of pods of mixed sizes onto 500 nodes of 16 processors and 32 GiB; no scheduler can use fewer nodes than the bound',
    ['', 'nodes used', 'bound', 'used / bound', 'spread of load, % of a node'], packed);
}

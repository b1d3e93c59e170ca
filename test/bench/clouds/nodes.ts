import { uninitialized } from '#test/fixtures/cloud-world.ts';
import { printTable } from '#test/bench/table.ts';
import { difference, modes, type BenchCloud, type Mode, type Traffic } from './bench-cloud.ts';
import { share } from './volumes.ts';

const minute = 60_000;
/** Between two looks at whether all are initialised. */
const sliceMs = 50;
const hour = 60 * minute;

/** Nodes that join, and nodes at rest. */
export async function nodes(cloud: BenchCloud): Promise<void> {
  const { who, atRest, initialize } = cloud.known.nodes;
  const joined: (string | number)[][] = [];
  for (const mode of modes) {
    const { calls, throttled, seconds } = await joining(cloud, mode, 100);
    joined.push([mode === 'as they come' ? `${mode}, one by one` : mode, String(calls), share(throttled, calls), seconds]);
  }
  printTable(`${cloud.name}: 100 nodes initialised that join at once`, ['', 'calls', '% throttled', 'emulated s'], [...joined, [who, String(initialize), '', '']]);
  const { calls, throttled } = await rest(cloud, 1_000);
  printTable(`${cloud.name}: 1,000 nodes with routes at rest (cloud-node, cloud-node-lifecycle, route)`, ['', 'calls/h', '% throttled'], [['within budgets', calls, share(throttled, calls)], [who, atRest, '']]);
}

async function joining(cloud: BenchCloud, mode: Mode, count: number): Promise<Traffic & { readonly seconds: number }> {
  const world = await cloud.forNodes(mode, count, { oneByOne: mode === 'as they come' });
  try {
    await world.pass(minute);
    const { machines } = world;
    await world.join(machines.names, { routed: false });
    const [before, begun] = [machines.traffic(), world.clock.now()];
    while ((await world.nodes()).some(({ spec: { taints = [] } }) => taints.some(({ key }) => key === uninitialized.key))) {
      await world.pass(sliceMs);
      if (world.clock.now() - begun > 30 * minute) throw new Error('the nodes are not initialised after half an hour');
    }
    return { ...difference(machines.traffic(), before), seconds: (world.clock.now() - begun) / 1000 };
  } finally {
    await world.stop();
  }
}

async function rest(cloud: BenchCloud, count: number): Promise<Traffic> {
  const world = await cloud.forNodes('within budgets', count, { oneByOne: false });
  try {
    const { machines } = world;
    await world.join(machines.names, { routed: true });
    const isRouted = async (): Promise<boolean> => (await world.nodes()).every(({ status: { conditions = [] } }) => conditions.some(({ type, status }) => type === 'NetworkUnavailable' && status === 'False'));
    for (let passed = 0; !(await isRouted()); passed++) {
      if (passed > 60) throw new Error('there are nodes without a route after an hour');
      await world.pass(minute);
    }
    await world.pass(5 * minute);
    const before = machines.traffic();
    await world.pass(hour);
    return difference(machines.traffic(), before);
  } finally {
    await world.stop();
  }
}

import { uninitialized } from '#test/fixtures/cloud-world.ts';
import { printTable } from '#test/bench/table.ts';
import { difference, modes, type BenchCloud, type Mode, type Traffic } from './bench-cloud.ts';
import { share } from './volumes.ts';

const minute = 60_000;
/** Between two looks at whether all are initialised. */
const sliceMs = 50;
const restMinutes = { 'within budgets': 60, 'as they come': 10 } as const satisfies Record<Mode, number>;

/** Nodes that join, and nodes at rest. */
export async function nodes(cloud: BenchCloud): Promise<void> {
  const { who, atRest, initialize } = cloud.known.nodes;
  const joined: (string | number)[][] = [];
  for (const mode of modes) {
    const { calls, throttled, seconds } = await joining(cloud, mode, 100);
    joined.push([labelOf(mode), String(calls), share(throttled, calls), seconds]);
  }
  printTable(`${cloud.name}: 100 nodes initialised that join at once`, ['', 'calls', '% throttled', 'emulated s'], [...joined, [who, String(initialize), '', '']]);
  const resting: (string | number)[][] = [];
  for (const mode of modes) {
    const { calls, throttled } = await rest(cloud, mode, 1_000);
    resting.push([labelOf(mode), (calls * 60) / restMinutes[mode], share(throttled, calls)]);
  }
  printTable(`${cloud.name}: 1,000 nodes with routes at rest (cloud-node, cloud-node-lifecycle, route)`, ['', 'calls/h', '% throttled'], [...resting, [who, atRest, '']]);
}

const labelOf = (mode: Mode): string => (mode === 'as they come' ? 'as they come, one by one' : mode);

async function joining(cloud: BenchCloud, mode: Mode, count: number): Promise<Traffic & { readonly seconds: number }> {
  const world = await cloud.forNodes(mode, count);
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

async function rest(cloud: BenchCloud, mode: Mode, count: number): Promise<Traffic> {
  const world = await cloud.forNodes(mode, count);
  try {
    const { machines } = world;
    await world.join(machines.names, { routed: true });
    const isRouted = async (): Promise<boolean> => (await world.nodes()).every(({ status: { conditions = [] } }) => conditions.some(({ type, status }) => type === 'NetworkUnavailable' && status === 'False'));
    for (let passed = 0; !(await isRouted()); passed++) {
      if (passed > 60) throw new Error('there are nodes without a route after an hour');
      await world.pass(minute);
    }
    await world.pass(15 * minute);
    const before = machines.traffic();
    await world.pass(restMinutes[mode] * minute);
    return difference(machines.traffic(), before);
  } finally {
    await world.stop();
  }
}

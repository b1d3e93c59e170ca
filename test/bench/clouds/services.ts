import { concurrently } from '#test/bench/server.ts';
import { printTable } from '#test/bench/table.ts';
import type { LoadBalancerIngress, LoadBalancerRequest, LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import { difference, modes, type BenchCloud, type Mode, type ServiceGround } from './bench-cloud.ts';
import { share, untilDone } from './volumes.ts';

const never = new AbortController().signal;
/** As many as the controller works at. */
const workers = 10;
const many = 100;
/** After so long the controller looks whether all is as it was. */
const repairMs = 10 * 60_000;
/** How soon one that is still being made is looked at again. */
const pendingMs = 5_000;

interface Step {
  readonly what: string;
  readonly services: number;
  readonly calls: number;
  readonly throttled: number;
  readonly seconds: number;
}

/** Services of one port each get load balancers, have them looked at, get a node more, and go. */
export async function services(cloud: BenchCloud): Promise<void> {
  const { who, create, ensure, nodeChange, remove } = cloud.known.service;
  const known: Record<string, number> = { 'one more service': create, [`${many} services at once`]: create, 'all looked at again': ensure, 'one looked at again': ensure, 'a node comes': nodeChange, 'a node goes': nodeChange, 'one service deleted': remove, 'the others deleted': remove };
  const results = new Map<Mode, readonly Step[]>();
  for (const mode of modes) results.set(mode, await run(cloud, mode));
  const rows = (results.get('within budgets') ?? []).map((step, index) => {
    const other = results.get('as they come')?.[index];
    const forOne = known[step.what];
    return [
      step.what, String(step.calls), step.calls / step.services, forOne ?? '', share(step.throttled, step.calls), step.seconds,
      ...(other === undefined ? [] : [String(other.calls), share(other.throttled, other.calls), other.seconds]),
    ];
  });
  printTable(`${cloud.name}: services of one port with load balancers, ${workers} at a time (beside it ${who}: calls for each service)`,
    ['', 'calls', 'for each service', 'by the other', '% throttled', 'emulated s', 'as they come', '% throttled', 'emulated s'], rows);
}

async function run(cloud: BenchCloud, mode: Mode): Promise<readonly Step[]> {
  const ground = await cloud.forServices(mode);
  const steps: Step[] = [];
  const ingress = new Map<number, readonly LoadBalancerIngress[]>();
  let { targets } = ground;
  const request = (number: number): LoadBalancerRequest => ({ ...ground.request(number, targets), ingress: ingress.get(number) ?? [] });
  const measure = async (what: string, numbers: readonly number[], work: (number: number) => Promise<void>): Promise<void> => {
    const [before, begun] = [ground.traffic(), ground.clock.now()];
    await concurrently(numbers.length, workers, async (index) => {
      await untilDone(ground.clock, () => work(numbers[index] ?? 0));
    });
    steps.push({ what, services: numbers.length, ...difference(ground.traffic(), before), seconds: (ground.clock.now() - begun) / 1000 });
    await ground.clock.sleep(repairMs);
  };
  const change = (what: string, to: readonly LoadBalancerTarget[], numbers: readonly number[]): Promise<void> => {
    targets = to;
    return measure(what, numbers, (number) => ground.balancers.updateTargets(request(number), never));
  };
  const ensure = async (number: number): Promise<void> => void ingress.set(number, await ensured(ground, () => request(number)));
  try {
    const all = Array.from({ length: many }, (_, index) => index + 3);
    await measure('the first service of a cluster', [1], ensure);
    await measure('one more service', [2], ensure);
    await measure(`${many} services at once`, all, ensure);
    await measure('one looked at again', [1], ensure);
    await measure('all looked at again', all, ensure);
    const fewer = targets;
    await change('a node comes', [...targets, await ground.addNode()], all);
    await change('a node goes', fewer, all);
    await measure('one service deleted', [2], (number) => ground.balancers.delete(ground.request(number, []).owner, never));
    await measure('the others deleted', [1, ...all], (number) => ground.balancers.delete(ground.request(number, []).owner, never));
    return steps;
  } finally {
    await ground.stop();
  }
}

async function ensured({ balancers, clock }: ServiceGround, request: () => LoadBalancerRequest): Promise<readonly LoadBalancerIngress[]> {
  for (;;) {
    const { ingress } = await balancers.ensure(request(), never);
    if (ingress.length > 0) return ingress;
    await clock.sleep(pendingMs);
  }
}

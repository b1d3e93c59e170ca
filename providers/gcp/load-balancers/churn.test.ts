import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerRequest, LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import { GcpBalancerWorld, ownerNumber, tcp, udp } from '#test/fixtures/gcp-balancer-world.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';

const signal = new AbortController().signal;
const numbers = [1, 2, 3, 4];
const kinds: readonly Partial<LoadBalancerRequest>[] = [
  {}, { ports: [tcp(443), tcp(80)] }, { ports: [tcp(80), udp(80)], sourceRanges: ['10.0.0.0/8'] }, { healthCheck: { port: 31_999, path: '/healthz' } },
  { annotations: { 'networking.gke.io/load-balancer-type': 'Internal' } }, { annotations: { 'networking.gke.io/load-balancer-type': 'Internal' }, affinitySeconds: 60, healthCheck: { port: 31_998, path: '/healthz' } },
];

/** Services come, change and go, nodes too, the process dies now and then, and a share of all calls fails. */
async function churn(seed: number, steps: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const world = await GcpBalancerWorld.start({ seed });
  try {
    const all: LoadBalancerTarget[] = [];
    for (const [i, zone] of ['us-central1-a', 'us-central1-a', 'us-central1-b', 'us-central1-c'].entries()) all.push(await world.node(`node-${i}`, zone));
    let targets: readonly LoadBalancerTarget[] = all.slice(0, 2);
    const wanted = new Map<number, Partial<LoadBalancerRequest>>();
    const told = new Map<number, string>();
    const { faults, deleting } = world.lab.emulator.state.cloud;
    const request = (number: number): LoadBalancerRequest => world.request({ targets, ...wanted.get(number), ingress: told.has(number) ? [{ ip: told.get(number)! }] : [] }, number);
    const bring = async (number: number): Promise<void> => {
      if (wanted.has(number)) told.set(number, (await world.balancers.ensure(request(number), signal)).ingress[0]!.ip!);
      else await world.balancers.delete(ownerNumber(number), signal);
    };
    const tried = async (action: Promise<void>): Promise<boolean> => action.then(() => true, (error: unknown) => {
      if (ProviderError.is(error, 'Unavailable', 'Throttled', 'Unknown', 'Exhausted', 'NotFound')) return false;
      throw error;
    });
    for (let step = 0; step < steps; step++) {
      faults.plan({ random: { share: 0.1, faults: ['before', 'after', 'lose', 'cut', 'throttle', 'operation-fails', 'operation-hangs', 'operation-hangs-after'] } });
      const some = numbers.filter(() => random() < 0.5);
      for (const number of some) {
        if (random() < 0.3) wanted.delete(number);
        else wanted.set(number, pick(kinds));
        if (!wanted.has(number)) told.delete(number);
      }
      if (random() < 0.3) targets = all.filter(() => random() < 0.6);
      await Promise.all(some.map((number) => tried(bring(number))));
      await Promise.all(numbers.filter((number) => wanted.has(number) && !some.includes(number)).map((number) => tried(world.balancers.updateTargets(request(number), signal))));
      if (random() < 0.2) world.restart();
      await world.lab.clock.sleep(random() * 20_000);
      // What hangs is given up by the platform some day.
      if (random() < 0.3) deleting.clear();
    }
    faults.plan({});
    deleting.clear();
    const rest = async (): Promise<void> => {
      for (let attempt = 0; attempt < 5; attempt++) {
        await world.lab.clock.sleep(60_000);
        if ((await Promise.all(numbers.map((number) => tried(bring(number))))).every(Boolean)) return;
      }
      expect.fail('there is no rest');
    };
    await rest();
    for (const [number, { ports = [tcp(80)] }] of wanted) {
      const reached = targets.map((_, turn) => world.reach({ ip: told.get(number)! }, ports[0]!.port, turn));
      expect(reached.toSorted(), `service ${number}`).to.deep.equal(targets.map(({ node }) => node).toSorted());
    }
    for (const number of numbers) expect(world.thingsOf(ownerNumber(number)).length > 0, `service ${number}`).to.equal(wanted.has(number));
    wanted.clear();
    world.restart();
    await rest();
    expect(world.things()).to.deep.equal([]);
  } finally {
    await world.stop();
  }
}

describe('passthrough load balancers in bad weather', function () {
  this.timeout(600_000);
  const [first = 1, count = 2] = (process.env['KEELSON_SEEDS'] ?? '').split('+').filter((text) => text !== '').map(Number);
  for (let seed = first; seed < first + count; seed++) it(`come to rest, and leave nothing, seed ${seed}`, () => churn(seed, 10));
});

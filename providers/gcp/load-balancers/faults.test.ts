import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerRequest, LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import type { Fault } from '#test/emulators/gcp/faults.ts';
import { GcpBalancerWorld, ownerNumber, tcp, udp } from '#test/fixtures/gcp-balancer-world.ts';

const signal = new AbortController().signal;
const faults: readonly Fault[] = ['before', 'after', 'lose', 'cut', 'throttle', 'operation-fails', 'operation-hangs', 'operation-hangs-after'];
const internal = { 'networking.gke.io/load-balancer-type': 'Internal' };

interface Flow {
  /** What is there before the calls that fail. */
  readonly before?: Partial<LoadBalancerRequest>;
  /** What is asked for while they fail; undefined: that it be deleted. */
  readonly wanted?: Partial<LoadBalancerRequest>;
}

const flows: Readonly<Record<string, Flow>> = {
  'a new one': { wanted: { ports: [tcp(80)], healthCheck: { port: 31_999, path: '/healthz' } } },
  'other ports': { before: {}, wanted: { ports: [tcp(443)] } },
  'of the outside turned to the inside': { before: { healthCheck: { port: 31_999, path: '/healthz' } }, wanted: { annotations: internal } },
  'of the inside with other protocols': { before: { annotations: internal }, wanted: { annotations: { ...internal, 'networking.gke.io/internal-load-balancer-allow-global-access': 'true' }, ports: [tcp(53), udp(53)] } },
  'a deletion': { before: { healthCheck: { port: 31_999, path: '/healthz' } } },
};

describe('faults of calls for passthrough load balancers', function () {
  this.timeout(3_600_000);

  /** A world in which a load balancer of another owner lives, and things of strangers with names like ours. */
  async function made(before: Partial<LoadBalancerRequest> | undefined, hasNeighbour: boolean): Promise<{ world: GcpBalancerWorld; targets: readonly LoadBalancerTarget[] }> {
    const world = await GcpBalancerWorld.start();
    const targets = [await world.node('node-1', 'us-central1-a'), await world.node('node-2', 'us-central1-b')];
    await world.raw.make('POST', 'global/firewalls', { name: 'strangers', description: '{"keelson.dev/cluster":"other"}', network: 'global/networks/default', allowed: [{ IPProtocol: 'tcp' }] });
    if (hasNeighbour) await world.address({ targets }, 2);
    if (before !== undefined) {
      const ip = await world.address({ targets, ...before });
      // Another port, so that an address has been kept.
      await world.address({ targets, ...before, ports: [tcp(8080)], ingress: [{ ip }] });
      await world.address({ targets, ...before, ingress: [{ ip }] });
    }
    return { world, targets };
  }

  /** As the controller does: again and again, a little later each time, now and then as another process. */
  async function untilRest(world: GcpBalancerWorld, act: () => Promise<void>, restarts: boolean): Promise<number> {
    for (let attempt = 1; attempt <= 12; attempt++) {
      try {
        await act();
        return attempt;
      } catch (error) {
        if (!ProviderError.is(error, 'Unavailable', 'Throttled', 'Unknown', 'Exhausted')) throw error;
        if (attempt === 12) throw error;
        await world.lab.clock.sleep(5_000);
        // What hangs is ended by the platform some day, with nothing done.
        if (attempt > 3) world.lab.emulator.state.cloud.deleting.clear();
        if (restarts) world.restart();
      }
    }
    return 12;
  }

  async function run({ before, wanted }: Flow, fault: { method: string; call: number; fault: Fault }, restarts: boolean): Promise<void> {
    const { world, targets } = await made(before, fault.call % 2 === 0);
    try {
      const neighbours = fault.call % 2 === 0 ? world.thingsOf(ownerNumber(2)).map((path) => JSON.stringify(world.at(path))) : undefined;
      const ingress = before === undefined ? [] : [{ ip: world.only('forwardingRules', new RegExp(world.thingsOf(ownerNumber(1)).find((path) => path.includes('forwardingRules'))!.split('/').at(-1)!)).IPAddress as string }];
      world.lab.emulator.state.cloud.faults.plan({ faults: [fault] });
      let ip = '';
      await untilRest(world, async () => {
        if (wanted === undefined) await world.balancers.delete(ownerNumber(1), signal);
        else ip = await world.address({ targets, ingress, ...wanted });
      }, restarts);
      world.lab.emulator.state.cloud.faults.plan({});
      if (wanted !== undefined) {
        const [port] = wanted.ports ?? [tcp(80)];
        expect([0, 1].map((turn) => world.reach({ ip }, port!.port, turn)), 'reached').to.have.members(['node-1', 'node-2']);
        if (before !== undefined && before.annotations === wanted.annotations) expect([{ ip }], 'address').to.deep.equal(ingress);
        await untilRest(world, () => world.balancers.delete(ownerNumber(1), signal), restarts);
      }
      expect(world.thingsOf(ownerNumber(1)), 'left').to.deep.equal([]);
      if (neighbours !== undefined) {
        expect(world.thingsOf(ownerNumber(2)).map((path) => JSON.stringify(world.at(path))), 'neighbours').to.deep.equal(neighbours);
        await untilRest(world, () => world.balancers.delete(ownerNumber(2), signal), restarts);
      }
      expect(world.things(), 'left of all').to.deep.equal(['global/firewalls/strangers']);
    } finally {
      await world.stop();
    }
  }

  /** The calls of a flow that nothing disturbs, each as method and number. */
  async function callsOf({ before, wanted }: Flow, hasNeighbour: boolean): Promise<Readonly<Record<string, number>>> {
    const { world, targets } = await made(before, hasNeighbour);
    const counted = world.counting();
    if (wanted === undefined) await world.balancers.delete(ownerNumber(1), signal);
    else await world.address({ targets, ingress: before === undefined ? [] : [{ ip: '10.0.0.1' }], ...wanted });
    await world.stop();
    return counted();
  }

  /** Every call of a flow, failing in each way that it can. */
  const casesOf = (calls: Readonly<Record<string, number>>): { method: string; call: number; fault: Fault }[] =>
    Object.entries(calls).flatMap(([method, count]) => Array.from({ length: count }, (_, i) => i + 1).flatMap((call) =>
      faults.filter((fault) => !fault.startsWith('operation') || !/get$|list|wait$/i.test(method)).map((fault) => ({ method: `compute.${method}`, call, fault }))));

  const isEvery = process.env['KEELSON_EVERY_FAULT'] !== undefined;
  for (const [name, flow] of Object.entries(flows)) {
    it(`reaches what is wanted and leaves nothing: ${name}`, async () => {
      const cases = casesOf(await callsOf(flow, false));
      // A few each time, of as many sorts as can be; all where somebody asks for it.
      const step = isEvery ? 1 : Math.ceil(cases.length / 4) | 1;
      const chosen = cases.filter((_, i) => i % step === step - 1);
      expect(chosen.length).to.be.greaterThan(1);
      for (const [i, each] of chosen.entries()) {
        try {
          await run(flow, each, i % 2 === 1);
        } catch (error) {
          throw new Error(`${name}: ${each.fault} of ${each.method} ${each.call}${i % 2 === 1 ? ', with restarts' : ''}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
      }
    });
  }
});

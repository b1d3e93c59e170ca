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

  async function run({ before, wanted }: Flow, fault: { method: string; call: number; fault: Fault }, restarts: boolean): Promise<boolean> {
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
      const isMet = world.lab.emulator.state.cloud.faults.met.length > 0;
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
      return isMet;
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

  const isEvery = process.env['KEELSON_EVERY_FAULT'] !== undefined;
  for (const [name, flow] of Object.entries(flows)) {
    it(`reaches what is wanted and leaves nothing: ${name}`, async () => {
      const calls = await callsOf(flow, false);
      let tries = 0;
      let drawn = 0;
      for (const [method, count] of Object.entries(calls)) {
        for (let call = 1; call <= count; call++) {
          for (const fault of faults) {
            const isRead = /get$|list|wait$/i.test(method);
            if (isRead && fault.startsWith('operation')) continue;
            drawn++;
            // A share of them each time; all where somebody asks for it.
            if (!isEvery && drawn % 29 !== 7) continue;
            const where = { method: `compute.${method}`, call, fault };
            try {
              await run(flow, where, tries % 2 === 1);
            } catch (error) {
              throw new Error(`${name}: ${fault} of ${method} ${call}${tries % 2 === 1 ? ', with restarts' : ''}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
            }
            tries++;
          }
        }
      }
      expect(tries).to.be.greaterThan(1);
    });
  }
});

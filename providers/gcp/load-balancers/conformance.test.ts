import { loadBalancersConformance } from '#test/conformance/load-balancers.ts';
import { GcpBalancerWorld, tcp } from '#test/fixtures/gcp-balancer-world.ts';
import type { GcpLabOptions } from '#test/fixtures/gcp-lab.ts';

function run(name: string, options: GcpLabOptions, config: Readonly<Record<string, unknown>> = {}): void {
  loadBalancersConformance(name, async () => {
    const world = await GcpBalancerWorld.start({ ...options, config });
    const targets = [await world.node('node-1', 'us-central1-a'), await world.node('node-2', 'us-central1-b')];
    let turn = 0;
    return {
      balancers: world.balancers, targets, ports: [tcp(80), tcp(443)],
      things: async (owner) => world.thingsOf(owner),
      reach: async (ingress, port) => world.reach(ingress, port, turn++),
      restart: async () => world.restart(),
      cleanup: () => world.stop(),
    };
  });
}

describe('load balancers of Google Cloud', function () {
  this.timeout(60_000);
  run('gcp, everything at once', { delays: 0 });
  run('gcp, with the delays and late lists of the cloud', {});
});

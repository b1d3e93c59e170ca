import { expect } from 'chai';
import type { LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import { GcpBalancerWorld, ownerNumber, tcp } from '#test/fixtures/gcp-balancer-world.ts';

const signal = new AbortController().signal;

describe('calls of passthrough load balancers', function () {
  this.timeout(120_000);
  let world: GcpBalancerWorld;
  let targets: LoadBalancerTarget[];

  beforeEach(async () => {
    world = await GcpBalancerWorld.start();
    targets = [await world.node('node-1', 'us-central1-a'), await world.node('node-2', 'us-central1-b')];
  });
  afterEach(() => world.stop());

  it('print', async () => {
    let count = world.counting();
    const ip = await world.address({ targets });
    console.log('first', count());
    count = world.counting();
    await world.address({ targets }, 2);
    console.log('second', count());
    const ingress = [{ ip }];
    count = world.counting();
    await world.address({ targets, ingress });
    console.log('again', count());
    await world.lab.clock.sleep(600_000);
    count = world.counting();
    await world.address({ targets, ingress });
    console.log('repair', count());
    count = world.counting();
    await world.address({ targets, ingress, ports: [tcp(443)] });
    console.log('ports', count());
    const more = [...targets, await world.node('node-3', 'us-central1-a')];
    count = world.counting();
    await Promise.all([1, 2].map((n) => world.balancers.updateTargets(world.request({ targets: more }, n), signal)));
    console.log('node', count());
    const next = [...targets, await world.node('node-4', 'us-central1-c')];
    count = world.counting();
    await Promise.all([1, 2].map((n) => world.balancers.updateTargets(world.request({ targets: next }, n), signal)));
    console.log('zone', count());
    count = world.counting();
    await world.balancers.delete(ownerNumber(1), signal);
    console.log('delete', count());
    count = world.counting();
    await world.balancers.delete(ownerNumber(2), signal);
    console.log('last', count(), world.things());
    world.restart();
    await world.address({ targets }, 2);
    world.restart();
    count = world.counting();
    await world.address({ targets }, 2);
    console.log('restarted', count());
  });
});

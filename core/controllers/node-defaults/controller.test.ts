import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { ControllerHarness } from '#test/fixtures/controller-harness.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { NodeDefaultsController, nodeDefaultsPlace } from './controller.ts';

describe('NodeDefaultsController', () => {
  let world: InMemoryApi;
  let harness: ControllerHarness;

  beforeEach(async () => {
    const clock = new FakeClock();
    world = await inMemoryApi(clock);
    const defaults = { clusterCidrs: ['10.244.0.0/16', 'fd44::/48'], serviceCidrs: ['10.96.0.0/16'], clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local' };
    harness = new ControllerHarness({ world, clock, seed: 1, controllers: ({ client, informers }) => [new NodeDefaultsController({ client, informers, defaults })] });
    await harness.start();
  });
  afterEach(async () => {
    harness.end();
    await world.stop();
  });

  it('publishes what nodes have in common, and puts right what anybody does to it', async () => {
    const expected = { clusterCIDRs: '10.244.0.0/16,fd44::/48', serviceCIDRs: '10.96.0.0/16', clusterDNS: '10.96.0.10', clusterDomain: 'cluster.local' };
    const data = async () => (await world.client.get(ConfigMap, nodeDefaultsPlace)).data;
    await harness.settle(1000);
    expect(await data()).to.deep.equal(expected);
    await world.client.patch(ConfigMap, nodeDefaultsPlace, { type: 'merge', document: { data: { clusterDNS: '192.0.2.66' } } });
    await harness.settle(1000);
    expect(await data()).to.deep.equal(expected);
    await world.client.delete(ConfigMap, nodeDefaultsPlace);
    await harness.settle(1000);
    expect(await data()).to.deep.equal(expected);
  });
});

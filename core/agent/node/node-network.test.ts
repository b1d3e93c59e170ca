import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { NetworkError, type NetworkPeer, type NodeNetwork } from '#core/spi/network-plugin.ts';
import { ControllerHarness } from '#test/fixtures/controller-harness.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { NodeNetworkController, tunnelAnnotation } from './node-network.ts';

describe('NodeNetworkController', () => {
  let world: InMemoryApi;
  let clock: FakeClock;
  let harness: ControllerHarness;
  let controller: NodeNetworkController;
  let configured: NodeNetwork[];
  let peers: (readonly NetworkPeer[])[];
  let failure: Error | undefined;
  let changes: number;
  let hasRoutesElsewhere: boolean;

  beforeEach(async () => {
    clock = new FakeClock();
    world = await inMemoryApi(clock);
    [configured, peers, failure, changes, hasRoutesElsewhere] = [[], [], undefined, 0, false];
    harness = new ControllerHarness({
      world, clock, seed: 1,
      controllers: ({ client, informers }) => [controller = new NodeNetworkController({
        nodeName: 'n1', informers, client, clusterCidrs: ['10.244.0.0/16'], logger: silentLogger, changed: () => changes++,
        plugin: {
          get hasRoutesElsewhere() {
            return hasRoutesElsewhere;
          },
          async configure(network) {
            if (failure !== undefined) throw failure;
            configured.push(network);
            return { tunnel: '0a:00:00:00:00:01' };
          },
          async setPeers(all) {
            peers.push(all);
          },
        },
      })],
    });
    await harness.start();
  });
  afterEach(async () => {
    harness.end();
    await world.stop();
  });

  const join = (name: string, podCIDR: string | undefined, address: string) => world.client.create(Node, {
    metadata: { name, annotations: { [tunnelAnnotation]: `of-${name}` } }, spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] }, status: { addresses: [{ type: 'InternalIP', address }] },
  });

  it('sets the network up when the node has its range, and publishes what peers need', async () => {
    await join('n1', undefined, '192.0.2.1');
    await join('n2', '10.244.2.0/24', '192.0.2.2');
    await harness.settle(1000);
    expect(peers, 'there is nothing yet to stand on').to.deep.equal([]);
    expect(controller.state).to.include({ status: 'True', reason: 'NoPodCIDR' });
    await world.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] } } });
    await harness.settle(1000);
    expect(configured[0]).to.deep.equal({ nodeName: 'n1', podCidrs: ['10.244.1.0/24'], clusterCidrs: ['10.244.0.0/16'] });
    expect((await world.client.get(Node, { name: 'n1' })).metadata.annotations?.[tunnelAnnotation]).to.equal('0a:00:00:00:00:01');
    expect(controller.state).to.deep.equal({ status: 'False', reason: 'NetworkConfigured', message: "The node's network is set up for 10.244.1.0/24" });
    expect(changes).to.equal(1);
  });

  it('knows the ways to all other nodes that have a range, and only those', async () => {
    await join('n1', '10.244.1.0/24', '192.0.2.1');
    await join('n2', '10.244.2.0/24', '192.0.2.2');
    await join('n3', undefined, '192.0.2.3');
    await harness.settle(1000);
    expect(peers.at(-1)).to.deep.equal([{ nodeName: 'n2', addresses: ['192.0.2.2'], podCidrs: ['10.244.2.0/24'], tunnel: 'of-n2' }]);
    await world.client.delete(Node, { name: 'n2' });
    await harness.settle(1000);
    expect(peers.at(-1)).to.deep.equal([]);
    const calls = peers.length;
    // Heartbeats of others are nothing to do with it.
    await world.client.patchStatus(Node, { name: 'n3' }, { type: 'merge', document: { status: { conditions: [{ type: 'Ready', status: 'True' }] } } });
    await harness.settle(1000);
    expect(peers).to.have.length(calls);
  });

  it('says nothing of a network whose routes are somebody else\'s', async () => {
    hasRoutesElsewhere = true;
    await join('n1', undefined, '192.0.2.1');
    await harness.settle(1000);
    expect(controller.state).to.equal(undefined);
    await world.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] } } });
    await harness.settle(1000);
    expect([configured[0]?.podCidrs, controller.state]).to.deep.equal([['10.244.1.0/24'], undefined]);
  });

  it('says why it cannot, tries again, and repairs once a minute', async () => {
    failure = new NetworkError(100, 'no bridge for you');
    await join('n1', '10.244.1.0/24', '192.0.2.1');
    await harness.settle(100);
    expect(controller.state).to.deep.equal({ status: 'True', reason: 'NetworkNotConfigured', message: "The node's network could not be set up: no bridge for you" });
    failure = undefined;
    await harness.settle(10_000);
    expect(controller.state?.status).to.equal('False');
    const before = configured.length;
    await harness.settle(61_000);
    expect(configured.length).to.equal(before + 1);
  });
});

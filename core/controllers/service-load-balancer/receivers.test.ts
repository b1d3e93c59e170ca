import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancer, LoadBalancerDetails, LoadBalancerRequest, LoadBalancers, WantsDetails } from '#core/spi/load-balancers.ts';
import { ControllerHarness } from '#test/fixtures/controller-harness.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { ServiceLoadBalancerController } from './controller.ts';

const minute = 60_000;

/** Remembers what it is asked for. */
class PodBalancers implements LoadBalancers, WantsDetails {
  readonly provider = 'pods';
  readonly classes: readonly string[] = ['pods.test/balancer'];
  readonly asked: (readonly ['ensure' | 'update', LoadBalancerRequest])[] = [];

  details({ annotations }: Pick<LoadBalancerRequest, 'annotations'>): LoadBalancerDetails {
    return { endpoints: annotations['pods.test/pods'] === 'true', nodeLabels: annotations['pods.test/label'] === undefined ? [] : [annotations['pods.test/label']] };
  }

  async ensure(request: LoadBalancerRequest): Promise<LoadBalancer> {
    this.asked.push(['ensure', request]);
    return { ingress: [{ hostname: 'balancer.test' }], warnings: [] };
  }

  async updateTargets(request: LoadBalancerRequest): Promise<void> {
    if (this.asked.length === 0) throw new ProviderError('NotFound', 'there is nothing');
    this.asked.push(['update', request]);
  }

  async delete(): Promise<void> {
    this.asked.length = 0;
  }
}

describe('ServiceLoadBalancerController, with a provider that wants to know more', () => {
  const clock = new FakeClock();
  let api: InMemoryApi;
  let balancers: PodBalancers;
  let harness: ControllerHarness;

  beforeEach(async () => {
    api = await inMemoryApi(clock);
    balancers = new PodBalancers();
    harness = new ControllerHarness({ world: api, clock, seed: 1, stale: false, controllers: (around) => [new ServiceLoadBalancerController({ ...around, balancers: [balancers] })] });
    const node = await api.client.create(Node, { metadata: { name: 'n1', labels: { pool: 'edge', other: 'x' } } });
    await api.client.patchStatus(Node, node.metadata, { type: 'merge', document: { status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] } } });
  });
  afterEach(async () => {
    harness.end();
    await api.stop();
  });

  const service = (annotations: Readonly<Record<string, string>>, name = 'web'): Promise<Service> =>
    api.client.create(Service, { metadata: { namespace: 'default', name, annotations }, spec: { type: 'LoadBalancer', loadBalancerClass: 'pods.test/balancer', ports: [{ name: 'http', port: 80, targetPort: 8080 }] } });
  const slice = (name: string, endpoints: readonly { readonly address: string; readonly ready?: boolean }[], of = 'web'): Promise<EndpointSlice> => api.client.create(EndpointSlice, {
    metadata: { namespace: 'default', name, labels: { 'kubernetes.io/service-name': of } }, addressType: 'IPv4', ports: [{ name: 'http', port: 8080 }],
    endpoints: endpoints.map(({ address, ready }) => ({ addresses: [address], conditions: ready === undefined ? {} : { ready } })),
  });
  const settle = async (): Promise<void> => {
    await harness.settle(minute);
  };

  it('tells the pods that are ready, and of changes as of other targets', async () => {
    await service({ 'pods.test/pods': 'true' });
    await slice('one', [{ address: '10.244.0.9' }, { address: '10.244.0.5', ready: true }, { address: '10.244.0.6', ready: false }]);
    await harness.start();
    await settle();
    expect(balancers.asked.map(([call]) => call)).to.deep.equal(['ensure']);
    expect(balancers.asked[0]?.[1].endpoints).to.deep.equal(['10.244.0.5', '10.244.0.9'].map((address) => ({ port: 'http', address, targetPort: 8080 })));
    expect(balancers.asked[0]?.[1].class).to.equal('pods.test/balancer');
    await slice('two', [{ address: '10.244.0.5' }, { address: '10.244.0.7' }]);
    await settle();
    expect(balancers.asked.map(([call]) => call)).to.deep.equal(['ensure', 'update']);
    expect(balancers.asked[1]?.[1].endpoints?.map(({ address }) => address)).to.deep.equal(['10.244.0.5', '10.244.0.7', '10.244.0.9']);
    await api.client.delete(EndpointSlice, { namespace: 'default', name: 'one' });
    await settle();
    expect(balancers.asked.at(-1)?.[1].endpoints?.map(({ address }) => address)).to.deep.equal(['10.244.0.5', '10.244.0.7']);
  });

  it('tells no pods, and asks for nothing when they change, where the service does not care', async () => {
    await service({});
    await harness.start();
    await settle();
    await slice('one', [{ address: '10.244.0.9' }]);
    await slice('stranger', [{ address: '10.244.0.8' }], 'other');
    await settle();
    expect(balancers.asked.map(([call, { endpoints }]) => [call, endpoints])).to.deep.equal([['ensure', undefined]]);
  });

  it('tells the labels of nodes that are asked for, and follows those alone', async () => {
    await service({ 'pods.test/label': 'pool' });
    await service({}, 'plain');
    await harness.start();
    await settle();
    const labels = (name: string): unknown[] => balancers.asked.filter(([, { owner }]) => owner.name === name).map(([call, { targets }]) => [call, targets[0]?.labels]);
    expect(labels('web')).to.deep.equal([['ensure', { pool: 'edge' }]]);
    expect(labels('plain')).to.deep.equal([['ensure', undefined]]);
    await api.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { metadata: { labels: { other: 'y' } } } });
    await settle();
    expect(balancers.asked).to.have.length(2);
    await api.client.patch(Node, { name: 'n1' }, { type: 'merge', document: { metadata: { labels: { pool: 'core' } } } });
    await settle();
    expect(labels('web')).to.deep.equal([['ensure', { pool: 'edge' }], ['update', { pool: 'core' }]]);
    expect(labels('plain')).to.have.length(1);
  });
});

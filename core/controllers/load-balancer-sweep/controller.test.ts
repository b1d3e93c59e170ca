import { expect } from 'chai';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { cleanupFinalizer } from '#core/controllers/service-load-balancer/controller.ts';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';
import { ControllerHarness } from '#test/fixtures/controller-harness.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { MemoryLoadBalancers } from '#test/fixtures/memory-load-balancers.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { LoadBalancerSweepController } from './controller.ts';

const minute = 60_000;
const signal = new AbortController().signal;

describe('load-balancer-sweep', () => {
  let api: InMemoryApi;
  let harness: ControllerHarness;
  let balancers: MemoryLoadBalancers;
  const logger = recordingLogger();
  beforeEach(async () => {
    const clock = new FakeClock();
    api = await inMemoryApi(clock);
    balancers = new MemoryLoadBalancers();
    harness = new ControllerHarness({
      world: api, clock, seed: 1,
      controllers: ({ client, informers }) => [new LoadBalancerSweepController({ client, informers, clock, logger, balancers: [balancers] })],
    });
  });
  afterEach(async () => {
    harness.end();
    await api.stop();
  });
  const service = async (name: string, finalizers: string[]): Promise<LoadBalancerOwner> => {
    const { metadata: { uid } } = await api.client.create(Service, { metadata: { namespace: 'default', name, finalizers }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
    return { namespace: 'default', name, uid };
  };
  const make = async (owner: LoadBalancerOwner): Promise<void> => void await balancers.ensure({
    owner, name: 'a', ports: [{ name: '', protocol: 'TCP', port: 80, nodePort: 30_080 }], targets: [], families: ['IPv4'], sourceRanges: [], annotations: {}, ingress: [],
  }, signal);
  const left = async (): Promise<string[]> => (await balancers.owners()).map(({ name }) => name);

  it('deletes what has had no service for ten minutes, and nothing else', async () => {
    await make(await service('kept', [cleanupFinalizer]));
    await make(await service('forsaken', []));
    await make({ namespace: 'default', name: 'gone', uid: 'b0000000-0000-4000-8000-000000000000' });
    const reborn = await service('reborn', [cleanupFinalizer]);
    await make({ ...reborn, uid: 'c0000000-0000-4000-8000-000000000000' });
    await harness.start();
    await harness.settle(9 * minute);
    expect(await left()).to.have.length(4);
    await harness.settle(11 * minute);
    expect(await left()).to.deep.equal(['kept']);
    expect(logger.at('warn').length).to.equal(3);
  });

  it('waits anew for what has been wanted again', async () => {
    const owner = await service('web', []);
    await make(owner);
    await harness.start();
    await harness.settle(minute);
    await api.client.patch(Service, owner, { type: 'merge', document: { metadata: { finalizers: [cleanupFinalizer] } } });
    await harness.settle(11 * minute);
    await api.client.patch(Service, owner, { type: 'merge', document: { metadata: { finalizers: null } } });
    await harness.settle(11 * minute);
    expect(await left()).to.deep.equal(['web']);
    await harness.settle(11 * minute);
    expect(await left()).to.deep.equal([]);
  });

  it('deletes nothing as long as nobody can tell what is wanted', async () => {
    await make({ namespace: 'default', name: 'gone', uid: 'b0000000-0000-4000-8000-000000000000' });
    const get = api.client.get.bind(api.client);
    api.client.get = async () => {
      throw new Error('the API server is away');
    };
    await harness.start();
    await harness.settle(60 * minute);
    expect(await left()).to.deep.equal(['gone']);
    api.client.get = get;
    await harness.settle(60 * minute);
    expect(await left()).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { Lease } from '#core/api/schema/coordination-v1.ts';
import { Endpoints } from '#core/api/schema/core-v1/endpoints.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import type { Upkeep } from '#core/apiserver/upkeep.ts';
import { Advertised, parseAddress } from './advertised.ts';
import { kubernetesServiceKeeper } from './keeper.ts';

const key = { namespace: 'default', name: 'kubernetes' };

describe('kubernetesServiceKeeper', () => {
  let world: InMemoryApi;
  const keepers: Upkeep[] = [];
  const logger = recordingLogger();
  const clock = new FakeClock();
  beforeEach(async () => {
    world = await inMemoryApi(clock);
  });
  afterEach(async () => {
    for (const keeper of keepers.splice(0)) await keeper.stop();
    await world.stop();
    expect(logger.lines).to.deep.equal([]);
  });
  const keep = async (advertised: Advertised, shared = false): Promise<Upkeep> => {
    const { objects } = world.api;
    const seen = shared ? new Proxy(objects, { get: (target, name) => (name === 'shared' ? true : Reflect.get(target, name, target) as unknown) }) : objects;
    const keeper = kubernetesServiceKeeper({ objects: seen, client: world.client, clock, logger, serviceCidrs: ['10.96.0.0/16'], advertised });
    keepers.push(keeper);
    await keeper.start();
    await keeper.settled();
    return keeper;
  };
  const at = (ip: string, port = 6443): Advertised => {
    const advertised = new Advertised();
    advertised.set({ ip, port });
    return advertised;
  };
  const addresses = async (): Promise<unknown> => {
    const { endpoints, ports } = await world.client.get(EndpointSlice, key);
    const { subsets = [] } = await world.client.get(Endpoints, key);
    const one = [endpoints.flatMap((endpoint) => endpoint.addresses), ports?.[0]?.port];
    expect(subsets.map((subset) => [subset.addresses?.map(({ ip }) => ip), subset.ports?.[0]?.port])).to.deep.equal(one[0]?.toString() === '' ? [] : [one]);
    return one;
  };

  it('makes the service, and its endpoints as soon as there is an address', async () => {
    const advertised = new Advertised();
    const keeper = await keep(advertised);
    const { spec, metadata } = await world.client.get(Service, key);
    expect([spec.clusterIP, spec.ports?.map(({ name, port, targetPort }) => [name, port, targetPort])]).to.deep.equal(['10.96.0.1', [['https', 443, 6443]]]);
    expect(metadata.labels).to.deep.equal({ component: 'apiserver', provider: 'kubernetes' });
    expect((await world.client.list(EndpointSlice, {})).items).to.deep.equal([]);

    advertised.set({ ip: '192.0.2.7', port: 7443 });
    await keeper.settled();
    expect(await addresses()).to.deep.equal([['192.0.2.7'], 7443]);
    expect((await world.client.get(Service, key)).spec.ports?.[0]?.targetPort).to.equal(7443);
  });

  it('puts right what others change, and else writes nothing', async () => {
    const keeper = await keep(at('192.0.2.7'));
    const patched = await world.client.patch(EndpointSlice, key, { type: 'merge', document: { metadata: { labels: { mine: 'yes' } } } });
    await keeper.settled();
    expect((await world.client.get(EndpointSlice, key)).metadata.resourceVersion).to.equal(patched.metadata.resourceVersion);

    await world.client.patch(EndpointSlice, key, { type: 'merge', document: { endpoints: [{ addresses: ['203.0.113.66'] }] } });
    await world.client.delete(Service, key);
    await keeper.settled();
    expect(await addresses()).to.deep.equal([['192.0.2.7'], 6443]);
    expect((await world.client.get(EndpointSlice, key)).metadata.labels).to.include({ 'mine': 'yes', 'kubernetes.io/service-name': 'kubernetes' });
    expect((await world.client.get(Service, key)).spec.clusterIP).to.equal('10.96.0.1');
    const { resourceVersion } = (await world.client.get(Endpoints, key)).metadata;
    await keep(at('192.0.2.7'));
    expect((await world.client.get(Endpoints, key)).metadata.resourceVersion).to.equal(resourceVersion);
  });

  it('names every server over one store, and forgets those that end without a word', async () => {
    const first = await keep(at('192.0.2.7'), true);
    const second = await keep(at('192.0.2.8'), true);
    await first.settled();
    expect(await addresses()).to.deep.equal([['192.0.2.7', '192.0.2.8'], 6443]);
    expect((await world.client.list(Lease, { namespace: 'kube-system' })).items.map(({ metadata }) => metadata.name)).to.deep.equal(['apiserver-192-0-2-7-6443', 'apiserver-192-0-2-8-6443']);

    await first.stop();
    for (let i = 0; i < 4; i++) {
      await clock.advance(10_000);
      await second.settled();
    }
    expect(await addresses()).to.deep.equal([['192.0.2.8'], 6443]);
  });
});

describe('parseAddress', () => {
  for (const [text, address] of [
    ['192.0.2.7:6443', { ip: '192.0.2.7', port: 6443 }], ['[fd00::7]:443', { ip: 'fd00::7', port: 443 }],
    ['fd00::7:443', undefined], ['192.0.2.7', undefined], ['192.0.2.7:99999', undefined], ['x:1', undefined], ['', undefined],
  ] as const) {
    it(`reads ${text || 'nothing'}`, () => {
      expect(parseAddress(text)).to.deep.equal(address);
    });
  }
});

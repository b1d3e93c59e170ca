import { expect } from 'chai';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { IPAddress, ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { serviceAddress } from '#core/api/service-addresses.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { ServiceAddressController } from './controller.ts';

const key = (name: string) => ({ namespace: 'default', name });

describe('service-address', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;
  const start = async (options: Parameters<typeof harnessAround>[1] = {}): Promise<void> => {
    world = await harnessAround((parts) => [new ServiceAddressController(parts)], options);
    await world.client.create(ServiceCIDR, { metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16'] } });
  };
  afterEach(() => world.stop());

  const create = (name: string, clusterIP?: string): Promise<Service> =>
    world.client.create(Service, { metadata: key(name), spec: { ports: [{ port: 80 }], ...(clusterIP === undefined ? {} : { clusterIP }) } });
  /** As a server of before stored it, or one that died. */
  const store = (name: string, clusterIP: string): Promise<unknown> => world.api.objects.create(Service, {
    apiVersion: 'v1', kind: 'Service', metadata: { ...key(name), uid: name, creationTimestamp: `2024-01-01T00:00:0${name.length}Z` },
    spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', ports: [{ port: 80 }] }, status: { loadBalancer: {} },
  } as Service);
  const addresses = async (): Promise<string[]> => (await world.client.list(IPAddress)).items.map(({ metadata, spec }) => `${metadata.name} ${spec.parentRef?.name}`);
  const reasons = (): string[] => world.harness.events.map(({ reason, about }) => `${reason} ${about}`);
  /** Until there is nothing to do before the minute is over. */
  const settle = (): Promise<void> => world.harness.settle(0);

  it('makes addresses for services from before there were any', async () => {
    await start();
    await store('old', '10.96.0.10');
    await store('other', '10.97.0.10');
    await world.harness.start();
    await world.harness.settle();
    const [address] = (await world.client.list(IPAddress)).items;
    expect(await addresses()).to.deep.equal(['10.96.0.10 old']);
    expect(address?.metadata.labels).to.deep.equal({ 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' });
    expect(address?.spec).to.deep.equal({ parentRef: { resource: 'services', namespace: 'default', name: 'old' } });
    expect(reasons()).to.have.members(['ClusterIPNotAllocated old', 'ClusterIPOutOfRange other']);
    await world.client.create(ServiceCIDR, { metadata: { name: 'more' }, spec: { cidrs: ['10.97.0.0/24'] } });
    await world.harness.settle();
    expect(await addresses()).to.deep.equal(['10.96.0.10 old', '10.97.0.10 other']);
  });

  it('leaves what is right alone, in whatever order it hears of it', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      await start({ seed, stale: true });
      await world.harness.start();
      await Promise.all(Array.from({ length: 5 }, (_, i) => create(`s${i}`)));
      await settle();
      await world.client.delete(Service, key('s1'));
      await world.client.patch(Service, key('s2'), { type: 'merge', document: { spec: { type: 'ExternalName', externalName: 'example.com' } } });
      await create('s1');
      await world.harness.settle();
      expect(world.harness.effects).to.deep.equal([]);
      expect(reasons()).to.deep.equal([]);
      expect((await addresses()).map((text) => text.split(' ')[1]).toSorted()).to.deep.equal(['s0', 's1', 's3', 's4']);
      if (seed < 20) await world.stop();
    }
  });

  it('removes an address whose service has not come within a minute', async () => {
    await start();
    await world.harness.start();
    await world.client.create(IPAddress, serviceAddress('10.96.0.20', key('never')));
    await world.client.create(IPAddress, { metadata: { name: '10.96.0.21' }, spec: { parentRef: { group: 'gateway.networking.k8s.io', resource: 'gateways', name: 'mine' } } });
    await world.harness.settle(59_000);
    expect(await addresses()).to.have.length(2);
    await world.harness.settle(61_000);
    expect(await addresses()).to.deep.equal(['10.96.0.21 mine']);
    expect(reasons()).to.deep.equal(['IPAddressNotAllocated 10.96.0.20']);
  });

  it('waits for a service that is about to be updated to take its address', async () => {
    await start();
    await world.client.create(Service, { metadata: key('web'), spec: { type: 'ExternalName', externalName: 'example.com' } });
    await world.harness.start();
    await world.client.create(IPAddress, serviceAddress('10.96.0.20', key('web')));
    await world.harness.settle(30_000);
    expect(await addresses()).to.deep.equal(['10.96.0.20 web']);
    await world.harness.settle(60_000);
    expect(await addresses()).to.deep.equal([]);
  });

  it('puts right what people change by hand', async () => {
    await start();
    await create('web', '10.96.0.30');
    await create('gone', '10.96.0.31');
    await world.harness.start();
    await world.client.patch(IPAddress, { name: '10.96.0.30' }, { type: 'merge', document: { metadata: { labels: { 'ipaddress.kubernetes.io/managed-by': 'me', 'ipaddress.kubernetes.io/ip-family': null } } } });
    await world.client.delete(IPAddress, { name: '10.96.0.31' });
    await world.harness.settle();
    expect(await addresses()).to.deep.equal(['10.96.0.30 web', '10.96.0.31 gone']);
    expect((await world.client.get(IPAddress, { name: '10.96.0.30' })).metadata.labels).to.deep.equal(serviceAddress('10.96.0.30', key('web')).metadata.labels);
    await world.client.delete(IPAddress, { name: '10.96.0.30' });
    await world.client.create(IPAddress, serviceAddress('10.96.0.30', key('somebody')));
    await world.harness.settle();
    expect(await addresses()).to.deep.equal(['10.96.0.30 web', '10.96.0.31 gone']);
  });

  it('tells who has the address of another', async () => {
    await start();
    await store('old', '10.96.0.10');
    await store('younger', '10.96.0.10');
    await world.harness.start();
    await world.harness.settle();
    expect(await addresses()).to.deep.equal(['10.96.0.10 old']);
    expect(new Set(reasons())).to.deep.equal(new Set(['ClusterIPAlreadyAllocated younger', 'ClusterIPNotAllocated old']));
    await world.client.delete(Service, key('old'));
    await world.harness.settle();
    expect(await addresses()).to.deep.equal(['10.96.0.10 younger']);
  });

  it('finishes what a process left behind that ended at any of its writes', async () => {
    for (let index = 0; index < 4; index++) {
      for (const fault of ['crash-before', 'crash-after', 'lose'] as const) {
        await start({ seed: index + 1 });
        await store('old', '10.96.0.10');
        await world.client.create(IPAddress, serviceAddress('10.96.0.10', key('wrong')));
        await world.client.create(IPAddress, serviceAddress('10.96.0.11', key('never')));
        world.harness.faults = (_call, at) => (at === index ? fault : undefined);
        await world.harness.start();
        await world.harness.settle();
        world.harness.faults = () => undefined;
        if (world.harness.crashed) await world.harness.start();
        await world.harness.settle();
        expect(await addresses(), `${fault} ${index}`).to.deep.equal(['10.96.0.10 old']);
        await world.stop();
      }
    }
    await start();
  });
});

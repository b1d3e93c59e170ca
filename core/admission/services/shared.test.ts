import { expect } from 'chai';
import { Service, type ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { IPAddress } from '#core/api/schema/networking-v1.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { sharedApis, type SharedApis } from '#test/fixtures/shared-apis.ts';

type Spec = NonNullable<Draft<Service>['spec']>;

const key = (name: string) => ({ namespace: 'default', name });

describe('addresses and node ports of several servers over one store', () => {
  let world: SharedApis;
  const clock = new FakeClock();
  const start = async (seed = 1): Promise<void> => {
    world = await sharedApis(2, { seed, clock, serviceCidrs: ['10.0.0.0/29'] });
  };
  afterEach(() => world.stop());

  const at = (server: number) => {
    const found = world.servers[server % world.servers.length];
    if (found === undefined) throw new Error('there is no server');
    return found;
  };
  const create = async (server: number, name: string, spec: Spec = {}): Promise<ServiceSpec> =>
    (await at(server).client.create(Service, { metadata: key(name), spec: { ports: [{ port: 80 }], ...spec } })).spec;
  /** Every address and who has it, as services and as addresses say. */
  const books = async (): Promise<[services: string[], addresses: string[]]> => {
    const { client } = at(0);
    const services = (await client.list(Service)).items.flatMap(({ metadata, spec }) => (spec.clusterIPs ?? []).map((ip) => `${ip} ${metadata.name}`));
    return [services.toSorted(), (await client.list(IPAddress)).items.map(({ metadata, spec }) => `${metadata.name} ${spec.parentRef?.name}`).toSorted()];
  };

  it('give out the last ones exactly once', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      await start(seed);
      const results = await Promise.allSettled(Array.from({ length: 16 }, (_, i) => create(i, `s${i}`, { type: 'NodePort' })));
      const given = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(given, `seed ${seed}`).to.have.length(6);
      expect(new Set(given.map(({ clusterIP }) => clusterIP)).size).to.equal(6);
      expect(new Set(given.map((spec) => spec.ports?.[0]?.nodePort)).size).to.equal(6);
      for (const result of results) if (result.status === 'rejected') expect(result.reason).to.include({ message: 'Internal error occurred: failed to allocate a serviceIP: range is full' });
      const names = (await at(1).client.list(Service)).items.map(({ metadata }) => metadata.name);
      await Promise.all(names.slice(0, 3).map((name) => at(0).client.delete(Service, key(name))));
      // The other server has not heard of it, and asks before it says that nothing is free.
      for (let i = 0; i < 3; i++) await create(1, `again${i}`);
      const [services, addresses] = await books();
      expect(services).to.have.length(6);
      expect(addresses).to.deep.equal(services);
      if (seed < 25) await world.stop();
    }
  });

  it('give a certain one to one of those who ask for it', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      await start(seed);
      const spec: Spec = { clusterIP: '10.0.0.2', type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] };
      const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => create(i, `s${i}`, spec)));
      expect(results.filter(({ status }) => status === 'fulfilled'), `seed ${seed}`).to.have.length(1);
      const [services, addresses] = await books();
      expect(addresses).to.deep.equal(services);
      expect(await refusalOf(create(1, 'late', spec))).to.match(/^422 .*provided IP is already allocated.*provided port is already allocated/);
      if (seed < 25) await world.stop();
    }
  });

  it('give a certain node port to one of those who ask for it', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      await start(seed);
      const results = await Promise.allSettled(Array.from({ length: 6 }, (_, i) => create(i, `s${i}`, { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] })));
      expect(results.filter(({ status }) => status === 'fulfilled'), `seed ${seed}`).to.have.length(1);
      const [services, addresses] = await books();
      expect(addresses, 'what was refused for its port').to.deep.equal(services);
      if (seed < 25) await world.stop();
    }
  });

  it('take back at once what was refused, and leave what may have been stored', async () => {
    await start();
    await create(0, 'web', { clusterIP: '10.0.0.1' });
    expect(await refusalOf(create(1, 'web', { clusterIP: '10.0.0.2' }))).to.match(/^409/);
    expect((await books())[1]).to.deep.equal(['10.0.0.1 web']);
    at(1).view.fault = ({ key: stored }) => (stored.includes('/services/') ? 'lose' : undefined);
    expect(await refusalOf(create(1, 'unknown', { clusterIP: '10.0.0.2' }))).to.match(/^504/);
    at(1).view.fault = () => undefined;
    expect(await books()).to.deep.equal([['10.0.0.1 web', '10.0.0.2 unknown'], ['10.0.0.1 web', '10.0.0.2 unknown']]);
    expect(await refusalOf(create(0, 'other', { clusterIP: '10.0.0.2' }))).to.contain('provided IP is already allocated');
    at(1).view.fault = ({ key: stored }) => (stored.includes('/services/') ? 'drop' : undefined);
    expect(await refusalOf(create(1, 'never', { clusterIP: '10.0.0.3' }))).to.match(/^504/);
    expect((await books())[1], 'left to the controller').to.include('10.0.0.3 never');
  });

  it('follow services that are made, changed and deleted everywhere at once', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      await start(seed);
      const each = async (i: number): Promise<void> => {
        const name = `s${i % 3}`;
        await create(i, name, i % 2 === 0 ? { type: 'NodePort' } : {}).catch(() => undefined);
        await at(i + 1).client.patch(Service, key(name), { type: 'merge', document: { spec: { type: i % 4 === 0 ? 'ClusterIP' : 'NodePort' } } }).catch(() => undefined);
        if (i % 3 !== 0) await at(i).client.patch(Service, key(name), { type: 'merge', document: { spec: { type: 'ExternalName', externalName: 'example.com' } } }).catch(() => undefined);
        if (i % 5 === 0) await at(i).client.delete(Service, key(name)).catch(() => undefined);
      };
      await Promise.all(Array.from({ length: 12 }, (_, i) => each(i)));
      const [services, addresses] = await books();
      expect(addresses, `seed ${seed}`).to.deep.equal(services);
      const ports = (await at(0).client.list(Service)).items.flatMap(({ spec }) => (spec.ports ?? []).flatMap(({ nodePort = 0 }) => (nodePort === 0 ? [] : [nodePort])));
      expect(new Set(ports).size).to.equal(ports.length);
      if (seed < 10) await world.stop();
    }
  });
});

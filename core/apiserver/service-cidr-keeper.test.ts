import { expect } from 'chai';
import { ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { serviceCidrKeeper } from './service-cidr-keeper.ts';
import type { Upkeep } from './upkeep.ts';

const name = 'kubernetes';

describe('serviceCidrKeeper', () => {
  let world: InMemoryApi;
  let keeper: Upkeep;
  const logger = recordingLogger();
  const clock = new FakeClock();
  beforeEach(async () => {
    world = await inMemoryApi(clock);
  });
  afterEach(async () => {
    await keeper.stop();
    await world.stop();
  });
  const keep = async (...cidrs: string[]): Promise<void> => {
    keeper = serviceCidrKeeper({ objects: world.api.objects, client: world.client, clock, logger, cidrs });
    await keeper.start();
    await keeper.settled();
  };
  const found = (): Promise<ServiceCIDR> => world.client.get(ServiceCIDR, { name });

  it('makes the default one, says that it is ready, and makes it again', async () => {
    await keep('10.96.0.0/16');
    const { spec, status: { conditions } } = await found();
    expect([spec.cidrs, conditions?.map(({ type, status, message }) => [type, status, message])]).to.deep.equal([['10.96.0.0/16'], [['Ready', 'True', 'Kubernetes default Service CIDR is ready']]]);
    await world.client.delete(ServiceCIDR, { name });
    await keeper.settled();
    expect((await found()).status.conditions).to.have.length(1);
  });

  it('adds the range of a second family, and changes nothing else', async () => {
    await world.client.create(ServiceCIDR, { metadata: { name }, spec: { cidrs: ['10.96.0.0/16'] } });
    await keep('10.96.0.0/16', 'fd00:10:96::/112');
    expect((await found()).spec.cidrs).to.deep.equal(['10.96.0.0/16', 'fd00:10:96::/112']);
    await keeper.stop();
    await keep('10.97.0.0/16');
    expect((await found()).spec.cidrs).to.deep.equal(['10.96.0.0/16', 'fd00:10:96::/112']);
    expect(logger.lines.map(({ message }) => message)).to.deep.equal(['the default ServiceCIDR is not what is configured; it stays as it is']);
  });

  it('leaves one that is deleted, or not ready, to others', async () => {
    await world.client.create(ServiceCIDR, { metadata: { name, finalizers: ['example.com/mine'] }, spec: { cidrs: ['10.96.0.0/16'] } });
    await world.client.delete(ServiceCIDR, { name });
    await keep('10.96.0.0/16');
    expect((await found()).status.conditions).to.equal(undefined);
  });
});

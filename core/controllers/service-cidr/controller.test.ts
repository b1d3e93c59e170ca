import { expect } from 'chai';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { ServiceCidrController } from './controller.ts';

const finalizer = 'networking.k8s.io/service-cidr-finalizer';

describe('service-cidr', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;
  beforeEach(async () => {
    world = await harnessAround((parts) => [new ServiceCidrController(parts)]);
    await world.harness.start();
  });
  afterEach(() => world.stop());

  const create = (name: string, ...cidrs: string[]): Promise<ServiceCIDR> => world.client.create(ServiceCIDR, { metadata: { name }, spec: { cidrs } });
  const names = async (): Promise<string[]> => (await world.client.list(ServiceCIDR)).items.map(({ metadata }) => metadata.name);
  const ready = async (name: string): Promise<string> => {
    const { metadata, status: { conditions = [] } } = await world.client.get(ServiceCIDR, { name });
    return [metadata.finalizers?.join(), ...conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`)].join(' ').trim();
  };
  const service = (name: string, clusterIP: string): Promise<Service> =>
    world.client.create(Service, { metadata: { namespace: 'default', name }, spec: { ports: [{ port: 80 }], clusterIP } });
  const end = async (name: string): Promise<void> => {
    await world.client.delete(ServiceCIDR, { name });
    await world.harness.settle();
  };

  it('says that a range is ready, and keeps it by its finalizer', async () => {
    await create('kubernetes', '10.96.0.0/16', 'fd00:10:96::/112');
    await world.harness.settle();
    expect(await ready('kubernetes')).to.equal(`${finalizer} Ready=True`);
    const { resourceVersion } = (await world.client.get(ServiceCIDR, { name: 'kubernetes' })).metadata;
    await world.client.patch(ServiceCIDR, { name: 'kubernetes' }, { type: 'merge', document: { metadata: { labels: { a: 'b' } } } });
    await world.harness.settle();
    expect(world.harness.effects).to.have.length(2);
    expect(resourceVersion).to.be.a('string');
  });

  it('lets a range go ten seconds after its deletion when nothing uses it', async () => {
    await create('kubernetes', '10.96.0.0/16');
    await create('more', '10.97.0.0/24');
    await service('web', '10.96.0.1');
    await world.harness.settle();
    await world.client.delete(ServiceCIDR, { name: 'more' });
    await world.harness.settle(9000);
    expect(await names()).to.deep.equal(['kubernetes', 'more']);
    await world.harness.settle();
    expect(await names()).to.deep.equal(['kubernetes']);
  });

  it('keeps a range until no address is left that is in no other', async () => {
    await create('kubernetes', '10.96.0.0/16');
    await create('more', '10.97.0.0/24', 'fd00::/120');
    await world.harness.settle();
    await service('web', '10.97.0.7');
    await end('more');
    expect(await ready('more')).to.equal(`${finalizer} Ready=False Terminating`);
    await world.client.delete(Service, { namespace: 'default', name: 'web' });
    await world.harness.settle();
    expect(await names()).to.deep.equal(['kubernetes']);
  });

  it('lets a range go whose addresses another one has', async () => {
    await create('kubernetes', '10.96.0.0/16');
    await create('small', '10.97.0.0/24');
    await world.harness.settle();
    await service('web', '10.97.0.7');
    await end('small');
    expect(await names()).to.deep.equal(['kubernetes', 'small']);
    await create('large', '10.97.0.0/16');
    await world.harness.settle();
    expect(await names()).to.deep.equal(['kubernetes', 'large']);
  });

  it('does not take two ranges that end for each other\'s successor', async () => {
    await create('one', '10.97.0.0/24');
    await create('two', '10.97.0.0/24');
    await create('kubernetes', '10.96.0.0/16');
    await world.harness.settle();
    await service('web', '10.97.0.7');
    await world.client.delete(ServiceCIDR, { name: 'one' });
    await end('two');
    expect(await names()).to.deep.equal(['kubernetes', 'one', 'two']);
  });
});

import { expect } from 'chai';
import { Service, type ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { IPAddress, ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { AdmissionPlugin } from '#core/admission/admission.ts';
import { ServiceAllocation } from '#core/admission/service-allocation.ts';
import { admittingApi, type AdmittingApi } from '#test/fixtures/admitting-api.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';

type Spec = NonNullable<Draft<Service>['spec']>;

const key = (name: string) => ({ namespace: 'default', name });

/** Refuses services that say so, after addresses were given out. */
const refusing: AdmissionPlugin = {
  name: 'Refusing',
  validate({ object }) {
    if (object?.metadata.labels?.['refuse'] === 'true') throw new StatusError('Forbidden', 'refused');
  },
};

describe('IPAddresses of services', () => {
  let world: AdmittingApi;
  beforeEach(async () => {
    world = await admittingApi(new ServiceAllocation({ serviceCidrs: ['10.96.0.0/24', 'fd00:10:96::/112'], random: seededRandom(11) }), refusing);
  });
  afterEach(() => world.stop());

  const create = async (name: string, spec: Spec = {}, { labels = {}, dryRun = false, finalizers = [] as string[] } = {}): Promise<ServiceSpec> =>
    (await world.client.create(Service, { metadata: { ...key(name), labels, finalizers }, spec: { ports: [{ port: 80 }], ...spec } }, { dryRun })).spec;
  const change = async (name: string, document: Record<string, unknown>, dryRun = false): Promise<ServiceSpec> =>
    (await world.client.patch(Service, key(name), { type: 'merge', document }, { dryRun })).spec;
  const addresses = async (): Promise<string[]> => (await world.client.list(IPAddress)).items.map(({ metadata, spec }) => `${metadata.name} ${spec.parentRef?.name}`);

  it('say of each address who has it', async () => {
    const { clusterIPs = [] } = await create('both', { ipFamilyPolicy: 'RequireDualStack' });
    const { items } = await world.client.list(IPAddress);
    expect(items.map(({ metadata }) => metadata.name)).to.have.members(clusterIPs);
    for (const { metadata, spec } of items) {
      expect(metadata.labels).to.deep.equal({
        'ipaddress.kubernetes.io/ip-family': metadata.name.includes(':') ? 'IPv6' : 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      });
      expect(spec).to.deep.equal({ parentRef: { resource: 'services', namespace: 'default', name: 'both' } });
      expect(metadata.uid).to.match(/^[0-9a-f-]{36}$/);
    }
    expect(new Set(items.map(({ metadata }) => metadata.uid)).size).to.equal(2);
  });

  it('go with the service, its type and its families', async () => {
    await create('web', { clusterIP: '10.96.0.10' });
    expect(await addresses()).to.deep.equal(['10.96.0.10 web']);
    const { clusterIPs = [] } = await change('web', { spec: { ipFamilyPolicy: 'PreferDualStack' } });
    expect(await addresses()).to.have.members(clusterIPs.map((ip) => `${ip} web`)).and.have.length(2);
    await change('web', { spec: { ipFamilyPolicy: 'SingleStack' } });
    expect(await addresses()).to.deep.equal(['10.96.0.10 web']);
    await change('web', { spec: { type: 'ExternalName', externalName: 'example.com' } });
    expect(await addresses()).to.deep.equal([]);
    await change('web', { spec: { type: 'ClusterIP', externalName: null, clusterIP: '10.96.0.10' } });
    expect(await addresses()).to.deep.equal(['10.96.0.10 web']);
    await change('web', { metadata: { labels: { a: 'b' } } });
    await world.client.delete(Service, key('web'), { dryRun: true });
    expect(await addresses()).to.deep.equal(['10.96.0.10 web']);
    await world.client.delete(Service, key('web'));
    expect(await addresses()).to.deep.equal([]);
  });

  it('stay with a service that is deleted until it is gone', async () => {
    await create('held', { clusterIP: '10.96.0.10' }, { finalizers: ['example.com/wait'] });
    await world.client.delete(Service, key('held'));
    expect(await addresses()).to.deep.equal(['10.96.0.10 held']);
    expect(await refusalOf(create('next', { clusterIP: '10.96.0.10' }))).to.contain('provided IP is already allocated');
    await change('held', { metadata: { finalizers: null } });
    expect(await addresses()).to.deep.equal([]);
    await create('next', { clusterIP: '10.96.0.10' });
  });

  it('are not made by trials, nor for what is refused', async () => {
    await create('dry', {}, { dryRun: true });
    expect(await refusalOf(create('never', {}, { labels: { refuse: 'true' } }))).to.equal('403 refused');
    expect(await addresses()).to.deep.equal([]);
    await create('web', { clusterIP: '10.96.0.10' });
    expect(await refusalOf(create('web'))).to.match(/^409/);
    await change('web', { spec: { type: 'ExternalName', externalName: 'example.com' } }, true);
    await change('web', { spec: { ipFamilyPolicy: 'PreferDualStack' } }, true);
    expect(await refusalOf(change('web', { metadata: { labels: { refuse: 'true' } }, spec: { ipFamilyPolicy: 'PreferDualStack' } }))).to.equal('403 refused');
    expect(await refusalOf(change('web', { metadata: { labels: { refuse: 'true' } }, spec: { type: 'ExternalName', externalName: 'example.com' } }))).to.equal('403 refused');
    expect(await addresses()).to.deep.equal(['10.96.0.10 web']);
  });

  it('of others are not given out', async () => {
    for (let i = 1; i <= 254; i++) {
      if (i !== 77) await world.client.create(IPAddress, { metadata: { name: `10.96.0.${i}` }, spec: { parentRef: { group: 'gateway.networking.k8s.io', resource: 'gateways', name: 'mine' } } });
    }
    expect(await refusalOf(create('web', { clusterIP: '10.96.0.1' }))).to.contain('provided IP is already allocated');
    expect((await create('web')).clusterIP).to.equal('10.96.0.77');
    expect(await refusalOf(create('more'))).to.contain('range is full');
    await world.client.delete(Service, key('web'));
    expect(await addresses()).to.have.length(253).and.not.include('10.96.0.77 web');
  });

  it('come from every ServiceCIDR that is ready', async () => {
    const range = (name: string, ...cidrs: string[]): Promise<ServiceCIDR> => world.client.create(ServiceCIDR, { metadata: { name, finalizers: ['example.com/wait'] }, spec: { cidrs } });
    await range('kubernetes', '10.1.0.0/30');
    expect(await refusalOf(create('a', { clusterIP: '10.96.0.1' }))).to.contain('The range of valid IPs is 10.1.0.0/30');
    expect([(await create('a')).clusterIP, (await create('b')).clusterIP]).to.have.members(['10.1.0.1', '10.1.0.2']);
    expect(await refusalOf(create('c'))).to.contain('range is full');
    await range('more', '10.2.0.0/24', 'fd00:2::/112');
    expect((await create('c', { ipFamilyPolicy: 'PreferDualStack' })).clusterIPs?.join(' ')).to.match(/^10\.2\.0\.\d+ fd00:2::/);
    await create('d', { clusterIP: '10.2.0.1' });
    await world.client.patchStatus(ServiceCIDR, { name: 'more' }, { type: 'merge', document: { status: { conditions: [{ type: 'Ready', status: 'False', reason: 'x', message: '', lastTransitionTime: '2024-01-01T00:00:00Z' }] } } });
    expect(await refusalOf(create('e'))).to.contain('range is full');
    await world.client.patchStatus(ServiceCIDR, { name: 'more' }, { type: 'merge', document: { status: { conditions: [] } } });
    await create('e');
    await world.client.delete(ServiceCIDR, { name: 'more' });
    expect(await refusalOf(create('f', { clusterIP: '10.2.0.9' }))).to.contain('is not in the valid range');
    // Who has an address of a range that goes can still be changed.
    expect((await change('c', { spec: { selector: { a: 'b' } } })).clusterIPs).to.have.length(2);
    expect((await change('d', { spec: { type: 'NodePort' } })).clusterIP).to.equal('10.2.0.1');
  });

  it('make a cluster one of two families', async () => {
    await world.stop();
    world = await admittingApi(new ServiceAllocation({ serviceCidrs: ['10.96.0.0/24'], random: seededRandom(11) }));
    expect((await create('a', { ipFamilyPolicy: 'PreferDualStack' })).clusterIPs).to.have.length(1);
    await world.client.create(ServiceCIDR, { metadata: { name: 'six' }, spec: { cidrs: ['fd00:10:96::/112'] } });
    expect((await create('b', { ipFamilyPolicy: 'PreferDualStack' })).ipFamilies).to.deep.equal(['IPv4', 'IPv6']);
    expect((await create('c')).ipFamilies).to.deep.equal(['IPv4']);
    expect((await create('d', { ipFamilies: ['IPv6'] })).clusterIP).to.match(/^fd00:10:96::/);
  });
});

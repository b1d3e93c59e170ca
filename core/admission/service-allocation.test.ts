import { expect } from 'chai';
import type { Draft } from '#core/api/schema/kind.ts';
import { Service, type ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { admittingApi, interleaving, type AdmittingApi } from '#test/fixtures/admitting-api.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import type { AdmissionPlugin } from './admission.ts';
import { ServiceAllocation, type ServiceAllocationOptions } from './service-allocation.ts';

type Spec = NonNullable<Draft<Service>['spec']>;

const key = (name: string) => ({ namespace: 'default', name });
const ports = [{ port: 80 }];
const dual = ['10.96.0.0/16', 'fd00:10:96::/112'];

describe('ServiceAllocation', () => {
  let world: AdmittingApi;

  const start = async (options: Partial<ServiceAllocationOptions> = {}, ...others: readonly AdmissionPlugin[]): Promise<void> => {
    world = await admittingApi(new ServiceAllocation({ serviceCidrs: ['10.96.0.0/16'], random: seededRandom(11), ...options }), ...others);
  };
  const create = async (name: string, spec: Spec = {}, dryRun = false): Promise<ServiceSpec> =>
    (await world.client.create(Service, { metadata: key(name), spec: { ports, ...spec } }, { dryRun })).spec;
  const change = async (name: string, spec: Record<string, unknown>): Promise<ServiceSpec> =>
    (await world.client.patch(Service, key(name), { type: 'merge', document: { spec } })).spec;
  const replace = async (name: string, spec: Spec): Promise<ServiceSpec> => {
    const { metadata } = await world.client.get(Service, key(name));
    return (await world.client.update(Service, { apiVersion: 'v1', kind: 'Service', metadata, spec: spec as ServiceSpec, status: { loadBalancer: {} } })).spec;
  };

  afterEach(() => world.stop());

  describe('on a cluster of one family', () => {
    beforeEach(() => start());

    it('gives each service an address of its own', async () => {
      const specs = await Promise.all(Array.from({ length: 50 }, (_, i) => create(`s${i}`)));
      expect(new Set(specs.map(({ clusterIP }) => clusterIP)).size).to.equal(50);
      for (const spec of specs) {
        expect(spec.clusterIP).to.match(/^10\.96\./);
        expect(spec).to.deep.include({ clusterIPs: [spec.clusterIP], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
        expect(spec.ports?.[0]).to.not.have.property('nodePort');
      }
    });

    it('gives a certain address to who asks first', async () => {
      expect(await create('dns', { clusterIP: '10.96.0.10' })).to.deep.include({ clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'] });
      expect(await refusalOf(create('other', { clusterIP: '10.96.0.10' })))
        .to.equal('422 Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated');
      expect(await refusalOf(create('other', { clusterIP: '10.97.0.1' }))).to.equal('422 Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.97.0.1"]: ' +
        'failed to allocate IP 10.97.0.1: the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16');
      expect(await refusalOf(create('other', { clusterIP: '10.96.255.255' }))).to.contain('is not in the valid range');
      expect(await refusalOf(create('other', { clusterIP: 'fd00::1' }))).to.contain('spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster');
      await world.client.delete(Service, key('dns'));
      expect(await create('other', { clusterIP: '10.96.0.10' })).to.deep.include({ clusterIP: '10.96.0.10' });
    });

    it('gives none to headless services and to names', async () => {
      expect(await create('headless', { clusterIP: 'None', selector: { a: 'b' } })).to.deep.include({ clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
      expect(await create('open', { clusterIP: 'None' })).to.deep.include({ ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' });
      expect(await create('name', { type: 'ExternalName', externalName: 'example.com' })).to.not.have.any.keys('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy');
    });

    it('gives node ports where they are needed', async () => {
      const [one, two] = [await create('one', { type: 'NodePort' }), await create('two', { type: 'LoadBalancer' })];
      const given = [one, two].map((spec) => spec.ports?.[0]?.nodePort ?? 0);
      expect(given.every((port) => port >= 30_000 && port <= 32_767)).to.equal(true);
      expect(given[0]).to.not.equal(given[1]);
      expect((await create('bare', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false })).ports?.[0]).to.not.have.property('nodePort');
      const local = await create('local', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
      expect(local.healthCheckNodePort).to.be.within(30_000, 32_767).and.not.equal(local.ports?.[0]?.nodePort);
    });

    it('gives a certain node port to who asks first', async () => {
      await create('one', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] });
      const ask = (nodePort: number): Promise<ServiceSpec> => create('two', { type: 'NodePort', ports: [{ port: 80, nodePort }] });
      expect(await refusalOf(ask(30_080))).to.equal('422 Service "two" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated');
      expect(await refusalOf(ask(80)))
        .to.equal('422 Service "two" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767');
      expect(await refusalOf(create('three', { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30_080 })))
        .to.contain('spec.healthCheckNodePort: Invalid value: 30080: failed to allocate requested HealthCheck NodePort 30080: provided port is already allocated');
      await change('one', { type: 'ClusterIP' });
      expect((await ask(30_080)).ports?.[0]?.nodePort).to.equal(30_080);
    });

    it('shares a node port among the protocols of one port', async () => {
      const dns = (nodePort?: number): Spec => ({ type: 'NodePort', ports: [{ name: 'udp', port: 53, protocol: 'UDP' }, { name: 'tcp', port: 53, ...(nodePort === undefined ? {} : { nodePort }) }] });
      const chosen = (await create('chosen', dns())).ports?.map(({ nodePort }) => nodePort);
      expect(chosen?.[0]).to.be.a('number').and.equal(chosen?.[1]);
      expect((await create('given', dns(30_053))).ports?.map(({ nodePort }) => nodePort)).to.deep.equal([30_053, 30_053]);
    });

    it('keeps what was given when the same manifest comes again', async () => {
      const manifest: Spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ name: 'a', port: 80 }, { name: 'b', port: 81 }] };
      const before = await create('web', manifest);
      expect(await replace('web', manifest)).to.deep.equal(before);
      const swapped = await replace('web', { ...manifest, ports: [{ name: 'b', port: 82 }, { name: 'c', port: 83 }] });
      expect(swapped.ports?.[0]?.nodePort).to.equal(before.ports?.[1]?.nodePort);
      expect(swapped.ports?.[1]?.nodePort).to.be.a('number').and.not.equal(before.ports?.[0]?.nodePort);
    });

    it('follows a service through all types', async () => {
      const first = await create('web', { type: 'NodePort' });
      const balanced = await change('web', { type: 'LoadBalancer' });
      expect([balanced.clusterIP, balanced.ports]).to.deep.equal([first.clusterIP, first.ports]);
      const inner = await change('web', { type: 'ClusterIP' });
      expect([inner.clusterIP, inner.ports?.[0]?.nodePort]).to.deep.equal([first.clusterIP, undefined]);
      expect(await change('web', { type: 'ExternalName', externalName: 'example.com' })).to.not.have.any.keys('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy');
      expect(await create('next', { clusterIP: first.clusterIP ?? '' })).to.deep.include({ clusterIP: first.clusterIP });
      const back = await change('web', { type: 'ClusterIP', externalName: null });
      expect(back.clusterIP).to.match(/^10\.96\./).and.not.equal(first.clusterIP);
      expect(back).to.deep.include({ clusterIPs: [back.clusterIP], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
      expect(await refusalOf(change('web', { clusterIP: '10.96.0.99' }))).to.contain('spec.clusterIPs[0]: Invalid value: ["10.96.0.99"]: may not change once set');
    });

    it('lets older clients leave out or clear the list of addresses', async () => {
      const { clusterIP } = await create('web');
      expect(await change('web', { clusterIPs: null })).to.deep.include({ clusterIP, clusterIPs: [clusterIP] });
      expect(await change('web', { clusterIP: null })).to.deep.include({ clusterIP, clusterIPs: [clusterIP] });
    });

    it('gives nothing to a trial or to what is refused', async () => {
      const tried = await create('web', { clusterIP: '10.96.0.10', type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] }, true);
      expect(tried).to.deep.include({ clusterIP: '10.96.0.10' });
      expect((await create('dry', {}, true)).clusterIP).to.match(/^10\.96\./);
      expect(await refusalOf(create('web', { clusterIP: '10.96.0.10', ports: [] }))).to.contain('spec.ports: Required value');
      expect(await create('web', { clusterIP: '10.96.0.10', type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] })).to.deep.include({ clusterIP: '10.96.0.10' });
      expect(await refusalOf(create('web', { clusterIP: '10.96.0.11' }))).to.contain('409');
      expect(await create('eleven', { clusterIP: '10.96.0.11' })).to.deep.include({ clusterIP: '10.96.0.11' });
      expect(await refusalOf(create('tried', { clusterIP: '10.96.0.11' }, true))).to.contain('provided IP is already allocated');
    });

    it('knows services that were there before it', async () => {
      await world.unchecked.create(Service, { metadata: key('old'), spec: { ports, clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' } });
      expect(await refusalOf(create('new', { clusterIP: '10.96.0.10' }))).to.contain('provided IP is already allocated');
    });

    it('says what contradicts itself', async () => {
      expect(await refusalOf(create('a', { ipFamilyPolicy: 'RequireDualStack' }))).to.contain('this cluster is not configured for dual-stack services');
      expect(await refusalOf(create('a', { ipFamilies: ['IPv6'] }))).to.contain('spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster');
      expect(await refusalOf(create('a', { clusterIPs: ['10.96.0.10'] }))).to.contain('must be empty when `clusterIP` is not specified');
      expect(await refusalOf(create('a', { clusterIP: '10.96.0.010' }))).to.contain('must not have leading 0s');
    });
  });

  describe('when many ask at once', () => {
    it('gives out the last address and port exactly once', async () => {
      await start({ serviceCidrs: ['10.0.0.0/28'], nodePortRange: [30_000, 30_013] }, interleaving);
      const results = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => create(`s${i}`, { type: 'NodePort' })));
      const given = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(given).to.have.length(14);
      expect(new Set(given.map(({ clusterIP }) => clusterIP)).size).to.equal(14);
      expect(new Set(given.map((spec) => spec.ports?.[0]?.nodePort)).size).to.equal(14);
      const refused = results.find((result) => result.status === 'rejected');
      expect(refused?.reason).to.include({ code: 500, message: 'Internal error occurred: failed to allocate a serviceIP: range is full' });
      await world.client.delete(Service, key(`s${results.findIndex(({ status }) => status === 'fulfilled')}`));
      expect((await create('last', { type: 'NodePort' })).clusterIP).to.match(/^10\.0\.0\./);
    });

    it('gives a certain address to one of them', async () => {
      await start({}, interleaving);
      const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => create(`s${i}`, { clusterIP: '10.96.0.10' })));
      expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    });

    it('chooses again when the choice was taken meanwhile', async () => {
      // Every request draws the same number, so all choose the same address at first.
      await start({ random: () => 0.5 }, interleaving);
      const specs = await Promise.all(Array.from({ length: 20 }, (_, i) => create(`s${i}`, { type: 'NodePort' })));
      expect(new Set(specs.map(({ clusterIP }) => clusterIP)).size).to.equal(20);
      expect(specs.every((spec) => spec.clusterIPs?.[0] === spec.clusterIP)).to.equal(true);
      expect(new Set(specs.map((spec) => spec.ports?.[0]?.nodePort)).size).to.equal(20);
    });
  });

  describe('on a cluster of both families', () => {
    beforeEach(() => start({ serviceCidrs: dual }));

    it('gives one address or both, as the policy says', async () => {
      expect((await create('single')).ipFamilies).to.deep.equal(['IPv4']);
      const both = await create('both', { ipFamilyPolicy: 'PreferDualStack' });
      expect(both.ipFamilies).to.deep.equal(['IPv4', 'IPv6']);
      expect(both.clusterIPs?.[0]).to.match(/^10\.96\./).and.equal(both.clusterIP);
      expect(both.clusterIPs?.[1]).to.match(/^fd00:10:96::/);
      const six = await create('six', { ipFamilies: ['IPv6'], ipFamilyPolicy: 'RequireDualStack' });
      expect([six.ipFamilies, six.clusterIP === six.clusterIPs?.[0]]).to.deep.equal([['IPv6', 'IPv4'], true]);
      expect(await create('asked', { clusterIP: 'fd00:10:96::a' })).to.deep.include({ clusterIPs: ['fd00:10:96::a'], ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' });
      expect(await refusalOf(create('other', { clusterIP: 'fd00:10:96:0::a' }))).to.contain('provided IP is already allocated');
    });

    it('adds a second address and takes it back', async () => {
      const { clusterIP } = await create('web');
      const both = await change('web', { ipFamilyPolicy: 'PreferDualStack' });
      expect([both.clusterIPs?.[0], both.clusterIPs?.length, both.ipFamilies]).to.deep.equal([clusterIP, 2, ['IPv4', 'IPv6']]);
      expect(await change('web', { selector: { a: 'b' } })).to.deep.include({ clusterIPs: both.clusterIPs });
      expect(await refusalOf(change('web', { clusterIPs: [clusterIP] }))).to.contain("must be 'SingleStack' to release the secondary cluster IP");
      expect(await change('web', { ipFamilyPolicy: 'SingleStack' })).to.deep.include({ clusterIPs: [clusterIP], ipFamilies: ['IPv4'] });
      expect(await create('next', { clusterIP: both.clusterIPs?.[1] ?? '' })).to.deep.include({ clusterIPs: [both.clusterIPs?.[1]] });
    });

    it('refuses two addresses for one family', async () => {
      expect(await refusalOf(create('a', { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00:10:96::1'] })))
        .to.contain("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified");
    });
  });

  it('wants ranges that make sense', async () => {
    await start();
    const make = (options: ServiceAllocationOptions) => (): ServiceAllocation => new ServiceAllocation(options);
    expect(make({ serviceCidrs: [] })).to.throw(RangeError, 'at least one range');
    expect(make({ serviceCidrs: ['10.96.0.0'] })).to.throw(RangeError, '10.96.0.0 is not a range');
    expect(make({ serviceCidrs: ['10.96.0.0/16', '10.97.0.0/16'] })).to.throw(RangeError, 'two IPv4 ranges');
    expect(make({ serviceCidrs: ['10.96.0.0/16'], nodePortRange: [2, 1] })).to.throw(RangeError, '2-1 is not a range of ports');
  });
});

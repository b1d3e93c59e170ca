import { expect } from 'chai';
import { Endpoints } from '#core/api/schema/core-v1/endpoints.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { addressText, isProxyable } from './address.ts';
import { StoreWorld } from '#test/fixtures/rbac-world.ts';
import { StoredServices } from './service-resolver.ts';

describe('StoredServices', () => {
  const namespace = 'ns';
  let world: StoreWorld;
  let services: StoredServices;
  beforeEach(async () => {
    world = await StoreWorld.start();
    services = new StoredServices(world.objects);
  });
  afterEach(() => world.stop());

  const service = (spec: object, name = 'web') => world.put(Service, { metadata: { namespace, name }, spec: { type: 'ClusterIP', clusterIP: '10.96.0.7', ports: [{ name: 'https', port: 443 }, { port: 80 }], ...spec } });
  const slice = (name: string, endpoints: object[], ports: object[] = [{ name: 'https', port: 8443 }], of = 'web') =>
    world.put(EndpointSlice, { metadata: { namespace, name, ...{ labels: { 'kubernetes.io/service-name': of } } }, addressType: 'IPv4', endpoints, ports });
  const at = (port: number | string = 443, name = 'web'): string => addressText(services.resolve(namespace, name, port));
  const ready = (...addresses: string[]) => ({ addresses, conditions: {} });

  it('goes to the ready endpoints of all slices in turn', async () => {
    await service({});
    await slice('a', [ready('10.0.0.1'), { addresses: ['10.0.0.2'], conditions: { ready: false } }]);
    await slice('b', [ready('10.0.0.3')], [{ name: 'https', port: 9443 }, { name: 'other', port: 1 }]);
    await slice('c', [ready('10.0.0.4')], [{ name: 'https', port: 8443 }], 'another');
    expect([at(), at(), at('https')]).to.deep.equal(['10.0.0.1:8443', '10.0.0.3:9443', '10.0.0.1:8443']);
  });

  it('hears of changes', async () => {
    await service({});
    await slice('a', [ready('10.0.0.1')]);
    expect(at()).to.equal('10.0.0.1:8443');
    await slice('a', [ready('fd00::2')]);
    expect(at()).to.equal('[fd00::2]:8443');
    await slice('a', [ready('10.0.0.3')], [{ name: 'https', port: 1 }], 'another');
    expect(at(), 'now of another service').to.equal('10.96.0.7:443');
    await world.remove(EndpointSlice, 'a', namespace);
    await world.put(Endpoints, { metadata: { namespace, name: 'web' }, subsets: [{ addresses: [{ ip: '10.0.0.5' }], notReadyAddresses: [{ ip: '10.0.0.6' }], ports: [{ name: 'https', port: 7443 }] }] });
    expect([at(), at()]).to.deep.equal(['10.0.0.5:7443', '10.0.0.5:7443']);
    await world.remove(Endpoints, 'web', namespace);
    expect(at()).to.equal('10.96.0.7:443');
  });

  it('goes to an external name, whatever its ports', async () => {
    await service({ type: 'ExternalName', externalName: 'example.com', clusterIP: undefined, ports: undefined });
    expect(at(8443)).to.equal('example.com:8443');
  });

  it('says what is missing', async () => {
    expect(() => at()).to.throw('service "web" not found').with.property('code', 404);
    await service({});
    expect(() => at(444)).to.throw('no service port 444 found for service "web"').with.property('code', 503);
    await slice('a', []);
    expect(() => at()).to.throw('no endpoints available for service "web"').with.property('code', 503);
    await slice('a', [ready('10.0.0.1')], [{ name: 'https' }]);
    expect(() => at(), 'a port of any number').to.throw('no endpoints');
    await service({ clusterIP: 'None' }, 'headless');
    expect(() => at(443, 'headless')).to.throw('no endpoints available for service "headless"');
  });
});

describe('isProxyable', () => {
  it('is every address but this machine\'s, its links\' and everybody\'s', () => {
    for (const ip of ['10.0.0.1', '192.168.1.1', '8.8.8.8', 'fd00::1', '2001:db8::1']) expect(isProxyable(ip), ip).to.equal(true);
    for (const ip of ['127.0.0.1', '127.1.2.3', '169.254.169.254', '0.0.0.0', '255.255.255.255', '224.0.0.1', '::1', '::', 'fe80::1', 'ff02::1', '::ffff:127.0.0.1', '010.0.0.1', '', 'localhost']) {
      expect(isProxyable(ip), ip).to.equal(false);
    }
  });
});

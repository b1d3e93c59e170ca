import { expect } from 'chai';
import { parseIp } from '#core/api/ip.ts';
import type { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import { isForwardable, knownEndpoints } from './known-endpoints.ts';
import { proxyPorts } from './service-ports.ts';

const place = { nodeName: 'n1', zone: undefined };
const metadata = (name: string, labels?: Record<string, string>) => ({ namespace: 'default', name, uid: name, resourceVersion: '1', ...(labels ? { labels } : {}) });

const service = (spec: Partial<Service['spec']>, status: Service['status'] = { loadBalancer: {} }, labels?: Record<string, string>): Service => ({
  apiVersion: 'v1', kind: 'Service', metadata: metadata('web', labels), status,
  spec: { type: 'ClusterIP', clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], sessionAffinity: 'None', ports: [{ name: 'http', protocol: 'TCP', port: 80 }], ...spec },
} as Service);

const slice = (addresses: readonly string[], rest: Partial<EndpointSlice> = {}): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: metadata('web-1'), addressType: 'IPv4', ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: {}, nodeName: 'n1' })), ...rest,
} as EndpointSlice);

const none = knownEndpoints([]);

describe('the ports of a service', () => {
  it('are one for each port and family, with the endpoints of that name and family', () => {
    const dual = service({ clusterIPs: ['10.96.0.1', 'fd96::0001'], ports: [{ name: 'http', protocol: 'TCP', port: 80 }, { name: 'dns', protocol: 'UDP', port: 53 }] });
    const known = knownEndpoints([slice(['10.244.1.5', '10.244.1.4']), slice(['fd44::5'], { addressType: 'IPv6' }), slice(['10.244.1.6'], { ports: [{ name: 'other', protocol: 'TCP', port: 1 }] })]);
    const ports = proxyPorts(dual, known, place);
    expect(ports.map(({ key, endpoints }) => [key, ...endpoints.map(({ address, port }) => `${address} ${port}`)])).to.eql([
      ['default/web:http/TCP/IPv4', '10.244.1.4 8080', '10.244.1.5 8080'], ['default/web:dns/UDP/IPv4'],
      ['default/web:http/TCP/IPv6', 'fd44::5 8080'], ['default/web:dns/UDP/IPv6'],
    ]);
    expect(ports[2]?.clusterIP).to.equal('fd96::1');
  });

  it('are none of headless services, names of elsewhere, and those of other proxies', () => {
    for (const spec of [{ clusterIP: 'None', clusterIPs: ['None'] }, { type: 'ExternalName' as const }, { clusterIP: '', clusterIPs: [] }]) expect(proxyPorts(service(spec), none, place)).to.eql([]);
    for (const label of ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless']) expect(proxyPorts(service({}, undefined, { [label]: '' }), none, place)).to.eql([]);
  });

  it('have what is needed from outside: node port, load balancer of mode VIP, source ranges of the family', () => {
    const balanced = service({
      type: 'LoadBalancer', ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30_080 }], externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000,
      loadBalancerSourceRanges: [' 192.0.2.0/24 ', 'fd00::/8', 'nonsense'], externalIPs: ['192.0.2.53', 'x'], sessionAffinity: 'ClientIP',
    }, { loadBalancer: { ingress: [{ ip: '203.0.113.9' }, { ip: '203.0.113.8', ipMode: 'Proxy' }, { hostname: 'lb' }, { ip: 'fd00::9' }, { ip: '127.0.0.1' }] } });
    const [port] = proxyPorts(balanced, knownEndpoints([slice(['10.244.1.4'])]), place);
    expect(port).to.include({ nodePort: 30_080, healthCheckNodePort: 31_000, externalLocal: true, affinitySeconds: 10_800, hasEndpoints: true });
    expect(port).to.deep.include({ loadBalancerIPs: ['203.0.113.9'], sourceRanges: ['192.0.2.0/24'], externalIPs: ['192.0.2.53'] });
    expect(port?.localEndpoints).to.eql([{ address: '10.244.1.4', port: 8080, place: 'here' }]);
  });

  it('ignore the outside policy of a service that is not seen from there', () => {
    const [port] = proxyPorts(service({ externalTrafficPolicy: 'Local' }), knownEndpoints([slice(['10.244.1.4'])]), place);
    expect(port).to.include({ externalLocal: false }).and.deep.include({ localEndpoints: [] });
  });

  it('let nobody in whose ranges are all wrong', () => {
    expect(proxyPorts(service({ loadBalancerSourceRanges: ['everybody'] }), none, place)[0]?.sourceRanges).to.eql([]);
  });
});

describe('endpoints', () => {
  it('that reach what is for the node alone are refused', () => {
    const hostile = ['127.0.0.1', '0.0.0.0', '169.254.169.254', '224.0.0.1', '255.255.255.255', 'localhost', '010.0.0.1', '::ffff:127.0.0.1'];
    const { byPort, refused } = knownEndpoints([slice([...hostile, '10.244.1.4'])]);
    expect(refused).to.eql(hostile);
    expect([...byPort.values()].flat().map(({ address }) => address)).to.eql(['10.244.1.4']);
    const six = ['::', '::1', 'fe80::1', 'febf::1', 'ff02::1'];
    expect(knownEndpoints([slice(six, { addressType: 'IPv6' })]).refused).to.eql(six);
    for (const sound of ['126.255.255.255', '128.0.0.0', '169.253.0.1', '169.255.0.1', '223.1.1.1', '240.0.0.1', '::2', 'fe7f::1', 'fec0::1', 'fd00::1']) expect(isForwardable(parseIp(sound)!), sound).to.equal(true);
  });

  it('that stand in two slices are one, and ready if one of them is', () => {
    const not = slice(['10.244.1.4']);
    for (const endpoint of not.endpoints) endpoint.conditions = { ready: false };
    const { byPort } = knownEndpoints([not, slice(['10.244.1.4']), not]);
    expect([...byPort.values()].flat().map(({ address, ready }) => [address, ready])).to.eql([['10.244.1.4', true]]);
  });

  it('without a port, or of names instead of addresses, are none', () => {
    expect(knownEndpoints([slice(['10.244.1.4'], { ports: [{ name: 'http', protocol: 'TCP' }] }), slice(['example.com'], { addressType: 'FQDN' })]).byPort.size).to.equal(0);
  });
});

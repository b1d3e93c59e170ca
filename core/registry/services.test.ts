import { expect } from 'chai';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import { changed, created, creationFindings, header, judgesCreation, judgesStatus, judgesUpdate, row, updateFindings } from './resource.test.ts';
import { services } from './services.ts';

const metadata = { name: 'web', namespace: 'ns' };
const port = { port: 80 };
const service = { metadata, spec: { selector: { app: 'web' }, ports: [port], clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' } };
const balanced = { metadata, spec: { ...service.spec, type: 'LoadBalancer' } };
const headless = { metadata, spec: { selector: { app: 'web' }, clusterIP: 'None', clusterIPs: ['None'] } };
const external = { metadata, spec: { type: 'ExternalName', externalName: 'example.com' } };

const specOf = (draft: object): Service['spec'] => (created(services, draft) as Service).spec;
const warningsOf = (draft: object): readonly string[] => services.warnings?.(created(services, draft), undefined) ?? [];

describe('services', () => {
  it('get what their author left out, by their type', () => {
    expect(specOf({ metadata, spec: { ports: [port, { port: 81, protocol: 'UDP', targetPort: 'dns', name: 'b' }] } })).to.deep.equal({
      type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }, { port: 81, protocol: 'UDP', targetPort: 'dns', name: 'b' }],
    });
    expect(specOf({ metadata, spec: { type: 'LoadBalancer', ports: [port] } })).to.include({ externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true });
    expect(specOf({ metadata, spec: { ports: [port], externalIPs: ['1.2.3.4'] } })).to.include({ externalTrafficPolicy: 'Cluster' });
    expect(specOf({ ...external, spec: { ...external.spec, internalTrafficPolicy: 'Local' } })).to.not.have.property('internalTrafficPolicy');
    expect(specOf({ metadata, spec: { sessionAffinity: 'ClientIP' } }).sessionAffinityConfig).to.deep.equal({ clientIP: { timeoutSeconds: 10800 } });
    expect(specOf({ metadata, spec: { sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } } })).to.not.have.property('sessionAffinityConfig');
  });

  judgesCreation(services, service, [
    ['metadata.name', '1web', 'metadata.name: Invalid'],
    ['metadata.name', 'a.b', 'metadata.name: Invalid'],
    ['metadata.annotations', { 'service.kubernetes.io/topology-aware-hints': 'auto', 'service.kubernetes.io/topology-mode': 'Auto' }, 'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid'],
    ['spec.type', 'Proxy', 'spec.type: NotSupported'],
    ['spec.ports', [], 'spec.ports: Required'],
    ['spec.ports[0].port', 0, 'spec.ports[0].port: Invalid', 'spec.ports[0].targetPort: Invalid'],
    ['spec.ports[0].port', 65536, 'spec.ports[0].port: Invalid', 'spec.ports[0].targetPort: Invalid'],
    ['spec.ports[0].protocol', 'ICMP', 'spec.ports[0].protocol: NotSupported'],
    ['spec.ports[0].targetPort', 'has space', 'spec.ports[0].targetPort: Invalid'],
    ['spec.ports[0].appProtocol', 'kubernetes.io/h2c'],
    ['spec.ports[0].appProtocol', 'h 2', 'spec.ports[0].appProtocol: Invalid'],
    ['spec.ports[0].nodePort', 30000, 'spec.ports[0].nodePort: Forbidden'],
    ['spec.ports', [port, { port: 81 }], 'spec.ports[0].name: Required', 'spec.ports[1].name: Required'],
    ['spec.ports', [{ ...port, name: 'a' }, { port: 81, name: 'a' }], 'spec.ports[1].name: Duplicate'],
    ['spec.ports', [{ ...port, name: 'a' }, { ...port, name: 'b' }], 'spec.ports[1]: Duplicate'],
    ['spec.ports', [{ ...port, name: 'a' }, { ...port, name: 'b', protocol: 'UDP' }]],
    ['spec.selector', { app: 'not a label value' }, 'spec.selector: Invalid'],
    ['spec.sessionAffinity', 'Cookie', 'spec.sessionAffinity: NotSupported', 'spec.sessionAffinityConfig: Required'],
    ['spec.externalIPs', ['1.2.3.4', '127.0.0.1', '::', '169.254.1.1', 'ff02::1', 'x'], 'spec.externalIPs[1]: Invalid', 'spec.externalIPs[2]: Invalid', 'spec.externalIPs[3]: Invalid', 'spec.externalIPs[4]: Invalid', 'spec.externalIPs[5]: Invalid'],
    ['spec.clusterIPs', ['10.96.0.2'], 'spec.clusterIPs: Invalid'],
    ['spec.clusterIPs', ['10.96.0.1', '10.96.0.2'], 'spec.clusterIPs: Invalid'],
    ['spec.clusterIPs', ['10.96.0.1', '010.96.0.2'], 'spec.clusterIPs[1]: Invalid'],
    ['spec.clusterIPs', ['10.96.0.1', 'fd00::1']],
    ['spec.clusterIPs', ['10.96.0.1', 'fd00::1', 'fd00::2'], 'spec.clusterIPs: Invalid', 'spec.clusterIPs: Invalid'],
    ['spec.ipFamilies', ['IPv6'], 'spec.clusterIPs[0]: Invalid'],
    ['spec.ipFamilies', ['IPv4', 'IPv4'], 'spec.ipFamilies[1]: Duplicate'],
    ['spec.ipFamilyPolicy', 'Any', 'spec.ipFamilyPolicy: NotSupported'],
    ['spec.clusterIP', undefined, 'spec.clusterIPs: Invalid'],
    ['spec.externalTrafficPolicy', 'Local', 'spec.externalTrafficPolicy: Invalid'],
    ['spec.healthCheckNodePort', 30000, 'spec.healthCheckNodePort: Invalid'],
    ['spec.trafficDistribution', 'PreferClose'],
    ['spec.trafficDistribution', 'PreferSameNode'],
    ['spec.trafficDistribution', 'Near', 'spec.trafficDistribution: NotSupported'],
    ['spec.loadBalancerClass', 'example.com/lb', 'spec.loadBalancerClass: Forbidden'],
    ['spec.allocateLoadBalancerNodePorts', false, 'spec.allocateLoadBalancerNodePorts: Forbidden'],
    ['spec.loadBalancerSourceRanges', ['10.0.0.0/8'], 'spec.loadBalancerSourceRanges: Forbidden'],
  ]);

  it('of type LoadBalancer may have what only they have', () => {
    const refused = (path: string, value: unknown): string[] => creationFindings(services, changed(balanced, path, value));
    expect(refused('spec.loadBalancerSourceRanges', [' 10.0.0.0/8 ', '10.0.0.0'])).to.deep.equal(['spec.loadBalancerSourceRanges[1]: Invalid']);
    expect(refused('metadata.annotations', { 'service.beta.kubernetes.io/load-balancer-source-ranges': '10.0.0.0/8,x' }))
      .to.deep.equal(['metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid']);
    expect(refused('spec.loadBalancerClass', 'not valid!')).to.deep.equal(['spec.loadBalancerClass: Invalid']);
    expect(refused('spec.clusterIPs', ['None'])).to.deep.equal(['spec.clusterIPs[0]: Invalid', 'spec.clusterIPs: Invalid']);
    expect(creationFindings(services, { metadata, spec: { ...balanced.spec, externalTrafficPolicy: 'Local', healthCheckNodePort: 30001 } })).to.deep.equal([]);
  });

  it('of type ExternalName have a name and no address', () => {
    expect(creationFindings(services, external)).to.deep.equal([]);
    expect(creationFindings(services, { metadata, spec: { type: 'ExternalName', externalName: 'example.com.' } })).to.deep.equal([]);
    expect(creationFindings(services, { metadata, spec: { type: 'ExternalName' } })).to.deep.equal(['spec.externalName: Required']);
    expect(creationFindings(services, { metadata, spec: { ...external.spec, clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' } }))
      .to.deep.equal(['spec.clusterIPs: Forbidden', 'spec.ipFamilies: Forbidden', 'spec.ipFamilyPolicy: Forbidden']);
  });

  it('without an address need no ports', () => {
    expect(creationFindings(services, headless)).to.deep.equal([]);
    expect(creationFindings(services, changed(headless, 'spec.clusterIPs', ['None', '10.96.0.1']))).to.include('spec.clusterIPs: Invalid');
    expect(creationFindings(services, changed(headless, 'spec.type', 'NodePort'))).to.deep.equal(['spec.clusterIPs[0]: Invalid']);
  });

  describe('that change', () => {
    judgesUpdate(services, service, [
      ['spec.clusterIPs', ['10.96.0.2'], 'spec.clusterIPs: Invalid', 'spec.clusterIPs[0]: Invalid'],
      ['spec.ipFamilies', ['IPv6'], 'spec.clusterIPs[0]: Invalid', 'spec.ipFamilies[0]: Invalid'],
      ['spec.ports', [{ port: 8080 }]],
      ['spec.selector', { app: 'other' }],
    ]);
    const dual = { metadata, spec: { ...balanced.spec, clusterIPs: ['10.96.0.1', 'fd00::1'], ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack', loadBalancerClass: 'example.com/lb' } };
    judgesUpdate(services, dual, [
      ['spec.clusterIPs', ['10.96.0.1'], 'spec.ipFamilyPolicy: Invalid'],
      ['spec.ipFamilies', ['IPv4'], 'spec.ipFamilyPolicy: Invalid'],
      ['spec.ipFamilyPolicy', 'RequireDualStack'],
      ['spec.loadBalancerClass', 'example.com/other', 'spec.loadBalancerClass: Invalid'],
    ]);
    judgesUpdate(services, { metadata, spec: { ...balanced.spec, externalTrafficPolicy: 'Local', healthCheckNodePort: 30001 } }, [
      ['spec.healthCheckNodePort', 30002, 'spec.healthCheckNodePort: Forbidden'],
      ['spec.externalTrafficPolicy', 'Cluster'],
    ]);

    it('lose what their new type has no use for, unless it was changed as well', () => {
      const old = created(services, {
        metadata, spec: { ...balanced.spec, externalTrafficPolicy: 'Local', healthCheckNodePort: 30001, ports: [{ port: 80, nodePort: 30002 }] },
      }) as Service;
      old.status.loadBalancer = { ingress: [{ ip: '1.2.3.4' }] };
      const next = changed(old, 'spec.type', 'ClusterIP') as Service;
      services.prepareForUpdate?.(next, old);
      expect(next.spec).to.deep.equal(specOf(service));
      expect(next.status.loadBalancer).to.deep.equal({});
      expect(updateFindings(services, old, changed(changed(old, 'spec.type', 'ClusterIP'), 'spec.ports[0].nodePort', 30003))).to.deep.equal(['spec.ports[0].nodePort: Forbidden']);
      const named = changed(changed(old, 'spec.type', 'ExternalName'), 'spec.externalName', 'example.com') as Service;
      services.prepareForUpdate?.(named, old);
      expect(named.spec).to.not.have.any.keys('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'healthCheckNodePort', 'externalTrafficPolicy');
    });
  });

  judgesStatus(services, balanced, [
    ['status.loadBalancer.ingress', [{ ip: '1.2.3.4', ipMode: 'VIP' }, { hostname: 'lb.example.com' }]],
    ['status.loadBalancer.ingress', [{ ip: 'x' }], 'status.loadBalancer.ingress[0].ip: Invalid'],
    ['status.loadBalancer.ingress', [{ hostname: '1.2.3.4' }], 'status.loadBalancer.ingress[0].hostname: Invalid'],
    ['status.loadBalancer.ingress', [{ hostname: 'a', ipMode: 'Proxy' }], 'status.loadBalancer.ingress[0].ipMode: Forbidden'],
    ['status.loadBalancer.ingress', [{ ip: '1.2.3.4', ipMode: 'NAT' }], 'status.loadBalancer.ingress[0].ipMode: NotSupported'],
  ]);
  judgesStatus(services, service, [['status.loadBalancer.ingress', [{ ip: '1.2.3.4' }], 'status.loadBalancer.ingress: Forbidden']]);

  it('warn about what is accepted but will not do what it says', () => {
    expect(warningsOf(service)).to.deep.equal([]);
    expect(warningsOf({ metadata, spec: { ports: [port], externalIPs: ['2001:DB8::1'], externalName: 'x.example.com' } })).to.deep.equal([
      'spec.externalIPs[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
      'spec.externalName is ignored when spec.type is not "ExternalName"',
    ]);
    expect(warningsOf({ ...headless, spec: { ...headless.spec, externalIPs: ['1.2.3.4'], sessionAffinity: 'ClientIP' } }))
      .to.deep.equal(['spec.externalIPs is ignored for headless services', 'spec.SessionAffinity is ignored for headless services']);
    expect(warningsOf({ metadata, spec: { ...balanced.spec, loadBalancerSourceRanges: ['10.0.0.1/8'] } })).to.deep.equal([
      'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
    ]);
  });

  it('print as kubectl users know them', () => {
    expect(header(services)).to.equal('NAME | TYPE | CLUSTER-IP | EXTERNAL-IP | PORT(S) | AGE | (SELECTOR)');
    expect(row(services, service, true)).to.equal('web | ClusterIP | 10.96.0.1 | <none> | 80/TCP | <unknown> | app=web');
    const ports = [{ port: 80, nodePort: 30080 }, { port: 53, protocol: 'UDP', nodePort: 30053 }];
    expect(row(services, { metadata, spec: { ...balanced.spec, ports } })).to.equal('web | LoadBalancer | 10.96.0.1 | <pending> | 80:30080/TCP,53:30053/UDP | <unknown>');
    const status = { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }, { ip: '5.6.7.8' }] } };
    expect(row(services, { metadata, spec: { ...balanced.spec, externalIPs: ['1.2.3.4'] }, status })).to.contain('| 5.6.7.8,lb.example.com,1.2.3.4 |');
    expect(row(services, external)).to.equal('web | ExternalName | <none> | example.com | <none> | <unknown>');
    expect(row(services, headless, true)).to.contain('| None | <none> | <none> |');
    expect(services.selectableFields?.['spec.clusterIP']?.(created(services, service))).to.equal('10.96.0.1');
    expect(services.selectableFields?.['spec.type']?.(created(services, service))).to.equal('ClusterIP');
  });
});

import { expect } from 'chai';
import type { NetworkPolicy } from '#core/api/schema/networking-v1.ts';
import { ingressClasses } from './ingressclasses.ts';
import { ingresses } from './ingresses.ts';
import { ipAddresses } from './ipaddresses.ts';
import { networkPolicies } from './networkpolicies.ts';
import { created, creationFindings, header, judgesCreation, judgesStatus, judgesUpdate, row } from './resource.test.ts';
import { serviceCidrs } from './servicecidrs.ts';

const metadata = { name: 'web', namespace: 'ns' };

describe('ingresses', () => {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  const path = { path: '/', pathType: 'Prefix', backend };
  const ingress = { metadata, spec: { rules: [{ host: 'example.com', http: { paths: [path] } }] } };
  const first = 'spec.rules[0].http.paths[0]';

  judgesCreation(ingresses, ingress, [
    ['spec', {}, 'spec: Invalid'],
    ['spec', { defaultBackend: backend }],
    ['spec.rules[0].host', '*.example.com'],
    ['spec.rules[0].host', 'a.*.com', 'spec.rules[0].host: Invalid'],
    ['spec.rules[0].host', '*', 'spec.rules[0].host: Invalid'],
    ['spec.rules[0].host', 'Example.com', 'spec.rules[0].host: Invalid'],
    ['spec.rules[0].host', '10.0.0.1', 'spec.rules[0].host: Invalid'],
    ['spec.rules[0].http.paths', [], 'spec.rules[0].http.paths: Required'],
    [`${first}.pathType`, undefined, `${first}.pathType: Required`],
    [`${first}.pathType`, 'Regex', `${first}.pathType: NotSupported`],
    [`${first}.path`, 'a', `${first}.path: Invalid`],
    [`${first}.path`, '', `${first}.path: Invalid`],
    [`${first}.path`, '/a//b', `${first}.path: Invalid`],
    [`${first}.path`, '/a/..', `${first}.path: Invalid`],
    [`${first}.path`, '/a%2fb', `${first}.path: Invalid`],
    [first, { pathType: 'ImplementationSpecific', backend }],
    [first, { pathType: 'ImplementationSpecific', path: '/a//b', backend }],
    [first, { pathType: 'ImplementationSpecific', path: 'a', backend }, `${first}.path: Invalid`],
    [`${first}.backend`, {}, `${first}.backend: Invalid`],
    [`${first}.backend.resource`, { kind: 'Bucket', name: 'b' }, `${first}.backend: Invalid`],
    [`${first}.backend`, { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'a/b' } }, `${first}.backend.resource.name: Invalid`],
    [`${first}.backend.service.name`, '', `${first}.backend.service.name: Required`],
    [`${first}.backend.service.name`, '1st', `${first}.backend.service.name: Invalid`],
    [`${first}.backend.service.port`, {}, `${first}.backend: Required`],
    [`${first}.backend.service.port`, { name: 'http', number: 80 }, `${first}.backend: Invalid`],
    [`${first}.backend.service.port`, { name: 'HTTP' }, `${first}.backend.service.port.name: Invalid`],
    [`${first}.backend.service.port`, { number: 65536 }, `${first}.backend.service.port.number: Invalid`],
    ['spec.tls', [{ hosts: ['*.example.com', 'a b'], secretName: 'S' }], 'spec.tls[0].hosts[1]: Invalid', 'spec.tls[0].secretName: Invalid'],
    ['spec.ingressClassName', '', 'spec.ingressClassName: Invalid'],
  ]);
  judgesStatus(ingresses, ingress, [
    ['status.loadBalancer.ingress', [{ ip: '1.2.3.4' }, { hostname: 'lb.example.com' }]],
    ['status.loadBalancer.ingress', [{ ip: '1.2.3' }, { hostname: '1.2.3.4' }], 'status.loadBalancer.ingress[0].ip: Invalid', 'status.loadBalancer.ingress[1].hostname: Invalid'],
  ]);

  it('name their class once', () => {
    const annotated = { ...ingress, metadata: { ...metadata, annotations: { 'kubernetes.io/ingress.class': 'a' } } };
    expect(creationFindings(ingresses, { ...annotated, spec: { ...ingress.spec, ingressClassName: 'b' } })).to.deep.equal(['metadata.annotations[kubernetes.io/ingress.class]: Invalid']);
    expect(creationFindings(ingresses, { ...annotated, spec: { ...ingress.spec, ingressClassName: 'a' } })).to.deep.equal([]);
    expect(ingresses.warnings?.(created(ingresses, annotated), undefined)).to.deep.equal(['annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead']);
  });

  it('print as kubectl users know them', () => {
    expect(header(ingresses)).to.equal('NAME | CLASS | HOSTS | ADDRESS | PORTS | AGE');
    expect(row(ingresses, ingress)).to.equal('web | <none> | example.com |  | 80 | <unknown>');
    const hosts = ['a', 'b', 'c', 'd', 'e'].map((host) => ({ host }));
    const full = { metadata, spec: { ingressClassName: 'nginx', tls: [{}], rules: hosts }, status: { loadBalancer: { ingress: [{ hostname: 'lb' }, { ip: '1.2.3.4' }] } } };
    expect(row(ingresses, full)).to.equal('web | nginx | a,b,c + 2 more... | 1.2.3.4,lb | 80, 443 | <unknown>');
    expect(row(ingresses, { metadata, spec: { defaultBackend: backend } })).to.contain('| * |');
  });
});

describe('ingressClasses', () => {
  const ingressClass = { metadata: { name: 'nginx' }, spec: { controller: 'k8s.io/ingress-nginx', parameters: { apiGroup: 'example.com', kind: 'Settings', name: 's' } } };

  judgesCreation(ingressClasses, ingressClass, [
    ['spec.controller', '', 'spec.controller: Required'],
    ['spec.controller', 'nginx', 'spec.controller: Invalid'],
    ['spec.controller', 'Example.com/x', 'spec.controller: Invalid'],
    ['spec.controller', `example.com/${'x'.repeat(250)}`, 'spec.controller: TooLong'],
    ['spec.parameters.kind', '', 'spec.parameters.kind: Required'],
    ['spec.parameters.name', '..', 'spec.parameters.name: Invalid'],
    ['spec.parameters.scope', 'World', 'spec.parameters.scope: NotSupported'],
    ['spec.parameters.namespace', 'ns', 'spec.parameters.namespace: Forbidden'],
    ['spec.parameters.scope', 'Namespace', 'spec.parameters.namespace: Required'],
    ['spec.parameters', { kind: 'Settings', name: 's', scope: 'Namespace', namespace: 'ns' }],
    ['spec.parameters', { kind: 'Settings', name: 's', scope: 'Namespace', namespace: 'a.b' }, 'spec.parameters.namespace: Invalid'],
  ]);
  judgesUpdate(ingressClasses, ingressClass, [
    ['spec.controller', 'example.com/other', 'spec.controller: Invalid'],
    ['spec.parameters', undefined],
  ]);

  it('print as kubectl users know them', () => {
    expect(`${header(ingressClasses)} / ${row(ingressClasses, ingressClass)}`)
      .to.equal('NAME | CONTROLLER | PARAMETERS | AGE / nginx | k8s.io/ingress-nginx | Settings.example.com/s | <unknown>');
    expect(row(ingressClasses, { metadata: { name: 'a' }, spec: { controller: 'a.b/c' } })).to.contain('| <none> |');
  });
});

describe('networkPolicies', () => {
  const policy = { metadata, spec: { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ ports: [{ port: 5432 }], from: [{ podSelector: {} }] }] } };
  const block = (cidr: string, ...except: string[]): object[] => [{ ipBlock: { cidr, except } }];

  judgesCreation(networkPolicies, policy, [
    ['spec.podSelector', { matchExpressions: [{ key: 'a', operator: 'Like' }] }, 'spec.podSelector.matchExpressions[0].operator: Invalid'],
    ['spec.policyTypes', ['Ingress', 'Sideways'], 'spec.policyTypes[1]: NotSupported'],
    ['spec.policyTypes', ['Ingress', 'Egress', 'Ingress'], 'spec.policyTypes: Invalid'],
    ['spec.ingress[0].from', [{}], 'spec.ingress[0].from[0]: Required'],
    ['spec.ingress[0].from', [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }], 'spec.ingress[0].from[0]: Forbidden'],
    ['spec.ingress[0].from', block('10.0.0.0/8', '10.1.0.0/16')],
    ['spec.ingress[0].from', block(''), 'spec.ingress[0].from[0].ipBlock.cidr: Required'],
    ['spec.ingress[0].from', block('10.0.0.0'), 'spec.ingress[0].from[0].ipBlock.cidr: Invalid'],
    ['spec.ingress[0].from', block('10.0.0.0/8', '11.0.0.0/16', '10.0.0.0/8', 'x'), 'spec.ingress[0].from[0].ipBlock.except[0]: Invalid', 'spec.ingress[0].from[0].ipBlock.except[1]: Invalid', 'spec.ingress[0].from[0].ipBlock.except[2]: Invalid'],
    ['spec.ingress[0].ports', [{ port: 0 }], 'spec.ingress[0].ports[0].port: Invalid'],
    ['spec.ingress[0].ports', [{ port: 'http', protocol: 'SCTP' }]],
    ['spec.ingress[0].ports', [{ port: 'http', endPort: 80 }], 'spec.ingress[0].ports[0].endPort: Invalid'],
    ['spec.ingress[0].ports', [{ endPort: 80 }], 'spec.ingress[0].ports[0].endPort: Invalid'],
    ['spec.ingress[0].ports', [{ port: 80, endPort: 79 }], 'spec.ingress[0].ports[0].endPort: Invalid'],
    ['spec.ingress[0].ports', [{ port: 80, endPort: 90 }]],
    ['spec.ingress[0].ports', [{ port: 80, protocol: 'ICMP' }], 'spec.ingress[0].ports[0].protocol: NotSupported'],
    ['spec.egress', [{ to: [{ namespaceSelector: {} }, {}] }], 'spec.egress[0].to[1]: Required'],
  ]);

  it('rule the directions that their rules are for', () => {
    const types = (spec: object): unknown => (created(networkPolicies, { metadata, spec }) as NetworkPolicy).spec.policyTypes;
    expect([types({}), types({ egress: [{}] }), types({ egress: [{}], policyTypes: ['Egress'] })]).to.deep.equal([['Ingress'], ['Ingress', 'Egress'], ['Egress']]);
  });

  it('print their selector, sorted by key', () => {
    const podSelector = { matchLabels: { b: '2' }, matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['y', 'x'] }, { key: 'a', operator: 'DoesNotExist' }] };
    expect(`${header(networkPolicies)} / ${row(networkPolicies, policy)}`).to.equal('NAME | POD-SELECTOR | AGE / web | app=db | <unknown>');
    expect(row(networkPolicies, { metadata, spec: { podSelector } })).to.equal('web | !a,b=2,c notin (x,y) | <unknown>');
    expect(row(networkPolicies, { metadata })).to.equal('web | <none> | <unknown>');
  });

  it('warn about ranges that can be read in two ways', () => {
    const object = created(networkPolicies, { metadata, spec: { egress: [{ to: block('10.0.0.5/24', '10.0.0.1/32') }] } });
    expect(networkPolicies.warnings?.(object, undefined)).to.deep.equal([
      'spec.egress[0].to[0].ipBlock.cidr: CIDR value "10.0.0.5/24" is ambiguous in this context (should be "10.0.0.0/24" or "10.0.0.5/32"?)',
    ]);
  });
});

describe('ipAddresses', () => {
  const address = { metadata: { name: '10.96.0.1' }, spec: { parentRef: { resource: 'services', namespace: 'default', name: 'kubernetes' } } };

  judgesCreation(ipAddresses, address, [
    ['metadata.name', 'web', 'metadata.name: Invalid'],
    ['metadata.name', '010.96.0.1', 'metadata.name: Invalid'],
    ['metadata.name', '2001:DB8::1', 'metadata.name: Invalid'],
    ['metadata.name', '2001:db8::1'],
    ['spec.parentRef', undefined, 'spec.parentRef: Required'],
    ['spec.parentRef', {}, 'spec.parentRef.resource: Required', 'spec.parentRef.name: Required'],
    ['spec.parentRef.group', 'No Group', 'spec.parentRef.group: Invalid'],
    ['spec.parentRef.namespace', 'a/b', 'spec.parentRef.namespace: Invalid'],
  ]);
  judgesUpdate(ipAddresses, address, [['spec.parentRef.name', 'other', 'spec.parentRef: Invalid']]);

  it('print as kubectl users know them', () => {
    expect(`${header(ipAddresses)} / ${row(ipAddresses, address)}`).to.equal('NAME | PARENTREF / 10.96.0.1 | services/default/kubernetes');
    expect(row(ipAddresses, { metadata: { name: '::1' }, spec: { parentRef: { group: 'example.com', resource: 'pools', name: 'p' } } })).to.equal('::1 | pools.example.com/p');
  });
});

describe('serviceCidrs', () => {
  const cidrs = { metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16'] } };

  judgesCreation(serviceCidrs, cidrs, [
    ['spec.cidrs', [], 'spec.cidrs: Required'],
    ['spec.cidrs', ['10.96.0.0/16', 'fd00::/112']],
    ['spec.cidrs', ['10.96.0.0/16', '10.97.0.0/16'], 'spec.cidrs: Invalid'],
    ['spec.cidrs', ['10.96.0.0/16', 'fd00::/112', 'fd01::/112'], 'spec.cidrs: Invalid'],
    ['spec.cidrs', ['10.96.0.1/16'], 'spec.cidrs[0]: Invalid'],
    ['spec.cidrs', ['10.96.0.0'], 'spec.cidrs[0]: Invalid'],
  ]);
  judgesUpdate(serviceCidrs, cidrs, [
    ['spec.cidrs', ['10.96.0.0/16', 'fd00::/112']],
    ['spec.cidrs', ['10.97.0.0/16'], 'spec.cidrs[0]: Invalid'],
    ['spec.cidrs', ['fd00::/112', '10.96.0.0/16'], 'spec.cidrs[0]: Invalid'],
    ['spec.cidrs', [], 'spec.cidrs: Required', 'spec.cidrs: Invalid'],
  ]);

  it('print as kubectl users know them', () => {
    expect(`${header(serviceCidrs)} / ${row(serviceCidrs, cidrs)}`).to.equal('NAME | CIDRS | AGE / kubernetes | 10.96.0.0/16 | <unknown>');
  });
});

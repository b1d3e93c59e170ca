import { expect } from 'chai';
import type { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { endpointSlices } from './endpointslices.ts';
import { endpoints } from './endpoints.ts';
import { changed, created, header, judgesCreation, judgesUpdate, row } from './resource.test.ts';

const metadata = { name: 'web', namespace: 'ns' };

describe('endpoints', () => {
  const object = { metadata, subsets: [{ addresses: [{ ip: '10.0.0.1', nodeName: 'n1' }], ports: [{ port: 80 }] }] };

  judgesCreation(endpoints, object, [
    ['subsets[0].addresses', [], 'subsets[0]: Required'],
    ['subsets[0].notReadyAddresses', [{ ip: '10.0.0.2' }]],
    ['subsets[0].addresses[0].ip', '010.0.0.1', 'subsets[0].addresses[0].ip: Invalid'],
    ['subsets[0].addresses[0].ip', '127.0.0.1', 'subsets[0].addresses[0].ip: Invalid'],
    ['subsets[0].addresses[0].ip', '::1', 'subsets[0].addresses[0].ip: Invalid'],
    ['subsets[0].addresses[0].hostname', 'a.b', 'subsets[0].addresses[0].hostname: Invalid'],
    ['subsets[0].addresses[0].nodeName', 'N1', 'subsets[0].addresses[0].nodeName: Invalid'],
    ['subsets[0].ports[0].port', 0, 'subsets[0].ports[0].port: Invalid'],
    ['subsets[0].ports[0].protocol', 'ICMP', 'subsets[0].ports[0].protocol: NotSupported'],
    ['subsets[0].ports[0].appProtocol', '', 'subsets[0].ports[0].appProtocol: Invalid'],
    ['subsets[0].ports', [{ port: 80 }, { port: 81, name: 'b' }], 'subsets[0].ports[0].name: Required'],
  ]);

  it('print the first of them', () => {
    expect(header(endpoints)).to.equal('NAME | ENDPOINTS | AGE');
    expect(row(endpoints, object)).to.equal('web | 10.0.0.1:80 | <unknown>');
    expect(row(endpoints, { metadata })).to.equal('web | <none> | <unknown>');
    expect(row(endpoints, { metadata, subsets: [{ notReadyAddresses: [{ ip: '10.0.0.9' }], ports: [{ port: 80 }] }] })).to.equal('web |  | <unknown>');
    const addresses = ['10.0.0.1', 'fd00::1'].map((ip) => ({ ip }));
    expect(row(endpoints, { metadata, subsets: [{ addresses, ports: [{ port: 80 }, { port: 443 }] }] })).to.equal('web | 10.0.0.1:80,[fd00::1]:80,10.0.0.1:443 + 1 more... | <unknown>');
    expect(row(endpoints, { metadata, subsets: [{ addresses }] })).to.equal('web | 10.0.0.1,fd00::1 | <unknown>');
  });
});

describe('endpointSlices', () => {
  const slice = { metadata, addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'n1' }], ports: [{ name: 'http', port: 80 }] };
  const many = (count: number): object[] => Array.from({ length: count }, (_, i) => ({ addresses: [`10.0.${Math.floor(i / 256)}.${i % 256}`] }));

  judgesCreation(endpointSlices, slice, [
    ['addressType', undefined, 'addressType: Required'],
    ['addressType', 'IP', 'addressType: NotSupported', 'endpoints[0].addresses[0]: Invalid'],
    ['addressType', 'IPv6', 'endpoints[0].addresses[0]: Invalid'],
    ['endpoints[0].addresses', [], 'endpoints[0].addresses: Required'],
    ['endpoints[0].addresses', ['10.0.0.1', '169.254.0.1'], 'endpoints[0].addresses[1]: Invalid'],
    ['endpoints[0].addresses', Array.from({ length: 101 }, () => '10.0.0.1'), 'endpoints[0].addresses: TooMany'],
    ['endpoints', many(1000)],
    ['endpoints', many(1001), 'endpoints: TooMany'],
    ['endpoints[0].nodeName', 'N', 'endpoints[0].nodeName: Invalid'],
    ['endpoints[0].hostname', 'a.b', 'endpoints[0].hostname: Invalid'],
    ['endpoints[0].hints', { forZones: [{ name: 'a' }, { name: 'a' }], forNodes: [{ name: 'N' }] }, 'endpoints[0].hints.forZones[1].name: Duplicate', 'endpoints[0].hints.forNodes[0].name: Invalid'],
    ['endpoints[0].hints.forZones', Array.from({ length: 9 }, (_, i) => ({ name: `z${i}` })), 'endpoints[0].hints.forZones: TooMany'],
    ['ports', [{ name: 'a' }, { name: 'a', port: 1 }], 'ports[1].name: Duplicate'],
    ['ports', [{}, { port: 1 }], 'ports[1].name: Duplicate'],
    ['ports[0].name', 'Not_A_Label', 'ports[0].name: Invalid'],
    ['ports[0].protocol', 'ICMP', 'ports[0].protocol: NotSupported'],
  ]);
  judgesCreation(endpointSlices, { ...slice, addressType: 'FQDN', endpoints: [{ addresses: ['web.example.com.'] }] }, [
    ['endpoints[0].addresses', ['web'], 'endpoints[0].addresses[0]: Invalid'],
    ['endpoints[0].addresses', [''], 'endpoints[0].addresses[0]: Required'],
  ]);
  judgesUpdate(endpointSlices, slice, [
    ['addressType', 'FQDN', 'addressType: Invalid'],
    ['endpoints[0].addresses', ['10.0.0.2']],
  ]);

  it('count their changes, though they have no spec', () => {
    const old = created(endpointSlices, { ...slice, metadata: { ...metadata, generation: 3 } }) as EndpointSlice;
    const generation = (path: string, value: unknown): number | undefined => {
      const next = changed(old, path, value) as EndpointSlice;
      endpointSlices.prepareForUpdate?.(next, old);
      return next.metadata.generation;
    };
    expect([generation('endpoints', []), generation('ports[0].port', 81), generation('metadata.labels', { a: 'b' }), generation('metadata.annotations', { a: 'b' })])
      .to.deep.equal([4, 4, 4, 3]);
  });

  it('keep no topology from before v1, and fill in what a port lacks', () => {
    const born = created(endpointSlices, { ...slice, endpoints: [{ addresses: ['10.0.0.1'], deprecatedTopology: { a: 'b' } }], ports: [{}] }) as EndpointSlice;
    expect([born.endpoints, born.ports]).to.deep.equal([[{ addresses: ['10.0.0.1'], conditions: {} }], [{ name: '', protocol: 'TCP' }]]);
  });

  it('print the first of them', () => {
    expect(header(endpointSlices)).to.equal('NAME | ADDRESSTYPE | PORTS | ENDPOINTS | AGE');
    expect(row(endpointSlices, slice)).to.equal('web | IPv4 | 80 | 10.0.0.1 | <unknown>');
    expect(row(endpointSlices, { ...slice, endpoints: many(5), ports: [{ name: 'a' }] })).to.equal('web | IPv4 | a | 10.0.0.0,10.0.0.1,10.0.0.2 + 2 more... | <unknown>');
    expect(row(endpointSlices, { metadata, addressType: 'IPv6' })).to.equal('web | IPv6 | <unset> | <unset> | <unknown>');
  });

  it('warn about what will go', () => {
    expect(endpointSlices.warnings?.(created(endpointSlices, { ...slice, addressType: 'FQDN' }), undefined)).to.deep.equal(['addressType: FQDN endpoints are deprecated']);
  });
});

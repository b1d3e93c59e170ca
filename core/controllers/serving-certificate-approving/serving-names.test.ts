import { expect } from 'chai';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { CertificateRequest } from '#core/spi/certificate-signer.ts';
import { servingProblem } from './serving-names.ts';

const node = (name: string, ...addresses: string[]): Node =>
  ({ metadata: { name }, status: { addresses: [...addresses.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: name }] } }) as unknown as Node;
const request = (dnsNames: string[], ipAddresses: string[]): CertificateRequest => ({ commonName: 'system:node:n1', organizations: ['system:nodes'], dnsNames, ipAddresses, emailAddresses: [], uris: [] });

const reserved = new Set(['192.0.2.100', 'kubernetes', 'kubernetes.default.svc', '10.96.0.1']);

describe('serving certificates of nodes', () => {
  const n1 = node('n1', '192.0.2.1', '2001:DB8:0::1', '127.0.0.1', '169.254.1.1', '192.0.2.100');
  const problem = (names: string[], addresses: string[], others: readonly Node[] = [], about = n1): string | undefined => servingProblem(request(names, addresses), about, [about, ...others], reserved);

  it('are for the node\'s own name and addresses, however they are written', () => {
    expect(problem(['n1'], ['192.0.2.1', '2001:db8::1'])).to.equal(undefined);
    expect(problem([], ['192.0.2.1'])).to.equal(undefined);
  });

  for (const [why, names, addresses, message] of [
    ['another name', ['n2'], [], /^it asks for the name "n2", and the node is called "n1"$/],
    ['a name of a service', ['n1', 'kubernetes.default.svc'], [], /it asks for the name "kubernetes.default.svc"/],
    ['an address that it has not', ['n1'], ['192.0.2.9'], /^"192.0.2.9" is not among the addresses of the node "n1"$/],
    ['the loopback address that it says it has', ['n1'], ['127.0.0.1'], /is not among the addresses/],
    ['a link-local address', ['n1'], ['169.254.1.1'], /is not among the addresses/],
    ['an address of the API server that it says it has', ['n1'], ['192.0.2.100'], /^"192.0.2.100" belongs to the control plane or to a service$/],
  ] as const) {
    it(`are not for ${why}`, () => {
      expect(problem([...names], [...addresses])).to.match(message);
    });
  }

  it('are not for an address that another node has too', () => {
    expect(problem(['n1'], ['2001:db8::1'], [node('n2', '2001:db8:0:0::1')])).to.equal('the node "n2" has the address "2001:db8::1" too');
  });

  it('are not for nodes that are called like something else', () => {
    for (const name of ['localhost', 'web.default.svc', 'kubernetes', 'dns.cluster.local']) expect(problem([name], ['192.0.2.7'], [], node(name, '192.0.2.7')), name).to.match(/belongs to the control plane or to a service$/);
  });
});

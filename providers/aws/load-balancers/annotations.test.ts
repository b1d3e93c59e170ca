import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { annotationPrefix, annotationRows, annotationWarnings } from './annotations.ts';
import { optionsOf } from './options.ts';

/** As cloud-provider-aws and the AWS Load Balancer Controller name them. */
const ofProvider = `type internal proxy-protocol access-log-emit-interval access-log-enabled access-log-s3-bucket-name access-log-s3-bucket-prefix connection-draining-enabled
  connection-draining-timeout connection-idle-timeout cross-zone-load-balancing-enabled extra-security-groups security-groups ssl-cert ssl-ports ssl-negotiation-policy backend-protocol
  additional-resource-tags healthcheck-protocol healthcheck-port healthcheck-path healthcheck-healthy-threshold healthcheck-unhealthy-threshold healthcheck-timeout healthcheck-interval
  target-group-attributes eip-allocations private-ipv4-addresses target-node-labels subnets`.split(/\s+/);
const ofController = `nlb-target-type name scheme proxy-protocol-per-target-group ip-address-type healthcheck-success-codes ipv6-addresses alpn-policy attributes
  manage-backend-security-group-rules inbound-sg-rules-on-private-link-traffic security-group-prefix-lists listener-attributes. multi-cluster-target-group enable-prefix-for-ipv6-source-nat
  source-nat-ipv6-prefixes minimum-load-balancer-capacity enable-icmp-for-path-mtu-discovery enable-tcp-udp-listener disable-nlb-sg quic-enabled-ports quic-enabled-containers`.split(/\s+/);

const service = (annotations: Readonly<Record<string, string>>, more = {}): Parameters<typeof optionsOf>[0] =>
  ({ annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [annotationPrefix + key, value])), families: ['IPv4'], ...more });

describe('annotations of load balancers', () => {
  it('are all in the table, and nothing else is', () => {
    expect(Object.keys(annotationRows).toSorted()).to.deep.equal([...ofProvider, ...ofController].toSorted());
    for (const [name, { of }] of Object.entries(annotationRows)) {
      if (of === 'ccm') expect(ofProvider).to.include(name);
      if (of === 'albc') expect(ofController).to.include(name);
    }
  });

  it('are in the page that users read, in the table\'s words', async () => {
    const page = await readFile(new URL('README.md', import.meta.url), 'utf8');
    for (const [name, { does, warning }] of Object.entries(annotationRows)) {
      expect(page).to.include(`| \`${name}${name.endsWith('.') ? '…' : ''}\` | ${warning === undefined ? does : `not followed: ${warning}`} |`);
    }
  });

  it('are answered with a warning when they do nothing, or are not known', () => {
    for (const [name, { warning }] of Object.entries(annotationRows)) {
      const key = `${annotationPrefix}${name === 'listener-attributes.' ? 'listener-attributes.TCP-80' : name}`;
      expect(annotationWarnings({ [key]: 'x' })).to.deep.equal(warning === undefined ? [] : [`the annotation ${key} does nothing: ${warning}`]);
    }
    expect(annotationWarnings({ [`${annotationPrefix}nosuch`]: '', [`${annotationPrefix}__proto__`]: '', [`${annotationPrefix}listener-attributes.`]: '', other: '' })).to.deep.equal(
      ['__proto__', 'listener-attributes.', 'nosuch'].map((name) => `the annotation ${annotationPrefix}${name} is not known, and does nothing`));
  });

  const wrong: Readonly<Record<string, readonly string[]>> = {
    'type': ['elb', 'alb'], 'nlb-target-type': ['pod'], 'name': ['-shop', 'internal-shop', 'a_b', 'x'.repeat(33), `a${'0'.repeat(31)}`], 'internal': ['yes'], 'scheme': ['public'], 'ip-address-type': ['ipv6'],
    'subnets': [',', 'a,a'], 'eip-allocations': ['1.2.3.4'], 'ipv6-addresses': ['2001:db8::1'], 'private-ipv4-addresses': ['10.0.0.1'], 'ssl-cert': ['cert'], 'alpn-policy': ['h2'], 'backend-protocol': ['udp'],
    'proxy-protocol': ['v2'], 'target-group-attributes': ['a', 'a=1,a=2'], 'attributes': ['=1'], 'cross-zone-load-balancing-enabled': ['1'], 'access-log-enabled': ['on', 'true'], 'healthcheck-protocol': ['udp'],
    'healthcheck-path': ['health', '/a b'], 'healthcheck-success-codes': ['ok'], 'healthcheck-healthy-threshold': ['1', '11', 'x'], 'healthcheck-unhealthy-threshold': ['0'], 'healthcheck-interval': ['4', '301', '1e1'],
    'healthcheck-timeout': ['1', '121', '-5'], 'additional-resource-tags': ['a', 'aws:x=1', 'kubernetes.io/cluster/x=owned', 'a=b*c'], 'security-group-prefix-lists': ['x'], 'disable-nlb-sg': ['x'],
    'manage-backend-security-group-rules': ['x'], 'inbound-sg-rules-on-private-link-traffic': ['true'], 'enable-icmp-for-path-mtu-discovery': ['true'], 'listener-attributes.80': ['a=b'], 'listener-attributes.TCP-80': ['x'], 'target-node-labels': ['x'],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      it(`refuses ${name}: ${value}`, () => {
        const refusal = ((): unknown => {
          try {
            return optionsOf(service({ [name]: value }));
          } catch (error) {
            return error;
          }
        })();
        if (!ProviderError.is(refusal, 'Invalid')) throw new Error('it was taken');
        expect(refusal.message).to.contain(`${annotationPrefix}${name}`).and.contain(JSON.stringify(value));
      });
    }
  }

  it('decide who reaches it as the controller does for which a service was written', () => {
    const scheme = (annotations: Readonly<Record<string, string>>, more = {}): string => optionsOf(service(annotations, more)).scheme;
    expect(scheme({})).to.equal('internet-facing');
    expect(scheme({ type: 'nlb' })).to.equal('internet-facing');
    expect(scheme({}, { class: 'keelson.dev/aws-nlb' })).to.equal('internet-facing');
    expect(scheme({}, { class: 'service.k8s.aws/nlb' })).to.equal('internal');
    expect(scheme({ type: 'external' })).to.equal('internal');
    expect(scheme({ type: 'nlb-ip' })).to.equal('internal');
    expect(scheme({ type: 'external', scheme: 'internet-facing' })).to.equal('internet-facing');
    expect(scheme({ type: 'external', internal: 'false' })).to.equal('internet-facing');
    expect(scheme({ internal: '0.0.0.0/0' })).to.equal('internal');
    expect(scheme({ internal: 'true', scheme: 'internet-facing' })).to.equal('internet-facing');
  });

  it('are read with blanks, and case where it makes no difference', () => {
    const options = optionsOf(service({ 'subnets': ' a , b ', 'healthcheck-protocol': 'Http', 'alpn-policy': 'http2only', 'additional-resource-tags': 'team = blue , a=', 'listener-attributes.tcp-80': 'a=b=c' }));
    expect(options.subnets).to.deep.equal(['a', 'b']);
    expect([options.health.protocol, options.alpn]).to.deep.equal(['HTTP', 'HTTP2Only']);
    expect([...options.tags]).to.deep.equal([['team', 'blue'], ['a', '']]);
    expect([...options.listenerAttributes].map(([key, map]) => [key, ...map])).to.deep.equal([['TCP-80', ['a', 'b=c']]]);
  });

  it('of services of IPv6 alone mean both families', () => {
    expect(optionsOf(service({}, { families: ['IPv6'] })).addressType).to.equal('dualstack');
    expect(optionsOf(service({}, { families: ['IPv4', 'IPv6'] })).addressType).to.equal('ipv4');
  });
});

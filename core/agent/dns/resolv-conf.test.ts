import { expect } from 'chai';
import type { Pod, PodSpec } from '#core/api/schema/core-v1/pod.ts';
import { resolvConf, type ResolvConfOptions } from './resolv-conf.ts';

const host = { nameservers: ['192.0.2.53'], searches: ['corp.example'], options: ['rotate'] };
const cluster: ResolvConfOptions = { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local', host };

const pod = (spec: Partial<PodSpec>): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'u1' }, spec: { containers: [], restartPolicy: 'Always', ...spec }, status: {},
}) as unknown as Pod;

const linesOf = (spec: Partial<PodSpec>, options: Partial<ResolvConfOptions> = {}): string[] => resolvConf(pod(spec), { ...cluster, ...options }).text.split('\n');
const warningsOf = (spec: Partial<PodSpec>, options: Partial<ResolvConfOptions> = {}): string[] =>
  resolvConf(pod(spec), { ...cluster, ...options }).warnings.map(({ reason, message }) => `${reason}: ${message}`);

const ofCluster = ['search shop.svc.cluster.local svc.cluster.local cluster.local corp.example', 'nameserver 10.96.0.10', 'options ndots:5', ''];
const ofHost = ['search corp.example', 'nameserver 192.0.2.53', 'options rotate', ''];

describe('resolv.conf of a pod', () => {
  const policies: [string, Partial<PodSpec>, string[]][] = [
    ['no policy', {}, ofCluster],
    ['ClusterFirst', { dnsPolicy: 'ClusterFirst' }, ofCluster],
    ['ClusterFirst in the node\'s network', { dnsPolicy: 'ClusterFirst', hostNetwork: true }, ofHost],
    ['ClusterFirstWithHostNet', { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, ofCluster],
    ['Default', { dnsPolicy: 'Default' }, ofHost],
    ['None', { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1'], searches: ['a.example'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] } },
      ['search a.example', 'nameserver 192.0.2.1', 'options ndots:2 edns0', '']],
  ];
  for (const [name, spec, lines] of policies) it(`follows the policy: ${name}`, () => expect(linesOf(spec)).to.deep.equal(lines));

  it('merges dnsConfig: what is there already is not doubled, and its options win', () => {
    const dnsConfig = { nameservers: ['10.96.0.10', '192.0.2.9'], searches: ['corp.example', 'more.example'], options: [{ name: 'ndots', value: '1' }, { name: 'timeout', value: '3' }] };
    expect(linesOf({ dnsConfig })).to.deep.equal([
      'search shop.svc.cluster.local svc.cluster.local cluster.local corp.example more.example', 'nameserver 10.96.0.10', 'nameserver 192.0.2.9', 'options ndots:1 timeout:3', '']);
  });

  it('falls back to the node\'s where the cluster has no name server, and says so', () => {
    expect(linesOf({}, { clusterDns: [] })).to.deep.equal(ofHost);
    expect(warningsOf({}, { clusterDns: [] })).to.deep.equal(['MissingClusterDNS: pod: "web_shop(u1)". kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.']);
  });

  it('searches no domain of the cluster when it has none', () => {
    expect(linesOf({}, { clusterDomain: '' })[0]).to.equal('search corp.example');
  });

  it('keeps three name servers', () => {
    const dnsConfig = { nameservers: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] };
    expect(linesOf({ dnsConfig }).filter((line) => line.startsWith('nameserver'))).to.deep.equal(['nameserver 10.96.0.10', 'nameserver 192.0.2.1', 'nameserver 192.0.2.2']);
    expect(warningsOf({ dnsConfig })).to.deep.equal(['DNSConfigForming: Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 10.96.0.10 192.0.2.1 192.0.2.2']);
  });

  it('keeps 32 search domains', () => {
    const searches = Array.from({ length: 30 }, (_, index) => `d${index}.example`);
    expect(linesOf({ dnsConfig: { searches } })[0]?.split(' ').slice(1)).to.have.length(32);
    expect(warningsOf({ dnsConfig: { searches } })[0]).to.match(/^DNSConfigForming: Search Line limits were exceeded, some search paths have been omitted, the applied search line is: shop\.svc.* d27\.example$/);
    expect(warningsOf({ dnsConfig: { searches: searches.slice(0, 28) } })).to.deep.equal([]);
  });

  it('keeps 2048 characters of search domains, and none that is too long by itself', () => {
    const label = 'x'.repeat(60);
    const long = Array.from({ length: 20 }, (_, index) => `${label}.${label}.n${index}`);
    const [search = ''] = linesOf({ dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1'], searches: long } });
    expect(search.slice('search '.length).length).to.be.within(1900, 2048);
    const oversized = { nameservers: ['192.0.2.1'], searches: ['y.'.repeat(127), 'ok.example'] };
    expect(linesOf({ dnsPolicy: 'None', dnsConfig: oversized })[0]).to.equal('search ok.example');
    expect(warningsOf({ dnsPolicy: 'None', dnsConfig: oversized })).to.have.length(1);
  });

  it('lets no option begin a line of its own', () => {
    const dnsConfig = { options: [{ name: 'a\nnameserver', value: '192.0.2.66' }, { name: 'debug' }] };
    expect(linesOf({ dnsConfig })).to.deep.equal([...ofCluster.slice(0, 2), 'options ndots:5 debug', '']);
    expect(warningsOf({ dnsConfig })).to.have.length(1);
  });
});

import { Resolver } from 'node:dns/promises';
import { expect } from 'chai';
import { execa } from 'execa';
import { ClusterNames } from '#core/agent/dns/cluster-names.ts';
import { resolvConf } from '#core/agent/dns/resolv-conf.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service, type ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { ask, recordsOf } from '#test/conformance/name-server-client.ts';
import { FakeUpstream, addressOf, answerTo } from '#test/conformance/name-server-upstream.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { program, requires } from '#test/fixtures/requires.ts';
import { DnsServer } from './dns-server.ts';

const zone = 'cluster.local';

/** From objects in an API to what real clients get: https://github.com/kubernetes/dns/blob/master/docs/specification.md */
describe('the Kubernetes DNS specification', () => {
  let api: InMemoryApi;
  let names: ClusterNames;
  let server: DnsServer;
  let upstream: FakeUpstream;
  let port: number;
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  const end = new AbortController();

  const service = (name: string, spec: Partial<ServiceSpec>): Promise<Service> => api.client.create(Service, { metadata: { namespace: 'default', name }, spec: { ports: [{ name: 'https', port: 443 }], ...spec } });
  const slice = (of: string, endpoints: { ip: string; hostname?: string; ready?: boolean }[]): Promise<EndpointSlice> => api.client.create(EndpointSlice, {
    metadata: { namespace: 'default', name: `${of}-a`, labels: { 'kubernetes.io/service-name': of } }, addressType: 'IPv4', ports: [{ name: 'https', port: 443 }],
    endpoints: endpoints.map(({ ip, hostname, ready = true }) => ({ addresses: [ip], conditions: { ready }, ...(hostname === undefined ? {} : { hostname }) })),
  });

  before(async () => {
    api = await inMemoryApi(systemClock);
    upstream = await FakeUpstream.start();
    upstream.behaviour = (heard) => answerTo(heard, heard.query.questions?.[0]?.type === 'A' ? [addressOf(heard, '192.0.2.53')] : []);
    await api.client.create(Namespace, { metadata: { name: 'empty' } });
    await service('kubernetes', { clusterIP: '10.96.0.1' });
    await service('headless', { clusterIP: 'None' });
    await slice('headless', [{ ip: '10.244.0.1' }, { ip: '10.244.0.2' }, { ip: '10.244.0.100', hostname: 'my-pet' }, { ip: '10.244.0.101', hostname: 'not-ready', ready: false }]);
    await service('nobody', { clusterIP: 'None' });
    await slice('nobody', [{ ip: '10.244.0.102', ready: false }]);
    await service('peers', { clusterIP: 'None', publishNotReadyAddresses: true });
    await slice('peers', [{ ip: '10.244.0.103', hostname: 'peer-0', ready: false }]);
    await service('foo', { type: 'ExternalName', externalName: 'www.example.com' });
    const informers = new SharedInformers({ reader: api.client, clock: systemClock, logger: silentLogger });
    server = new DnsServer({ addresses: ['127.0.0.1'], port: 0, upstreams: [upstream.text] }, { clock: systemClock, logger: silentLogger });
    names = new ClusterNames({ informers, server, clock: systemClock, logger: silentLogger, ranges: ['10.96.0.0/16', '10.244.0.0/16'], clusterDns: ['10.96.0.10'] });
    await names.start();
    await server.start();
    port = server.endpoints[0]?.port ?? 0;
    resolver.setServers([`127.0.0.1:${port}`]);
    expect((await ask({ address: '127.0.0.1', port }, `kubernetes.default.svc.${zone}`, 'A')).rcode).to.equal('SERVFAIL');
    void informers.run(end.signal);
    await eventually(async () => (await ask({ address: '127.0.0.1', port }, `nothing.${zone}`, 'A')).rcode === 'NXDOMAIN', 'the first list');
  });
  after(async () => {
    await names.stop();
    await server.stop();
    await upstream.stop();
    end.abort();
    await api.stop();
  });

  type Type = Parameters<typeof ask>[2];
  /** Question, and records in any order or what else is said. */
  const table: [string, Type, string[] | 'NODATA' | 'NXDOMAIN'][] = [
    ['dns-version', 'TXT', ['TXT 1.1.0']],
    ['DNS-Version', 'TXT', ['TXT 1.1.0']],
    ['kubernetes.default.svc', 'A', ['A 10.96.0.1']],
    ['KUBERNETES.Default.svc', 'A', ['A 10.96.0.1']],
    ['kubernetes.default.svc', 'AAAA', 'NODATA'],
    ['kubernetes.default.svc', 'SRV', 'NODATA'],
    ['kubernetes.default.svc', 'MX', 'NODATA'],
    ['_https._tcp.kubernetes.default.svc', 'SRV', [`SRV 0 100 443 kubernetes.default.svc.${zone}`]],
    ['_https._tcp.kubernetes.default.svc', 'A', 'NODATA'],
    ['_https._udp.kubernetes.default.svc', 'SRV', 'NXDOMAIN'],
    ['_other._tcp.kubernetes.default.svc', 'SRV', 'NXDOMAIN'],
    ['headless.default.svc', 'A', ['A 10.244.0.1', 'A 10.244.0.2', 'A 10.244.0.100']],
    ['headless.default.svc', 'AAAA', 'NODATA'],
    ['my-pet.headless.default.svc', 'A', ['A 10.244.0.100']],
    ['10-244-0-1.headless.default.svc', 'A', ['A 10.244.0.1']],
    ['not-ready.headless.default.svc', 'A', 'NXDOMAIN'],
    ['_https._tcp.headless.default.svc', 'SRV', ['10-244-0-1', '10-244-0-2', 'my-pet'].map((name) => `SRV 0 33 443 ${name}.headless.default.svc.${zone}`)],
    ['nobody.default.svc', 'A', 'NXDOMAIN'],
    ['peers.default.svc', 'A', ['A 10.244.0.103']],
    ['peer-0.peers.default.svc', 'A', ['A 10.244.0.103']],
    ['foo.default.svc', 'A', ['CNAME www.example.com', 'A 192.0.2.53']],
    ['foo.default.svc', 'AAAA', ['CNAME www.example.com']],
    ['foo.default.svc', 'CNAME', ['CNAME www.example.com']],
    ['nothing.default.svc', 'A', 'NXDOMAIN'],
    ['kubernetes.nowhere.svc', 'A', 'NXDOMAIN'],
    ['nowhere.svc', 'A', 'NXDOMAIN'],
    ['empty.svc', 'A', 'NODATA'],
    ['default.svc', 'A', 'NODATA'],
    ['svc', 'A', 'NODATA'],
    ['', 'A', 'NODATA'],
    ['', 'SOA', [`SOA ns.dns.${zone}`]],
    ['', 'NS', [`NS ns.dns.${zone}`]],
    ['ns.dns', 'A', ['A 10.96.0.10']],
    ['10-244-0-1.default.pod', 'A', 'NXDOMAIN'],
    ['a.b.c.kubernetes.default.svc', 'A', 'NXDOMAIN'],
    ['*.default.svc', 'A', 'NXDOMAIN'],
  ];
  for (const [name, type, expected] of table) {
    it(`${name === '' ? '(the zone)' : name} ${type}: ${Array.isArray(expected) ? expected.join(', ') : expected}`, async () => {
      const answer = await ask({ address: '127.0.0.1', port }, name === '' ? zone : `${name}.${zone}`, type, { udpPayloadSize: 1232 });
      if (expected === 'NXDOMAIN') expect(answer.rcode).to.equal('NXDOMAIN');
      else expect([answer.rcode, recordsOf(answer.answers).toSorted()]).to.deep.equal(['NOERROR', expected === 'NODATA' ? [] : expected.toSorted()]);
      if (!Array.isArray(expected)) expect(answer.authorities?.map((record) => record.name)).to.deep.equal([zone]);
    });
  }

  it('addresses lead to names', async () => {
    expect(await resolver.reverse('10.96.0.1')).to.deep.equal([`kubernetes.default.svc.${zone}`]);
    expect(await resolver.reverse('10.244.0.100')).to.deep.equal([`my-pet.headless.default.svc.${zone}`]);
    expect(await resolver.reverse('10.244.0.99').catch((error: NodeJS.ErrnoException) => error.code)).to.equal('ENOTFOUND');
  });

  it('SRV records come with the addresses of their targets', async () => {
    const { additionals = [] } = await ask({ address: '127.0.0.1', port }, `_https._tcp.headless.default.svc.${zone}`, 'SRV');
    expect(additionals.map(({ name }) => name).toSorted()).to.deep.equal(['10-244-0-1', '10-244-0-2', 'my-pet'].map((name) => `${name}.headless.default.svc.${zone}`));
    expect(recordsOf(additionals).toSorted()).to.deep.equal(['A 10.244.0.1', 'A 10.244.0.100', 'A 10.244.0.2']);
  });

  it('a resolver library understands all of it', async () => {
    expect(await resolver.resolve4(`kubernetes.default.svc.${zone}`, { ttl: true })).to.deep.equal([{ address: '10.96.0.1', ttl: 5 }]);
    expect((await resolver.resolveSrv(`_https._tcp.headless.default.svc.${zone}`)).map(({ name }) => name)).to.have.length(3);
    expect(await resolver.resolveTxt(`dns-version.${zone}`)).to.deep.equal([['1.1.0']]);
    expect(await resolver.resolveSoa(zone)).to.include({ nsname: `ns.dns.${zone}`, hostmaster: `hostmaster.${zone}`, minttl: 5 });
    expect(await resolver.resolve6(`kubernetes.default.svc.${zone}`).catch((error: NodeJS.ErrnoException) => error.code)).to.equal('ENODATA');
    expect(await resolver.resolve4(`nobody.default.svc.${zone}`).catch((error: NodeJS.ErrnoException) => error.code)).to.equal('ENOTFOUND');
    expect(await resolver.resolve4(`foo.default.svc.${zone}`)).to.deep.equal(['192.0.2.53']);
  });

  it('a change of endpoints shows', async () => {
    const made = await service('moving', { clusterIP: 'None' });
    const first = await slice('moving', [{ ip: '10.244.0.110' }]);
    const addresses = (): Promise<string[]> => resolver.resolve4(`moving.default.svc.${zone}`).catch(() => []);
    await eventually(async () => (await addresses()).join() === '10.244.0.110', 'the first address', 1000);
    await api.client.update(EndpointSlice, { ...first, endpoints: [{ addresses: ['10.244.0.111'], conditions: { ready: true } }] });
    await eventually(async () => (await addresses()).join() === '10.244.0.111', 'the second address', 1000);
    await api.client.delete(Service, made.metadata);
    await eventually(async () => (await addresses()).length === 0, 'no address', 1000);
  });

  it('nothing of the cluster was asked elsewhere', () => {
    expect(new Set(upstream.names)).to.deep.equal(new Set(['www.example.com']));
  });

  describe('with dig', () => {
    before(requires(program('dig', 'bind9-dnsutils')));
    const dig = async (...args: string[]): Promise<string[]> => {
      const { stdout } = await execa('dig', ['@127.0.0.1', '-p', String(port), '+tries=1', '+time=2', '+short', ...args], { reject: false });
      return stdout.split('\n').filter((line) => line !== '').toSorted();
    };

    it('answers are the same by UDP, TCP, with a cookie, and over a connection that is kept', async () => {
      const name = `headless.default.svc.${zone}`;
      for (const way of [['+noedns'], ['+edns=0', '+dnssec'], ['+cookie'], ['+tcp'], ['+tcp', '+keepopen']]) {
        expect(await dig(name, 'A', ...way), way.join(' ')).to.deep.equal(['10.244.0.1', '10.244.0.100', '10.244.0.2']);
      }
      expect(await dig('-x', '10.96.0.1')).to.deep.equal([`kubernetes.default.svc.${zone}.`]);
    });

    it('zones are not given away', async () => {
      expect((await dig(zone, 'AXFR')).join()).to.match(/Transfer failed/);
    });
  });

  it('the search domains of a pod lead to its services', async () => {
    const pod = { metadata: { name: 'p', namespace: 'default' }, spec: { containers: [] } } as unknown as Pod;
    const { text } = resolvConf(pod, { clusterDns: ['10.96.0.10'], clusterDomain: zone, host: { nameservers: [], searches: [], options: [] } });
    const searches = /^search (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
    for (const [short, address] of [['kubernetes', '10.96.0.1'], ['kubernetes.default', '10.96.0.1'], ['kubernetes.default.svc', '10.96.0.1']] as const) {
      const found = await Promise.all(searches.map((domain) => resolver.resolve4(`${short}.${domain}`).catch((error: NodeJS.ErrnoException) => error.code ?? '')));
      expect(found.flat().filter((each) => each !== 'ENOTFOUND'), short).to.deep.equal([address]);
    }
  });
});

import { expect } from 'chai';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service, type ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice, type Endpoint } from '#core/api/schema/discovery-v1.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { Informers } from '#core/reconcile/informer.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import type { NameEntry, NameRecord, NameServer } from '#core/spi/name-server.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { ClusterNames, type ClusterNamesOptions } from './cluster-names.ts';
import { NameOwners } from './name-owners.ts';
import { reverseZones } from './reverse-names.ts';
import { serviceNames } from './service-names.ts';

/** Keeps what it is told. */
class KeptNames implements NameServer {
  zones: readonly string[] = [];
  isComplete = false;
  readonly names = new Map<string, NameEntry>();
  readonly published: string[][] = [];

  setZones(zones: readonly string[]): void {
    this.zones = zones;
  }

  publish(changes: ReadonlyMap<string, NameEntry | undefined>): void {
    this.published.push([...changes.keys()].toSorted());
    for (const [name, entry] of changes) {
      if (entry === undefined) this.names.delete(name);
      else this.names.set(name, entry);
    }
  }

  complete(): void {
    this.isComplete = true;
  }

  setClients(): void {
    // Not asked of it.
  }

  of(name: string): string[] | undefined {
    return this.names.get(name)?.records.map(text).toSorted();
  }
}

const text = (record: NameRecord): string => Object.values(record).join(' ');
const key = { namespace: 'shop', name: 'web' };
const below = 'web.shop.svc.cluster.local';

describe('names of the cluster', () => {
  let api: InMemoryApi;
  let clock: FakeClock;
  let server: KeptNames;
  let names: ClusterNames;
  let end: AbortController;

  const begin = async (options: Partial<ClusterNamesOptions> = {}): Promise<void> => {
    const informers = new SharedInformers({ reader: api.client, clock, logger: silentLogger });
    names = new ClusterNames({ informers, server, clock, logger: silentLogger, ...options });
    await names.start();
    void informers.run(end.signal);
    await show();
  };
  const show = async (): Promise<void> => {
    await settle(20);
    await clock.advance(10);
  };
  const makeService = (spec: Partial<ServiceSpec>): Promise<Service> => api.client.create(Service, { metadata: key, spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec } });
  const makeSlice = (name: string, endpoints: Partial<Endpoint>[], addressType: 'IPv4' | 'IPv6' | 'FQDN' = 'IPv4', ports = [{ name: 'http', port: 8080, protocol: 'TCP' as const }]): Promise<EndpointSlice> =>
    api.client.create(EndpointSlice, { metadata: { namespace: 'shop', name, labels: { 'kubernetes.io/service-name': 'web' } }, addressType, ports, endpoints: endpoints.map((endpoint) => ({ addresses: [], conditions: { ready: true }, ...endpoint })) });

  beforeEach(async () => {
    clock = new FakeClock();
    api = await inMemoryApi(clock);
    server = new KeptNames();
    end = new AbortController();
    await api.client.create(Namespace, { metadata: { name: 'shop' } });
  });
  afterEach(async () => {
    await names.stop();
    end.abort();
    await api.stop();
  });

  it('says all at once, when it has read all', async () => {
    await makeService({ clusterIP: '10.96.0.7' });
    const informers = new SharedInformers({ reader: api.client, clock, logger: silentLogger });
    names = new ClusterNames({ informers, server, clock, logger: silentLogger, ranges: ['10.96.0.0/15', 'fd00:96::/108', 'nonsense'], clusterDns: ['10.96.0.10', 'fd00::a'] });
    await names.start();
    expect(server.zones.slice(0, 3)).to.deep.equal(['cluster.local', '96.10.in-addr.arpa', '97.10.in-addr.arpa']);
    expect(server.isComplete).to.equal(false);
    expect(server.of('dns-version.cluster.local')).to.deep.equal(['TXT 1.1.0']);
    expect(server.of('ns.dns.cluster.local')).to.deep.equal(['A 10.96.0.10', 'AAAA fd00::a']);
    expect(server.of(below)).to.equal(undefined);
    void informers.run(end.signal);
    await settle(20);
    expect(server.isComplete).to.equal(true);
    expect(server.of(below)).to.deep.equal(['A 10.96.0.7']);
    expect(server.published).to.have.length(2);
  });

  it('says nothing while it has read a half, however long that takes', async () => {
    const [all, late] = [0, 1].map(() => new SharedInformers({ reader: api.client, clock, logger: silentLogger })) as [SharedInformers, SharedInformers];
    const informers: Informers = { for: (kind) => (kind.kind === 'EndpointSlice' ? late : all).for(kind), drop: () => undefined };
    names = new ClusterNames({ informers, server, clock, logger: silentLogger });
    await names.start();
    void all.run(end.signal);
    await makeService({ clusterIP: '10.96.0.7' });
    await show();
    await clock.advance(60_000);
    expect([server.isComplete, server.published.length, server.of(below)]).to.deep.equal([false, 1, undefined]);
    void late.run(end.signal);
    await show();
    expect([server.isComplete, server.of(below)]).to.deep.equal([true, ['A 10.96.0.7']]);
  });

  it('does without namespaces that it may not see', async () => {
    const [all, never] = [0, 1].map(() => new SharedInformers({ reader: api.client, clock, logger: silentLogger })) as [SharedInformers, SharedInformers];
    await makeService({ clusterIP: '10.96.0.7' });
    names = new ClusterNames({ informers: { for: (kind) => (kind.kind === 'Namespace' ? never : all).for(kind), drop: () => undefined }, server, clock, logger: silentLogger });
    await names.start();
    void all.run(end.signal);
    await show();
    expect([server.isComplete, server.of(below), server.of('shop.svc.cluster.local')]).to.deep.equal([true, ['A 10.96.0.7'], undefined]);
  });

  it('a service with a cluster IP has it, its named ports, and its reverse', async () => {
    await makeService({ clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, protocol: 'TCP' }, { name: 'dns', port: 53, protocol: 'UDP' }] });
    await begin();
    expect(server.of(below)).to.deep.equal(['A 10.96.0.7']);
    expect(server.of(`_http._tcp.${below}`)).to.deep.equal([`SRV ${below} 80 0 100`]);
    expect(server.of(`_dns._udp.${below}`)).to.deep.equal([`SRV ${below} 53 0 100`]);
    expect(server.of('7.0.96.10.in-addr.arpa')).to.deep.equal([`PTR ${below}`]);
  });

  it('has no record for a port without a name', async () => {
    await makeService({ clusterIP: '10.96.0.7', ports: [{ port: 80, protocol: 'TCP' }] });
    await begin();
    expect([...server.names.keys()].filter((name) => name.startsWith('_'))).to.deep.equal([]);
  });

  it('a headless service has its ready endpoints, each by its name', async () => {
    await makeService({ clusterIP: 'None' });
    await makeSlice('web-a', [{ addresses: ['10.244.1.7'], hostname: 'web-0' }, { addresses: ['10.244.1.8'] }, { addresses: ['10.244.1.9'], conditions: { ready: false } }]);
    await makeSlice('web-b', [{ addresses: ['fd00::1:7'], hostname: 'web-0' }], 'IPv6');
    await begin();
    expect(server.of(below)).to.deep.equal(['A 10.244.1.7', 'A 10.244.1.8', 'AAAA fd00::1:7']);
    expect(server.of(`web-0.${below}`)).to.deep.equal(['A 10.244.1.7', 'AAAA fd00::1:7']);
    expect(server.of(`10-244-1-8.${below}`)).to.deep.equal(['A 10.244.1.8']);
    expect(server.of(`_http._tcp.${below}`)).to.deep.equal([`SRV 10-244-1-8.${below} 8080 0 33`, `SRV web-0.${below} 8080 0 33`]);
    expect(server.of('7.1.244.10.in-addr.arpa')).to.deep.equal([`PTR web-0.${below}`]);
    expect(server.names.has('9.1.244.10.in-addr.arpa')).to.equal(false);
  });

  it('counts endpoints that are not ready when the service says so, and none of another kind', async () => {
    await makeService({ clusterIP: 'None', publishNotReadyAddresses: true });
    await makeSlice('web-a', [{ addresses: ['10.244.1.9'], conditions: { ready: false } }]);
    await makeSlice('web-c', [{ addresses: ['elsewhere.example.com'] }], 'FQDN');
    await begin();
    expect(server.of(below)).to.deep.equal(['A 10.244.1.9']);
  });

  it('a headless service without ready endpoints has no name at all', async () => {
    await makeService({ clusterIP: 'None' });
    const slice = await makeSlice('web-a', [{ addresses: ['10.244.1.9'], conditions: { ready: false } }]);
    await begin();
    expect(server.names.has(below)).to.equal(false);
    await api.client.update(EndpointSlice, { ...slice, endpoints: [{ addresses: ['10.244.1.9'], conditions: { ready: true } }] });
    await show();
    expect(server.of(below)).to.deep.equal(['A 10.244.1.9']);
    await api.client.delete(EndpointSlice, slice.metadata);
    await show();
    expect([...server.names.keys()].filter((name) => name.includes('web'))).to.deep.equal([]);
    expect(server.names.has('9.1.244.10.in-addr.arpa')).to.equal(false);
  });

  it('a service with another name is an alias, unless that looks like an address', async () => {
    const service = await makeService({ type: 'ExternalName', externalName: 'www.example.com.' });
    await begin();
    expect(server.of(below)).to.deep.equal(['CNAME www.example.com']);
    await api.client.update(Service, { ...service, spec: { ...service.spec, externalName: '192.0.2.1' } });
    await show();
    expect(server.names.has(below)).to.equal(false);
  });

  it('publishes nothing but what changed', async () => {
    await makeService({ clusterIP: '10.96.0.7' });
    await begin();
    const before = server.published.length;
    const other = await api.client.create(Service, { metadata: { namespace: 'shop', name: 'db' }, spec: { clusterIP: '10.96.0.8', ports: [{ port: 5432 }] } });
    await show();
    await api.client.patch(Service, key, { type: 'merge', document: { metadata: { labels: { tier: 'front' } } } });
    await show();
    await api.client.patch(Service, key, { type: 'merge', document: { spec: { ports: [{ name: 'web', port: 80 }] } } });
    await show();
    await api.client.delete(Service, other.metadata);
    await show();
    expect(server.published.slice(before)).to.deep.equal([
      ['8.0.96.10.in-addr.arpa', 'db.shop.svc.cluster.local'],
      [`_http._tcp.${below}`, `_web._tcp.${below}`],
      ['8.0.96.10.in-addr.arpa', 'db.shop.svc.cluster.local'],
    ]);
    expect(server.names.has('db.shop.svc.cluster.local')).to.equal(false);
  });

  it('publishes together what changes together', async () => {
    await begin();
    const before = server.published.length;
    for (let index = 0; index < 20; index++) await api.client.create(Service, { metadata: { namespace: 'shop', name: `s${index}` }, spec: { clusterIP: `10.96.1.${index + 1}`, ports: [{ port: 80 }] } });
    await show();
    expect(server.published.slice(before).map((list) => list.length)).to.deep.equal([40]);
  });

  it('a namespace exists with nothing in it, and is gone when it is gone', async () => {
    await begin();
    expect(server.of('shop.svc.cluster.local')).to.deep.equal([]);
    await api.client.create(Namespace, { metadata: { name: 'late' } });
    await show();
    expect(server.of('late.svc.cluster.local')).to.deep.equal([]);
    expect(server.of('late.pod.cluster.local')).to.equal(undefined);
  });

  it('an address behind several services has the names of all', async () => {
    await makeService({ clusterIP: 'None' });
    await makeSlice('web-a', [{ addresses: ['10.244.1.7'], hostname: 'web-0' }]);
    const other = await api.client.create(Service, { metadata: { namespace: 'shop', name: 'all' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } });
    await api.client.create(EndpointSlice, { metadata: { namespace: 'shop', name: 'all-a', labels: { 'kubernetes.io/service-name': 'all' } }, addressType: 'IPv4', endpoints: [{ addresses: ['10.244.1.7'], conditions: {} }] });
    await begin();
    expect(server.of('7.1.244.10.in-addr.arpa')).to.deep.equal(['PTR 10-244-1-7.all.shop.svc.cluster.local', `PTR web-0.${below}`]);
    await api.client.delete(Service, other.metadata);
    await show();
    expect(server.of('7.1.244.10.in-addr.arpa')).to.deep.equal([`PTR web-0.${below}`]);
  });

  it('pods have names by their address where that is wanted, while they run', async () => {
    const pod = await api.client.create(Pod, { metadata: { namespace: 'default', name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    const status = (phase: string): Promise<Pod> => api.client.patchStatus(Pod, pod.metadata, { type: 'merge', document: { status: { phase, podIP: '10.244.1.7', podIPs: [{ ip: '10.244.1.7' }, { ip: 'fd00::7' }] } } });
    await status('Running');
    await begin({ pods: true, clusterDomain: 'Cluster.Example.', ttlSeconds: 30 });
    expect(server.of('10-244-1-7.default.pod.cluster.example')).to.deep.equal(['A 10.244.1.7']);
    expect(server.of('fd00--7.default.pod.cluster.example')).to.deep.equal(['AAAA fd00::7']);
    expect(server.of('default.pod.cluster.example')).to.deep.equal([]);
    expect(server.names.get('10-244-1-7.default.pod.cluster.example')?.ttl).to.equal(30);
    await status('Succeeded');
    await show();
    expect(server.of('10-244-1-7.default.pod.cluster.example')).to.equal(undefined);
  });

  it('says nothing any more when it has stopped', async () => {
    await begin();
    const before = server.published.length;
    await makeService({ clusterIP: '10.96.0.7' });
    await settle(20);
    await names.stop();
    await clock.advance(100);
    expect(server.published.length).to.equal(before);
  });
});

describe('names of a service', () => {
  const endpoint = { addresses: ['10.244.1.7'], conditions: { ready: true } };
  const slice = (endpoints: object[]): EndpointSlice => ({ metadata: { name: 'web-a' }, addressType: 'IPv4', endpoints, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] }) as unknown as EndpointSlice;
  const namesOf = (spec: object, slices: EndpointSlice[] = []): Record<string, string[]> =>
    Object.fromEntries([...serviceNames({ metadata: key, spec } as unknown as Service, slices, 'cluster.local')].map(([name, records]) => [name, records.map(text)]));

  it('are there for both families', () => {
    expect(namesOf({ clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', 'fd00::7'] })).to.deep.equal({
      [below]: ['A 10.96.0.7', 'AAAA fd00::7'], '7.0.96.10.in-addr.arpa': [`PTR ${below}`], [`7${'.0'.repeat(27)}.0.0.d.f.ip6.arpa`]: [`PTR ${below}`],
    });
  });

  it('are those of its endpoints too, where they have host names', () => {
    const names = namesOf({ clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] }, [slice([{ ...endpoint, hostname: 'web-0' }, { ...endpoint, addresses: ['10.244.1.8'] }])]);
    expect(Object.keys(names).toSorted()).to.deep.equal(['7.0.96.10.in-addr.arpa', '7.1.244.10.in-addr.arpa', `web-0.${below}`, below]);
  });

  it('are none while it has no cluster IP yet', () => {
    expect(namesOf({ ports: [{ name: 'http', port: 80 }] })).to.deep.equal({});
  });
});

describe('zones of addresses', () => {
  it('are whole bytes, or digits', () => {
    expect(reverseZones(['10.96.0.0/12'])).to.deep.equal(Array.from({ length: 16 }, (_, index) => `${96 + index}.10.in-addr.arpa`));
    expect(reverseZones(['10.96.0.0/16', '192.168.7.0/24', '0.0.0.0/0', '10.1.2.3/32'])).to.deep.equal(['96.10.in-addr.arpa', '7.168.192.in-addr.arpa', 'in-addr.arpa', '3.2.1.10.in-addr.arpa']);
    expect(reverseZones(['fd00:10:96::/46'])).to.deep.equal(['4', '5', '6', '7'].map((digit) => `${digit}.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa`));
  });
});

describe('owners of names', () => {
  it('change a name when they come, go, or say something else', () => {
    const owners = new NameOwners(5);
    const a = (address: string): NameRecord => ({ type: 'A', address });
    owners.set('one', new Map([['x', [a('10.0.0.1')]], ['__proto__', [a('10.0.0.9')]]]));
    owners.set('two', new Map([['x', [a('10.0.0.1'), a('10.0.0.2')]]]));
    expect([...owners.takeChanges()].map(([name, entry]) => [name, entry?.records.map(text)])).to.deep.equal([['x', ['A 10.0.0.1', 'A 10.0.0.2']], ['__proto__', ['A 10.0.0.9']]]);
    owners.set('two', new Map([['x', [a('10.0.0.1'), a('10.0.0.2')]]]));
    expect(owners.takeChanges().size).to.equal(0);
    owners.set('one', undefined);
    owners.set('two', new Map());
    expect([...owners.takeChanges()]).to.deep.equal([['x', undefined], ['__proto__', undefined]]);
  });
});

import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { ProxyProblem, ProxyState, ServiceProxy, Tripwire } from '#core/spi/service-proxy.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import type { HealthServers } from './health-servers.ts';
import { ServiceProxyAgent } from './service-proxy-agent.ts';

/** Keeps what it is told. */
class RecordingProxy implements ServiceProxy, Tripwire {
  readonly name = 'recording';
  readonly syncs: (readonly string[] | 'all')[] = [];
  state: ProxyState | undefined;
  failure: Error | undefined;
  problems: readonly ProxyProblem[] = [];

  async sync(state: ProxyState, changed: ReadonlySet<string> | undefined) {
    this.syncs.push(changed === undefined ? 'all' : [...changed]);
    if (this.failure !== undefined) throw this.failure;
    this.state = { ...state, ports: new Map(state.ports) };
    return { problems: this.problems, repaired: 0 };
  }

  async intact(): Promise<boolean> {
    return true;
  }

  async status(): Promise<void> {
    // Always well.
  }

  async remove(): Promise<void> {
    this.state = undefined;
  }

  endpoints(name: string): readonly string[] | undefined {
    return [...this.state?.ports.values() ?? []].find(({ service }) => service.name === name)?.endpoints.map(({ address, place }) => `${address} ${place}`);
  }
}

const service = (name: string, clusterIP: string, rest: Draft<Service>['spec'] = {}): Draft<Service> =>
  ({ metadata: { namespace: 'default', name }, spec: { clusterIP, ports: [{ port: 80, protocol: 'TCP' }], ...rest } });

const slice = (of: string, endpoints: Draft<EndpointSlice>['endpoints']): Draft<EndpointSlice> => ({
  metadata: { namespace: 'default', name: `${of}-1`, labels: { 'kubernetes.io/service-name': of } }, addressType: 'IPv4', ports: [{ name: '', port: 8080 }], endpoints,
});

describe('the service proxy of a node', () => {
  let api: InMemoryApi;
  let clock: FakeClock;
  let proxy: RecordingProxy;
  let agent: ServiceProxyAgent;
  let events: string[];
  let listening: Set<number>;
  const end = { informers: new AbortController(), running: Promise.resolve() };

  beforeEach(async () => {
    clock = new FakeClock();
    api = await inMemoryApi(clock);
    await api.client.create(ServiceCIDR, { metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16'] } });
    proxy = new RecordingProxy();
    events = [];
    listening = new Set();
    const informers = new SharedInformers({ reader: api.client, clock, logger: silentLogger });
    const tell = (kind: string) => (about: { kind: string; metadata: { name: string } }, reason: string, message: string) => void events.push(`${kind} ${about.kind}/${about.metadata.name} ${reason}: ${message}`);
    const healthServers: HealthServers = {
      listen: async (port) => {
        listening.add(port);
        return async () => void listening.delete(port);
      },
    };
    agent = new ServiceProxyAgent({
      proxy, informers, nodeName: 'n1', clusterCidrs: ['10.244.0.0/16'], clock, logger: silentLogger, healthServers,
      events: { normal: tell('Normal'), warning: tell('Warning') }, random: () => 1,
    });
    end.informers = new AbortController();
    end.running = informers.run(end.informers.signal);
  });
  afterEach(async () => {
    await agent.stop();
    end.informers.abort(new Error('the test is over'));
    await end.running;
    await api.stop();
  });

  const begin = async () => {
    await agent.start(new AbortController().signal);
    await eventually(() => proxy.syncs.length > 0, 'the first sync');
  };
  /** Lets informers hear of what was written, and the loop take its time. */
  const pass = async (ms = 1000) => {
    await settle(20);
    await clock.advance(ms);
    await settle(20);
  };

  it('hands over everything at first, then what has changed', async () => {
    await api.client.create(Service, service('web', '10.96.0.11'));
    await api.client.create(EndpointSlice, slice('web', [{ addresses: ['10.244.1.5'], nodeName: 'n1' }, { addresses: ['10.244.2.5'], nodeName: 'n2' }, { addresses: ['10.244.2.6'] }]));
    await begin();
    expect(proxy.syncs).to.eql(['all']);
    expect(proxy.endpoints('web')).to.eql(['10.244.1.5 here', '10.244.2.5 elsewhere', '10.244.2.6 unknown']);
    expect(proxy.state).to.deep.include({ serviceCidrs: ['10.96.0.0/16'], clusterCidrs: ['10.244.0.0/16'] });
    await api.client.create(Service, service('other', '10.96.0.12'));
    await pass();
    await api.client.patch(EndpointSlice, { namespace: 'default', name: 'web-1' }, { type: 'merge', document: { endpoints: [{ addresses: ['10.244.2.5'], nodeName: 'n2' }] } });
    await pass();
    expect(proxy.syncs.slice(1)).to.eql([['default/other:/TCP/IPv4'], ['default/web:/TCP/IPv4']]);
    expect(proxy.endpoints('web')).to.eql(['10.244.2.5 elsewhere']);
    await api.client.delete(Service, { namespace: 'default', name: 'web' });
    await pass();
    expect(proxy.syncs.at(-1)).to.eql(['default/web:/TCP/IPv4']);
    expect([...proxy.state?.ports.keys() ?? []]).to.eql(['default/other:/TCP/IPv4']);
  });

  it('says nothing changed when only labels did, and chooses anew when the node learns of its zone', async () => {
    await api.client.create(Service, service('web', '10.96.0.11'));
    await api.client.create(EndpointSlice, slice('web', [{ addresses: ['10.244.1.5'], hints: { forZones: [{ name: 'a' }] } }, { addresses: ['10.244.2.5'], hints: { forZones: [{ name: 'b' }] } }]));
    await begin();
    expect(proxy.endpoints('web')).to.have.length(2);
    await api.client.patch(Service, { namespace: 'default', name: 'web' }, { type: 'merge', document: { metadata: { labels: { a: 'b' } } } });
    await pass();
    expect(proxy.syncs.at(-1)).to.eql([]);
    await api.client.create(Node, { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'b' } } });
    await pass();
    expect(proxy.endpoints('web')).to.eql(['10.244.2.5 unknown']);
    await api.client.create(ServiceCIDR, { metadata: { name: 'more' }, spec: { cidrs: ['10.112.0.0/16'] } });
    await pass();
    expect(proxy.syncs.at(-1)).to.equal('all');
    expect(proxy.state?.serviceCidrs).to.eql(['10.112.0.0/16', '10.96.0.0/16']);
  });

  it('tells the node when rules cannot be brought up to date, once, and when they can again', async () => {
    await api.client.create(Node, { metadata: { name: 'n1' } });
    proxy.failure = new ProviderError('Unavailable', 'another program holds the lock');
    await begin();
    await clock.advance(3000);
    expect(proxy.syncs.length).to.be.greaterThan(2);
    expect(agent.report()).to.deep.include({ healthy: true, failure: 'another program holds the lock' });
    await clock.advance(90_000);
    expect(agent.report().healthy, 'after a minute').to.equal(false);
    proxy.failure = undefined;
    await clock.advance(60_000);
    expect(agent.report()).to.deep.include({ healthy: true }).and.not.to.have.property('failure');
    expect(events).to.eql([
      'Warning Node/n1 ServiceProxyFailed: service rules are out of date: another program holds the lock', 'Normal Node/n1 ServiceProxyRecovered: services are forwarded again',
    ]);
    expect(new Set(proxy.syncs)).to.eql(new Set(['all']));
  });

  it('tells a service what is wrong with it, once', async () => {
    await api.client.create(Service, service('web', '10.96.0.11'));
    await api.client.create(EndpointSlice, slice('web', [{ addresses: ['10.244.1.5'] }]));
    const known = { port: 'default/web:/TCP/IPv4', message: 'the kernel does not take its rules' };
    proxy.problems = [known];
    await begin();
    await clock.advance(1000);
    await api.client.create(Service, service('other', '10.96.0.12'));
    await pass();
    expect(events).to.eql(['Warning Service/web ServiceNotForwarded: node n1: the kernel does not take its rules']);
    expect(agent.report().problems).to.eql([known]);
  });

  it('answers load balancers once the rules are there, as long as the service asks for it', async () => {
    await api.client.create(Service, service('web', '10.96.0.11', { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 }));
    await begin();
    await settle(20);
    expect([...listening]).to.eql([31_000]);
    await api.client.delete(Service, { namespace: 'default', name: 'web' });
    await pass();
    expect([...listening]).to.eql([]);
  });
});

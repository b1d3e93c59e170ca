import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice, type EndpointConditions } from '#core/api/schema/discovery-v1.ts';
import { ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { ServiceProxyAgent } from '#core/agent/service-proxy/service-proxy-agent.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { IptablesProxy } from '#plugins/proxy/iptables/iptables-proxy.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { labBench, serverPort } from '#test/fixtures/iptables-bench.ts';
import { networkLabNeeds, type NetworkLab } from '#test/fixtures/network-lab.ts';
import { requires } from '#test/fixtures/requires.ts';

describe('services of the API on a node\'s packet filter', function () {
  this.timeout(30_000);
  const clusterIP = '10.96.0.77';
  const undo: (() => Promise<unknown>)[] = [];
  let lab: NetworkLab;
  let api: InMemoryApi;

  before(requires(...networkLabNeeds));
  before(async () => {
    const bench = await labBench(() => new IptablesProxy({ logger: silentLogger }));
    ({ lab } = bench);
    undo.push(() => bench.cleanup());
    api = await inMemoryApi(systemClock);
    undo.push(() => api.stop());
    await api.client.create(ServiceCIDR, { metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/16'] } });
    const informers = new SharedInformers({ reader: api.client, clock: systemClock, logger: silentLogger });
    const agent = new ServiceProxyAgent({
      proxy: new IptablesProxy({ logger: silentLogger, netns: `/run/netns/${lab.netns}` }), informers, nodeName: 'n1', clusterCidrs: lab.clusterCidrs,
      clock: systemClock, logger: silentLogger, events: { normal: () => undefined, warning: () => undefined }, lookEveryMs: 200,
    });
    const end = new AbortController();
    const running = informers.run(end.signal);
    await agent.start(end.signal);
    undo.push(async () => {
      await agent.stop();
      end.abort(new Error('the test is over'));
      await running;
    });
  });
  after(async () => {
    for (const step of undo.toReversed()) await step();
  });

  const key = { namespace: 'default', name: 'web' };
  const slice = (conditions: Record<'one' | 'remote', EndpointConditions>) => ({
    endpoints: [
      { addresses: [lab.addresses.IPv4.one], nodeName: 'n1', conditions: conditions.one }, { addresses: [lab.addresses.IPv4.remote], nodeName: 'n2', conditions: conditions.remote },
    ],
  });
  const write = (conditions: Record<'one' | 'remote', EndpointConditions>) => api.client.patch(EndpointSlice, { namespace: 'default', name: 'web-1' }, { type: 'merge', document: slice(conditions) });
  const answer = () => lab.peer('client').ask('tcp', clusterIP, 80, { timeoutMs: 500 }).then(({ name }) => name, (error: unknown) => (error as Error).message);
  const becomes = (name: string) => eventually(async () => (await answer()) === name && (await answer()) === name && (await answer()) === name, `answers of ${name}`);
  const terminating = { ready: false, serving: true, terminating: true };

  it('go to endpoints that are ready, then to those that are ending, then nowhere', async () => {
    await api.client.create(Service, { metadata: key, spec: { clusterIP, clusterIPs: [clusterIP], ipFamilies: ['IPv4'], ports: [{ port: 80 }] } });
    await api.client.create(EndpointSlice, {
      metadata: { namespace: 'default', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } }, addressType: 'IPv4', ports: [{ name: '', port: serverPort }],
      ...slice({ one: { ready: true }, remote: { ready: false } }),
    });
    await becomes('one');
    await write({ one: { ready: false, serving: false, terminating: true }, remote: terminating });
    await becomes('remote');
    await write({ one: { ready: true }, remote: terminating });
    await becomes('one');
    await write({ one: { ready: false }, remote: { ready: false } });
    await becomes('ECONNREFUSED');
  });

  it('stay on the node when they say so', async () => {
    await write({ one: { ready: true }, remote: { ready: true } });
    await api.client.patch(Service, key, { type: 'merge', document: { spec: { internalTrafficPolicy: 'Local' } } });
    await becomes('one');
    await write({ one: { ready: false }, remote: { ready: true } });
    await becomes('ETIMEDOUT');
    await write({ one: { ready: true }, remote: { ready: true } });
    await becomes('one');
  });

  it('come back when somebody flushes the rules', async () => {
    await lab.run('iptables', ['-t', 'nat', '-F']);
    await becomes('one');
  });
});

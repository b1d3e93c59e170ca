import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { HealthCheckPorts } from './health-check-ports.ts';
import { NodeHealthServers } from './health-servers.ts';
import { healthz } from './healthz.ts';
import { ProxyHealth } from './proxy-health.ts';
import type { LocalService } from './service-view.ts';

const servers = new NodeHealthServers('127.0.0.1');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const get = async (port: number, path = '/healthz') => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, weight: response.headers.get('x-load-balancing-endpoint-weight'), body: await response.json().catch(() => undefined) };
};

describe('health-check node ports', () => {
  let healthy = true;
  const failures: string[] = [];
  const ports = new HealthCheckPorts({ servers, isHealthy: () => healthy, failed: ({ name, port }) => failures.push(`${name} ${port}`) });
  const web = (port: number, localEndpoints: number) => new Map<string, LocalService>([['default/web', { namespace: 'default', name: 'web', port, localEndpoints }]]);
  after(() => ports.close());

  it('say how many endpoints are here, whether there are any, and whether the proxy keeps up', async () => {
    const port = await freePort();
    await ports.serve(web(port, 2));
    const body = { service: { namespace: 'default', name: 'web' }, localEndpoints: 2, serviceProxyHealthy: true };
    expect(await get(port)).to.eql({ status: 200, weight: '2', body });
    expect((await get(port, '/')).status).to.equal(200);
    await ports.serve(web(port, 0));
    expect(await get(port)).to.deep.include({ status: 503, body: { ...body, localEndpoints: 0 } });
    await ports.serve(web(port, 1));
    healthy = false;
    expect(await get(port)).to.deep.include({ status: 503, body: { ...body, localEndpoints: 1, serviceProxyHealthy: false } });
    healthy = true;
  });

  it('come and go with their services, and are tried again when something else has them', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await ports.serve(web(port, 1));
    expect(failures).to.eql([`web ${port}`]);
    taken.close();
    await once(taken, 'close');
    await ports.serve(web(port, 1));
    expect((await get(port)).status).to.equal(200);
    await ports.serve(new Map());
    const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
  });
});

describe('the proxy\'s own health', () => {
  it('is bad when changes wait for a minute, and until they are in the rules', async () => {
    const clock = new FakeClock();
    const health = new ProxyHealth(clock);
    await clock.advance(59_000);
    expect(health.isHealthy).to.equal(true);
    health.synced(clock.now());
    await clock.advance(100_000);
    expect(health.isHealthy, 'nothing to do').to.equal(true);
    health.queued();
    await clock.advance(30_000);
    const asOf = clock.now() - 30_001;
    health.synced(asOf);
    await clock.advance(30_000);
    expect(health.isHealthy, 'what came after the state was taken still waits').to.equal(false);
    health.synced(clock.now());
    expect(health.isHealthy).to.equal(true);
  });

  it('is told as kube-proxy tells it: a node that goes takes no new connections, but lives', async () => {
    const clock = new FakeClock();
    const health = new ProxyHealth(clock);
    let node = { metadata: { name: 'n1' }, spec: {} } as Node;
    const port = await freePort();
    const close = await servers.listen(port, healthz(health, () => node, clock));
    try {
      const now = new Date(clock.now()).toISOString();
      expect(await get(port)).to.deep.include({ status: 200, body: { lastUpdated: now, currentTime: now, nodeEligible: true } });
      node = { metadata: { name: 'n1' }, spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] } } as Node;
      expect((await get(port)).status).to.equal(503);
      expect((await get(port, '/livez')).status).to.equal(200);
      node = { metadata: { name: 'n1', deletionTimestamp: now }, spec: {} } as Node;
      expect((await get(port)).body).to.include({ nodeEligible: false });
      await clock.advance(60_000);
      expect((await get(port, '/livez')).status).to.equal(503);
      expect((await get(port, '/else')).status).to.equal(404);
    } finally {
      await close();
    }
  });
});

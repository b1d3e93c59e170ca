import { expect } from 'chai';
import { Endpoints, type EndpointSubset } from '#core/api/schema/core-v1/endpoints.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { EndpointsController } from './controller.ts';

describe('endpoints', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;
  beforeEach(async () => {
    world = await harnessAround((parts) => [new EndpointsController(parts)]);
    await world.harness.start();
  });
  afterEach(() => world.stop());

  const makeService = (spec: object = {}, metadata: object = {}): Promise<Service> => world.client.create(Service, {
    metadata: { namespace: 'default', name: 'web', ...metadata }, spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  });
  async function makePod(name: string, ip: string, { ready = true, spec = {} }: { ready?: boolean; spec?: object } = {}): Promise<Pod> {
    const pod = await world.client.create(Pod, { metadata: { namespace: 'default', name, labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web' }], ...spec } });
    return world.client.patchStatus(Pod, pod.metadata, { type: 'merge', document: { status: { podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } } });
  }
  const endpoints = (): Promise<Endpoints> => world.client.get(Endpoints, { namespace: 'default', name: 'web' });
  const shown = (subset: EndpointSubset | undefined): unknown => [subset?.addresses?.map(({ ip }) => ip), subset?.notReadyAddresses?.map(({ ip }) => ip), subset?.ports?.map(({ name, port }) => `${name ?? ''} ${port}`)];

  it('have the pods that are ready, and those that are not, with their ports', async () => {
    await makeService({}, { labels: { tier: 'front' } });
    await makePod('b', '10.1.0.6', { spec: { nodeName: 'node-1' } });
    const pod = await makePod('a', '10.1.0.5');
    await makePod('c', '10.1.0.7', { ready: false });
    await world.harness.settle();
    const { metadata, subsets = [] } = await endpoints();
    expect(metadata.labels).to.deep.equal({ tier: 'front', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
    expect(subsets.map(shown)).to.deep.equal([[['10.1.0.5', '10.1.0.6'], ['10.1.0.7'], ['http 8080']]]);
    expect(subsets[0]?.addresses?.[0]).to.deep.equal({ ip: '10.1.0.5', targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: pod.metadata.uid } });
    expect(subsets[0]?.addresses?.[1]?.nodeName).to.equal('node-1');
  });

  it('lose pods that go, and go with their service', async () => {
    const service = await makeService();
    const pod = await makePod('a', '10.1.0.5', { spec: { nodeName: 'node-1' } });
    await world.harness.settle();
    await world.client.delete(Pod, pod.metadata);
    await world.harness.settle();
    expect((await endpoints()).subsets ?? []).to.deep.equal([]);
    await world.client.delete(Service, service.metadata);
    await world.harness.settle();
    expect(await endpoints().catch((error: Error) => error.message)).to.equal('endpoints "web" not found');
  });

  it('of a headless service need no ports, and can show pods that are not ready', async () => {
    await makeService({ clusterIP: 'None', ports: undefined, publishNotReadyAddresses: true });
    await makePod('a', '10.1.0.5', { ready: false, spec: { hostname: 'one', subdomain: 'web' } });
    await world.harness.settle();
    const { metadata, subsets = [] } = await endpoints();
    expect(subsets.map(shown)).to.deep.equal([[['10.1.0.5'], undefined, undefined]]);
    expect(subsets[0]?.addresses?.[0]?.hostname).to.equal('one');
    expect(metadata.labels).to.include({ 'service.kubernetes.io/headless': '' });
  });

  it('of people stay as they are', async () => {
    const subsets = [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 1, protocol: 'TCP' as const }] }];
    await world.client.create(Endpoints, { metadata: { namespace: 'default', name: 'web' }, subsets });
    await world.harness.settle();
    const service = await makeService({ selector: undefined });
    await world.harness.settle();
    await world.client.delete(Service, service.metadata);
    await world.harness.settle();
    expect((await endpoints()).subsets).to.deep.equal(subsets);
  });

  it('are put right, and say when there are more than fit', async () => {
    await makeService();
    await makePod('a', '10.1.0.5');
    await world.harness.settle();
    const found = await endpoints();
    await world.client.update(Endpoints, { ...found, metadata: { ...found.metadata, annotations: { 'endpoints.kubernetes.io/over-capacity': 'truncated', note: 'x' } }, subsets: [] });
    await world.harness.settle();
    const { metadata, subsets = [] } = await endpoints();
    expect([subsets.map(shown), metadata.annotations]).to.deep.equal([[[['10.1.0.5'], undefined, ['http 8080']]], { note: 'x' }]);
  });
});

import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice, type Endpoint } from '#core/api/schema/discovery-v1.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { EndpointSliceController } from './controller.ts';
import { desiredGroups } from './desired.ts';

type World = Awaited<ReturnType<typeof harnessAround>>;

const web = { app: 'web' };

async function begin(options: { seed?: number; stale?: boolean; mostEndpoints?: number } = {}): Promise<World> {
  const { mostEndpoints, ...rest } = options;
  const world = await harnessAround((parts) => [new EndpointSliceController({ ...parts, ...(mostEndpoints === undefined ? {} : { mostEndpoints }) })], rest);
  await world.harness.start();
  return world;
}

const slicesOf = async ({ client }: World): Promise<readonly EndpointSlice[]> => (await client.list(EndpointSlice, { namespace: 'default' })).items;
const endpointsOf = async (world: World): Promise<readonly Endpoint[]> => (await slicesOf(world)).flatMap(({ endpoints }) => endpoints);
const addressesIn = async (world: World): Promise<string[]> => (await endpointsOf(world)).flatMap(({ addresses }) => addresses).toSorted();

const makeService = ({ client }: World, spec: object = {}, metadata: object = {}): Promise<Service> => client.create(Service, {
  metadata: { namespace: 'default', name: 'web', ...metadata }, spec: { selector: web, ports: [{ port: 80, targetPort: 8080 }], ...spec },
});

interface PodOptions {
  readonly labels?: Record<string, string>;
  readonly ready?: boolean;
  readonly phase?: 'Running' | 'Succeeded';
  readonly spec?: object;
  readonly ips?: readonly string[];
}

async function makePod(world: World, name: string, ip: string, { labels = web, ready = true, phase = 'Running', spec = {}, ips = [ip] }: PodOptions = {}): Promise<Pod> {
  const pod = await world.client.create(Pod, { metadata: { namespace: 'default', name, labels }, spec: { containers: [{ name: 'main', image: 'web' }], ...spec } });
  return setStatus(world, pod, { ready, phase, ips });
}

const setStatus = ({ client }: World, pod: Pod, { ready = true, phase = 'Running', ips = pod.status.podIPs?.map(({ ip }) => ip) ?? [] }: Pick<PodOptions, 'ready' | 'phase' | 'ips'>): Promise<Pod> =>
  client.patchStatus(Pod, pod.metadata, { type: 'merge', document: { status: { phase, podIP: ips[0], podIPs: ips.map((ip) => ({ ip })), conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } } });

describe('endpoint-slice', () => {
  let world: World;
  beforeEach(async () => {
    world = await begin();
  });
  afterEach(() => world.stop());

  it('has an endpoint for each pod that is selected and has an address', async () => {
    const service = await makeService(world, {}, { labels: { tier: 'front' } });
    const pod = await makePod(world, 'a', '10.1.0.5', { spec: { nodeName: 'node-1' } });
    await makePod(world, 'b', '10.1.0.6', { ready: false });
    await makePod(world, 'other', '10.1.0.7', { labels: { app: 'db' } });
    await makePod(world, 'done', '10.1.0.8', { phase: 'Succeeded' });
    await makePod(world, 'new', '', { ips: [] });
    await world.harness.settle();
    const [slice, ...others] = await slicesOf(world);
    expect(others).to.deep.equal([]);
    expect(slice?.metadata.name).to.match(/^web-[a-z0-9]{5}$/);
    expect(slice?.metadata.labels).to.deep.equal({ tier: 'front', 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' });
    expect(slice?.metadata.ownerReferences).to.deep.equal([{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: service.metadata.uid, controller: true, blockOwnerDeletion: true }]);
    expect([slice?.addressType, slice?.ports]).to.deep.equal(['IPv4', [{ name: '', protocol: 'TCP', port: 8080 }]]);
    expect(slice?.endpoints.map(({ addresses, conditions }) => [addresses, conditions])).to.deep.equal([
      [['10.1.0.5'], { ready: true, serving: true, terminating: false }], [['10.1.0.6'], { ready: false, serving: false, terminating: false }],
    ]);
    expect(slice?.endpoints[0]).to.deep.include({ nodeName: 'node-1', targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: pod.metadata.uid } });
  });

  it('follows pods as they become ready, terminate and go', async () => {
    await makeService(world);
    const pod = await makePod(world, 'a', '10.1.0.5', { ready: false, spec: { nodeName: 'node-1' } });
    await world.harness.settle();
    await setStatus(world, pod, { ready: true });
    await world.harness.settle();
    expect((await endpointsOf(world))[0]?.conditions).to.deep.equal({ ready: true, serving: true, terminating: false });
    await world.client.delete(Pod, pod.metadata);
    await world.harness.settle();
    expect((await endpointsOf(world))[0]?.conditions).to.deep.equal({ ready: false, serving: true, terminating: true });
    await world.client.delete(Pod, pod.metadata, { gracePeriodSeconds: 0 });
    await world.harness.settle();
    const [slice] = await slicesOf(world);
    expect([slice?.endpoints, slice?.ports ?? []]).to.deep.equal([[], []]);
  });

  it('follows labels of pods, selectors and labels of services', async () => {
    const service = await makeService(world);
    const pod = await makePod(world, 'a', '10.1.0.5');
    await world.harness.settle();
    await world.client.patch(Pod, pod.metadata, { type: 'merge', document: { metadata: { labels: { app: 'db' } } } });
    await world.harness.settle();
    expect(await addressesIn(world)).to.deep.equal([]);
    await world.client.patch(Service, service.metadata, { type: 'merge', document: { metadata: { labels: { tier: 'back' } }, spec: { selector: { app: 'db' } } } });
    await world.harness.settle();
    expect(await addressesIn(world)).to.deep.equal(['10.1.0.5']);
    expect((await slicesOf(world))[0]?.metadata.labels).to.include({ tier: 'back' });
    await world.client.patch(Service, service.metadata, { type: 'merge', document: { spec: { selector: null } } });
    await world.harness.settle();
    expect(await slicesOf(world)).to.deep.equal([]);
  });

  it('has slices of their own for pods whose named port has another number', async () => {
    await makeService(world, { ports: [{ name: 'http', port: 80, targetPort: 'web', appProtocol: 'http' }, { name: 'dns', protocol: 'UDP', port: 53 }] });
    const named = (containerPort: number): object => ({ containers: [{ name: 'main', image: 'web', ports: [{ name: 'web', containerPort }] }] });
    await makePod(world, 'a', '10.1.0.5', { spec: named(8080) });
    await makePod(world, 'b', '10.1.0.6', { spec: named(9090) });
    await makePod(world, 'c', '10.1.0.7');
    await world.harness.settle();
    const seen = (await slicesOf(world)).map(({ ports = [], endpoints }) => [ports.map(({ name, port }) => `${name} ${port}`).join(), endpoints[0]?.addresses[0]]).toSorted();
    expect(seen).to.deep.equal([['dns 53', '10.1.0.7'], ['http 8080,dns 53', '10.1.0.5'], ['http 9090,dns 53', '10.1.0.6']]);
  });

  it('has slices for each family of a service', async () => {
    const service = await makeService(world, { clusterIP: 'None' });
    const pods = [await makePod(world, 'a', '10.1.0.5', { ips: ['10.1.0.5', 'fd00::5'] }), await makePod(world, 'b', '10.1.0.6')];
    const groups = desiredGroups({ ...service, spec: { ...service.spec, ipFamilies: ['IPv4', 'IPv6'] } }, pods, () => undefined);
    expect([...groups.values()].map(({ addressType, endpoints }) => [addressType, [...endpoints.values()].flatMap(({ addresses }) => addresses)])).to.deep.equal([['IPv4', ['10.1.0.5', '10.1.0.6']], ['IPv6', ['fd00::5']]]);
    await world.harness.settle();
    expect((await slicesOf(world)).map(({ metadata }) => metadata.labels?.['service.kubernetes.io/headless'])).to.deep.equal(['']);
  });

  it('knows host names, zones and the distribution of traffic', async () => {
    await world.client.create(Node, { metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': 'z1' } } });
    const service = await makeService(world, { clusterIP: 'None', trafficDistribution: 'PreferClose', publishNotReadyAddresses: true });
    await makePod(world, 'a', '10.1.0.5', { ready: false, spec: { nodeName: 'node-1', hostname: 'one', subdomain: 'web' } });
    await world.harness.settle();
    expect((await endpointsOf(world))[0]).to.deep.include({ hostname: 'one', zone: 'z1', hints: { forZones: [{ name: 'z1' }] }, conditions: { ready: true, serving: false, terminating: false } });
    await world.client.patch(Node, { name: 'node-1' }, { type: 'merge', document: { metadata: { labels: { 'topology.kubernetes.io/zone': 'z2' } } } });
    await world.client.patch(Service, service.metadata, { type: 'merge', document: { spec: { trafficDistribution: 'PreferSameNode' } } });
    await world.harness.settle();
    expect((await endpointsOf(world))[0]?.hints).to.deep.equal({ forZones: [{ name: 'z2' }], forNodes: [{ name: 'node-1' }] });
  });

  it('puts back what somebody changes in a slice or takes away, and leaves slices of others alone', async () => {
    await makeService(world);
    await makePod(world, 'a', '10.1.0.5');
    const own = { addressType: 'IPv4' as const, endpoints: [{ addresses: ['10.9.9.9'], conditions: {} }] };
    await world.client.create(EndpointSlice, { metadata: { namespace: 'default', name: 'mine', labels: { 'kubernetes.io/service-name': 'web' } }, ...own });
    await world.harness.settle();
    const ours = async (): Promise<EndpointSlice | undefined> => (await slicesOf(world)).find(({ metadata }) => metadata.name !== 'mine');
    const found = await ours();
    if (found === undefined) throw new Error('there is no slice');
    await world.client.update(EndpointSlice, { ...found, ...own });
    await world.harness.settle();
    expect(await addressesIn(world)).to.deep.equal(['10.1.0.5', '10.9.9.9']);
    await world.client.delete(EndpointSlice, found.metadata);
    await world.harness.settle();
    expect(await addressesIn(world)).to.deep.equal(['10.1.0.5', '10.9.9.9']);
    expect((await ours())?.metadata.uid).not.to.equal(found.metadata.uid);
  });

  it('leaves services that select nothing to others', async () => {
    await makeService(world, { selector: undefined });
    await makeService(world, { type: 'ExternalName', externalName: 'example.org' }, { name: 'outside' });
    await makePod(world, 'a', '10.1.0.5');
    await world.harness.settle();
    expect(await slicesOf(world)).to.deep.equal([]);
  });
});

describe('endpoint-slice, when caches take their time', () => {
  for (let seed = 1; seed <= 8; seed++) {
    it(`ends with every endpoint in one slice, whatever happened (seed ${seed})`, async () => {
      const world = await begin({ seed, stale: true, mostEndpoints: 3 });
      const random = seededRandom(seed);
      const alive = new Map<string, Pod>();
      try {
        await makeService(world);
        for (let step = 0; step < 60; step++) {
          const names = [...alive.keys()];
          const name = names[Math.floor(random() * names.length)];
          if (name === undefined || random() < 0.6) alive.set(`pod-${step}`, await makePod(world, `pod-${step}`, `10.1.0.${step + 1}`, { ready: random() < 0.5 }));
          else {
            await world.client.delete(Pod, { namespace: 'default', name }, { gracePeriodSeconds: 0 });
            alive.delete(name);
          }
          if (random() < 0.3) await world.harness.settle();
        }
        await world.harness.settle();
        const expected = [...alive.values()].map(({ status }) => status.podIP ?? '').toSorted();
        expect(await addressesIn(world)).to.deep.equal(expected);
        const sizes = (await slicesOf(world)).map(({ endpoints }) => endpoints.length);
        expect(Math.max(...sizes)).to.be.at.most(3);
        // One who does not wait for the cache makes slices twice, and removes them twice.
        const done = (what: string): number => world.harness.effects.filter((effect) => effect.startsWith(`${what} endpointslices`)).length;
        expect(done('create') - done('delete')).to.equal(sizes.length);
      } finally {
        await world.stop();
      }
    });
  }
});

import { expect } from 'chai';
import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';
import type { Route, RouteRequest, RouteTarget } from '#core/spi/routes.ts';
import { routesConformance } from '#test/conformance/routes.ts';
import type { Fault, PlannedFault } from '#test/emulators/gcp/faults.ts';
import type { Json } from '#test/emulators/gcp/json.ts';
import { instanceBody } from '#test/emulators/gcp/raw-client.ts';
import { gcpLab, type GcpLab, type GcpLabOptions } from '#test/fixtures/gcp-lab.ts';
import { clusterLabel } from './context.ts';
import { GcpRoutes } from './routes.ts';

const never = new AbortController().signal;
const [project, zone] = ['lab-project', 'us-central1-a'];
const instancePath = (name: string): string => `projects/${project}/zones/${zone}/instances/${name}`;
const destinations = ['10.244.1.0/24', '10.244.2.0/24'];
const uidOf = (name: string): string => `6f1c1f6e-5a0b-4c0a-9a51-${Buffer.from(name).toString('hex').padEnd(12, '0').slice(0, 12)}`;
const targetOf = (node: string): RouteTarget => ({ node, uid: uidOf(node), providerId: `gce://${project}/${zone}/${node}`, addresses: [] });
const requestOf = (node: string, destination = destinations[0]!): RouteRequest => ({ name: uidOf(node), target: targetOf(node), destination });

async function launch(lab: GcpLab, name: string, more: Json = {}): Promise<void> {
  const place = { project, zone };
  const instanceResource = instanceBody(name, zone, { labels: { [clusterLabel]: 'lab' }, canIpForward: true, ...more });
  await lab.context.api.change('compute.instances.insert', place, (client, options, requestId) => client.insert({ ...place, requestId, instanceResource }, options), never);
  lab.emulator.state.advance(1_000);
}

/** Routes but for those that come with a network. */
const things = ({ emulator: { state } }: GcpLab): readonly string[] =>
  Object.entries(state.all()).filter(([path]) => path.includes('/routes/') && !path.includes('/default-route-')).map(([path, { destRange, nextHopInstance }]) => [path, destRange, nextHopInstance].join(' '));

/** A route that somebody else makes, when lists show it. */
async function foreign(lab: GcpLab, destination: string, nextHopInstance: string, more: Json = {}): Promise<string> {
  const routeResource = { name: 'by-hand', network: 'global/networks/default', destRange: destination, nextHopInstance, ...more };
  await lab.context.api.change('compute.routes.insert', 'global', (client, options, requestId) => client.insert({ project, requestId, routeResource }, options), never);
  lab.emulator.state.advance(1_000);
  return routeResource.name;
}

for (const [title, options] of [['gcp', { delays: 0, speed: 1 }], ['gcp, slow and late', { seed: 3, listLag: 900 }]] as const satisfies readonly (readonly [string, GcpLabOptions])[]) {
  routesConformance(title, async () => {
    const lab = await gcpLab(options);
    for (const name of ['node-1', 'node-2']) await launch(lab, name);
    const routes = new GcpRoutes(lab.context);
    // What another process did is seen only when lists have it.
    const late = { provider: routes.provider, providerIdPrefix: routes.providerIdPrefix, create: routes.create.bind(routes), delete: routes.delete.bind(routes), list: (signal: AbortSignal) => (lab.emulator.state.advance(1_000), routes.list(signal)) };
    return {
      routes: late, destinations, targets: [targetOf('node-1'), targetOf('node-2')],
      things: async () => things(lab),
      makeForeign: (destination, { node }) => foreign(lab, destination, instancePath(node)),
      terminate: async ({ node }) => lab.emulator.state.deleteInstance(instancePath(node)),
      restart: async () => new GcpRoutes(lab.contextWith({})),
      cleanup: () => lab.stop(),
    };
  });
}

describe('GcpRoutes', () => {
  let lab: GcpLab;
  let routes: GcpRoutes;
  beforeEach(async () => {
    lab = await gcpLab();
    await launch(lab, 'n1');
    await launch(lab, 'n2');
    lab.emulator.state.cloud.calls.clear();
    routes = new GcpRoutes(lab.context);
  });
  afterEach(() => lab.stop());
  const count = (): Readonly<Record<string, number>> => Object.fromEntries([...lab.emulator.state.cloud.calls].toSorted());
  const refused = async (call: Promise<unknown>, reason: ProviderErrorReason, text: RegExp): Promise<void> => {
    const error = await call.then(() => undefined, (thrown: unknown) => thrown);
    expect(ProviderError.is(error, reason), String(error)).to.equal(true);
    expect((error as ProviderError).message).to.match(text);
  };

  it('writes the cluster and the node on a route, and names it by both', async () => {
    const route = await routes.create(requestOf('n1'), never);
    const made = lab.emulator.state.cloud.read(`projects/${project}/global/routes/${route.id}`);
    expect(made).to.deep.include({ destRange: '10.244.1.0/24', priority: 1000, description: '{"kubernetes.io/node-name":"n1","keelson.dev/cluster":"lab"}' });
    expect(String(made['network']).endsWith(`/projects/${project}/global/networks/default`)).to.equal(true);
    expect(String(made['nextHopInstance']).endsWith(instancePath('n1'))).to.equal(true);
    expect(route).to.deep.equal({ id: route.id, destination: '10.244.1.0/24', providerId: `gce://${project}/${zone}/n1`, node: 'n1', isBlackhole: false });
    expect(route.id).to.match(/^keelson-[0-9a-f]{12}-6f1c1f6e-/).and.to.have.length.of.at.most(63);
    const other = await new GcpRoutes(lab.contextWith({ config: { clusterId: 'other' } })).list(never);
    expect(other).to.deep.equal([]);
  });

  it('makes a route in four calls, and deletes it in two', async () => {
    const route = await routes.create(requestOf('n1'), never);
    expect(count()).to.deep.equal({ 'compute.globalOperations.wait': 1, 'compute.instances.get': 1, 'compute.routes.insert': 1, 'compute.routes.list': 1, 'compute.zones.list': 1 });
    lab.emulator.state.cloud.calls.clear();
    await routes.delete(route, never);
    expect(count()).to.deep.equal({ 'compute.globalOperations.wait': 1, 'compute.routes.delete': 1 });
  });

  it('says of an instance that may not forward packets what to do about it, and makes nothing', async () => {
    await launch(lab, 'n3', { canIpForward: false });
    await refused(routes.create(requestOf('n3'), never), 'Invalid', /^the instance gce:\/\/lab-project\/us-central1-a\/n3 may not forward packets, .*--can-ip-forward/);
    lab.emulator.state.addNetwork(project, 'other', { 'us-central1': '10.9.0.0/20' });
    await launch(lab, 'n4', { networkInterfaces: [{ network: 'global/networks/other' }] });
    await refused(routes.create(requestOf('n4'), never), 'Invalid', /^the instance .*\/n4 has no interface in the network default$/);
    await refused(routes.create(requestOf('no-more'), never), 'Invalid', /^the instance .*\/no-more is not there$/);
    expect(things(lab)).to.deep.equal([]);
  });

  it('refuses what is no instance of this place, no range and no name', async () => {
    const request = requestOf('n1');
    for (const providerId of ['aws:///us-east-1a/i-1', 'gce://other/us-central1-a/n1', `gce://${project}/europe-west1-b/n1`, 'gce://x']) {
      await refused(routes.create({ ...request, target: { ...request.target, providerId } }, never), 'Invalid', /is no instance of the project lab-project in one of us-central1-a, /);
    }
    await refused(routes.create({ ...request, destination: '10.244.1.7/24' }, never), 'Invalid', /^"10\.244\.1\.7\/24" is no range/);
    await refused(routes.create({ ...request, name: '../x' }, never), 'Invalid', /^"\.\.\/x" is no name/);
    expect(things(lab)).to.deep.equal([]);
  });

  it('says that a quota is used up', async () => {
    lab.emulator.state.setQuota('ROUTES', 0);
    await refused(routes.create(requestOf('n1'), never), 'Exhausted', /ROUTES/);
    expect(await routes.list(never)).to.deep.equal([]);
  });

  it('tells which routes drop packets: of stopped instances, of gone ones, and of such as do not forward', async () => {
    await launch(lab, 'n3');
    for (const [i, name] of ['n1', 'n2', 'n3'].entries()) await routes.create(requestOf(name, `10.244.${i}.0/24`), never);
    lab.emulator.state.advance(1_000);
    lab.emulator.state.stopInstance(instancePath('n1'));
    lab.emulator.state.deleteInstance(instancePath('n2'));
    lab.emulator.state.cloud.change(instancePath('n3'), (instance) => ({ ...instance, canIpForward: false }));
    expect((await routes.list(never)).map(({ node, providerId, isBlackhole }) => [node, providerId, isBlackhole]).toSorted()).to.deep.equal([['n1', `gce://${project}/${zone}/n1`, true], ['n2', '', true], ['n3', `gce://${project}/${zone}/n3`, true]]);
    lab.emulator.state.startInstance(instancePath('n1'));
    await launch(lab, 'n2');
    expect((await routes.list(never)).filter(({ isBlackhole }) => !isBlackhole).map(({ node }) => node)).to.deep.equal(['n1', 'n2']);
  });

  it('says of the route to a stopped instance that it drops packets', async () => {
    lab.emulator.state.stopInstance(instancePath('n1'));
    expect((await routes.create(requestOf('n1'), never)).isBlackhole).to.equal(true);
  });

  it('leaves alone what has its name, but not its mark', async () => {
    const own = await routes.create(requestOf('n1'), never);
    for (const description of ['', 'by hand', '{"keelson.dev/cluster":"other"}', '{"__proto__":{"keelson.dev/cluster":"lab"}}', '{']) {
      lab.emulator.state.cloud.change(`projects/${project}/global/routes/${own.id}`, (route) => ({ ...route, description }));
      lab.emulator.state.advance(1_000);
      const fresh = new GcpRoutes(lab.contextWith({}));
      expect(await fresh.list(never), description).to.deep.equal([]);
      await fresh.delete(own, never);
      await refused(fresh.create(requestOf('n1'), never), 'AlreadyExists', /has the route keelson-.* to 10\.244\.1\.0\/24 by n1, which is not the one/);
      expect(things(lab)).to.have.length(1);
    }
  });

  it('knows what it did itself before lists show it', async () => {
    const { state } = lab.emulator;
    const atStart = state.cloud.clock.now();
    state.cloud.listTime = () => atStart;
    const [one, two] = [await routes.create(requestOf('n1'), never), await routes.create(requestOf('n2', destinations[1]), never)];
    expect(await routes.list(never)).to.deep.equal([one, two]);
    await routes.delete(one, never);
    const afterwards = state.cloud.clock.now() - 1;
    state.cloud.listTime = () => afterwards;
    expect(await routes.list(never)).to.deep.equal([two]);
    const again = await routes.create(requestOf('n1'), never);
    expect(again).to.deep.equal(one);
    // A new process believes no list that shows what is gone, or not what is there.
    await routes.delete(one, never);
    expect(await new GcpRoutes(lab.contextWith({})).create(requestOf('n1'), never)).to.deep.equal(one);
    state.cloud.listTime = () => atStart;
    expect(await new GcpRoutes(lab.contextWith({})).create(requestOf('n1'), never)).to.deep.equal(one);
    expect(things(lab)).to.have.length(2);
  });

  it('finds a route deleted already by somebody else', async () => {
    const route = await routes.create(requestOf('n1'), never);
    lab.emulator.state.remove(`projects/${project}/global/routes/${route.id}`);
    await routes.delete(route, never);
    await routes.delete(route, never);
    expect(await routes.list(never)).to.deep.equal([]);
  });

  it('does not take half a list for a list', async () => {
    await routes.create(requestOf('n1'), never);
    lab.emulator.state.advance(1_000);
    for (const fault of ['before', 'cut', 'throttle'] as const) {
      lab.emulator.state.cloud.faults.plan({ faults: [{ method: 'compute.routes.list', call: 1, fault }] });
      await refused(routes.list(never), fault === 'throttle' ? 'Throttled' : 'Unavailable', /^compute\.routes\.list/);
      expect(await routes.list(never)).to.have.length(1);
    }
  });

  it('lists all pages of a network with 1,200 routes', async () => {
    const own = await routes.create(requestOf('n1'), never);
    const { cloud } = lab.emulator.state;
    const path = `projects/${project}/global/routes/`;
    const original = cloud.read(path + own.id);
    for (let i = 0; i < 1_200; i++) {
      const name = `${own.id.slice(0, -6)}${String(i).padStart(6, 'f')}`;
      cloud.resources.put(path + name, { ...original, id: cloud.random.id(), name, destRange: `10.${i >> 8}.${i & 255}.0/24`, selfLink: original.selfLink.replace(/[^/]*$/, name) });
    }
    lab.emulator.state.advance(1_000);
    expect(await routes.list(never)).to.have.length(1_201);
  });

  it('makes the routes of 100 nodes that join with three calls each at most, but for one list', async function () {
    this.timeout(60_000);
    const { cloud } = lab.emulator.state;
    const original = cloud.read(instancePath('n1'));
    const names = Array.from({ length: 100 }, (_, i) => `m${i}`);
    for (const name of names) cloud.resources.put(instancePath(name), { ...original, id: cloud.random.id(), name, selfLink: original.selfLink.replace(/[^/]*$/, name) });
    lab.emulator.state.advance(1_000);
    cloud.calls.clear();
    await routes.list(never);
    // As the controller does it: ten at a time.
    const left = names.entries();
    const made: Route[] = [];
    await Promise.all(Array.from({ length: 10 }, async () => {
      for (const [i, name] of left) made.push(await routes.create(requestOf(name, `10.245.${i}.0/24`), never));
    }));
    expect(made).to.have.length(100);
    const { 'compute.globalOperations.wait': waits = 0, 'compute.routes.insert': inserts, 'compute.routes.list': lists, 'compute.instances.get': gets = 0, 'compute.instances.aggregatedList': instanceLists = 0 } = count();
    expect([inserts, lists]).to.deep.equal([100, 1]);
    expect(waits).to.be.at.most(100);
    expect(gets + instanceLists).to.be.at.most(100);
  });
});

describe('GcpRoutes of a node that comes and goes while calls fail', function () {
  this.timeout(120_000);
  let lab: GcpLab;
  let kept: string;
  before(async () => {
    lab = await gcpLab({ seed: 5 });
    for (const name of ['n1', 'n2']) await launch(lab, name);
    kept = await foreign(lab, '10.99.0.0/24', instancePath('n2'), { description: '{"keelson.dev/cluster":"other"}' });
  });
  after(() => lab.stop());

  /** A node joins, gets its route, and goes; with one call that goes wrong. Resolves to how many calls there were. */
  const live = async (trouble?: PlannedFault): Promise<number> => {
    const { state } = lab.emulator;
    state.advance(1_000);
    state.cloud.calls.clear();
    state.cloud.faults.plan(trouble === undefined ? {} : { faults: [trouble] });
    let routes = new GcpRoutes(lab.context);
    /** As a process that ends with each failure, and begins anew. */
    const atRest = async (act: (one: GcpRoutes) => Promise<unknown>): Promise<void> => {
      for (let attempt = 0; attempt < 8; attempt++) {
        try {
          await act(routes);
          return;
        } catch (error) {
          if (!ProviderError.is(error)) throw error;
          state.advance(1_000);
          // What hangs, the platform gives up some day.
          if (attempt > 4) state.cloud.deleting.clear();
          routes = new GcpRoutes(lab.context);
        }
      }
      throw new Error(`it does not come to rest with ${JSON.stringify(state.cloud.faults.met.at(-1))}`);
    };
    await atRest((one) => one.create(requestOf('n1'), never));
    await atRest(async (one) => expect((await one.list(never)).map(({ node }) => node), JSON.stringify(trouble)).to.deep.equal(['n1']));
    expect(things(lab)).to.have.length(2);
    await atRest(async (one) => {
      for (const route of await one.list(never)) await one.delete(route, never);
    });
    state.advance(1_000);
    await atRest(async (one) => expect(await one.list(never), JSON.stringify(trouble)).to.deep.equal([]));
    expect(things(lab).map((thing) => thing.split(' ', 1)[0]), JSON.stringify(trouble)).to.deep.equal([`projects/${project}/global/routes/${kept}`]);
    return [...state.cloud.calls.values()].reduce((sum, one) => sum + one, 0);
  };

  for (const fault of ['before', 'after', 'lose', 'cut', 'throttle'] as const satisfies readonly Fault[]) {
    it(`come to rest: ${fault}`, async () => {
      const calls = await live();
      expect(calls).to.be.at.least(8);
      for (let call = 1; call <= calls; call++) await live({ method: 'compute.*', call, fault });
    });
  }

  it('come to rest when operations fail or hang', async () => {
    for (const fault of ['operation-fails', 'operation-hangs', 'operation-hangs-after'] as const satisfies readonly Fault[]) {
      for (const method of ['compute.routes.insert', 'compute.routes.delete']) await live({ method, call: 1, fault });
    }
  });
});

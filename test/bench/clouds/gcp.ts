import { gcpBudgets } from '#providers/gcp/budgets.ts';
import { clusterLabel } from '#providers/gcp/context.ts';
import { GcpInstances } from '#providers/gcp/instances.ts';
import { PassthroughLoadBalancers } from '#providers/gcp/load-balancers/load-balancers.ts';
import { PersistentDiskVolumeDriver } from '#providers/gcp/persistent-disk/volume-driver.ts';
import { GcpRoutes } from '#providers/gcp/routes.ts';
import type { GcpEmulator } from '#test/emulators/gcp/emulator.ts';
import { instanceBody, RawClient } from '#test/emulators/gcp/raw-client.ts';
import { GcpBalancerWorld, tcp } from '#test/fixtures/gcp-balancer-world.ts';
import { gcpLab } from '#test/fixtures/gcp-lab.ts';
import { diskRequest, nodeOf, persistentDiskLab } from '#test/fixtures/persistent-disk-lab.ts';
import { callsOf, sentOf, type BenchCloud, type Traffic } from './bench-cloud.ts';
import { NodesWorld } from './nodes-world.ts';

const [project, zone] = ['lab-project', 'us-central1-a'];
const restMs = 10 * 60_000;

const trafficOf = ({ state: { cloud } }: GcpEmulator): Traffic => ({ calls: [...cloud.calls.values()].reduce((sum, count) => sum + count, 0), throttled: cloud.rates.throttled });

/** Copies of an instance, as if they had been there for long. */
function copies({ state: { cloud } }: GcpEmulator, name: string, names: readonly string[]): void {
  const pathOf = (one: string): string => `projects/${project}/zones/${zone}/instances/${one}`;
  const original = cloud.read(pathOf(name));
  for (const copy of names) cloud.resources.put(pathOf(copy), { ...original, id: cloud.random.id(), name: copy, selfLink: original.selfLink.replace(/[^/]*$/, copy) });
}

export const gcp: BenchCloud = {
  name: 'GCP',
  known: {
    // create: disks.get, insert, get; attach: disks.get, instances.get, attachDisk, disks.get; detach: instances.get, detachDisk; disks.delete; and four operations.
    volumes: [['the Persistent Disk driver, counted in its source; operations looked at twice', 18, '', '', '', '']],
    // Operations are looked at once, and instances listed by zone. New: forwardingRules.get twice, addresses.insert, get, delete, firewalls.get twice, insert, httpHealthChecks.get twice, targetPools.get,
    // insert, forwardingRules.insert. Again: forwardingRules.get twice, addresses.insert, get, delete, firewalls.get, targetPools.get three times, httpHealthChecks.get twice. Nodes:
    // targetPools.get twice, addInstance. Deleted: forwardingRules.get, and delete of that, firewall, target pool, and of address, health check and its firewall, of which there are none, and of the shared check, which is in use.
    service: { who: 'cloud-provider-gcp with a target pool, counted in its source', create: 22, ensure: 17, nodeChange: 8, remove: 11 },
    // One node after the other every five minutes; two pages of routes every ten seconds.
    nodes: { who: 'cloud-provider-gcp with its defaults, counted in its source: at least', atRest: 12 * 1_000 + 2 * 360, initialize: 100 },
  },
  forVolumes: async (mode, count) => {
    const lab = await persistentDiskLab();
    const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
    const [first = ''] = names;
    await lab.addInstance(first);
    copies(lab.emulator, first, names.slice(1));
    lab.emulator.state.advance(restMs);
    const { calls, counted } = callsOf(mode, gcpBudgets, lab.clock);
    return {
      clock: lab.clock, nodes: names.map((name) => nodeOf(name)), driver: new PersistentDiskVolumeDriver(lab.contextWith({ calls })),
      request: () => diskRequest(),
      traffic: () => trafficOf(lab.emulator),
      creates: () => sentOf(counted, 'gcp:compute.disks.insert'),
      left: () => lab.volumes().length,
      stop: () => lab.stop(),
    };
  },
  forServices: async (mode) => {
    const world = await GcpBalancerWorld.start();
    const { lab } = world;
    const targets = [await world.node('node-1'), await world.node('node-2'), await world.node('node-3', 'us-central1-b')];
    lab.emulator.state.advance(restMs);
    const { calls } = callsOf(mode, gcpBudgets, lab.clock);
    return {
      clock: lab.clock, balancers: new PassthroughLoadBalancers(lab.contextWith({ calls })), targets,
      request: (number, receivers) => world.request({ targets: receivers, ports: [tcp(80, 30_000 + number)] }, number),
      addNode: () => world.node('node-4'),
      traffic: () => trafficOf(lab.emulator),
      stop: () => world.stop(),
    };
  },
  forNodes: async (mode, count, asked) => {
    // Operations are done at once: nobody would move time while one is waited for.
    const lab = await gcpLab({ delays: 0 });
    const { emulator } = lab;
    const { state } = emulator;
    const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
    const [first = ''] = names;
    await new RawClient(emulator, project).make('POST', `zones/${zone}/instances`, instanceBody(first, zone, { canIpForward: true, labels: { [clusterLabel]: 'lab' } }));
    copies(emulator, first, names.slice(1));
    state.setQuota('ROUTES', 2_000);
    state.advance(restMs);
    return NodesWorld.begin({
      names,
      now: () => state.cloud.clock.now(),
      advance: (ms) => state.advance(ms),
      traffic: () => trafficOf(emulator),
      parts: ({ calls, clock }) => {
        const own = { ...lab.contextWith({ calls }), clock };
        return { instances: new GcpInstances(own), routes: new GcpRoutes(own) };
      },
      stop: () => lab.stop(),
    }, asked, (clock, inner) => callsOf(mode, gcpBudgets, clock, inner).calls);
  },
};

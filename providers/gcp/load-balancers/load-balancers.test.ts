import { expect } from 'chai';
import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';
import type { LoadBalancerRequest, LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import { PassthroughLoadBalancers } from '#providers/gcp/load-balancers/load-balancers.ts';
import { GcpBalancerWorld, ownerNumber, targetOf, tcp, udp } from '#test/fixtures/gcp-balancer-world.ts';
import { markOf } from './mark.ts';

const signal = new AbortController().signal;
const internal = { 'networking.gke.io/load-balancer-type': 'Internal' };
const region = 'regions/us-central1';

async function refusal(call: Promise<unknown>, reason: ProviderErrorReason): Promise<string> {
  const error: unknown = await call.then(() => undefined, (caught: unknown) => caught);
  expect(ProviderError.is(error, reason), String(error)).to.equal(true);
  return (error as Error).message;
}

describe('passthrough load balancers', function () {
  this.timeout(60_000);
  let world: GcpBalancerWorld;
  let targets: LoadBalancerTarget[];

  const start = async (config: Readonly<Record<string, unknown>> = {}) => {
    world = await GcpBalancerWorld.start({ config });
    targets = [await world.node('node-1', 'us-central1-a'), await world.node('node-2', 'us-central1-b')];
  };
  afterEach(() => world.stop());
  const ensure = (more: Partial<LoadBalancerRequest> = {}, number = 1) => world.balancers.ensure(world.request({ targets, ...more }, number), signal);
  const address = (more: Partial<LoadBalancerRequest> = {}, number = 1) => world.address({ targets, ...more }, number);
  const remove = (number = 1) => world.balancers.delete(ownerNumber(number), signal);
  const rule = () => world.only('forwardingRules');
  const service = () => world.only('backendServices');
  const firewall = (ip: string) => world.things().filter((path) => path.includes('/firewalls/')).map((path) => world.at(path)).find(({ destinationRanges }) => destinationRanges?.[0] === `${ip}/32`);

  describe('of the outside', () => {
    beforeEach(() => start());

    it('are a rule over a service over the groups of the nodes, each with its owner in its description', async () => {
      const ip = await address({ ports: [tcp(443), tcp(80)], sourceRanges: ['203.0.113.0/24'] });
      expect(rule()).to.deep.include({ loadBalancingScheme: 'EXTERNAL', IPProtocol: 'TCP', ports: ['80', '443'], networkTier: 'PREMIUM', IPAddress: ip });
      expect(service()).to.deep.include({ loadBalancingScheme: 'EXTERNAL', protocol: 'UNSPECIFIED', sessionAffinity: 'NONE', connectionDraining: { drainingTimeoutSec: 30 } });
      expect(service().backends.map(({ group, balancingMode }: { group: string; balancingMode: string }) => `${group.split('/').at(-3)} ${balancingMode}`)).to.deep.equal(['us-central1-a CONNECTION', 'us-central1-b CONNECTION']);
      expect(world.only('healthChecks')).to.deep.include({ type: 'HTTP', checkIntervalSec: 8, timeoutSec: 1, healthyThreshold: 1, unhealthyThreshold: 3 });
      expect(world.only('healthChecks').httpHealthCheck).to.include({ port: 10_256, requestPath: '/healthz' });
      expect(firewall(ip)).to.deep.include({ sourceRanges: ['203.0.113.0/24'], allowed: [{ IPProtocol: 'tcp', ports: ['80', '443'] }] });
      expect(world.only('firewalls', /nodes$/)).to.deep.include({ sourceRanges: ['130.211.0.0/22', '209.85.152.0/22', '209.85.204.0/22', '35.191.0.0/16'], allowed: [{ IPProtocol: 'tcp', ports: ['10256'] }] });
      expect(world.members()).to.deep.equal(['node-1', 'node-2']);
      for (const path of world.things()) expect(markOf(world.at(path).description)?.cluster, path).to.equal('lab');
      for (const each of [rule(), service(), firewall(ip)]) expect(markOf(each.description)).to.deep.equal({ cluster: 'lab', owner: ownerNumber(1) });
    });

    it('take many ports as a range, and TCP with UDP by one rule, at the same address', async () => {
      const ip = await address({ ports: [7, 1, 9, 3, 5, 11].map((port) => tcp(port)) });
      expect(rule()).to.deep.include({ portRange: '1-11', IPProtocol: 'TCP' });
      expect(await address({ ingress: [{ ip }], ports: [tcp(53), udp(53)] })).to.equal(ip);
      expect(rule()).to.deep.include({ IPProtocol: 'L3_DEFAULT', allPorts: true });
      expect(firewall(ip).allowed).to.deep.equal([{ IPProtocol: 'tcp', ports: ['53'] }, { IPProtocol: 'udp', ports: ['53'] }]);
      expect(await address({ ingress: [{ ip }], ports: [udp(53)] })).to.equal(ip);
      expect(rule()).to.deep.include({ IPProtocol: 'UDP', ports: ['53'] });
    });

    it('follow affinity and source ranges without being made anew', async () => {
      const ip = await address();
      const { id } = rule();
      await address({ ingress: [{ ip }], affinitySeconds: 600, sourceRanges: ['10.0.0.0/8'] });
      expect(service().sessionAffinity).to.equal('CLIENT_IP');
      expect(firewall(ip).sourceRanges).to.deep.equal(['10.0.0.0/8']);
      expect(rule().id).to.equal(id);
      await address({ ingress: [{ ip }] });
      expect([service().sessionAffinity, firewall(ip).sourceRanges]).to.deep.equal(['NONE', ['0.0.0.0/0']]);
    });

    it('have a check of their own where each node is asked for pods of the service', async () => {
      const ip = await address({ healthCheck: { port: 31_999, path: '/healthz' } });
      expect(world.only('healthChecks').httpHealthCheck).to.include({ port: 31_999, requestPath: '/healthz' });
      expect(world.only('firewalls', /probes$/).allowed).to.deep.equal([{ IPProtocol: 'tcp', ports: ['31999'] }]);
      await address({ ingress: [{ ip }], healthCheck: { port: 31_998, path: '/healthz' } });
      expect(world.only('healthChecks').httpHealthCheck.port).to.equal(31_998);
      expect(world.only('firewalls', /probes$/).allowed[0].ports).to.deep.equal(['31998']);
      await address({ ingress: [{ ip }] });
      expect(world.only('healthChecks').httpHealthCheck.port).to.equal(10_256);
      expect(world.things().filter((path) => path.endsWith('probes'))).to.deep.equal([]);
      await address({ ingress: [{ ip }], healthCheck: { port: 31_999, path: '/healthz' } });
      await remove();
      expect(world.things()).to.deep.equal([]);
    });

    it('stay as they are where their address could not be kept', async () => {
      const ip = await address();
      world.lab.emulator.state.setQuota('STATIC_ADDRESSES', 0);
      expect(await refusal(ensure({ ingress: [{ ip }], ports: [tcp(443)] }), 'Exhausted')).to.contain("'STATIC_ADDRESSES'");
      expect(world.reach({ ip }, 80, 0)).to.equal('node-1');
      world.lab.emulator.state.setQuota('STATIC_ADDRESSES', 8);
      expect(await address({ ingress: [{ ip }], ports: [tcp(443)] })).to.equal(ip);
    });

    it('are of the tier that is asked for', async () => {
      const ip = await address();
      const standard = await address({ ingress: [{ ip }], annotations: { 'cloud.google.com/network-tier': 'Standard' } });
      expect(rule()).to.deep.include({ networkTier: 'STANDARD', IPAddress: standard });
      expect(standard).not.to.equal(ip);
      await remove();
      expect(world.things()).to.deep.equal([]);
    });

    it('have the reserved address that is wished for, and leave it reserved', async () => {
      await world.raw.make('POST', `${region}/addresses`, { name: 'mine' });
      const wish = world.at(`${region}/addresses/mine`).address as string;
      const ip = await address();
      expect(await address({ address: wish, ingress: [{ ip }] })).to.equal(wish);
      expect(world.at(`${region}/addresses/mine`).status).to.equal('IN_USE');
      expect(await address({ address: wish, ingress: [{ ip: wish }], ports: [tcp(443)] })).to.equal(wish);
      expect(await address({ ingress: [{ ip: wish }] }), 'wished for no more').to.equal(wish);
      await remove();
      expect(world.things()).to.deep.equal([`${region}/addresses/mine`]);
      expect(world.at(`${region}/addresses/mine`).status).to.equal('RESERVED');
    });

    it('refuse an address that nobody reserved, that is of another tier, or that another one has', async () => {
      expect(await refusal(ensure({ address: '34.1.2.3' }), 'Invalid')).to.contain('spec.loadBalancerIP 34.1.2.3').and.to.contain('not allocated');
      await remove();
      expect(world.things()).to.deep.equal([]);
      await world.raw.make('POST', `${region}/addresses`, { name: 'mine' });
      const wish = world.at(`${region}/addresses/mine`).address as string;
      expect(await refusal(ensure({ address: wish, annotations: { 'cloud.google.com/network-tier': 'Standard' } }), 'Invalid')).to.contain('networkTier');
      await address({ address: wish }, 2);
      expect(await refusal(ensure({ address: wish }), 'Exhausted')).to.contain(`spec.loadBalancerIP ${wish}`);
      expect(await address({ address: wish, ports: [tcp(443)] }), 'another port of it is free').to.equal(wish);
    });

    it('become ones of the inside, and come back', async () => {
      const ip = await address({ healthCheck: { port: 31_999, path: '/healthz' } });
      const inside = await address({ ingress: [{ ip }], annotations: internal });
      expect(inside).to.match(/^10\.128\./);
      expect([rule(), service()].map(({ loadBalancingScheme }) => loadBalancingScheme)).to.deep.equal(['INTERNAL', 'INTERNAL']);
      expect(firewall(inside).sourceRanges).to.deep.equal(['0.0.0.0/0']);
      const outside = await address({ ingress: [{ ip: inside }] });
      expect(outside).to.match(/^34\./);
      expect(world.thingsOf(ownerNumber(1)), 'rule, service, firewall').to.have.length(3);
    });

    it('put right what was changed behind their back', async () => {
      const ip = await address();
      const path = (collection: string, match = /./) => world.things().find((each) => each.includes(`/${collection}/`) && match.test(each))!;
      for (const spoil of [
        () => world.remove(world.things().find((each) => each.includes('/firewalls/') && !each.endsWith('nodes'))!),
        () => world.change(world.things().find((each) => each.includes('/firewalls/') && !each.endsWith('nodes'))!, { disabled: true }),
        () => world.change(world.things().find((each) => each.includes('/firewalls/') && !each.endsWith('nodes'))!, { sourceRanges: ['1.2.3.4/32'], allowed: [{ IPProtocol: 'all' }] }),
        () => world.change(path('backendServices'), { sessionAffinity: 'CLIENT_IP', backends: undefined }),
        () => world.change(path('healthChecks'), { checkIntervalSec: 300 }),
        () => world.change(path('firewalls', /nodes$/), { allowed: [{ IPProtocol: 'tcp', ports: ['1'] }] }),
        () => world.remove(path('firewalls', /nodes$/)),
        () => world.lab.emulator.state.cloud.members.set(`projects/lab-project/${path('instanceGroups')}`, new Set()),
      ]) {
        const right = world.things().map((each) => JSON.stringify({ ...world.at(each), fingerprint: '', id: '', creationTimestamp: '' }));
        spoil();
        await world.lab.clock.sleep(600_000);
        expect(await address({ ingress: [{ ip }] })).to.equal(ip);
        expect(world.things().map((each) => JSON.stringify({ ...world.at(each), fingerprint: '', id: '', creationTimestamp: '' }))).to.deep.equal(right);
        expect([0, 1].map((turn) => world.reach({ ip }, 80, turn)), String(spoil)).to.have.members(['node-1', 'node-2']);
      }
      world.remove(path('forwardingRules'));
      expect(world.reach({ ip: await address({ ingress: [{ ip }] }) }, 80, 0)).to.equal('node-1');
    });

    it('keep off what has their name and is somebody else\'s', async () => {
      await address();
      const names = Object.fromEntries(world.thingsOf(ownerNumber(1)).map((path) => [path.split('/').at(-2)!, path]));
      await remove();
      for (const [collection, body] of [['firewalls', { network: 'global/networks/default', allowed: [{ IPProtocol: 'tcp' }] }], ['addresses', {}]] as const) {
        const path = names[collection] ?? `${region}/addresses/${names['firewalls']!.split('/').at(-1)!}`;
        await world.raw.make('POST', path.slice(0, path.lastIndexOf('/')), { name: path.split('/').at(-1), description: 'hands off', ...body });
      }
      const strangers = world.things();
      expect(await refusal(ensure(), 'AlreadyExists')).to.contain('firewall rule').and.to.contain(names['firewalls']!.split('/').at(-1)!);
      await remove();
      expect(world.things()).to.deep.equal(strangers);
      expect(world.at(names['firewalls']!).description).to.equal('hands off');
    });

    it('are told of by owner, other clusters\' and copies of them not', async () => {
      await address();
      await address({}, 2);
      const other = new PassthroughLoadBalancers(world.lab.contextWith({ config: { clusterId: 'other' } }));
      await other.ensure(world.request({}, 3), signal);
      const copied = world.thingsOf(ownerNumber(2)).find((path) => path.includes('/firewalls/'))!;
      await world.raw.make('POST', 'global/firewalls', { name: `${copied.split('/').at(-1)!.slice(0, 25)}copy`, description: world.at(copied).description, network: 'global/networks/default', allowed: [{ IPProtocol: 'tcp' }] });
      await remove(2);
      await world.lab.clock.sleep(600_000);
      expect(await world.balancers.owners(signal)).to.deep.equal([ownerNumber(1)]);
      expect(await world.restart().owners(signal)).to.deep.equal([ownerNumber(1)]);
      expect(await other.owners(signal)).to.deep.equal([ownerNumber(3)]);
      expect(world.thingsOf(ownerNumber(2)), 'the copy').to.have.length(1);
    });

    it('leave what is shared to the last one', async () => {
      await address();
      await address({ healthCheck: { port: 31_999, path: '/healthz' } }, 2);
      // A process that has not met the other one.
      await world.restart().delete(ownerNumber(1), signal);
      expect(world.members(), 'still balanced').to.deep.equal(['node-1', 'node-2']);
      await world.restart().delete(ownerNumber(2), signal);
      expect(world.things()).to.deep.equal([]);
    });

    it('are made while the last other one is deleted', async () => {
      await address();
      const [, ip] = await Promise.all([remove(), address({}, 2)]);
      expect([0, 1].map((turn) => world.reach({ ip }, 80, turn))).to.have.members(['node-1', 'node-2']);
      const [again] = await Promise.all([address({}, 3), remove(2)]);
      expect(world.reach({ ip: again }, 80, 0)).to.equal('node-1');
      await Promise.all([remove(3), remove(1)]);
      expect(world.things()).to.deep.equal([]);
    });

    it('wait with what is shared until it has gone, and make it anew', async () => {
      await address();
      const calls = world.counting();
      const removed = remove();
      while (calls()['regionHealthChecks.delete'] === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      const ip = await address({}, 2);
      await removed;
      expect([0, 1].map((turn) => world.reach({ ip }, 80, turn))).to.have.members(['node-1', 'node-2']);
      expect(world.only('healthChecks').httpHealthCheck.port).to.equal(10_256);
    });

    it('leave nothing of what they were making when the answer was lost, though it cannot be seen yet', async () => {
      for (const method of ['compute.regionBackendServices.insert', 'compute.forwardingRules.insert', 'compute.firewalls.insert']) {
        await address({}, 2);
        world.lab.emulator.state.cloud.faults.plan({ faults: [{ method, fault: 'lose', call: 1 }] });
        await refusal(ensure(), 'Unknown');
        world.lab.emulator.state.cloud.faults.plan({});
        await remove();
        await world.lab.clock.sleep(60_000);
        expect(world.thingsOf(ownerNumber(1)), method).to.deep.equal([]);
      }
    });

    it('are not possible beyond a quota, or without a permission, which is named', async () => {
      world.lab.emulator.state.setQuota('BACKEND_SERVICES', 0);
      expect(await refusal(ensure(), 'Exhausted')).to.contain("'BACKEND_SERVICES'");
      await remove();
      expect(world.things()).to.deep.equal([]);
      world.lab.emulator.state.run('deny', { permission: 'compute.firewalls.create' });
      expect(await refusal(ensure(), 'Unavailable')).to.contain('compute.firewalls.create');
      await remove();
      expect(world.things()).to.deep.equal([]);
    });

    it('end soon when they are not wanted any more', async () => {
      const stop = new AbortController();
      const reason = new Error('enough');
      world.lab.emulator.state.cloud.faults.plan({ faults: [{ method: 'compute.forwardingRules.insert', fault: 'operation-hangs' }] });
      const made = world.balancers.ensure(world.request({ targets }), stop.signal).catch((error: unknown) => error);
      setTimeout(() => stop.abort(reason), 300);
      expect(await made).to.satisfy((error: unknown) => error === reason || ProviderError.is(error, 'Unknown'));
    });
  });

  describe('and their nodes', () => {
    beforeEach(() => start());

    it('are told apart by zone, and those elsewhere left out with a word', async () => {
      const { warnings } = await ensure({ targets: [...targets, targetOf('far', 'us-east1-b'), { node: 'odd', providerId: 'gce://odd', addresses: [] }] });
      expect(warnings).to.have.length(2);
      expect(world.members()).to.deep.equal(['node-1', 'node-2']);
    });

    it('of which the instance is gone keep nobody else out, and are not asked for again at once', async () => {
      const ip = await address();
      const more = [...targets, targetOf('ghost', 'us-central1-a'), await world.node('node-3', 'us-central1-a')];
      await world.balancers.updateTargets(world.request({ targets: more }), signal);
      expect(world.members()).to.deep.equal(['node-1', 'node-2', 'node-3']);
      const calls = world.counting();
      await world.balancers.updateTargets(world.request({ targets: more }), signal);
      expect(calls()).to.deep.equal({});
      await world.node('ghost', 'us-central1-a');
      await world.lab.clock.sleep(60_000);
      await address({ targets: more, ingress: [{ ip }] });
      expect(world.members()).to.deep.equal(['ghost', 'node-1', 'node-2', 'node-3']);
    });

    it('are none at first, come, and go', async () => {
      const ip = await address({ targets: [] });
      expect(service().backends).to.equal(undefined);
      await world.balancers.updateTargets(world.request({ targets }), signal);
      expect([0, 1].map((turn) => world.reach({ ip }, 80, turn))).to.have.members(['node-1', 'node-2']);
      await world.balancers.updateTargets(world.request({ targets: [] }), signal);
      expect(world.members()).to.deep.equal([]);
      // What a process does not know any more that was before it.
      await world.balancers.updateTargets(world.request({ targets }), signal);
      world.restart();
      await address({ targets: [], ingress: [{ ip }] });
      expect(world.members()).to.deep.equal([]);
      await remove();
      expect(world.things()).to.deep.equal([]);
    });

    it('leave where they are not wanted any more, though that failed at first', async () => {
      await address();
      world.lab.emulator.state.cloud.faults.plan({ faults: [{ method: 'compute.instanceGroups.removeInstances', fault: 'before' }] });
      await refusal(world.balancers.updateTargets(world.request({ targets: targets.slice(0, 1) }), signal), 'Unknown');
      world.lab.emulator.state.cloud.faults.plan({});
      await world.balancers.updateTargets(world.request({ targets: targets.slice(0, 1) }), signal);
      expect(world.members()).to.deep.equal(['node-1']);
    });

    it('are changed by a process that made nothing', async () => {
      const ip = await address({ targets: targets.slice(0, 1) });
      await world.restart().updateTargets(world.request({ targets }), signal);
      expect([0, 1].map((turn) => world.reach({ ip }, 80, turn))).to.have.members(['node-1', 'node-2']);
      await refusal(world.balancers.updateTargets(world.request({ targets }, 9), signal), 'NotFound');
    });

    it('that are in a stranger\'s balanced group too are reported until they are not', async () => {
      await world.raw.make('POST', 'zones/us-central1-a/instanceGroups', { name: 'theirs' });
      await world.raw.make('POST', 'zones/us-central1-a/instanceGroups/theirs/addInstances', { instances: [{ instance: 'projects/lab-project/zones/us-central1-a/instances/node-1' }] });
      await world.raw.make('POST', `${region}/healthChecks`, { name: 'theirs', type: 'TCP' });
      await world.raw.make('POST', `${region}/backendServices`, { name: 'theirs', healthChecks: [`projects/lab-project/${region}/healthChecks/theirs`], backends: [{ group: 'zones/us-central1-a/instanceGroups/theirs' }] });
      await address({ targets: targets.slice(1) });
      await world.balancers.updateTargets(world.request({ targets }), signal).catch(() => undefined);
      const failed = await ensure({}, 2).then(() => undefined, (error: unknown) => error);
      expect(ProviderError.is(failed, 'Unavailable', 'Exhausted'), String(failed)).to.equal(true);
      expect(String(failed)).to.contain('load-balanced instance group');
    });
  });

  describe('of the inside', () => {
    beforeEach(() => start());

    it('are of a subnetwork, and open to other regions where that is asked for', async () => {
      world.lab.emulator.state.addNetwork('lab-project', 'second', { 'us-central1': '10.9.0.0/24' });
      const ip = await address({ annotations: internal });
      expect(rule()).to.deep.include({ allowGlobalAccess: false });
      const { id } = rule();
      const open = { ...internal, 'networking.gke.io/internal-load-balancer-allow-global-access': 'true' };
      expect(await address({ ingress: [{ ip }], annotations: open })).to.equal(ip);
      expect(rule()).to.deep.include({ allowGlobalAccess: true, id });
      await address({ ingress: [{ ip }], annotations: internal });
      expect(rule()).to.deep.include({ allowGlobalAccess: false, id });
      expect(await refusal(ensure({ ingress: [{ ip }], annotations: { ...internal, 'networking.gke.io/internal-load-balancer-subnet': 'nowhere' } }), 'NotFound')).to.contain('nowhere');
      await remove();
      expect(world.things()).to.deep.equal([]);
    });

    it('have an address that is wished for, and the one they had when their rule is gone', async () => {
      expect(await address({ annotations: internal, address: '10.128.48.77' })).to.equal('10.128.48.77');
      world.remove(world.things().find((path) => path.includes('/forwardingRules/'))!);
      expect(await address({ annotations: internal, ingress: [{ ip: '10.128.48.77' }] })).to.equal('10.128.48.77');
      expect(await address({ annotations: internal, ingress: [{ ip: '10.128.48.77' }], ports: [1, 2, 3, 4, 5, 6].map((port) => tcp(port)) })).to.equal('10.128.48.77');
      expect(rule()).to.deep.include({ allPorts: true, IPProtocol: 'TCP' });
      await remove();
      expect(world.things()).to.deep.equal([]);
    });

    it('come by their class', async () => {
      await address({ class: 'networking.gke.io/l4-regional-internal' });
      expect(rule().loadBalancingScheme).to.equal('INTERNAL');
    });
  });

  it('are of the network, the tags and the labels of the settings', async () => {
    world = await GcpBalancerWorld.start({ config: { network: 'second', subnetwork: 'second', nodeTags: ['node'], extraLabels: { team: 'net' } } });
    world.lab.emulator.state.addNetwork('lab-project', 'second', { 'us-central1': '10.9.0.0/24' });
    const ip = await address({ annotations: internal, targets: [] });
    expect(ip).to.match(/^10\.9\.0\./);
    expect(firewall(ip)).to.deep.include({ network: 'https://www.googleapis.com/compute/v1/projects/lab-project/global/networks/second', targetTags: ['node'] });
    expect(rule().labels).to.deep.equal({ 'team': 'net', 'keelson-cluster': 'lab' });
    const calls = world.counting();
    await address({ annotations: internal, targets: [], ingress: [{ ip }] });
    expect(Object.keys(calls()).filter((method) => !method.endsWith('.get'))).to.deep.equal([]);
    expect(await address({ annotations: internal, targets: [], ingress: [{ ip }], ports: [tcp(443)] })).to.equal(ip);
    expect(world.only('addresses').labels).to.deep.equal({ 'team': 'net', 'keelson-cluster': 'lab' });
    await remove();
    expect(world.things()).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import type { LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import { GcpBalancerWorld, ownerNumber, tcp } from '#test/fixtures/gcp-balancer-world.ts';

const signal = new AbortController().signal;
const total = (calls: Readonly<Record<string, number>>): number => Object.values(calls).reduce((sum, count) => sum + count, 0);

describe('calls of passthrough load balancers', function () {
  this.timeout(120_000);
  let world: GcpBalancerWorld;
  let targets: LoadBalancerTarget[];

  beforeEach(async () => {
    world = await GcpBalancerWorld.start();
    targets = [await world.node('node-1', 'us-central1-a'), await world.node('node-2', 'us-central1-b')];
  });
  afterEach(() => world.stop());

  it('makes one with three insertions where others are there already', async () => {
    await world.address({ targets });
    const calls = world.counting();
    await world.address({ targets }, 2);
    expect(calls()).to.deep.equal({
      'regionBackendServices.get': 1, 'regionBackendServices.insert': 1, 'forwardingRules.insert': 1, 'forwardingRules.get': 1, 'regionOperations.wait': 2, 'firewalls.insert': 1, 'globalOperations.wait': 1,
    });
  });

  it('only reads where nothing has changed, what is shared not at all when it was seen moments ago', async () => {
    const ingress = [{ ip: await world.address({ targets }) }];
    const again = world.counting();
    await world.address({ targets, ingress });
    expect(again()).to.deep.equal({ 'forwardingRules.get': 1, 'regionBackendServices.get': 1, 'firewalls.get': 1 });
    await world.lab.clock.sleep(600_000);
    const later = world.counting();
    await world.address({ targets, ingress });
    expect(later()).to.deep.equal({ 'forwardingRules.get': 1, 'regionBackendServices.get': 1, 'firewalls.get': 2, 'regionHealthChecks.get': 1, 'instanceGroups.listInstances': 2 });
    const restarted = world.restart();
    const anew = world.counting();
    await restarted.ensure(world.request({ targets, ingress }), signal);
    expect(Object.keys(anew()).filter((method) => !/(get|list|listInstances)$/.test(method))).to.deep.equal([]);
  });

  it('costs a node that comes or goes three calls, for a hundred services too', async () => {
    const numbers = Array.from({ length: 100 }, (_, i) => i + 1);
    await Promise.all(numbers.map((number) => world.address({ targets }, number)));
    const more = [...targets, await world.node('node-3', 'us-central1-a')];
    for (const wanted of [more, targets]) {
      await world.lab.clock.sleep(600_000);
      const calls = world.counting();
      await Promise.all(numbers.map((number) => world.balancers.updateTargets(world.request({ targets: wanted }, number), signal)));
      expect(total(calls()), JSON.stringify(calls())).to.equal(3);
      expect(world.members()).to.deep.equal(wanted.map(({ node }) => node));
    }
    const unchanged = world.counting();
    await Promise.all(numbers.map((number) => world.balancers.updateTargets(world.request({ targets }, number), signal)));
    expect(unchanged()).to.deep.equal({});
  });

  it('tells each backend service once of the first node of a zone', async () => {
    await Promise.all([1, 2].map((number) => world.address({ targets }, number)));
    const more = [...targets, await world.node('node-3', 'us-central1-c')];
    const calls = world.counting();
    await Promise.all([1, 2].map((number) => world.balancers.updateTargets(world.request({ targets: more }, number), signal)));
    expect(calls(false)).to.deep.equal({ 'instanceGroups.get': 1, 'instanceGroups.insert': 1, 'instanceGroups.addInstances': 1, 'regionBackendServices.get': 2, 'regionBackendServices.patch': 2 });
    for (const path of world.things().filter((each) => each.includes('/backendServices/'))) expect(world.at(path).backends).to.have.length(3);
    const later = world.counting();
    await world.balancers.updateTargets(world.request({ targets: more }), signal);
    expect(later()).to.deep.equal({});
  });

  it('asks for everything at once of what it deletes', async () => {
    await Promise.all([1, 2].map((number) => world.address({ targets }, number)));
    const calls = world.counting();
    await world.balancers.delete(ownerNumber(1), signal);
    expect(total(calls()), JSON.stringify(calls())).to.equal(12);
    expect(world.thingsOf(ownerNumber(1))).to.deep.equal([]);
  });

  it('keeps the address of a rule that is replaced with two calls more', async () => {
    const ip = await world.address({ targets });
    const calls = world.counting();
    expect(await world.address({ targets, ingress: [{ ip }], ports: [tcp(443)] })).to.equal(ip);
    expect(calls(false)).to.deep.equal({
      'forwardingRules.get': 2, 'regionBackendServices.get': 1, 'firewalls.get': 1, 'addresses.get': 1, 'addresses.insert': 1, 'forwardingRules.delete': 1, 'forwardingRules.insert': 1, 'firewalls.update': 1,
    });
  });
});

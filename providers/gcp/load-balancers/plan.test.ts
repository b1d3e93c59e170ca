import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerPort, LoadBalancerRequest } from '#core/spi/load-balancers.ts';
import { descriptionOf, isSameMark, markOf } from './mark.ts';
import { chosenOf, membersOf } from './members.ts';
import { BalancerNames } from './names.ts';
import { planOf } from './plan.ts';

const owner = { namespace: 'default', name: 'web', uid: '6f1c1f6e-5a0b-4c0a-9a51-000000000001' };
const ports = (protocol: LoadBalancerPort['protocol'], ...numbers: readonly number[]): LoadBalancerPort[] => numbers.map((port) => ({ name: `p${port}`, protocol, port }));
const request = (more: Partial<LoadBalancerRequest> = {}): LoadBalancerRequest =>
  ({ owner, name: 'a1', ports: ports('TCP', 80), targets: [], families: ['IPv4'], sourceRanges: [], annotations: {}, ingress: [], ...more });
const internal = { annotations: { 'networking.gke.io/load-balancer-type': 'Internal' } };

describe('plans of passthrough load balancers', () => {
  it('list a few ports, and open the firewall for just these', () => {
    const plan = planOf(request({ ports: ports('TCP', 443, 80) }));
    expect(plan).to.deep.include({ traffic: { IPProtocol: 'TCP', ports: ['80', '443'] }, allowed: [{ IPProtocol: 'tcp', ports: ['80', '443'] }], sourceRanges: ['0.0.0.0/0'], sessionAffinity: 'NONE' });
  });

  it('take more than five ports as a range from outside, and all of them from inside', () => {
    const many = ports('UDP', 9, 3, 5, 1, 7, 11);
    expect(planOf(request({ ports: many }))).to.deep.include({ traffic: { IPProtocol: 'UDP', portRange: '1-11' }, allowed: [{ IPProtocol: 'udp', ports: ['1', '3', '5', '7', '9', '11'] }] });
    expect(planOf(request({ ports: many, ...internal })).traffic).to.deep.equal({ IPProtocol: 'UDP', allPorts: true });
    expect(planOf(request({ ports: ports('TCP', ...Array.from({ length: 60 }, (_, i) => 8000 + i)) })).traffic).to.deep.equal({ IPProtocol: 'TCP', portRange: '8000-8059' });
  });

  it('take TCP and UDP by one rule', () => {
    const plan = planOf(request({ ports: [...ports('UDP', 53), ...ports('TCP', 53, 853)] }));
    expect(plan).to.deep.include({ traffic: { IPProtocol: 'L3_DEFAULT', allPorts: true }, allowed: [{ IPProtocol: 'tcp', ports: ['53', '853'] }, { IPProtocol: 'udp', ports: ['53'] }] });
  });

  it('keep source ranges in one form, and never widen them', () => {
    expect(planOf(request({ sourceRanges: ['10.1.2.3/8', ' 192.168.0.0/16', '10.0.0.0/8'] }))).to.deep.include({ sourceRanges: ['10.0.0.0/8', '192.168.0.0/16'], warnings: [] });
    expect(planOf(request({ sourceRanges: ['fd00::/8', '10.0.0.0/8'] }))).to.deep.include({ sourceRanges: ['10.0.0.0/8'], warnings: ['source ranges of IPv6 have no effect: the load balancer has IPv4 only'] });
  });

  it('have IPv4 only, and say so', () => {
    expect(planOf(request({ families: ['IPv6', 'IPv4'] })).warnings).to.deep.equal(['there is no IPv6 address for the load balancer: it has IPv4 only']);
    expect(planOf(request({ address: '10.0.0.7', affinitySeconds: 10 }))).to.deep.include({ address: '10.0.0.7', sessionAffinity: 'CLIENT_IP' });
  });

  for (const [what, more, word] of [
    ['SCTP', { ports: ports('SCTP', 7) }, 'SCTP'], ['no ports', { ports: [] }, 'without ports'], ['IPv6 only', { families: ['IPv6'] }, 'IPv6'], ['a source range that is none', { sourceRanges: ['nowhere'] }, '"nowhere"'],
    ['source ranges of IPv6 only', { sourceRanges: ['fd00::/8'] }, 'fd00::/8'], ['an address that is none', { address: 'home' }, '"home"'], ['an address of IPv6', { address: 'fd00::1' }, '"fd00::1"'],
  ] as const satisfies readonly (readonly [string, Partial<LoadBalancerRequest>, string])[]) {
    it(`refuse ${what}`, () => {
      expect(() => planOf(request(more))).to.throw(word).that.satisfies((error: unknown) => ProviderError.is(error, 'Invalid'));
    });
  }
});

describe('names and marks of load balancers', () => {
  it('have names that are always the same, different for each owner and cluster, and short', () => {
    const [one, other] = [new BalancerNames('one'), new BalancerNames('x'.repeat(63))];
    const all = [one, other].flatMap((names) => [names.shared, names.of(owner).balancer, names.of(owner).probes, names.of({ uid: 'other' }).balancer]);
    expect(new Set(all).size).to.equal(all.length);
    for (const name of all) expect(name).to.match(/^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])$/);
    expect(new BalancerNames('one').of({ ...owner }).balancer).to.equal(one.of(owner).balancer);
    expect(one.of(owner).balancer.startsWith(one.prefix)).to.equal(true);
  });

  it('know an owner by what a description says, and nobody by one that is not theirs', () => {
    const mark = { cluster: 'lab', owner };
    expect(markOf(descriptionOf(mark))).to.deep.equal(mark);
    expect(markOf(descriptionOf({ cluster: 'lab' }))).to.deep.equal({ cluster: 'lab' });
    expect(descriptionOf({ cluster: 'x'.repeat(63), owner: { namespace: 'n'.repeat(63), name: 'n'.repeat(63), uid: owner.uid } }).length).to.be.lessThan(2048);
    for (const description of [undefined, null, '', 'text', '{', '[]', '{"kubernetes.io/service-name":"default/web"}', '{"keelson.dev/cluster":"lab","keelson.dev/service-uid":"1"}', '{"keelson.dev/cluster":"lab","kubernetes.io/service-name":"web","keelson.dev/service-uid":"1"}', '{"keelson.dev/cluster":7}']) {
      expect(markOf(description), String(description)).to.equal(undefined);
    }
    expect(isSameMark({ cluster: 'lab' }, mark)).to.equal(false);
    expect(isSameMark({ cluster: 'other', owner }, mark)).to.equal(false);
    expect(isSameMark({ cluster: 'lab', owner: { ...owner, name: 'renamed' } }, mark)).to.equal(true);
  });
});

describe('members of instance groups', () => {
  const target = (node: string, providerId: string) => ({ node, providerId, addresses: [] });

  it('are the instances of the region and project, each in its zone', () => {
    const { byZone, warnings } = membersOf([
      target('a', 'gce://p/us-central1-a/a'), target('b', 'gce://p/us-central1-b/b'), target('c', 'gce://other/us-central1-a/c'), target('d', 'gce://p/us-east1-b/d'), target('e', 'gce:///us-central1-a/e'),
    ], 'p', 'us-central1');
    expect([...byZone].map(([zone, names]) => [zone, ...names])).to.deep.equal([['us-central1-a', 'a'], ['us-central1-b', 'b']]);
    expect(warnings).to.have.length(3);
    expect(warnings[0]).to.contain('node c').and.to.contain('project other');
    expect(warnings[1]).to.contain('node d').and.to.contain('us-east1-b');
    expect(warnings[2]).to.contain('"gce:///us-central1-a/e"');
  });

  it('are a thousand at most, of whom those stay that were there', () => {
    const names = Array.from({ length: 1_100 }, (_, i) => `n${String(i).padStart(4, '0')}`);
    const { warnings } = membersOf(names.map((name) => target(name, `gce://p/us-central1-a/${name}`)), 'p', 'us-central1');
    expect(warnings).to.deep.equal(['100 of the 1100 nodes of zone us-central1-a take no traffic: an instance group has 1000']);
    const chosen = chosenOf(new Set(names), new Set(['n1099', 'gone']));
    expect([chosen.size, chosen.has('n1099'), chosen.has('n0998'), chosen.has('n0999'), chosen.has('gone')]).to.deep.equal([1_000, true, true, false, false]);
  });
});

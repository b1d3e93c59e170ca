import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerRequest } from '#core/spi/load-balancers.ts';
import type { FaultKind } from '#test/emulators/aws/faults.ts';
import { awsBalancerLab, labRequest, type AwsBalancerLab } from '#test/fixtures/aws-balancer-lab.ts';
import type { NetworkLoadBalancers } from './load-balancers.ts';

const signal = new AbortController().signal;
const prefix = 'service.beta.kubernetes.io/aws-load-balancer-';
const kinds: readonly FaultKind[] = ['before', 'after', 'lost'];

/** What the flows begin with, and are to end with. */
const small = (lab: AwsBalancerLab): LoadBalancerRequest => labRequest(lab.targets.slice(0, 2));
const large = (lab: AwsBalancerLab): LoadBalancerRequest => labRequest(lab.targets, {
  ports: [{ name: 'https', protocol: 'TCP', port: 443, nodePort: 30_443 }, { name: 'dns', protocol: 'UDP', port: 53, nodePort: 30_053 }], sourceRanges: ['192.0.2.0/24'],
  annotations: { [`${prefix}cross-zone-load-balancing-enabled`]: 'true', [`${prefix}proxy-protocol`]: '*', [`${prefix}ssl-cert`]: 'arn:aws:acm:us-west-2:123456789012:certificate/00000000-0000-0000-0000-000000000001' },
});
const replaced = (lab: AwsBalancerLab): LoadBalancerRequest => labRequest(lab.targets, { annotations: { [`${prefix}scheme`]: 'internal' } });

interface Flow {
  readonly name: string;
  readonly before?: (lab: AwsBalancerLab, balancers: NetworkLoadBalancers) => Promise<unknown>;
  readonly act: (lab: AwsBalancerLab, balancers: NetworkLoadBalancers) => Promise<unknown>;
  /** What its end is compared with; nothing for deletions. */
  readonly wanted?: (lab: AwsBalancerLab) => LoadBalancerRequest;
}

const flows: readonly Flow[] = [
  { name: 'making one', act: (lab, balancers) => balancers.ensure(large(lab), signal), wanted: large },
  { name: 'changing one', before: (lab, balancers) => balancers.ensure(small(lab), signal), act: (lab, balancers) => balancers.ensure(large(lab), signal), wanted: large },
  { name: 'making another in its place', before: (lab, balancers) => balancers.ensure(small(lab), signal), act: (lab, balancers) => balancers.ensure(replaced(lab), signal), wanted: replaced },
  { name: 'changing targets', before: (lab, balancers) => balancers.ensure(small(lab), signal), act: (lab, balancers) => updated(lab, balancers), wanted: (lab) => labRequest(lab.targets) },
  { name: 'deleting one', before: (lab, balancers) => balancers.ensure(large(lab), signal), act: (lab, balancers) => balancers.delete(large(lab).owner, signal) },
];

/** As its caller does. */
async function updated(lab: AwsBalancerLab, balancers: NetworkLoadBalancers): Promise<void> {
  const wanted = labRequest(lab.targets);
  await balancers.updateTargets(wanted, signal).catch((error: unknown) => {
    if (!ProviderError.is(error, 'NotFound')) throw error;
    return balancers.ensure(wanted, signal);
  });
}

/** Without what differs from one world to another. */
function shape(lab: AwsBalancerLab): string {
  const { region } = lab;
  const names = new Map([...region.securityGroups.rows()].map(({ id, name }) => [id, name]));
  const bare = (value: unknown): string => JSON.stringify(value, (_key, entry: unknown) => (entry instanceof Map ? [...entry].toSorted() : entry));
  return [
    ...[...region.balancers.rows()].map(({ name, scheme, groupIds, attributes, tags, zones }) => bare(['balancer', name, scheme, groupIds.map((id) => names.get(id)), attributes, tags, zones.map(({ zone }) => zone)])),
    ...[...region.targetGroups.rows()].map(({ name, protocol, healthCheck, attributes, tags, targets }) => bare(['group', name, protocol, Object.entries(healthCheck).toSorted(), attributes, tags, targets.filter(({ health }) => health.state !== 'draining').map(({ id, port }) => `${id} ${port}`).toSorted()])),
    ...[...region.listeners.rows()].map(({ protocol, port, forwards, certificates, alpn }) => bare(['listener', protocol, port, forwards.map(({ targetGroupArn }) => region.targetGroups.get(targetGroupArn)?.name), certificates, alpn])),
    ...[...region.securityGroups.rows()].map(({ name, rules, tags }) => bare(['security group', name, tags, rules.map(({ protocol, from, to, peer, egress, tags: marks }) => bare([protocol, from, to, names.get(peer.value) ?? peer.value, egress, marks])).toSorted()])),
  ].toSorted().join('\n');
}

interface Case {
  readonly call: string;
  readonly kind: FaultKind;
}

/** A few of as many sorts as can be; all where somebody asks for it by `KEELSON_EVERY_FAULT=1`. */
const chosen = (cases: readonly Case[]): readonly (Case & { readonly number: number })[] =>
  cases.map((each, number) => ({ ...each, number })).filter(({ number }) => process.env['KEELSON_EVERY_FAULT'] !== undefined || number % 7 === 2);

describe('a fault at any call of network load balancers', () => {
  for (const flow of flows) {
    it(`${flow.name}: ends as without it`, async () => {
      const ideal = await run(flow);
      // The effect of a read makes no difference.
      const cases = (await callsOf(flow)).flatMap((call) => (call.startsWith('Describe') ? kinds.slice(0, 1) : kinds).map((kind) => ({ call, kind })));
      for (const { call, kind, number } of chosen(cases)) {
        const [action = '', nth = ''] = call.split(' ');
        // Every other time the process ends, too.
        expect(await run(flow, { action, nth: Number(nth), kind }, number % 2 === 0), `${kind} ${call}`).to.equal(ideal);
      }
    }).timeout(120_000);
  }

  it('deleting one that was cut short while it was made: leaves nothing', async () => {
    const faults = (await callsOf(flows[0]!)).filter((call) => !call.startsWith('Describe')).flatMap((call) => kinds.map((kind) => ({ call, kind })));
    for (const { call, kind, number } of chosen(faults)) {
      const [action = '', nth = ''] = call.split(' ');
      const lab = await awsBalancerLab({ seed: 3 + number });
      try {
        lab.emulator.state.setFaults({ faults: [{ action, nth: Number(nth), kind }] });
        await lab.balancers.ensure(large(lab), signal).catch(() => undefined);
        await insistently(number % 2 === 0 ? lab.balancers : lab.restart(), large(lab));
        expect(lab.things(large(lab).owner), `${kind} ${call}`).to.deep.equal([]);
      } finally {
        await lab.stop();
      }
    }
  }).timeout(120_000);

  async function insistently(balancers: NetworkLoadBalancers, { owner }: LoadBalancerRequest): Promise<void> {
    for (let attempt = 0; attempt < 5; attempt++) if (await balancers.delete(owner, signal).then(() => true, () => false)) return;
  }

  /** Each call of the flow: its action, and the number that the next fault of it would have. */
  async function callsOf(flow: Flow): Promise<readonly string[]> {
    const lab = await awsBalancerLab({ seed: 3 });
    try {
      await flow.before?.(lab, lab.balancers);
      lab.emulator.state.advance(60_000);
      const numbers = new Map<string, number>();
      const count = (action: string): number => numbers.set(action, (numbers.get(action) ?? 0) + 1).get(action) ?? 0;
      const before = lab.emulator.state.journal.length;
      await flow.act(lab, lab.balancers);
      return lab.emulator.state.journal.flatMap(({ action }, index) => {
        const nth = count(action);
        return index < before ? [] : [`${action} ${nth}`];
      });
    } finally {
      await lab.stop();
    }
  }

  async function run(flow: Flow, fault?: { readonly action: string; readonly nth: number; readonly kind: FaultKind }, isRestarted = false): Promise<string> {
    const lab = await awsBalancerLab({ seed: 3 });
    try {
      const foreign = lab.foreign();
      await flow.before?.(lab, lab.balancers);
      lab.emulator.state.advance(60_000);
      if (fault !== undefined) lab.emulator.state.setFaults({ faults: [fault] });
      let { balancers } = lab;
      for (let attempt = 0; attempt < 10; attempt++) {
        const outcome = await flow.act(lab, balancers).then(() => 'done', (error: unknown) => error);
        if (outcome === 'done') break;
        if (!ProviderError.is(outcome, 'Unavailable', 'Unknown', 'Throttled', 'AlreadyExists')) throw outcome;
        if (isRestarted) balancers = lab.restart();
      }
      expect(lab.emulator.state.journal.filter((entry) => entry.fault !== undefined)).to.have.length(fault === undefined ? 0 : 1);
      if (flow.wanted === undefined) expect(lab.things(large(lab).owner)).to.deep.equal([]);
      else await repeatIsQuiet(lab, balancers, flow.wanted(lab));
      const end = shape(lab);
      await balancers.delete(large(lab).owner, signal);
      expect(lab.things(large(lab).owner)).to.deep.equal([]);
      lab.emulator.state.advance(600_000);
      expect(lab.foreign()).to.equal(foreign);
      return end;
    } finally {
      await lab.stop();
    }
  }

  async function repeatIsQuiet(lab: AwsBalancerLab, balancers: NetworkLoadBalancers, wanted: LoadBalancerRequest): Promise<void> {
    lab.emulator.state.advance(600_000);
    // A target group that is not wanted any more, and had no listener, is found by this.
    await balancers.ensure(wanted, signal);
    lab.emulator.state.advance(600_000);
    lab.calls();
    await balancers.ensure(wanted, signal);
    expect(Object.keys(lab.calls()).filter((action) => !action.startsWith('Describe'))).to.deep.equal([]);
  }
});

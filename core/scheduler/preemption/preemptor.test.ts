import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { PodDisruptionBudget } from '#core/api/schema/policy-v1.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { PodFilters } from '#core/scheduler/pod-filters.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { SchedulingLab } from '#test/fixtures/scheduling-lab.ts';

type Metadata = Draft<Pod>['metadata'];

/** A pod on the node that began to run at that minute. */
function running(lab: SchedulingLab, node: string, name: string, cpu: string, priority: number, { minute = 0, metadata = {}, spec = {} }: { minute?: number; metadata?: Metadata; spec?: Draft<Pod>['spec'] } = {}): PodInfo {
  const info = lab.placed(node, name, { cpu }, { priority, ...spec }, { namespace: 'default', ...metadata });
  const pod = { ...info.pod, status: { ...info.pod.status, startTime: new Date(Date.UTC(2025, 0, 1, 0, minute)).toISOString() } };
  const started = new PodInfo(pod);
  lab.cluster.setPod(started, node);
  return started;
}

interface Outcome {
  readonly node?: string;
  readonly victims?: readonly string[];
  readonly message?: string;
}

function plan(lab: SchedulingLab, pod: PodInfo): Outcome {
  const decision = lab.decide(pod);
  if (decision.node !== undefined) return { node: decision.node.name, victims: [] };
  const found = lab.preemptor.plan(decision.filters, decision.diagnosis);
  return found.candidate === undefined ? { message: found.message } : { node: found.candidate.node.name, victims: found.candidate.victims.map(({ name }) => name) };
}

const important = (lab: SchedulingLab, cpu: string, spec: Draft<Pod>['spec'] = {}, metadata: Metadata = {}): PodInfo => lab.pod('new', { cpu }, { priority: 100, ...spec }, { namespace: 'default', ...metadata });

describe('Preemptor', () => {
  let lab: SchedulingLab;
  beforeEach(() => {
    lab = new SchedulingLab();
  });

  it('takes no more pods than it must, and the least important of them', () => {
    lab.node('n', { cpu: '4' });
    running(lab, 'n', 'high', '1', 50);
    running(lab, 'n', 'low', '1', 1);
    running(lab, 'n', 'middle', '2', 10);
    expect(plan(lab, important(lab, '1'))).to.deep.equal({ node: 'n', victims: ['low'] });
    expect(plan(lab, important(lab, '2'))).to.deep.equal({ node: 'n', victims: ['middle'] });
    expect(plan(lab, important(lab, '4'))).to.deep.equal({ node: 'n', victims: ['high', 'middle', 'low'] });
  });

  it('takes those that began last, of equals', () => {
    lab.node('n', { cpu: '2' });
    running(lab, 'n', 'old', '1', 1, { minute: 1 });
    running(lab, 'n', 'young', '1', 1, { minute: 9 });
    expect(plan(lab, important(lab, '1')).victims).to.deep.equal(['young']);
  });

  it('takes nobody of its own priority, or above', () => {
    lab.node('n', { cpu: '1' });
    running(lab, 'n', 'equal', '1', 100);
    expect(plan(lab, important(lab, '1')).message).to.equal('0/1 nodes are available: 1 No preemption victims found for incoming pod.');
  });

  it('says of each node why it does not help', () => {
    lab.node('full', { cpu: '2' });
    running(lab, 'full', 'equal', '1', 100);
    running(lab, 'full', 'low', '1', 1);
    lab.node('small', { cpu: '1' });
    lab.node('tainted', {}, {}, { taints: [{ key: 'k', effect: 'NoSchedule' }] });
    expect(plan(lab, important(lab, '2')).message).to.equal('0/3 nodes are available: 1 Insufficient cpu, 2 Preemption is not helpful for scheduling.');
  });

  it('does nothing for a pod that does not want that', () => {
    lab.node('n', { cpu: '1' });
    running(lab, 'n', 'low', '1', 1);
    expect(plan(lab, important(lab, '1', { preemptionPolicy: 'Never' })).message).to.equal('not eligible due to preemptionPolicy=Never.');
  });

  it('waits for those who are leaving on its behalf already', () => {
    lab.node('n', { cpu: '1' });
    const leaving = running(lab, 'n', 'low', '1', 1, { metadata: { deletionTimestamp: '2025-01-01T00:00:00Z' } });
    const pod = important(lab, '1');
    lab.cluster.nominations.set(pod, 'n');
    expect(plan(lab, pod), 'leaving for another reason').to.deep.equal({ node: 'n', victims: ['low'] });
    const told = { ...leaving.pod, status: { ...leaving.pod.status, conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] } };
    lab.cluster.setPod(new PodInfo(told), 'n');
    expect(plan(lab, pod).message).to.equal('not eligible due to a terminating pod on the nominated node.');
  });

  describe('chooses the node', () => {
    type Row = readonly [node: string, name: string, cpu: string, priority: number, minute?: number];
    const nodes = (...pods: readonly Row[]): void => {
      for (const name of new Set(pods.map(([name]) => name))) lab.node(name, { cpu: '2' });
      for (const [node, name, cpu, priority, minute = 0] of pods) running(lab, node, name, cpu, priority, { minute, metadata: { labels: { app: name } } });
    };
    const cases: readonly [string, readonly Row[], Outcome][] = [
      ['where the highest priority of the victims is lowest', [['a', 'a1', '2', 10], ['b', 'b1', '1', 5], ['b', 'b2', '1', 5]], { node: 'b', victims: ['b1', 'b2'] }],
      ['then where their priorities sum up to less', [['a', 'a1', '1', 10], ['a', 'a2', '1', 10], ['b', 'b1', '1', 10], ['b', 'b2', '1', 5]], { node: 'b', victims: ['b1', 'b2'] }],
      ['where a few of negative priority are fewer', [['a', 'a1', '1', -10], ['a', 'a2', '1', -10], ['b', 'b1', '2', -10]], { node: 'b', victims: ['b1'] }],
      ['then where they began later', [['a', 'a1', '2', 10, 3], ['b', 'b1', '2', 10, 7], ['c', 'c1', '2', 10, 5]], { node: 'b', victims: ['b1'] }],
    ];
    for (const [title, pods, outcome] of cases) {
      it(title, () => {
        nodes(...pods);
        expect(plan(lab, important(lab, '2'))).to.deep.equal(outcome);
      });
    }

    it('first of all where no budget is broken', () => {
      nodes(['a', 'guarded', '2', 1], ['b', 'free', '2', 50]);
      lab.put(PodDisruptionBudget, { metadata: { namespace: 'default', name: 'b' }, spec: { selector: { matchLabels: { app: 'guarded' } } }, status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 } });
      expect(plan(lab, important(lab, '2'))).to.deep.equal({ node: 'b', victims: ['free'] });
    });
  });

  it('spares pods whose budget forbids their going, even if more important ones go', () => {
    lab.node('n', { cpu: '2' });
    running(lab, 'n', 'guarded', '1', 1, { metadata: { labels: { app: 'guarded' } } });
    running(lab, 'n', 'free', '1', 50, { metadata: { labels: { app: 'free' } } });
    const budget = (allowed: number, disruptedPods = {}) => lab.put(PodDisruptionBudget, {
      metadata: { namespace: 'default', name: 'b' }, spec: { selector: { matchLabels: { app: 'guarded' } } },
      status: { disruptionsAllowed: allowed, disruptedPods, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    });
    budget(0);
    expect(plan(lab, important(lab, '1')).victims).to.deep.equal(['free']);
    expect(plan(lab, important(lab, '2')).victims, 'it is better broken than the pod left waiting').to.deep.equal(['free', 'guarded']);
    budget(1);
    expect(plan(lab, important(lab, '1')).victims).to.deep.equal(['guarded']);
    budget(0, { guarded: '2025-01-01T00:00:00Z' });
    expect(plan(lab, important(lab, '1')).victims, 'whose eviction was granted').to.deep.equal(['guarded']);
  });

  it('makes room for anti-affinity, spreading and ports as well', () => {
    lab.node('n', {}, { zone: 'a' });
    lab.node('m', {}, { zone: 'b' });
    const labels = { app: 'web' };
    const port = { containers: [{ name: 'c', image: 'x', resources: {}, ports: [{ hostPort: 80, containerPort: 80 }] }] };
    running(lab, 'n', 'low', '0', 1, { metadata: { labels }, spec: port });
    running(lab, 'm', 'high', '0', 1000, { metadata: { labels }, spec: port });
    const labelSelector = { matchLabels: labels };
    const apart = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector }] } } };
    expect(plan(lab, important(lab, '0', apart, { labels }))).to.deep.equal({ node: 'n', victims: ['low'] });
    expect(plan(lab, important(lab, '0', port))).to.deep.equal({ node: 'n', victims: ['low'] });
    running(lab, 'n', 'low-too', '0', 1, { metadata: { labels } });
    const even = { nodeSelector: { zone: 'a' }, topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' as const, labelSelector, nodeAffinityPolicy: 'Ignore' as const }] };
    expect(plan(lab, important(lab, '0', even, { labels }))).to.have.property('victims').with.length(1);
  });

  it('counts with more important pods for which room is being made', () => {
    lab.node('n', { cpu: '2' });
    running(lab, 'n', 'low', '2', 1);
    lab.cluster.nominations.set(lab.pod('nominated', { cpu: '1' }, { priority: 200 }), 'n');
    expect(plan(lab, important(lab, '1'))).to.deep.equal({ node: 'n', victims: ['low'] });
    expect(plan(lab, important(lab, '2')).message).to.equal('0/1 nodes are available: 1 Insufficient cpu.');
    expect([...(lab.cluster.node('n')?.pods.values() ?? [])].map(({ name }) => name), 'they were put there for the moment only').to.deep.equal(['low']);
  });

  it('leaves the rules as they were, and its victims are always enough and none too many', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 100; round++) {
      lab = new SchedulingLab({ seed: round });
      for (const name of ['a', 'b', 'c']) lab.node(name, { cpu: '4' }, { zone: name });
      for (let i = 0; i < 9; i++) {
        const cpu = String(1 + Math.floor(random() * 2));
        running(lab, 'abc'[i % 3]!, `p${i}`, cpu, Math.floor(random() * 3), { minute: i, metadata: { labels: { app: random() < 0.5 ? 'web' : 'db' } } });
      }
      const spread = [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' as const, labelSelector: { matchLabels: { app: 'web' } } }];
      const pod = important(lab, '3', random() < 0.5 ? { topologySpreadConstraints: spread } : {}, { labels: { app: 'web' } });
      const decision = lab.decide(pod);
      if (decision.node !== undefined) continue;
      const before = lab.cluster.nodes.map((node) => decision.filters.check(node)?.reasons);
      const { candidate } = lab.preemptor.plan(decision.filters, decision.diagnosis);
      expect(lab.cluster.nodes.map((node) => decision.filters.check(node)?.reasons), `round ${round}`).to.deep.equal(before);
      if (candidate === undefined) continue;
      const fitsWithout = (victims: readonly PodInfo[]): boolean => {
        for (const { uid } of victims) lab.cluster.removePod(uid);
        const verdict = new PodFilters(pod, lab.filters, lab.cluster.nominations).check(candidate.node);
        for (const victim of victims) lab.cluster.setPod(victim, candidate.node.name);
        return verdict === undefined;
      };
      expect(fitsWithout(candidate.victims), `round ${round}: the victims are enough`).to.equal(true);
      for (const spared of candidate.victims) {
        expect(fitsWithout(candidate.victims.filter((victim) => victim !== spared)), `round ${round}: ${spared.name} need not go`).to.equal(false);
      }
    }
  });
});

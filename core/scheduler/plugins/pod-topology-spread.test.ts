import { expect } from 'chai';
import type { TopologySpreadConstraint } from '#core/api/schema/core-v1/affinity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { Dice } from '#test/fixtures/random-pods.ts';
import { complete, SchedulingLab } from '#test/fixtures/scheduling-lab.ts';
import { node } from '#test/fixtures/scheduling-world.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';

const plugin = 'PodTopologySpread';
const zone = 'zone';
const host = 'kubernetes.io/hostname';
const uneven = "node(s) didn't match pod topology spread constraints";
const labelMissing = "node(s) didn't match pod topology spread constraints (missing required label)";

const rule = (more: Partial<TopologySpreadConstraint> = {}): TopologySpreadConstraint =>
  ({ topologyKey: zone, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { foo: '' } }, ...more });
const foo = { namespace: 'default', labels: { foo: '' } };

/** Nodes by zone, and how many matching pods each has. */
function world(zones: Readonly<Record<string, readonly number[]>>): SchedulingLab {
  const lab = new SchedulingLab();
  for (const [name, counts] of Object.entries(zones)) {
    for (const [i, count] of counts.entries()) {
      const nodeName = `${name}${i + 1}`;
      lab.node(nodeName, {}, name === 'none' ? {} : { [zone]: name });
      for (let n = 0; n < count; n++) lab.placed(nodeName, `${nodeName}-${n}`, {}, {}, foo);
    }
  }
  return lab;
}

const spread = (lab: SchedulingLab, rules: TopologySpreadConstraint[], spec: Draft<Pod>['spec'] = {}, metadata: Draft<Pod>['metadata'] = foo) =>
  lab.pod('p', {}, { topologySpreadConstraints: rules, ...spec }, metadata);

describe('PodTopologySpread', () => {
  const cases: readonly [string, Readonly<Record<string, readonly number[]>>, TopologySpreadConstraint[], readonly string[], Draft<Pod>['spec']?][] = [
    ['no pods yet', { a: [0, 0], b: [0] }, [rule()], ['a1', 'a2', 'b1']],
    ['the emptier zone', { a: [1, 0], b: [0] }, [rule()], ['b1']],
    ['as even as can be', { a: [1, 0], b: [1] }, [rule()], ['a1', 'a2', 'b1']],
    ['more skew is allowed', { a: [2, 0], b: [0, 1] }, [rule({ maxSkew: 2 })], ['a1', 'a2', 'b1', 'b2']],
    ['nodes without the label are no place', { a: [1], none: [0] }, [rule()], ['a1']],
    ['a pod that does not count itself', { a: [1], b: [0] }, [rule({ labelSelector: { matchLabels: { bar: '' } } })], ['a1', 'b1']],
    ['no selector counts nobody', { a: [5], b: [0] }, [rule({ labelSelector: undefined as never })], ['a1', 'b1']],
    ['nodes are places too', { a: [2, 1], b: [0, 3] }, [rule({ topologyKey: host })], ['b1']],
    ['two rules must both hold', { a: [1, 0], b: [1, 0] }, [rule(), rule({ topologyKey: host })], ['a2', 'b2']],
    ['two rules may contradict each other', { a: [2, 1], b: [1, 0] }, [rule({ topologyKey: zone }), rule({ topologyKey: host, maxSkew: 1 })], ['b2']],
    ['fewer places than wanted: the missing ones are empty', { a: [1], b: [1] }, [rule({ minDomains: 3 })], []],
    ['as many places as wanted', { a: [1], b: [1] }, [rule({ minDomains: 2 })], ['a1', 'b1']],
    ['places that the pod cannot go to do not count', { a: [1], b: [1], c: [0] }, [rule()], ['a1', 'b1'], { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'In', values: ['a', 'b'] }] }] } } } }],
    ['unless they are to count', { a: [1], b: [1], c: [0] }, [rule({ nodeAffinityPolicy: 'Ignore' })], ['c1'], { nodeSelector: { [zone]: 'a' } }],
    ['advice alone forbids nothing', { a: [5], b: [0] }, [rule({ whenUnsatisfiable: 'ScheduleAnyway' })], ['a1', 'b1']],
  ];
  for (const [title, zones, rules, nodes, spec] of cases) {
    it(title, () => {
      const lab = world(zones);
      const pod = spread(lab, rules, spec);
      const passing = lab.passing(plugin, pod);
      // Where the pod can go at all is for another plugin to say.
      expect(spec?.affinity === undefined ? passing : passing.filter((name) => lab.reasons('NodeAffinity', pod, name).length === 0)).to.deep.equal(nodes);
    });
  }

  it('tells a node without the label from one in a place that is full', () => {
    const lab = world({ a: [1], b: [0], none: [0] });
    const pod = spread(lab, [rule()]);
    expect([lab.reasons(plugin, pod, 'a1'), lab.reasons(plugin, pod, 'none1')]).to.deep.equal([[uneven], [labelMissing]]);
  });

  it('does not count pods of other namespaces, that are being deleted, or that are gone', () => {
    const lab = world({ a: [0], b: [0] });
    lab.placed('a1', 'other', {}, {}, { namespace: 'other', labels: { foo: '' } });
    lab.placed('a1', 'leaving', {}, {}, { ...foo, deletionTimestamp: '2025-01-01T00:00:00Z' });
    const gone = lab.placed('a1', 'gone', {}, {}, foo);
    expect(lab.passing(plugin, spread(lab, [rule()]))).to.deep.equal(['b1']);
    lab.cluster.removePod(gone.uid);
    expect(lab.passing(plugin, spread(lab, [rule()]))).to.deep.equal(['a1', 'b1']);
  });

  it('leaves out nodes with taints when that is asked', () => {
    const lab = world({ a: [1] });
    lab.node('b1', {}, { [zone]: 'b' }, { taints: [{ key: 'k', effect: 'NoSchedule' }] });
    const passing = (policy: 'Honor' | 'Ignore', spec = {}) => lab.passing(plugin, spread(lab, [rule({ nodeTaintsPolicy: policy })], spec));
    expect([passing('Ignore'), passing('Honor'), passing('Honor', { tolerations: [{ operator: 'Exists' }] })]).to.deep.equal([['b1'], ['a1', 'b1'], ['b1']]);
  });

  it('counts pods of the same revision by label keys', () => {
    const lab = world({ a: [0], b: [0] });
    lab.placed('a1', 'old', {}, {}, { namespace: 'default', labels: { foo: '', hash: '1' } });
    const next = { namespace: 'default', labels: { foo: '', hash: '2' } };
    expect(lab.passing(plugin, spread(lab, [rule({ matchLabelKeys: ['hash'] })], {}, next))).to.deep.equal(['a1', 'b1']);
    expect(lab.passing(plugin, spread(lab, [rule()], {}, next))).to.deep.equal(['b1']);
  });

  it('knows pods that are only tried out, wherever the fewest are then', () => {
    const dice = new Dice(seededRandom(7));
    for (let round = 0; round < 200; round++) {
      const counts = Array.from({ length: 4 }, () => dice.below(3));
      const lab = world(Object.fromEntries(counts.map((count, i) => [`z${i}`, [count]])));
      const maxSkew = 1 + dice.below(2);
      const filter = lab.filter(plugin, spread(lab, [rule({ maxSkew })]));
      const tried = lab.pod('tried', {}, {}, foo);
      for (let step = 0; step < 8; step++) {
        const at = dice.below(4);
        const more = counts[at] === 0 || dice.chance(0.5);
        counts[at] = counts[at]! + (more ? 1 : -1);
        filter[more ? 'added' : 'removed']?.(tried, lab.cluster.node(`z${at}1`)!);
        const expected = counts.map((count) => count + 1 - Math.min(...counts) <= maxSkew);
        expect(counts.map((_, i) => filter.check(lab.cluster.node(`z${i}1`)!) === undefined), `counts ${counts.join(' ')}`).to.deep.equal(expected);
      }
    }
  });

  it('prefers places with fewer pods, nodes and zones together', () => {
    const lab = world({ a: [3, 0], b: [1, 0] });
    const advice = [rule({ whenUnsatisfiable: 'ScheduleAnyway' }), rule({ whenUnsatisfiable: 'ScheduleAnyway', topologyKey: host })];
    const scores = lab.scoresOf(plugin, spread(lab, advice));
    expect(scores).to.deep.equal({ a1: 10, a2: 70, b1: 80, b2: 100 });
    expect(lab.scoresOf(plugin, spread(lab, [rule()])), 'a rule is not advice').to.equal(undefined);
  });

  it('gives nothing to nodes that lack a label', () => {
    const lab = world({ a: [2], b: [0], none: [0] });
    expect(lab.scoresOf(plugin, spread(lab, [rule({ whenUnsatisfiable: 'ScheduleAnyway' })]))).to.deep.equal({ a1: 0, b1: 100, none1: 0 });
  });

  describe('by default', () => {
    const zoned = (lab: SchedulingLab, name: string, place: string) => lab.node(name, {}, { 'topology.kubernetes.io/zone': place });
    const scores = (prepare: (lab: SchedulingLab) => void, metadata: Draft<Pod>['metadata'] = {}) => {
      const lab = new SchedulingLab();
      for (const [name, place] of [['a1', 'a'], ['a2', 'a'], ['b1', 'b']] as const) zoned(lab, name, place);
      prepare(lab);
      for (const name of ['x', 'y']) lab.placed('a1', name, {}, {}, { namespace: 'default', labels: { app: 'web' } });
      return lab.scoresOf(plugin, lab.pod('p', {}, {}, { namespace: 'default', labels: { app: 'web' }, ...metadata }));
    };
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u', controller: true }];

    it('spreads pods of one service', () => {
      const found = scores((lab) => lab.put(Service, { metadata: { namespace: 'default', name: 'web' }, spec: { selector: { app: 'web' } } }));
      expect(found?.['b1']).to.be.greaterThan(found?.['a2'] ?? 100);
      expect(found?.['a2']).to.be.greaterThan(found?.['a1'] ?? 100);
    });

    it('spreads pods of one owner', () => {
      const found = scores((lab) => lab.put(ReplicaSet, { metadata: { namespace: 'default', name: 'web' }, spec: { selector: { matchLabels: { app: 'web' } } } }), { ownerReferences });
      expect(found?.['b1']).to.be.greaterThan(found?.['a1'] ?? 100);
    });

    it('says nothing of pods that belong to nobody, and of services that mean others', () => {
      expect(scores(() => undefined)).to.equal(undefined);
      expect(scores((lab) => {
        lab.put(Service, { metadata: { namespace: 'default', name: 'db' }, spec: { selector: { app: 'db' } } });
        lab.put(Service, { metadata: { namespace: 'default', name: 'by-hand' }, spec: {} });
        lab.put(Service, { metadata: { namespace: 'other', name: 'web' }, spec: { selector: { app: 'web' } } });
      })).to.equal(undefined);
    });
  });

  it('wakes pods when one that counts comes or goes, and when places change', () => {
    const lab = world({ a: [0] });
    const pod = spread(lab, [rule()]);
    const [counted, other] = [lab.pod('x', {}, {}, foo).pod, lab.pod('y', {}, {}, { namespace: 'default' }).pod];
    const [labelled, bare] = [complete(Node, node('n', {}, { [zone]: 'c' })), complete(Node, node('n'))];
    const seen = [
      lab.wakes(plugin, pod, { kind: 'pod/add', object: counted }), lab.wakes(plugin, pod, { kind: 'pod/delete', object: counted }), lab.wakes(plugin, pod, { kind: 'pod/delete', object: other }),
      lab.wakes(plugin, pod, { kind: 'pod/labels', object: other, previous: counted }),
      lab.wakes(plugin, pod, { kind: 'node/add', object: labelled }), lab.wakes(plugin, pod, { kind: 'node/add', object: bare }),
      lab.wakes(plugin, pod, { kind: 'node/taints', object: labelled, previous: labelled }),
    ];
    expect(seen).to.deep.equal([true, true, false, true, true, false, false]);
  });
});

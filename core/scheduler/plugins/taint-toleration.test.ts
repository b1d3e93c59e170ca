import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { complete, SchedulingLab } from '#test/fixtures/scheduling-lab.ts';
import { node } from '#test/fixtures/scheduling-world.ts';

const plugin = 'TaintToleration';
type Effect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
const taint = (key: string, value: string, effect: Effect) => ({ key, value, effect });

describe('TaintToleration', () => {
  const dedicated = taint('dedicated', 'user1', 'NoSchedule');
  const refusal = 'node(s) had untolerated taint {dedicated: user1}';
  const cases: readonly [string, readonly object[], readonly object[], readonly string[]][] = [
    ['no taint', [], [], []],
    ['no toleration', [dedicated], [], [refusal]],
    ['the same value', [dedicated], [{ key: 'dedicated', operator: 'Equal', value: 'user1', effect: 'NoSchedule' }], []],
    ['Equal is understood', [dedicated], [{ key: 'dedicated', value: 'user1' }], []],
    ['another value', [dedicated], [{ key: 'dedicated', operator: 'Equal', value: 'user2', effect: 'NoSchedule' }], [refusal]],
    ['another effect', [dedicated], [{ key: 'dedicated', operator: 'Equal', value: 'user1', effect: 'NoExecute' }], [refusal]],
    ['any value', [dedicated], [{ key: 'dedicated', operator: 'Exists' }], []],
    ['everything', [dedicated, taint('foo', 'bar', 'NoExecute')], [{ operator: 'Exists' }], []],
    ['an empty key without Exists is nothing', [dedicated], [{ value: 'user1' }], [refusal]],
    ['an empty effect is any', [dedicated], [{ key: 'dedicated', operator: 'Exists', effect: '' }], []],
    ['advice keeps nobody away', [taint('a', 'b', 'PreferNoSchedule')], [], []],
    ['the first that is not tolerated is named', [dedicated, taint('foo', 'bar', 'NoSchedule')], [{ key: 'dedicated', operator: 'Exists' }], ['node(s) had untolerated taint {foo: bar}']],
    ['a taint without value', [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }], [], ['node(s) had untolerated taint {node.kubernetes.io/not-ready: }']],
  ];
  for (const [title, taints, tolerations, reasons] of cases) {
    it(title, () => {
      const lab = new SchedulingLab();
      lab.node('n', {}, {}, { taints: taints as never });
      expect(lab.reasons(plugin, lab.pod('p', {}, { tolerations: tolerations as never }), 'n')).to.deep.equal(reasons);
    });
  }

  it('prefers nodes with less advice against the pod', () => {
    const lab = new SchedulingLab();
    lab.node('none');
    lab.node('one', {}, {}, { taints: [taint('a', '1', 'PreferNoSchedule'), taint('b', '1', 'PreferNoSchedule')] });
    lab.node('two', {}, {}, { taints: ['a', 'c', 'd'].map((key) => taint(key, '1', 'PreferNoSchedule')) });
    // A toleration of another effect does not count here.
    const tolerations = [{ key: 'a', operator: 'Exists' as const }, { key: 'b', operator: 'Exists' as const, effect: 'NoSchedule' as const }];
    expect(lab.scoresOf(plugin, lab.pod('p', {}, { tolerations }))).to.deep.equal({ none: 100, one: 50, two: 0 });
  });

  it('wakes pods when a taint goes, not when one comes', () => {
    const lab = new SchedulingLab();
    const [clean, tainted] = [complete(Node, node('n')), complete(Node, node('n', {}, {}, { taints: [dedicated] }))];
    const wakes = (object: Node, previous: Node) => lab.wakes(plugin, lab.pod('p'), { kind: 'node/taints', object, previous });
    expect([wakes(clean, tainted), wakes(tainted, clean)]).to.deep.equal([true, false]);
  });
});

describe('NodeUnschedulable', () => {
  const lab = new SchedulingLab();
  lab.node('cordoned', {}, {}, { unschedulable: true });
  lab.node('open');
  const pods = {
    plain: lab.pod('plain'),
    tolerant: lab.pod('tolerant', {}, { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }] }),
    all: lab.pod('all', {}, { tolerations: [{ operator: 'Exists' }] }),
    other: lab.pod('other', {}, { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoExecute' }] }),
  };

  it('keeps pods off cordoned nodes unless they tolerate that', () => {
    const passing = Object.fromEntries(Object.entries(pods).map(([name, pod]) => [name, lab.passing('NodeUnschedulable', pod)]));
    expect(passing).to.deep.equal({ plain: ['open'], tolerant: ['cordoned', 'open'], all: ['cordoned', 'open'], other: ['open'] });
    expect(lab.reasons('NodeUnschedulable', pods.plain, 'cordoned')).to.deep.equal(['node(s) were unschedulable']);
  });
});

describe('NodeName', () => {
  it('lets a pod that names its node nowhere else', () => {
    const lab = new SchedulingLab();
    for (const name of ['a', 'b']) lab.node(name);
    expect(lab.passing('NodeName', lab.pod('p', {}, { nodeName: 'b' }))).to.deep.equal(['b']);
    expect(lab.reasons('NodeName', lab.pod('p', {}, { nodeName: 'b' }), 'a')).to.deep.equal(["node(s) didn't match the requested node name"]);
    expect(lab.passing('NodeName', lab.pod('p'))).to.deep.equal(['a', 'b']);
  });
});

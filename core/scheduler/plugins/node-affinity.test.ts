import { expect } from 'chai';
import type { NodeSelectorTerm } from '#core/api/schema/core-v1/affinity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { sentence } from '#core/scheduler/diagnosis.ts';
import { SchedulingLab } from '#test/fixtures/scheduling-lab.ts';

const plugin = 'NodeAffinity';
const required = (...nodeSelectorTerms: NodeSelectorTerm[]): Draft<Pod>['spec'] => ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });
const expressions = (...matchExpressions: NonNullable<NodeSelectorTerm['matchExpressions']>): NodeSelectorTerm => ({ matchExpressions });

describe('NodeAffinity', () => {
  const labels = { a: { disk: 'ssd', cores: '8', empty: '' }, b: { disk: 'hdd', cores: '16' }, c: {} };
  const cases: readonly [string, Draft<Pod>['spec'], readonly string[]][] = [
    ['nothing is asked', {}, ['a', 'b', 'c']],
    ['nodeSelector', { nodeSelector: { disk: 'ssd' } }, ['a']],
    ['nodeSelector with an empty value wants the label', { nodeSelector: { empty: '' } }, ['a']],
    ['nodeSelector by a name that every object has', { nodeSelector: { constructor: 'x' } }, []],
    ['In', required(expressions({ key: 'disk', operator: 'In', values: ['ssd', 'nvme'] })), ['a']],
    ['NotIn lets those through that lack the label', required(expressions({ key: 'disk', operator: 'NotIn', values: ['ssd'] })), ['b', 'c']],
    ['Exists', required(expressions({ key: 'disk', operator: 'Exists' })), ['a', 'b']],
    ['DoesNotExist', required(expressions({ key: 'disk', operator: 'DoesNotExist' })), ['c']],
    ['Gt', required(expressions({ key: 'cores', operator: 'Gt', values: ['8'] })), ['b']],
    ['Lt', required(expressions({ key: 'cores', operator: 'Lt', values: ['9'] })), ['a']],
    ['Gt of what is no number', required(expressions({ key: 'disk', operator: 'Gt', values: ['1'] })), []],
    ['an operator that nobody knows', required(expressions({ key: 'disk', operator: 'Near', values: ['ssd'] })), []],
    ['any term', required(expressions({ key: 'disk', operator: 'In', values: ['ssd'] }), expressions({ key: 'disk', operator: 'In', values: ['hdd'] })), ['a', 'b']],
    ['all expressions', required(expressions({ key: 'disk', operator: 'Exists' }, { key: 'cores', operator: 'In', values: ['16'] })), ['b']],
    ['no terms match nothing', required(), []],
    ['an empty term matches nothing', required({}), []],
    ['selector and affinity both', { nodeSelector: { disk: 'ssd' }, ...required(expressions({ key: 'cores', operator: 'In', values: ['16'] })) }, []],
    ['fields', required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['c'] }] }), ['c']],
    ['fields, negated', required({ matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['c'] }] }), ['a', 'b']],
    ['fields and expressions in one term', required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }], ...expressions({ key: 'disk', operator: 'In', values: ['hdd'] }) }), []],
  ];
  const world = (): SchedulingLab => {
    const lab = new SchedulingLab();
    for (const [name, own] of Object.entries(labels)) lab.node(name, {}, own);
    return lab;
  };
  for (const [title, spec, nodes] of cases) {
    it(title, () => {
      const lab = world();
      expect(lab.passing(plugin, lab.pod('p', {}, spec))).to.deep.equal(nodes);
    });
  }

  it('looks only at nodes that fields name, and says so of the others', () => {
    const lab = world();
    const pinned = (name: string) => lab.pod('p', { cpu: '100' }, required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }));
    const messages = ['a', 'gone'].map((name) => {
      const decision = lab.decide(pinned(name));
      return decision.node === undefined ? sentence(decision.diagnosis) : '';
    });
    expect(messages).to.deep.equal([
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity].",
      "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    ]);
  });

  it('adds up the weights of wishes', () => {
    const lab = world();
    const wish = (weight: number, preference: NodeSelectorTerm) => ({ weight, preference });
    const preferredDuringSchedulingIgnoredDuringExecution = [
      wish(4, expressions({ key: 'disk', operator: 'Exists' })), wish(6, expressions({ key: 'cores', operator: 'Gt', values: ['8'] })), wish(90, {}),
    ];
    const scores = lab.scoresOf(plugin, lab.pod('p', {}, { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution } } }));
    expect(scores, 'a wish without conditions says nothing').to.deep.equal({ a: 40, b: 100, c: 0 });
    expect(lab.scoresOf(plugin, lab.pod('q'))).to.equal(undefined);
  });
});

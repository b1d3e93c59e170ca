import { expect } from 'chai';
import { podDisruptionBudgets as budgets } from './poddisruptionbudgets.ts';
import { changed, created, creationText, header, judgesCreation, judgesStatus, row } from './resource.test.ts';

const budget = { metadata: { name: 'web', namespace: 'ns' }, spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } } };
const condition = { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '', lastTransitionTime: '2026-01-02T11:00:00Z' };

describe('podDisruptionBudgets', () => {
  judgesCreation(budgets, budget, [
    ['spec', {}],
    ['spec.selector', {}],
    ['spec.minAvailable', '50%'],
    ['spec.minAvailable', 0],
    ['spec.minAvailable', '150%', 'spec.minAvailable: Invalid'],
    ['spec.minAvailable', 'most', 'spec.minAvailable: Invalid'],
    ['spec.minAvailable', -1, 'spec.minAvailable: Invalid'],
    ['spec.maxUnavailable', 1, 'spec: Invalid'],
    ['spec.selector.matchLabels', { app: 'a b' }, 'spec.selector.matchLabels: Invalid'],
    ['spec.unhealthyPodEvictionPolicy', 'AlwaysAllow'],
    ['spec.unhealthyPodEvictionPolicy', 'Maybe', 'spec.unhealthyPodEvictionPolicy: NotSupported'],
  ]);
  judgesStatus(budgets, budget, [
    ['status', { disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3, conditions: [condition], disruptedPods: { 'web-1': '2026-01-02T11:00:00Z' } }],
    ['status.disruptionsAllowed', -1, 'status.disruptionsAllowed: Invalid'],
    ['status.conditions', [condition, condition], 'status.conditions[1].type: Duplicate'],
    ['status.conditions', [{ ...condition, status: 'Perhaps' }], 'status.conditions[0].status: NotSupported'],
    ['status.conditions', [{ ...condition, reason: '' }], 'status.conditions[0].reason: Required'],
    ['status.conditions', [{ ...condition, reason: 'two words', lastTransitionTime: undefined }],
      'status.conditions[0].lastTransitionTime: Required', 'status.conditions[0].reason: Invalid'],
  ]);

  it('starts with nothing to spare, and needs the version for an update', () => {
    expect(created(budgets, budget)).to.have.deep.property('status', { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 });
    expect(budgets.allowsUnconditionalUpdate).to.equal(false);
    expect(creationText(budgets, changed(budget, 'spec.maxUnavailable', 1))).to.match(/^spec: Invalid value: .*: minAvailable and maxUnavailable cannot be both set$/);
  });

  it('prints what kubectl users know', () => {
    expect(header(budgets)).to.equal('NAME | MIN AVAILABLE | MAX UNAVAILABLE | ALLOWED DISRUPTIONS | AGE');
    expect(row(budgets, { ...budget, status: { disruptionsAllowed: 1 } })).to.equal('web | 2 | N/A | 1 | <unknown>');
    expect(row(budgets, { ...budget, spec: { maxUnavailable: '30%' } })).to.equal('web | N/A | 30% | 0 | <unknown>');
  });
});

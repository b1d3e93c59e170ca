import { expect } from 'chai';
import type { PriorityLevelConfiguration } from '#core/api/schema/flowcontrol-v1.ts';
import { flowSchemas } from './flowschemas.ts';
import { priorityLevelConfigurations } from './prioritylevelconfigurations.ts';
import { changed, created, creationFindings, header, judgesCreation, judgesStatus, row } from './resource.test.ts';
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from './rules/mandatory-flows.ts';

describe('flowSchemas', () => {
  const rule = {
    subjects: [{ kind: 'Group', group: { name: 'dev' } }],
    resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['ns'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/healthz', '/x/*', '/'] }],
  };
  const schema = { metadata: { name: 'mine' }, spec: { priorityLevelConfiguration: { name: 'low' }, rules: [rule] } };
  judgesCreation(flowSchemas, schema, [
    ['spec.priorityLevelConfiguration.name', '', 'spec.priorityLevelConfiguration.name: Required'],
    ['spec.priorityLevelConfiguration.name', 'A B', 'spec.priorityLevelConfiguration.name: Invalid'],
    ['spec.matchingPrecedence', -1, 'spec.matchingPrecedence: Invalid'],
    ['spec.matchingPrecedence', 1, 'spec.matchingPrecedence: Invalid'],
    ['spec.matchingPrecedence', 10001, 'spec.matchingPrecedence: Invalid'],
    ['spec.distinguisherMethod', { type: 'ByMood' }, 'spec.distinguisherMethod.type: NotSupported'],
    ['spec.rules[0].subjects', [], 'spec.rules[0].subjects: Required'],
    ['spec.rules[0].subjects[0].kind', 'User', 'spec.rules[0].subjects[0].user: Required', 'spec.rules[0].subjects[0].group: Forbidden'],
    ['spec.rules[0].subjects[0].kind', 'Robot', 'spec.rules[0].subjects[0].kind: NotSupported'],
    ['spec.rules[0].subjects[0]', { kind: 'ServiceAccount', serviceAccount: { namespace: 'ns', name: '*' } }],
    ['spec.rules[0].subjects[0]', { kind: 'ServiceAccount', serviceAccount: { namespace: '', name: '' } }, 'spec.rules[0].subjects[0].serviceAccount.name: Required', 'spec.rules[0].subjects[0].serviceAccount.namespace: Required'],
    ['spec.rules[0]', { subjects: rule.subjects }, 'spec.rules[0]: Required'],
    ['spec.rules[0].resourceRules[0].verbs', ['sing'], 'spec.rules[0].resourceRules[0].verbs: NotSupported'],
    ['spec.rules[0].resourceRules[0].verbs', ['*', 'get'], 'spec.rules[0].resourceRules[0].verbs: Invalid'],
    ['spec.rules[0].resourceRules[0].apiGroups', [], 'spec.rules[0].resourceRules[0].apiGroups: Required'],
    ['spec.rules[0].resourceRules[0].resources', ['*', 'pods'], 'spec.rules[0].resourceRules[0].resources: Invalid'],
    ['spec.rules[0].resourceRules[0].namespaces', [], 'spec.rules[0].resourceRules[0].namespaces: Required'],
    ['spec.rules[0].resourceRules[0].namespaces', ['A'], 'spec.rules[0].resourceRules[0].namespaces[0]: Invalid'],
    ['spec.rules[0].nonResourceRules[0].nonResourceURLs', ['healthz'], 'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid'],
    ['spec.rules[0].nonResourceRules[0].nonResourceURLs', ['/a*'], 'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid'],
    ['spec.rules[0].nonResourceRules[0].nonResourceURLs', ['/a//b'], 'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid'],
    ['spec.rules[0].nonResourceRules[0].nonResourceURLs', ['*', '/a'], 'spec.rules[0].nonResourceRules[0].nonResourceURLs: Invalid'],
  ]);
  judgesStatus(flowSchemas, schema, [
    ['status.conditions', [{ type: 'Dangling', status: 'True' }]],
    ['status.conditions', [{ type: 'A', status: 'True' }, { type: 'A', status: 'True' }], 'status.conditions[1].type: Duplicate'],
  ]);

  it('leaves the mandatory ones as they are', () => {
    for (const [name, spec] of mandatoryFlowSchemas) {
      expect(creationFindings(flowSchemas, { metadata: { name }, spec }), name).to.deep.equal([]);
      expect(creationFindings(flowSchemas, { metadata: { name }, spec: { ...spec, matchingPrecedence: 7 } }), name).to.deep.equal(['spec: Invalid']);
    }
  });

  it('prints what kubectl users know', () => {
    expect(header(flowSchemas)).to.equal('NAME | PRIORITYLEVEL | MATCHINGPRECEDENCE | DISTINGUISHERMETHOD | AGE | MISSINGPL');
    expect(row(flowSchemas, schema)).to.equal('mine | low | 1000 | <none> | <unknown> | ?');
    expect(row(flowSchemas, { ...schema, status: { conditions: [{ type: 'Dangling', status: 'False' }] } })).to.contain('| False');
  });
});

describe('priorityLevelConfigurations', () => {
  const queuing = { queues: 64, handSize: 6, queueLengthLimit: 50 };
  const level = { metadata: { name: 'low' }, spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing } } } };
  judgesCreation(priorityLevelConfigurations, level, [
    ['spec.type', 'Exempt', 'spec.type: Invalid', 'spec.limited: Forbidden'],
    ['spec.limited', undefined, 'spec.limited: Required'],
    ['spec.exempt', {}, 'spec.exempt: Forbidden'],
    ['spec.limited.nominalConcurrencyShares', 0],
    ['spec.limited.nominalConcurrencyShares', -1, 'spec.limited.nominalConcurrencyShares: Invalid'],
    ['spec.limited.lendablePercent', 101, 'spec.limited.lendablePercent: Invalid'],
    ['spec.limited.borrowingLimitPercent', -1, 'spec.limited.borrowingLimitPercent: Invalid'],
    ['spec.limited.limitResponse.type', 'Reject', 'spec.limited.limitResponse.queuing: Forbidden'],
    ['spec.limited.limitResponse', { type: 'Queue' }, 'spec.limited.limitResponse.queuing: Required'],
    ['spec.limited.limitResponse', { type: 'Reject' }],
    ['spec.limited.limitResponse.queuing.handSize', 65, 'spec.limited.limitResponse.queuing.handSize: Invalid'],
    ['spec.limited.limitResponse.queuing.handSize', 10],
    ['spec.limited.limitResponse.queuing.handSize', 11, 'spec.limited.limitResponse.queuing.handSize: Invalid'],
    ['spec.limited.limitResponse.queuing.queues', 10_000_001, 'spec.limited.limitResponse.queuing.queues: Invalid', 'spec.limited.limitResponse.queuing.handSize: Invalid'],
    ['spec.limited.limitResponse.queuing.queueLengthLimit', -1, 'spec.limited.limitResponse.queuing.queueLengthLimit: Invalid'],
  ]);

  it('leaves the mandatory ones as they are, but for what the exempt one takes and lends', () => {
    for (const [name, spec] of mandatoryPriorityLevels) expect(creationFindings(priorityLevelConfigurations, { metadata: { name }, spec }), name).to.deep.equal([]);
    const exempt = { metadata: { name: 'exempt' }, spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 9, lendablePercent: 50 } } };
    expect(creationFindings(priorityLevelConfigurations, exempt)).to.deep.equal([]);
    expect(creationFindings(priorityLevelConfigurations, { ...level, metadata: { name: 'catch-all' } })).to.deep.equal(['spec: Invalid']);
  });

  it('fills in what a level does not say', () => {
    const { spec } = created(priorityLevelConfigurations, { metadata: { name: 'low' }, spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } } }) as PriorityLevelConfiguration;
    expect(spec.limited).to.deep.equal({ nominalConcurrencyShares: 30, lendablePercent: 0, limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } } });
    const exempt = created(priorityLevelConfigurations, { metadata: { name: 'exempt' }, spec: { type: 'Exempt' } }) as PriorityLevelConfiguration;
    expect(exempt.spec.exempt).to.deep.equal({ nominalConcurrencyShares: 0, lendablePercent: 0 });
  });

  it('prints what kubectl users know', () => {
    expect(header(priorityLevelConfigurations)).to.equal('NAME | TYPE | NOMINALCONCURRENCYSHARES | QUEUES | HANDSIZE | QUEUELENGTHLIMIT | AGE');
    expect(row(priorityLevelConfigurations, level)).to.equal('low | Limited | 30 | 64 | 6 | 50 | <unknown>');
    expect(row(priorityLevelConfigurations, changed(level, 'spec.limited.limitResponse', { type: 'Reject' }))).to.equal('low | Limited | 30 | <none> | <none> | <none> | <unknown>');
  });
});

import { expect } from 'chai';
import type { ValidatingAdmissionPolicy, ValidatingWebhookConfiguration } from '#core/api/schema/admissionregistration-v1.ts';
import { mutatingWebhookConfigurations } from './mutatingwebhookconfigurations.ts';
import { changed, created, header, judgesCreation, judgesStatus, judgesUpdate, row } from './resource.test.ts';
import { validatingAdmissionPolicies } from './validatingadmissionpolicies.ts';
import { validatingAdmissionPolicyBindings } from './validatingadmissionpolicybindings.ts';
import { validatingWebhookConfigurations } from './validatingwebhookconfigurations.ts';

const rule = { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] };
const webhook = { name: 'a.example.com', clientConfig: { url: 'https://example.com/x' }, rules: [rule], sideEffects: 'None', admissionReviewVersions: ['v1'] };

describe('validatingWebhookConfigurations', () => {
  const configuration = { metadata: { name: 'hooks' }, webhooks: [webhook] };
  judgesCreation(validatingWebhookConfigurations, configuration, [
    ['webhooks', []],
    ['webhooks[1]', webhook, 'webhooks[1].name: Duplicate'],
    ['webhooks[0].name', '', 'webhooks[0].name: Required'],
    ['webhooks[0].name', 'example.com', 'webhooks[0].name: Invalid'],
    ['webhooks[0].clientConfig', {}, 'webhooks[0].clientConfig: Required'],
    ['webhooks[0].clientConfig', { service: { namespace: 'ns', name: 'svc', path: '/a/b' } }],
    ['webhooks[0].clientConfig', { service: { namespace: 'ns', name: '' } }, 'webhooks[0].clientConfig.service.name: Required'],
    ['webhooks[0].clientConfig.url', 'http://example.com', 'webhooks[0].clientConfig.url: Invalid'],
    ['webhooks[0].clientConfig.service', { namespace: 'ns', name: 'svc' }, 'webhooks[0].clientConfig: Required'],
    ['webhooks[0].sideEffects', undefined, 'webhooks[0].sideEffects: Required'],
    ['webhooks[0].sideEffects', 'Some', 'webhooks[0].sideEffects: NotSupported'],
    ['webhooks[0].admissionReviewVersions', [], 'webhooks[0].admissionReviewVersions: Required'],
    ['webhooks[0].admissionReviewVersions', ['v2', 'v1beta1']],
    ['webhooks[0].admissionReviewVersions', ['v2'], 'webhooks[0].admissionReviewVersions: Invalid'],
    ['webhooks[0].admissionReviewVersions', ['v1', 'v1'], 'webhooks[0].admissionReviewVersions[1]: Invalid'],
    ['webhooks[0].timeoutSeconds', 31, 'webhooks[0].timeoutSeconds: Invalid'],
    ['webhooks[0].timeoutSeconds', 0, 'webhooks[0].timeoutSeconds: Invalid'],
    ['webhooks[0].failurePolicy', 'Panic', 'webhooks[0].failurePolicy: NotSupported'],
    ['webhooks[0].namespaceSelector', { matchLabels: { 'not a label!': 'x' } }, 'webhooks[0].namespaceSelector.matchLabels: Invalid'],
    ['webhooks[0].matchConditions', [{ name: 'a', expression: 'true' }, { name: 'a', expression: ' ' }], 'webhooks[0].matchConditions[1].expression: Required', 'webhooks[0].matchConditions[1].name: Duplicate'],
    ['webhooks[0].matchConditions', Array.from({ length: 65 }, (_, i) => ({ name: `c${i}`, expression: 'true' })), 'webhooks[0].matchConditions: TooMany'],
    ['webhooks[0].rules[0].operations', [], 'webhooks[0].rules[0].operations: Required'],
    ['webhooks[0].rules[0].operations', ['*', 'CREATE'], 'webhooks[0].rules[0].operations: Invalid'],
    ['webhooks[0].rules[0].operations', ['SING'], 'webhooks[0].rules[0].operations[0]: NotSupported'],
    ['webhooks[0].rules[0].apiGroups', ['*', 'apps'], 'webhooks[0].rules[0].apiGroups: Invalid'],
    ['webhooks[0].rules[0].apiGroups', ['']],
    ['webhooks[0].rules[0].apiVersions', [''], 'webhooks[0].rules[0].apiVersions[0]: Required'],
    ['webhooks[0].rules[0].resources', ['*', 'pods/log']],
    ['webhooks[0].rules[0].resources', ['*', 'pods'], 'webhooks[0].rules[0].resources: Invalid'],
    ['webhooks[0].rules[0].resources', ['*/*', 'pods'], 'webhooks[0].rules[0].resources: Invalid'],
    ['webhooks[0].rules[0].resources', ['pods/*', 'pods/log'], 'webhooks[0].rules[0].resources[1]: Invalid'],
    ['webhooks[0].rules[0].resources', ['*/scale', 'deployments/scale'], 'webhooks[0].rules[0].resources[1]: Invalid'],
    ['webhooks[0].rules[0].resources', [''], 'webhooks[0].rules[0].resources[0]: Required'],
    ['webhooks[0].rules[0].scope', 'Galaxy', 'webhooks[0].rules[0].scope: NotSupported'],
  ]);

  it('fills in what a webhook does not say', () => {
    const { webhooks: [filled] = [] } = created(validatingWebhookConfigurations, changed(configuration, 'webhooks[0].clientConfig', { service: { namespace: 'ns', name: 'svc' } })) as ValidatingWebhookConfiguration;
    expect(filled).to.deep.include({ failurePolicy: 'Fail', matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, timeoutSeconds: 10 });
    expect([filled?.clientConfig.service?.port, filled?.rules?.[0]?.scope]).to.deep.equal([443, '*']);
  });

  it('counts changes of the webhooks', () => {
    const old = created(validatingWebhookConfigurations, configuration);
    old.metadata.generation = 3;
    const generation = (path: string, value: unknown): number | undefined => {
      const next = changed(old, path, value) as ValidatingWebhookConfiguration;
      validatingWebhookConfigurations.prepareForUpdate?.(next, old);
      return next.metadata.generation;
    };
    expect([generation('metadata.labels', { a: 'b' }), generation('webhooks[0].timeoutSeconds', 5)]).to.deep.equal([3, 4]);
  });

  it('prints what kubectl users know', () => {
    expect(`${header(validatingWebhookConfigurations)} / ${row(validatingWebhookConfigurations, configuration)}`).to.equal('NAME | WEBHOOKS | AGE / hooks | 1 | <unknown>');
  });
});

describe('mutatingWebhookConfigurations', () => {
  judgesCreation(mutatingWebhookConfigurations, { metadata: { name: 'hooks' }, webhooks: [webhook] }, [
    ['webhooks[0].reinvocationPolicy', 'IfNeeded'],
    ['webhooks[0].reinvocationPolicy', 'Twice', 'webhooks[0].reinvocationPolicy: NotSupported'],
    ['webhooks[0].sideEffects', 'Unknown', 'webhooks[0].sideEffects: NotSupported'],
    ['webhooks[0].objectSelector', { matchExpressions: [{ key: 'a', operator: 'Near' }] }, 'webhooks[0].objectSelector.matchExpressions[0].operator: Invalid'],
  ]);
});

describe('validatingAdmissionPolicies', () => {
  const policy = {
    metadata: { name: 'replicas' },
    spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'object.spec.replicas <= 5' }], paramKind: { apiVersion: 'rules.example.com/v1', kind: 'ReplicaLimit' } },
  };
  const annotation = { key: 'k', valueExpression: "'x'" };
  judgesCreation(validatingAdmissionPolicies, policy, [
    ['spec.matchConstraints', undefined, 'spec.matchConstraints: Required'],
    ['spec.matchConstraints.resourceRules', [], 'spec.matchConstraints.resourceRules: Required'],
    ['spec.matchConstraints.resourceRules[0].resourceNames', ['a', 'a'], 'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate'],
    ['spec.matchConstraints.resourceRules[0].resourceNames', ['a/b'], 'spec.matchConstraints.resourceRules[0].resourceNames[0]: Invalid'],
    ['spec.matchConstraints.excludeResourceRules', [{ ...rule, operations: [] }], 'spec.matchConstraints.excludeResourceRules[0].operations: Required'],
    ['spec.paramKind', undefined],
    ['spec.paramKind', { apiVersion: 'v1', kind: 'ConfigMap' }],
    ['spec.paramKind.apiVersion', '', 'spec.paramKind.apiVersion: Required'],
    ['spec.paramKind.apiVersion', 'a/b/c', 'spec.paramKind.apiVersion: Invalid'],
    ['spec.paramKind.apiVersion', 'a/', 'spec.paramKind.apiVersion: Invalid'],
    ['spec.paramKind.apiVersion', 'a/V1', 'spec.paramKind.apiVersion: Invalid'],
    ['spec.paramKind.kind', 'Not a kind', 'spec.paramKind.kind: Invalid'],
    ['spec.validations', [], 'spec.validations: Required', 'spec.auditAnnotations: Required'],
    ['spec.validations[0].expression', ' ', 'spec.validations[0].expression: Required'],
    ['spec.validations[0].message', ' ', 'spec.validations[0].message: Invalid'],
    ['spec.validations[0].message', 'a\nb', 'spec.validations[0].message: Invalid'],
    ['spec.validations[0].messageExpression', ' ', 'spec.validations[0].messageExpression: Invalid'],
    ['spec.validations[0].reason', 'Forbidden'],
    ['spec.validations[0].reason', 'Bored', 'spec.validations[0].reason: NotSupported'],
    ['spec.auditAnnotations', [annotation, annotation], 'spec.auditAnnotations[1].key: Duplicate'],
    ['spec.auditAnnotations', [{ key: 'not a key', valueExpression: '' }], 'spec.auditAnnotations[0].key: Invalid', 'spec.auditAnnotations[0].valueExpression: Required'],
    ['spec.auditAnnotations', Array.from({ length: 21 }, (_, i) => ({ ...annotation, key: `k${i}` })), 'spec.auditAnnotations: Invalid'],
    ['spec.variables', [{ name: 'a', expression: '1' }, { name: 'b', expression: 'variables.a' }]],
    ['spec.variables', [{ name: '1a', expression: '' }], 'spec.variables[0].name: Invalid', 'spec.variables[0].expression: Required'],
    ['spec.failurePolicy', 'Panic', 'spec.failurePolicy: NotSupported'],
  ]);
  judgesUpdate(validatingAdmissionPolicies, policy, [['spec.validations', [{ expression: 'true' }]]]);
  judgesStatus(validatingAdmissionPolicies, policy, [
    ['status', { observedGeneration: 1, typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0].expression', warning: 'w' }] } }],
    ['status.typeChecking', { expressionWarnings: [{ fieldRef: '', warning: '' }] }, 'status.typeChecking.expressionWarnings[0].warning: Required', 'status.typeChecking.expressionWarnings[0].fieldRef: Required'],
    ['status.conditions', [{ type: '', status: 'True', reason: 'r', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }], 'status.conditions[0].type: Invalid'],
  ]);

  it('fills in what it does not say, and prints what kubectl users know', () => {
    const { spec } = created(validatingAdmissionPolicies, policy) as ValidatingAdmissionPolicy;
    expect([spec.failurePolicy, spec.matchConstraints?.matchPolicy, spec.matchConstraints?.namespaceSelector]).to.deep.equal(['Fail', 'Equivalent', {}]);
    expect(header(validatingAdmissionPolicies)).to.equal('NAME | VALIDATIONS | PARAMKIND | AGE');
    expect(row(validatingAdmissionPolicies, policy)).to.equal('replicas | 1 | rules.example.com/v1/ReplicaLimit | <unknown>');
    expect(row(validatingAdmissionPolicies, changed(policy, 'spec.paramKind', undefined))).to.contain('<unset>');
  });
});

describe('validatingAdmissionPolicyBindings', () => {
  const binding = { metadata: { name: 'b' }, spec: { policyName: 'replicas', validationActions: ['Deny'], paramRef: { name: 'p', parameterNotFoundAction: 'Deny' } } };
  const selector = { matchLabels: { a: 'b' } };
  judgesCreation(validatingAdmissionPolicyBindings, binding, [
    ['spec.policyName', '', 'spec.policyName: Required'],
    ['spec.policyName', 'Not A Name', 'spec.policyName: Invalid'],
    ['spec.validationActions', [], 'spec.validationActions: Required'],
    ['spec.validationActions', ['Deny', 'Warn'], 'spec.validationActions: Invalid'],
    ['spec.validationActions', ['Audit', 'Audit'], 'spec.validationActions[1]: Duplicate'],
    ['spec.validationActions', ['Shout'], 'spec.validationActions[0]: NotSupported'],
    ['spec.paramRef', undefined],
    ['spec.paramRef', { selector, parameterNotFoundAction: 'Allow' }],
    ['spec.paramRef', { parameterNotFoundAction: 'Allow' }, 'spec.paramRef: Required'],
    ['spec.paramRef.selector', selector, 'spec.paramRef.name: Forbidden', 'spec.paramRef.selector: Forbidden'],
    ['spec.paramRef.parameterNotFoundAction', undefined, 'spec.paramRef.parameterNotFoundAction: Required'],
    ['spec.matchResources', { resourceRules: [{ ...rule, resources: [] }] }, 'spec.matchResources.resourceRules[0].resources: Required'],
  ]);

  it('prints what kubectl users know', () => {
    expect(header(validatingAdmissionPolicyBindings)).to.equal('NAME | POLICYNAME | PARAMREF | AGE');
    const shown = (paramRef: unknown): string | undefined => row(validatingAdmissionPolicyBindings, changed(binding, 'spec.paramRef', paramRef)).split(' | ')[2];
    expect([shown({ name: 'p' }), shown({ name: 'p', namespace: 'ns' }), shown({ selector }), shown(undefined)]).to.deep.equal(['*/p', 'ns/p', 'a=b', '<unset>']);
  });
});

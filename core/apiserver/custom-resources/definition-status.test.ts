import { expect } from 'chai';
import type { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { deployments } from '#core/registry/deployments.ts';
import { withStatus } from './definition-status.ts';
import { TakenNames } from './taken-names.ts';

const [then, now] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];

interface Changes {
  readonly names?: object;
  readonly group?: string;
  readonly annotations?: Record<string, string>;
  readonly schema?: JSONSchemaProps;
  readonly conversion?: object;
  readonly status?: object;
}

function definition(kind: string, { names = {}, group = 'example.com', annotations = {}, schema = { type: 'object' }, conversion, status = {} }: Changes = {}): CustomResourceDefinition {
  const lower = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${lower}s.${group}`, uid: '', creationTimestamp: then, annotations },
    spec: {
      group, scope: 'Cluster', names: { plural: `${lower}s`, singular: lower, kind, listKind: `${kind}List`, ...names },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }], ...(conversion ? { conversion } : {}),
    },
    status: { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: ['v1'], ...status },
  } as unknown as CustomResourceDefinition;
}

const none: readonly CustomResourceDefinition[] = [];
const conditions = ({ status }: CustomResourceDefinition): string[] => status.conditions.map(({ type, status: holds, reason, message }) => `${type} ${holds} ${reason}: ${message}`);
const settled = (subject: CustomResourceDefinition, others = none): CustomResourceDefinition => withStatus(subject, TakenNames.for(subject, others, [deployments]), now);

describe('withStatus', () => {
  it('gives names that nobody has', () => {
    const next = settled(definition('Tab', { names: { shortNames: ['tb'], categories: ['all'] } }));
    expect(next.status.acceptedNames).to.deep.equal({ plural: 'tabs', singular: 'tab', kind: 'Tab', listKind: 'TabList', shortNames: ['tb'], categories: ['all'] });
    expect(conditions(next)).to.deep.equal(['NamesAccepted True NoConflicts: no conflicts found', 'Established True InitialNamesAccepted: the initial names have been accepted']);
    expect(settled(next).status).to.deep.equal(next.status);
  });

  const clashes: readonly (readonly [object, string])[] = [
    [{ singular: 'tab' }, 'SingularConflict: "tab" is already in use'], [{ plural: 'tb' }, 'PluralConflict: "tb" is already in use'],
    [{ shortNames: ['x', 'tb'] }, 'ShortNamesConflict: "tb" is already in use'], [{ shortNames: ['tab', 'tb'] }, 'ShortNamesConflict: ["tab" is already in use, "tb" is already in use]'],
    [{ kind: 'TabList' }, 'KindConflict: "TabList" is already in use'], [{ listKind: 'Tab' }, 'ListKindConflict: "Tab" is already in use'],
  ];
  for (const [names, message] of clashes) {
    it(`does not give ${JSON.stringify(names)} twice`, () => {
      const first = settled(definition('Tab', { names: { shortNames: ['tb'] } }));
      const second = settled(definition('Other', { names }), [first]);
      expect(conditions(second)).to.deep.equal([`NamesAccepted False ${message}`, 'Established False NotAccepted: not all names are accepted']);
      expect(conditions(settled(definition('Other', { names, group: 'other.com' }), [first]))[0]).to.match(/NoConflicts/);
    });
  }

  it('does not give names of built-in resources of the group', () => {
    expect(conditions(settled(definition('Deployment', { group: 'apps' })))[0]).to.equal('NamesAccepted False ListKindConflict: "DeploymentList" is already in use');
    expect(conditions(settled(definition('Deployment', { group: 'apps.example.com' })))[0]).to.match(/NoConflicts/);
  });

  it('leaves what was accepted before, and what was established', () => {
    const rival = settled(definition('Rival', { names: { shortNames: ['new'] } }));
    const before = settled(definition('Tab', { names: { shortNames: ['old'], categories: ['a'] } }));
    const wants = { ...before, spec: { ...before.spec, names: { ...before.spec.names, shortNames: ['old', 'new'], singular: 'tabby', categories: ['b'] } } };
    const next = settled(wants, [rival, before]);
    expect(next.status.acceptedNames).to.deep.include({ shortNames: ['old'], singular: 'tabby', categories: ['b'] });
    expect(conditions(next)).to.deep.equal(['NamesAccepted False ShortNamesConflict: "new" is already in use', 'Established True InitialNamesAccepted: the initial names have been accepted']);
    expect(settled(before, [{ ...rival, status: before.status }]).status, 'names that others claim later').to.deep.equal(before.status);
    const bare = settled({ ...before, spec: { ...before.spec, names: { plural: 'tabs', singular: 'tab', kind: 'Tab', listKind: 'TabList' } } });
    expect(bare.status.acceptedNames).not.to.have.any.keys('shortNames', 'categories');
  });

  it('waits for a bundle that can be read', () => {
    const webhook = (caBundle: string) => ({ strategy: 'Webhook', webhook: { clientConfig: { url: 'https://a', caBundle }, conversionReviewVersions: ['v1'] } });
    expect(conditions(settled(definition('Tab', { conversion: webhook('bm8=') })))[1]).to.equal('Established False InvalidCABundle: The conversion webhook CABundle is invalid');
    expect(conditions(settled(definition('Tab', { conversion: webhook('') })))[1]).to.match(/^Established True/);
  });

  it('says what is wrong with a schema, until it is right', () => {
    const wrong = settled(definition('Tab', { schema: { type: 'object', properties: { a: {} } } }));
    expect(conditions(wrong)[2]).to.equal('NonStructuralSchema True Violations: spec.versions[0].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields');
    const right = definition('Tab', { status: wrong.status });
    expect(conditions(settled(right))).to.have.length(2);
  });

  const annotation = 'api-approved.kubernetes.io';
  const approvals: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'False MissingAnnotation: protected groups'], ['because', 'False InvalidAnnotation: protected groups'],
    ['unapproved, an experiment', 'False UnapprovedAnnotation: not approved: "unapproved, an experiment"'],
    ['https://github.com/kubernetes/kubernetes/pull/1', 'True ApprovedAnnotation: approved in https://github.com/kubernetes/kubernetes/pull/1'],
  ];
  for (const [text, said] of approvals) {
    it(`looks for the approval of Kubernetes' own groups: ${text}`, () => {
      const next = settled(definition('Tab', { group: 'tabs.k8s.io', annotations: text === undefined ? {} : { [annotation]: text } }));
      expect(conditions(next)[2]).to.match(new RegExp(`^KubernetesAPIApprovalPolicyConformant ${said.replaceAll(/[.?]/g, '\\$&')}`));
    });
  }
});

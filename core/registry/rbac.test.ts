import { expect } from 'chai';
import type { RoleBinding } from '#core/api/schema/rbac-v1.ts';
import { clusterRoleBindings } from './clusterrolebindings.ts';
import { clusterRoles } from './clusterroles.ts';
import { created, header, judgesCreation, judgesUpdate, row } from './resource.test.ts';
import { roleBindings } from './rolebindings.ts';
import { roles } from './roles.ts';

const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const metadata = { name: 'system:a', namespace: 'ns' };

describe('roles', () => {
  judgesCreation(roles, { metadata, rules: [rule] }, [
    ['metadata.name', 'a/b', 'metadata.name: Invalid'],
    ['metadata.name', '..', 'metadata.name: Invalid'],
    ['metadata.name', 'Any Name: will do'],
    ['rules', undefined],
    ['rules[0].verbs', [], 'rules[0].verbs: Required'],
    ['rules[0].apiGroups', [], 'rules[0].apiGroups: Required'],
    ['rules[0].resources', [], 'rules[0].resources: Required'],
    ['rules[0]', { verbs: ['get'], apiGroups: [''], resources: ['a', 'b'], resourceNames: ['c'] }],
    ['rules[0]', { verbs: ['get'], nonResourceURLs: ['/x'] }, 'rules[0].nonResourceURLs: Invalid'],
  ]);
  it('prints what kubectl users know', () => {
    expect(`${header(roles)} / ${row(roles, { metadata: { ...metadata, creationTimestamp: '2026-01-02T03:04:05Z' } })}`).to.equal('NAME | CREATED AT / system:a | 2026-01-02T03:04:05Z');
  });
});

describe('clusterRoles', () => {
  const selector = { matchLabels: { a: 'b' } };
  judgesCreation(clusterRoles, { metadata: { name: 'admin' }, rules: [rule] }, [
    ['rules[0]', { verbs: ['get'], nonResourceURLs: ['/x', '/y/*'] }],
    ['rules[0]', { verbs: ['get'], nonResourceURLs: ['/x'], apiGroups: [''] }, 'rules[0].nonResourceURLs: Invalid'],
    ['rules[0]', { verbs: [], nonResourceURLs: ['/x'] }, 'rules[0].verbs: Required'],
    ['aggregationRule', { clusterRoleSelectors: [selector, {}] }],
    ['aggregationRule', {}, 'aggregationRule.clusterRoleSelectors: Required'],
    ['aggregationRule', { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Near' }] }] }, 'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid'],
  ]);
});

const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const subjects = [{ kind: 'User', name: 'alice' }, { kind: 'Group', name: 'dev' }, { kind: 'ServiceAccount', name: 'bot', namespace: 'ci' }];

describe('roleBindings', () => {
  const binding = { metadata, roleRef, subjects };
  judgesCreation(roleBindings, binding, [
    ['roleRef.kind', 'Role'],
    ['roleRef.kind', 'Pod', 'roleRef.kind: NotSupported'],
    ['roleRef.apiGroup', 'x', 'roleRef.apiGroup: NotSupported'],
    ['roleRef.apiGroup', ''],
    ['roleRef.name', '', 'roleRef.name: Required'],
    ['roleRef.name', 'a/b', 'roleRef.name: Invalid'],
    ['subjects', undefined],
    ['subjects[0].kind', 'Robot', 'subjects[0].kind: NotSupported'],
    ['subjects[0].name', '', 'subjects[0].name: Required', 'subjects[0].name: Invalid'],
    ['subjects[0].apiGroup', 'x', 'subjects[0].apiGroup: NotSupported'],
    ['subjects[2].name', 'Not A Name', 'subjects[2].name: Invalid'],
    ['subjects[2].apiGroup', 'x', 'subjects[2].apiGroup: NotSupported'],
    ['subjects[2].namespace', ''],
  ]);
  judgesUpdate(roleBindings, binding, [
    ['roleRef.name', 'edit', 'roleRef: Invalid'],
    ['subjects', []],
    ['subjects[0].name', 'bob'],
  ]);

  it('fills in the group of users and groups, and none for accounts', () => {
    const { subjects: filled, roleRef: ref } = created(roleBindings, { ...binding, roleRef: { kind: 'Role', name: 'x' } }) as RoleBinding;
    expect([...(filled ?? []), ref].map(({ apiGroup }) => apiGroup)).to.deep.equal(['rbac.authorization.k8s.io', 'rbac.authorization.k8s.io', undefined, 'rbac.authorization.k8s.io']);
  });

  it('prints what kubectl users know', () => {
    expect(header(roleBindings)).to.equal('NAME | ROLE | AGE | (USERS) | (GROUPS) | (SERVICEACCOUNTS)');
    expect(row(roleBindings, { ...binding, subjects: [...subjects, { kind: 'User', name: 'bob' }] }, true)).to.equal('system:a | ClusterRole/view | <unknown> | alice, bob | dev | ci/bot');
  });
});

describe('clusterRoleBindings', () => {
  judgesCreation(clusterRoleBindings, { metadata: { name: 'x' }, roleRef, subjects }, [
    ['roleRef.kind', 'Role', 'roleRef.kind: NotSupported'],
    ['subjects[2].namespace', '', 'subjects[2].namespace: Required'],
  ]);
  judgesUpdate(clusterRoleBindings, { metadata: { name: 'x' }, roleRef, subjects }, [['roleRef.name', 'edit', 'roleRef: Invalid']]);
});

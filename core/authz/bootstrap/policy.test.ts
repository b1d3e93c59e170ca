import { expect } from 'chai';
import { uncovered } from '#core/api/rbac/covers.ts';
import type { PolicyRule } from '#core/api/schema/rbac-v1.ts';
import { bootstrapPolicy } from './policy.ts';

const { clusterRoles, clusterRoleBindings, roles, roleBindings } = bootstrapPolicy();
const rulesOf = (name: string): PolicyRule[] => clusterRoles.find(({ metadata }) => metadata.name === name)?.rules ?? [];
const gives = (name: string, verb: string, group: string, resource: string): boolean =>
  uncovered(rulesOf(name), [{ verbs: [verb], apiGroups: [group], resources: [resource] }]).length === 0;

describe('bootstrapPolicy', () => {
  it('has the roles that charts and people refer to, each once', () => {
    const names = clusterRoles.map(({ metadata }) => metadata.name);
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.include.members([
      'cluster-admin', 'admin', 'edit', 'view', 'system:aggregate-to-admin', 'system:aggregate-to-edit', 'system:aggregate-to-view', 'system:basic-user',
      'system:discovery', 'system:public-info-viewer', 'system:monitoring', 'system:node', 'system:node-proxier', 'system:node-bootstrapper', 'system:auth-delegator',
      'system:kube-scheduler', 'system:kube-controller-manager', 'system:kube-dns', 'system:volume-scheduler', 'system:persistent-volume-provisioner',
      'system:certificates.k8s.io:certificatesigningrequests:nodeclient', 'system:certificates.k8s.io:kubelet-serving-approver', 'system:controller:namespace-controller',
      'system:service-account-issuer-discovery', 'system:kubelet-api-admin',
    ]);
    expect(names.length).to.equal(68);
  });

  it('binds only roles that it has, and marks everything as its own', () => {
    const known = new Set([...clusterRoles.map(({ metadata }) => `ClusterRole/${metadata.name}`), ...roles.map(({ metadata }) => `Role/${metadata.namespace}/${metadata.name}`)]);
    const bound = [
      ...clusterRoleBindings.map(({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
      ...roleBindings.map(({ roleRef, metadata }) => `${roleRef.kind}/${metadata.namespace}/${roleRef.name}`),
    ];
    expect(bound.filter((name) => !known.has(name))).to.deep.equal([]);
    expect(bound).to.have.length(56);
    for (const { metadata } of [...clusterRoles, ...clusterRoleBindings, ...roles, ...roleBindings]) {
      expect(metadata.labels, metadata.name).to.include({ 'kubernetes.io/bootstrapping': 'rbac-defaults' });
      expect(metadata.annotations, metadata.name).to.deep.equal({ 'rbac.authorization.kubernetes.io/autoupdate': 'true' });
    }
  });

  it('stacks view, edit and admin by aggregation', () => {
    const labelled = (to: string): string[] =>
      clusterRoles.filter(({ metadata }) => metadata.labels[`rbac.authorization.k8s.io/aggregate-to-${to}`] === 'true').map(({ metadata }) => metadata.name);
    expect([labelled('view'), labelled('edit'), labelled('admin')]).to.deep.equal([['system:aggregate-to-view'], ['view', 'system:aggregate-to-edit'], ['edit', 'system:aggregate-to-admin']]);
  });

  it('keeps from viewers what would give them more, and from editors roles', () => {
    const view = 'system:aggregate-to-view';
    const edit = 'system:aggregate-to-edit';
    expect([gives(view, 'get', '', 'pods'), gives(view, 'get', '', 'pods/log'), gives(view, 'get', 'apps', 'deployments')]).to.deep.equal([true, true, true]);
    expect([gives(view, 'get', '', 'secrets'), gives(view, 'get', '', 'pods/exec'), gives(view, 'create', '', 'pods'), gives(view, 'list', 'rbac.authorization.k8s.io', 'roles')])
      .to.deep.equal([false, false, false, false]);
    expect([gives(edit, 'get', '', 'secrets'), gives(edit, 'create', '', 'pods/exec'), gives(edit, 'create', 'rbac.authorization.k8s.io', 'roles'), gives(edit, 'update', '', 'resourcequotas')])
      .to.deep.equal([true, true, false, false]);
    expect(uncovered(rulesOf('cluster-admin'), clusterRoles.flatMap(({ rules = [] }) => rules))).to.deep.equal([]);
  });

  it('makes new objects each time, so that nobody changes those of others', () => {
    expect(bootstrapPolicy().clusterRoles[0]).not.to.equal(clusterRoles[0]);
    expect(bootstrapPolicy()).to.deep.equal({ clusterRoles, clusterRoleBindings, roles, roleBindings });
  });
});

import { expect } from 'chai';
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding, type PolicyRule } from '#core/api/schema/rbac-v1.ts';
import { RbacAuthorizer } from '#core/authz/rbac/rbac-authorizer.ts';
import { group, person, roleRef, user } from '#test/fixtures/rbac-world.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { UserApi } from '#test/fixtures/user-api.ts';
import { RbacEscalation } from './rbac-escalation.ts';

const rule = (verbs: string, resources: string, apiGroups = ''): PolicyRule => ({ verbs: verbs.split(','), apiGroups: [apiGroups], resources: resources.split(',') });
const alice = user('alice', 'dev', 'system:authenticated');
const begin = 'user "alice" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n';

describe('RbacEscalation', () => {
  let world: UserApi;
  beforeEach(async () => {
    world = await UserApi.start(({ api }) => {
      const rbac = new RbacAuthorizer(api.objects);
      return [new RbacEscalation((attributes) => rbac.authorize(attributes), rbac)];
    });
    await give([rule('get,list', 'pods')], 'default');
  });
  afterEach(() => world.stop());

  let roles = 0;
  /** Everywhere without a namespace. */
  async function give(rules: readonly PolicyRule[], namespace?: string): Promise<void> {
    const name = `given-${++roles}`;
    await world.client.create(ClusterRole, { metadata: { name }, rules: [...rules] });
    const binding = { roleRef: roleRef(`ClusterRole/${name}`), subjects: [person('alice')] };
    if (namespace === undefined) await world.client.create(ClusterRoleBinding, { metadata: { name }, ...binding });
    else await world.client.create(RoleBinding, { metadata: { name, namespace }, ...binding });
  }
  const role = (name: string, ...rules: PolicyRule[]): Promise<Role> => world.create(alice, Role, { metadata: { name, namespace: 'default' }, rules });
  const clusterRole = (name: string, ...rules: PolicyRule[]): Promise<ClusterRole> => world.create(alice, ClusterRole, { metadata: { name }, rules });
  const bind = (name: string, to: string, namespace = 'default'): Promise<RoleBinding> =>
    world.create(alice, RoleBinding, { metadata: { name, namespace }, roleRef: roleRef(to), subjects: [group('x')] });
  const bindEverywhere = (name: string, to: string): Promise<ClusterRoleBinding> =>
    world.create(alice, ClusterRoleBinding, { metadata: { name }, roleRef: roleRef(to), subjects: [group('x')] });

  describe('of roles', () => {
    it('lets people write down what they may do themselves', async () => {
      const made = await role('own', rule('get', 'pods'));
      await world.update(alice, Role, { ...made, rules: [rule('list,get', 'pods')] });
      await role('empty');
    });

    it('refuses more, and says what', async () => {
      expect(await refusalOf(role('more', rule('get,delete', 'pods,secrets'), rule('watch', 'pods'), { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] })))
        .to.equal(`403 roles.rbac.authorization.k8s.io "more" is forbidden: ${begin}` +
          '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}\n' +
          '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["web"], Verbs:["get"]}');
      const made = await role('own', rule('get', 'pods'));
      expect(await refusalOf(world.update(alice, Role, { ...made, rules: [rule('*', 'pods')] }))).to.include('{APIGroups:[""], Resources:["pods"], Verbs:["*"]}');
    });

    it('goes by the namespace: rights in one are none in another, or everywhere', async () => {
      expect(await refusalOf(world.create(alice, Role, { metadata: { name: 'own', namespace: 'kube-system' }, rules: [rule('get', 'pods')] }))).to.include(begin);
      expect(await refusalOf(clusterRole('own', rule('get', 'pods')))).to.include(begin);
      await give([rule('get', 'pods')]);
      await clusterRole('own', rule('get', 'pods'));
      expect(await refusalOf(clusterRole('paths', { verbs: ['get'], nonResourceURLs: ['/metrics'] }))).to.include('{NonResourceURLs:["/metrics"], Verbs:["get"]}');
    });

    it('lets those go on who may escalate', async () => {
      await give([{ ...rule('escalate', 'roles', 'rbac.authorization.k8s.io'), resourceNames: ['theirs'] }], 'default');
      expect(await refusalOf(role('theirs', rule('*', '*'))), 'a create has no name to go by').to.include(begin);
      const made = await role('theirs', rule('get', 'pods'));
      await world.update(alice, Role, { ...made, rules: [rule('*', '*')] });
      await give([rule('escalate', 'clusterroles', 'rbac.authorization.k8s.io')]);
      await clusterRole('any', rule('*', '*', '*'));
      expect(await refusalOf(role('any', rule('*', '*')))).to.include(begin);
    });

    it('asks for everything when a role gathers others', async () => {
      await give([rule('get,list,watch,create,update,patch,delete', '*', '*')]);
      const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] };
      const gather = (name: string): Promise<ClusterRole> => world.create(alice, ClusterRole, { metadata: { name }, aggregationRule });
      const refused = '403 clusterroles.rbac.authorization.k8s.io "sum" is forbidden: must have cluster-admin privileges to use the aggregationRule';
      expect(await refusalOf(gather('sum'))).to.equal(refused);
      const sum = await world.client.create(ClusterRole, { metadata: { name: 'sum' }, aggregationRule });
      const { aggregationRule: _rule, ...plain } = sum;
      expect(await refusalOf(world.update(alice, ClusterRole, plain))).to.equal(refused);
      await give([rule('*', '*', '*')]);
      await gather('sum2');
    });

    it('leaves the garbage collector and deletions alone', async () => {
      const made = await world.client.create(Role, { metadata: { name: 'other', namespace: 'default', finalizers: ['example.com/x'] }, rules: [rule('*', '*')] });
      const { finalizers: _finalizers, ...metadata } = made.metadata;
      const next = await world.update(alice, Role, { ...made, metadata: { ...metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'y' }] } });
      expect(next.metadata.finalizers).to.equal(undefined);
      expect(await refusalOf(world.update(alice, Role, { ...next, metadata: { ...next.metadata, labels: { a: 'b' } } }))).to.include(begin);
      await world.remove(alice, Role, { name: 'other', namespace: 'default' });
    });

    it('lets masters do everything', async () => {
      await world.create(user('root', 'system:masters'), ClusterRole, { metadata: { name: 'all' }, rules: [rule('*', '*', '*')] });
    });
  });

  describe('of bindings', () => {
    beforeEach(async () => {
      await world.client.create(ClusterRole, { metadata: { name: 'pods' }, rules: [rule('get', 'pods')] });
      await world.client.create(ClusterRole, { metadata: { name: 'all' }, rules: [rule('*', '*', '*')] });
      await world.client.create(Role, { metadata: { name: 'pods', namespace: 'default' }, rules: [rule('list', 'pods')] });
    });

    it('lets people give what they have where they have it', async () => {
      const made = await bind('a', 'ClusterRole/pods');
      await bind('b', 'Role/pods');
      await world.update(alice, RoleBinding, { ...made, subjects: [group('y')] });
      const text = `${begin}{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`;
      expect(await refusalOf(bind('a', 'ClusterRole/pods', 'kube-system'))).to.equal(`403 rolebindings.rbac.authorization.k8s.io "a" is forbidden: ${text}`);
      expect(await refusalOf(bindEverywhere('a', 'ClusterRole/pods'))).to.equal(`403 clusterrolebindings.rbac.authorization.k8s.io "a" is forbidden: ${text}`);
      expect(await refusalOf(bind('c', 'ClusterRole/all'))).to.include('{APIGroups:["*"], Resources:["*"], Verbs:["*"]}');
    });

    it('refuses roles that do not exist', async () => {
      expect(await refusalOf(bind('a', 'ClusterRole/none'))).to.equal('404 clusterrole.rbac.authorization.k8s.io "none" not found');
      expect(await refusalOf(bind('a', 'Role/all'))).to.equal('404 role.rbac.authorization.k8s.io "all" not found');
    });

    it('lets those give a role who may bind it', async () => {
      await give([{ ...rule('bind', 'clusterroles', 'rbac.authorization.k8s.io'), resourceNames: ['all', 'none'] }], 'default');
      await bind('a', 'ClusterRole/all');
      await bind('b', 'ClusterRole/none');
      expect(await refusalOf(bindEverywhere('a', 'ClusterRole/all'))).to.include(begin);
      expect(await refusalOf(bind('c', 'Role/none'))).to.include('not found');
    });

    it('names what it could not look up', async () => {
      await world.client.create(RoleBinding, { metadata: { name: 'broken', namespace: 'default' }, roleRef: roleRef('Role/gone'), subjects: [person('alice')] });
      expect(await refusalOf(bind('a', 'ClusterRole/all'))).to.match(/; resolution errors: \[role\.rbac\.authorization\.k8s\.io "gone" not found\]$/);
    });
  });
});

import { expect } from 'chai';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding, type PolicyRule } from '#core/api/schema/rbac-v1.ts';
import type { BootstrapPolicy } from '#core/api/rbac/bootstrap-policy.ts';
import { StatusError } from '#core/api/status-error.ts';
import { bootstrapPolicy } from '#core/authz/bootstrap/policy.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { GatedClient, inMemoryApi, type Call, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { group, person, roleRef } from '#test/fixtures/rbac-world.ts';
import { reconcileBootstrapPolicy } from './reconcile.ts';

const { signal } = new AbortController();
const rule = (verbs: string, resources: string): PolicyRule => ({ verbs: verbs.split(','), apiGroups: [''], resources: resources.split(',') });
const metadata = (name: string, more: object = {}) => ({ name, labels: { a: '1' }, annotations: { b: '2' }, ...more });
const selectors = (...labels: readonly string[]) => labels.map((label) => ({ matchLabels: { [label]: 'true' } }));

describe('reconcileBootstrapPolicy', () => {
  let world: InMemoryApi;
  let calls: Call[];
  let refuse: (call: Call) => void;
  beforeEach(async () => {
    world = await inMemoryApi(new FakeClock());
    calls = [];
    refuse = () => undefined;
  });
  afterEach(() => world.stop());

  const run = (policy: Partial<BootstrapPolicy>): Promise<void> => reconcileBootstrapPolicy(new GatedClient(world.client, async (call, effect) => {
    if (call.isEffect) calls.push(call);
    refuse(call);
    return effect();
  }), { clusterRoles: [], clusterRoleBindings: [], roles: [], roleBindings: [], ...policy }, signal);

  it('creates what Kubernetes has from the start, and finds nothing to do the second time', async () => {
    await world.client.create(Namespace, { metadata: { name: 'kube-public' } });
    await run(bootstrapPolicy());
    expect(calls.every(({ what }) => what.startsWith('create'))).to.equal(true);
    expect((await world.client.list(ClusterRole)).items.map(({ metadata: { name } }) => name)).to.include.members(['cluster-admin', 'view', 'system:node', 'system:controller:job-controller']);
    expect((await world.client.get(RoleBinding, { namespace: 'kube-public', name: 'system:controller:bootstrap-signer' })).roleRef.name).to.equal('system:controller:bootstrap-signer');
    calls = [];
    await run(bootstrapPolicy());
    expect(calls).to.deep.equal([]);
  });

  describe('of a role that is there', () => {
    const expected = { metadata: metadata('r'), rules: [rule('get,list', 'pods'), rule('get', 'nodes')] };

    it('adds rules, labels and annotations, and takes nothing away', async () => {
      await world.client.create(ClusterRole, { metadata: { name: 'r', labels: { a: '0', own: 'x' } }, rules: [rule('list,delete', 'pods'), rule('get', 'services')] });
      await run({ clusterRoles: [expected] });
      const { metadata: { labels, annotations }, rules } = await world.client.get(ClusterRole, { name: 'r' });
      expect(rules).to.deep.equal([rule('list,delete', 'pods'), rule('get', 'services'), rule('get', 'pods'), rule('get', 'nodes')]);
      expect(labels).to.deep.equal({ a: '0', own: 'x' });
      expect(annotations).to.deep.equal({ b: '2' });
    });

    it('does so for roles of namespaces', async () => {
      await world.client.create(Role, { metadata: { name: 'r', namespace: 'default' }, rules: [] });
      await run({ roles: [{ ...expected, metadata: metadata('r', { namespace: 'default' }) }] });
      expect((await world.client.get(Role, { namespace: 'default', name: 'r' })).rules).to.deep.equal([rule('get,list', 'pods'), rule('get', 'nodes')]);
    });

    it('leaves it alone when its rules cover everything, or when its owner wants so', async () => {
      await world.client.create(ClusterRole, { metadata: metadata('r'), rules: [rule('*', '*')] });
      const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
      await world.client.create(ClusterRole, { metadata: { name: 'kept', annotations }, rules: [] });
      await world.client.create(ClusterRoleBinding, { metadata: { name: 'kept', annotations }, roleRef: roleRef('ClusterRole/other') });
      await run({
        clusterRoles: [expected, { ...expected, metadata: metadata('kept') }],
        clusterRoleBindings: [{ metadata: metadata('kept'), roleRef: roleRef('ClusterRole/r'), subjects: [group('g')] }],
      });
      expect(calls).to.deep.equal([]);
    });

    it('adds what it should select, and leaves the rules to who gathers them', async () => {
      await world.client.create(ClusterRole, { metadata: metadata('r'), aggregationRule: { clusterRoleSelectors: selectors('x', 'y') }, rules: [rule('get', 'pods')] });
      await run({ clusterRoles: [{ metadata: metadata('r'), aggregationRule: { clusterRoleSelectors: selectors('y', 'z') } }] });
      const role = await world.client.get(ClusterRole, { name: 'r' });
      expect(role.aggregationRule?.clusterRoleSelectors).to.deep.equal(selectors('x', 'y', 'z'));
      expect(role.rules).to.deep.equal([rule('get', 'pods')]);
    });

    it('makes a plain role of one that should not select anything', async () => {
      await world.client.create(ClusterRole, { metadata: metadata('r'), aggregationRule: { clusterRoleSelectors: selectors('x') }, rules: [rule('*', '*')] });
      await run({ clusterRoles: [expected] });
      const role = await world.client.get(ClusterRole, { name: 'r' });
      expect(role.aggregationRule).to.equal(undefined);
      expect(role.rules).to.deep.equal([rule('*', '*')]);
    });
  });

  describe('of a binding that is there', () => {
    const expected = { metadata: metadata('b', { namespace: 'default' }), roleRef: roleRef('Role/r'), subjects: [group('g'), person('p')] };
    const key = { namespace: 'default', name: 'b' };

    it('adds subjects', async () => {
      await world.client.create(RoleBinding, { metadata: expected.metadata, roleRef: roleRef('Role/r'), subjects: [person('own'), person('p')] });
      await run({ roleBindings: [expected] });
      expect((await world.client.get(RoleBinding, key)).subjects).to.deep.equal([person('own'), person('p'), group('g')]);
    });

    it('makes it anew when it gives another role', async () => {
      const old = await world.client.create(RoleBinding, { metadata: expected.metadata, roleRef: roleRef('Role/other'), subjects: [person('own')] });
      await run({ roleBindings: [expected] });
      const next = await world.client.get(RoleBinding, key);
      expect(next.roleRef.name).to.equal('r');
      expect(next.subjects).to.deep.equal([group('g'), person('p')]);
      expect(next.metadata.uid).not.to.equal(old.metadata.uid);
    });
  });

  describe('when others write too', () => {
    const expected = { metadata: metadata('r'), rules: [rule('get', 'pods')] };

    it('looks again', async () => {
      await world.client.create(ClusterRole, { metadata: metadata('r'), rules: [] });
      let failures = 2;
      refuse = ({ what }) => {
        if (what.startsWith('update') && failures-- > 0) throw StatusError.modified(ClusterRole, 'r');
      };
      await run({ clusterRoles: [expected] });
      expect(calls).to.have.length(3);
      expect((await world.client.get(ClusterRole, { name: 'r' })).rules).to.deep.equal([rule('get', 'pods')]);
    });

    it('goes on with the rest, and says what could not be written', async () => {
      refuse = ({ subject }) => {
        if (subject === 'bad') throw new Error('no');
      };
      const roles = ['a', 'bad', 'z'].map((name) => ({ ...expected, metadata: metadata(name) }));
      const error = await run({ clusterRoles: roles }).then(() => undefined, (failure: AggregateError) => failure);
      expect(error?.errors.map(String)).to.deep.equal(['Error: cannot write ClusterRole "bad"']);
      expect((await world.client.list(ClusterRole)).items.map(({ metadata: { name } }) => name)).to.deep.equal(['a', 'z']);
      const missing = await run({ roles: [{ ...expected, metadata: metadata('r', { namespace: 'nowhere' }) }] }).then(() => undefined, (failure: AggregateError) => failure);
      expect(missing?.errors.map(String)).to.deep.equal(['Error: cannot write Role "nowhere/r"']);
    });
  });
});

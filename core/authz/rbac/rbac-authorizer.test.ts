import { expect } from 'chai';
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding, type PolicyRule } from '#core/api/schema/rbac-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { account, asks, group, person, roleRef, StoreWorld, user } from '#test/fixtures/rbac-world.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';

const readPods: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] };
const alice = user('alice', 'dev', 'system:authenticated');

describe('RbacAuthorizer', () => {
  let world: StoreWorld;
  let rbac: RbacAuthorizer;

  beforeEach(async () => {
    world = await StoreWorld.start();
    rbac = new RbacAuthorizer(world.objects);
  });
  afterEach(() => world.stop());

  const may = (text: string, who = alice): boolean => rbac.authorize(asks(who, text)).allowed;
  const reason = (text: string, who = alice): string => rbac.authorize(asks(who, text)).reason;

  it('allows nothing where nothing is bound', async () => {
    await world.clusterRole('readers', [readPods]);
    expect(rbac.authorize(asks(alice, 'get ns/pods'))).to.deep.equal({ allowed: false, reason: '' });
  });

  it('allows everywhere what a ClusterRoleBinding gives, and says what gave it', async () => {
    await world.clusterRole('readers', [readPods]);
    await world.bind('all-dev', 'ClusterRole/readers', [person('bob'), group('dev')]);
    expect(['get ns/pods', 'list pods', 'get other/pods+log=web', 'get pods=web'].map((text) => may(text))).to.deep.equal([true, true, true, true]);
    expect(['delete ns/pods', 'get ns/apps:pods', 'get ns/pods+status', 'get ns/secrets', 'get /healthz'].map((text) => may(text))).to.deep.equal([false, false, false, false, false]);
    expect(reason('get ns/pods')).to.equal('RBAC: allowed by ClusterRoleBinding "all-dev" of ClusterRole "readers" to Group "dev"');
    expect(reason('get ns/pods', user('bob'))).to.equal('RBAC: allowed by ClusterRoleBinding "all-dev" of ClusterRole "readers" to User "bob"');
    expect(may('get ns/pods', user('dev')), 'a user named like the group').to.equal(false);
  });

  it('keeps what a RoleBinding gives to its namespace, whichever kind of role', async () => {
    await world.clusterRole('readers', [readPods]);
    await world.role('writers', [{ verbs: ['create'], apiGroups: [''], resources: ['pods'] }]);
    await world.bind('a', 'ClusterRole/readers', [person('alice')], 'ns');
    await world.bind('b', 'Role/writers', [person('alice')], 'ns');
    await world.bind('b', 'Role/writers', [person('alice')], 'other');
    expect([may('get ns/pods'), may('create ns/pods')]).to.deep.equal([true, true]);
    expect([may('get other/pods'), may('get pods'), may('create other/pods')]).to.deep.equal([false, false, false]);
    expect(reason('create ns/pods')).to.equal('RBAC: allowed by RoleBinding "b/ns" of Role "writers" to User "alice"');
    expect(reason('create other/pods')).to.equal('RBAC: role.rbac.authorization.k8s.io "writers" not found');
  });

  it('knows accounts by their namespace, or by the binding\'s', async () => {
    await world.clusterRole('readers', [readPods]);
    await world.bind('near', 'ClusterRole/readers', [account('bot')], 'ns');
    await world.bind('far', 'ClusterRole/readers', [account('bot', 'ci')], 'ns');
    await world.bind('nobody', 'ClusterRole/readers', [account('bot')]);
    const bot = (namespace: string) => user(`system:serviceaccount:${namespace}:bot`, 'system:serviceaccounts');
    expect([may('get ns/pods', bot('ns')), may('get ns/pods', bot('ci')), may('get ns/pods', bot('x')), may('get pods', bot('ns'))]).to.deep.equal([true, true, false, false]);
    expect(reason('get ns/pods', bot('ci'))).to.equal('RBAC: allowed by RoleBinding "far/ns" of ClusterRole "readers" to ServiceAccount "bot/ci"');
    expect(reason('get ns/pods', bot('ns'))).to.contain('to ServiceAccount "bot/ns"');
  });

  it('heeds names of objects, stars, subresources of any resource, and paths', async () => {
    const rules: PolicyRule[] = [
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['mine'] },
      { verbs: ['update'], apiGroups: ['*'], resources: ['*/scale'] },
      { verbs: ['*'], apiGroups: ['batch'], resources: ['*'] },
      { verbs: ['get'], nonResourceURLs: ['/healthz', '/metrics*', '/logs/*'] },
    ];
    await world.clusterRole('mixed', rules);
    await world.bind('mixed', 'ClusterRole/mixed', [person('alice')]);
    const yes = [
      'get ns/secrets=mine', 'update ns/apps:deployments+scale=web', 'sing ns/batch:jobs+status', 'get /healthz', 'get /metrics', 'get /metrics/slis', 'get /logs/kubelet',
    ];
    const no = [
      'get ns/secrets=yours', 'list ns/secrets', 'update ns/apps:deployments=web', 'update ns/apps:deployments+status', 'get ns/apps:jobs', 'get /healthz/etcd', 'get /logs', 'post /healthz',
    ];
    expect(yes.filter((text) => !may(text))).to.deep.equal([]);
    expect(no.filter((text) => may(text))).to.deep.equal([]);
  });

  it('follows roles and bindings as they come, change and go', async () => {
    expect(may('get ns/pods')).to.equal(false);
    await world.bind('b', 'ClusterRole/readers', [person('alice')]);
    expect(reason('get ns/pods')).to.equal('RBAC: clusterrole.rbac.authorization.k8s.io "readers" not found');
    await world.clusterRole('readers', [readPods]);
    expect(may('get ns/pods')).to.equal(true);
    await world.clusterRole('readers', [{ ...readPods, verbs: ['list'] }]);
    expect([may('get ns/pods'), may('list ns/pods')]).to.deep.equal([false, true]);
    await world.bind('b', 'ClusterRole/readers', [person('bob')]);
    expect([may('list ns/pods'), may('list ns/pods', user('bob'))]).to.deep.equal([false, true]);
    await world.remove(ClusterRoleBinding, 'b');
    expect(may('list ns/pods', user('bob'))).to.equal(false);
    await world.role('r', [readPods]);
    await world.bind('r', 'Role/r', [group('dev')], 'ns');
    expect(may('get ns/pods')).to.equal(true);
    await world.remove(Role, 'r', 'ns');
    expect(may('get ns/pods')).to.equal(false);
    await world.role('r', [readPods]);
    await world.remove(RoleBinding, 'r', 'ns');
    expect(may('get ns/pods')).to.equal(false);
  });

  it('indexes what was there before it was first asked', async () => {
    await world.clusterRole('readers', [readPods]);
    for (const name of ['a', 'b']) await world.bind(name, 'ClusterRole/readers', [person('alice')], name);
    expect([may('get a/pods'), may('get b/pods')]).to.deep.equal([true, true]);
    await world.remove(RoleBinding, 'a', 'a');
    expect([may('get a/pods'), may('get b/pods')]).to.deep.equal([false, true]);
  });

  it('lists the rules of a user, each role once, and what could not be found', async () => {
    const health: PolicyRule = { verbs: ['get'], nonResourceURLs: ['/healthz'] };
    await world.clusterRole('readers', [readPods, health]);
    await world.role('local', [{ verbs: ['create'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a'] }]);
    await world.bind('x', 'ClusterRole/readers', [person('alice'), group('dev')]);
    await world.bind('y', 'ClusterRole/gone', [group('dev')]);
    await world.bind('z', 'Role/local', [group('dev')], 'ns');
    expect(rbac.rulesFor(alice, 'ns')).to.deep.equal({
      resourceRules: [readPods, { verbs: ['create'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a'] }],
      nonResourceRules: [health], incomplete: false, errors: ['clusterrole.rbac.authorization.k8s.io "gone" not found'],
    });
    expect(rbac.rulesOfUser(alice, '').rules).to.deep.equal([readPods, health]);
    expect(rbac.rulesOfRole(roleRef('Role/local'), 'ns')).to.have.length(1);
    expect(() => rbac.rulesOfRole(roleRef('Role/local'), 'elsewhere')).to.throw().that.satisfies((error: unknown) => StatusError.is(error, 'NotFound'));
    expect(() => rbac.rulesOfRole(roleRef('Pod/local'), 'ns')).to.throw('not found');
  });

  it('is not misled by names that every object has', async () => {
    await world.clusterRole('constructor', [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]);
    await world.bind('__proto__', 'ClusterRole/constructor', [person('toString'), group('__proto__')]);
    expect([may('get ns/pods', user('toString')), may('get ns/pods', user('x', '__proto__')), may('get ns/pods', user('valueOf', 'hasOwnProperty'))]).to.deep.equal([true, true, false]);
    expect(may('constructor ns/toString', user('toString'))).to.equal(false);
  });

  it('takes stars at the end of a path in time that grows with its length only', async () => {
    await world.put(ClusterRole, { metadata: { name: 'stars' }, rules: [{ verbs: ['get'], nonResourceURLs: [`${'*'.repeat(200_000)}x*`] }] });
    await world.bind('stars', 'ClusterRole/stars', [person('alice')]);
    const begun = process.hrtime.bigint();
    expect(may('get /x')).to.equal(false);
    expect(Number(process.hrtime.bigint() - begun) / 1e6, 'ms').to.be.lessThan(200);
  });
});

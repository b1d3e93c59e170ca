import { expect } from 'chai';
import { uncovered } from '#core/api/rbac/covers.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { ClusterRole, type PolicyRule } from '#core/api/schema/rbac-v1.ts';
import { bootstrapPolicy } from '#core/authz/bootstrap/policy.ts';
import { reconcileBootstrapPolicy } from '#core/controllers/bootstrap-policy/reconcile.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { ClusterRoleAggregationController } from './controller.ts';

const rule = (resource: string): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
const gather = (...labels: readonly string[]) => ({ aggregationRule: { clusterRoleSelectors: labels.map((label) => ({ matchLabels: { [label]: 'true' } })) } });

describe('clusterrole-aggregation', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;
  beforeEach(async () => {
    world = await harnessAround((parts) => [new ClusterRoleAggregationController(parts)]);
    await world.harness.start();
  });
  afterEach(() => world.stop());

  const create = (name: string, labels: readonly string[], rules: readonly PolicyRule[], more: object = {}): Promise<ClusterRole> => world.client.create(ClusterRole, {
    metadata: { name, labels: Object.fromEntries(labels.map((label) => [label, 'true'])) }, rules: [...rules], ...more,
  });
  const rules = async (name: string): Promise<readonly PolicyRule[]> => (await world.client.get(ClusterRole, { name })).rules ?? [];

  it('gathers the rules of the roles that are selected, every one once', async () => {
    await create('b', ['x'], [rule('pods'), rule('nodes')]);
    await create('a', ['y', 'x'], [rule('services'), rule('pods')]);
    await create('c', ['z'], [rule('secrets')]);
    await create('d', ['y'], [rule('events')]);
    await create('sum', ['x'], [rule('own')], gather('y', 'x'));
    await world.harness.settle();
    expect(await rules('sum')).to.deep.equal([rule('services'), rule('pods'), rule('events'), rule('nodes')]);
  });

  it('follows rules, labels and selectors', async () => {
    await create('sum', [], [], gather('x'));
    await create('a', ['x'], [rule('pods')]);
    await world.harness.settle();
    expect(await rules('sum')).to.deep.equal([rule('pods')]);
    await world.client.patch(ClusterRole, { name: 'a' }, { type: 'merge', document: { rules: [rule('nodes')] } });
    await create('b', [], [rule('secrets')]);
    await world.harness.settle();
    expect(await rules('sum')).to.deep.equal([rule('nodes')]);
    await world.client.patch(ClusterRole, { name: 'b' }, { type: 'merge', document: { metadata: { labels: { x: 'true' } } } });
    await world.harness.settle();
    expect(await rules('sum')).to.deep.equal([rule('nodes'), rule('secrets')]);
    await world.client.delete(ClusterRole, { name: 'a' });
    await world.harness.settle();
    expect(await rules('sum')).to.deep.equal([rule('secrets')]);
    await world.client.patch(ClusterRole, { name: 'sum' }, { type: 'merge', document: gather('y') });
    await world.harness.settle();
    expect(await rules('sum')).to.deep.equal([]);
  });

  it('puts back what somebody wrote by hand, and leaves plain roles alone', async () => {
    await create('sum', [], [rule('everything')], gather('x'));
    await create('plain', [], [rule('pods')]);
    await world.harness.settle();
    expect(await rules('sum')).to.deep.equal([]);
    await world.client.patch(ClusterRole, { name: 'sum' }, { type: 'merge', document: { rules: [rule('secrets')] } });
    await world.harness.settle();
    expect(await rules('sum')).to.deep.equal([]);
    expect(await rules('plain')).to.deep.equal([rule('pods')]);
  });

  it('makes admin of edit, and edit of view, as Kubernetes has them', async () => {
    await world.client.create(Namespace, { metadata: { name: 'kube-public' } });
    await reconcileBootstrapPolicy(world.client, bootstrapPolicy(), new AbortController().signal);
    await world.harness.settle();
    const [admin, edit, view] = [await rules('admin'), await rules('edit'), await rules('view')];
    expect(uncovered(admin, edit)).to.deep.equal([]);
    expect(uncovered(edit, view)).to.deep.equal([]);
    expect(uncovered(view, [rule('pods'), rule('pods/log')])).to.deep.equal([]);
    expect(uncovered(view, [rule('secrets')])).to.have.length(1);
    const more = await create('crontabs', ['rbac.authorization.k8s.io/aggregate-to-view'], [rule('crontabs')]);
    await world.harness.settle();
    expect(await rules('view')).to.deep.include(more.rules?.[0]);
    const before = world.harness.effects.length;
    await world.client.patch(ClusterRole, { name: 'crontabs' }, { type: 'merge', document: { metadata: { annotations: { a: 'b' } } } });
    await world.harness.settle();
    expect(world.harness.effects.length, 'writes after a change that matters to nobody').to.equal(before);
  });
});

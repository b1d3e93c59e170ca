import { expect } from 'chai';
import type { Attributes } from '#core/api/access.ts';
import { FlowSchema, PriorityLevelConfiguration } from '#core/api/schema/flowcontrol-v1.ts';
import { asks, StoreWorld, user } from '#test/fixtures/rbac-world.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { bootstrapLevels, bootstrapSchemas } from './bootstrap-flows.ts';
import { FlowControl } from './flow-control.ts';

describe('FlowControl', () => {
  let world: StoreWorld;
  let flows: FlowControl;

  beforeEach(async () => {
    world = await StoreWorld.start();
    flows = new FlowControl({ objects: world.objects, clock: new FakeClock(), seats: 245, waitLimitMs: 15_000 });
    for (const [name, spec] of bootstrapLevels) await world.put(PriorityLevelConfiguration, { metadata: { name }, spec });
    for (const [name, spec] of bootstrapSchemas) await world.put(FlowSchema, { metadata: { name }, spec });
  });
  afterEach(() => world.stop());

  const everybody = 'system:authenticated';
  const schemaOf = (attributes: Attributes): string => flows.flowOf(attributes).schemaUid.replace('uid of ', '');
  const account = (name: string, namespace = 'default') => user(`system:serviceaccount:${namespace}:${name}`, 'system:serviceaccounts', `system:serviceaccounts:${namespace}`, everybody);

  const cases: [string, Attributes, string][] = [
    ['administrators', asks(user('admin', 'system:masters', everybody), 'delete ns/pods=x'), 'exempt'],
    ['probes', asks(user('system:anonymous', 'system:unauthenticated'), 'get /readyz'), 'probes'],
    ['controllers that keep their lead', asks(account('vpn', 'kube-system'), 'update kube-system/coordination.k8s.io:leases=x'), 'system-leader-election'],
    ['controllers of endpoints', asks(account('endpoint-controller', 'kube-system'), 'update ns/endpoints=x'), 'endpoint-controller'],
    ['nodes that say they live', asks(user('system:node:n1', 'system:nodes', everybody), 'patch nodes+status=n1'), 'system-node-high'],
    ['nodes that renew their lease', asks(user('system:node:n1', 'system:nodes', everybody), 'update kube-node-lease/coordination.k8s.io:leases=n1'), 'system-node-high'],
    ['nodes otherwise', asks(user('system:node:n1', 'system:nodes', everybody), 'list pods'), 'system-nodes'],
    ['the scheduler', asks(user('system:kube-scheduler', everybody), 'list pods'), 'kube-scheduler'],
    ['accounts of the system', asks(account('dns', 'kube-system'), 'list services'), 'kube-system-service-accounts'],
    ['accounts of workloads', asks(account('operator'), 'update default/coordination.k8s.io:leases=x'), 'service-accounts'],
    ['people', asks(user('jane', everybody), 'get /openapi/v3'), 'global-default'],
    ['who belongs nowhere', asks(user('ghost'), 'get ns/pods=x'), 'catch-all'],
  ];
  for (const [who, attributes, schema] of cases) it(`knows ${who}`, () => expect(schemaOf(attributes)).to.equal(schema));

  it('divides the seats by the shares, and begins with the standard ones before any is stored', () => {
    const empty = new FlowControl({ objects: world.objects, clock: new FakeClock(), seats: 245, waitLimitMs: 15_000 });
    empty.flowOf(asks(user('jane', everybody), 'get ns/pods=x'));
    const seats = Object.fromEntries(empty.report().map(({ name, seats: own }) => [name, own]));
    expect(seats).to.deep.equal({ 'catch-all': 5, system: 30, 'node-high': 40, 'leader-election': 10, 'workload-high': 40, 'workload-low': 100, 'global-default': 20 });
  });

  it('obeys what is changed: levels, shares, and schemas by their precedence', async () => {
    const jane = asks(user('jane', everybody), 'list ns/pods');
    await world.put(FlowSchema, { metadata: { name: 'jane' }, spec: {
      priorityLevelConfiguration: { name: 'tiny' }, matchingPrecedence: 500,
      rules: [{ subjects: [{ kind: 'User', user: { name: 'jane' } }], resourceRules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], namespaces: ['ns'] }] }],
    } });
    expect(schemaOf(jane), 'its level is not there yet').to.equal('global-default');
    const level = (shares: number) => world.put(PriorityLevelConfiguration, { metadata: { name: 'tiny' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: shares, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } } } });
    await level(1);
    expect(schemaOf(jane)).to.equal('jane');
    expect(flows.flowOf(jane).levelUid).to.equal('uid of tiny');
    expect(schemaOf(asks(user('jane', everybody), 'list other/pods'))).to.equal('global-default');
    expect(schemaOf(asks(user('jane', everybody), 'get ns/pods=x'))).to.equal('global-default');
    const seat = flows.flowOf(jane).enter();
    expect(() => flows.flowOf(jane).enter()).to.throw('the priority level tiny has no seat left');
    await level(2);
    const second = flows.flowOf(jane).enter();
    expect(() => flows.flowOf(jane).enter()).to.throw('no seat left');
    for (const one of [seat, second]) (one as { leave(): void }).leave();
    await world.remove(PriorityLevelConfiguration, 'tiny');
    expect(schemaOf(jane)).to.equal('global-default');
    expect(flows.report().map(({ name }) => name)).to.not.include('tiny');
  });

  it('never makes the exempt wait', () => {
    const admin = asks(user('admin', 'system:masters'), 'list pods');
    for (let i = 0; i < 1000; i++) expect(flows.flowOf(admin).enter()).to.not.be.instanceOf(Promise);
    expect(flows.flowOf(admin).exempt).to.equal(true);
  });

  it('tells flows apart by user, or by namespace where the schema says so', async () => {
    await world.put(PriorityLevelConfiguration, { metadata: { name: 'one' }, spec: { type: 'Limited', limited: {
      nominalConcurrencyShares: 1, borrowingLimitPercent: 0, limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 1, queueLengthLimit: 1 } },
    } } });
    const schema = (by: string) => world.put(FlowSchema, { metadata: { name: 'all' }, spec: {
      priorityLevelConfiguration: { name: 'one' }, matchingPrecedence: 3, distinguisherMethod: { type: by },
      rules: [{ subjects: [{ kind: 'Group', group: { name: everybody } }], resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }] }],
    } });
    await schema('ByUser');
    const enter = (name: string, namespace: string) => flows.flowOf(asks(user(name, everybody), `list ${namespace}/pods`)).enter();
    for (let i = 0; i < 2; i++) void Promise.resolve(enter('filler', 'x')).catch(() => undefined);
    void Promise.resolve(enter('jane', 'a')).catch(() => undefined);
    expect(() => enter('jane', 'b'), 'one queue of one place for each user').to.throw('is full');
    expect(enter('joe', 'a')).to.be.instanceOf(Promise);
    await schema('ByNamespace');
    void Promise.resolve(enter('jane', 'c')).catch(() => undefined);
    expect(() => enter('joe', 'c')).to.throw('is full');
  });
});

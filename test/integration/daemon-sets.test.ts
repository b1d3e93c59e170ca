import { expect } from 'chai';
import { ControllerRevision } from '#core/api/schema/apps-v1/controller-revision.ts';
import { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { startControlPlane, type ControlPlane } from '#core/cli/start-control-plane.ts';
import { targetNode } from '#core/controllers/daemon-set/daemon-pod.ts';
import { rfc3339, systemClock } from '#core/kernel/clock.ts';
import { ClusterNodes } from '#test/fixtures/cluster-nodes.ts';
import { eventually } from '#test/fixtures/eventually.ts';

const labels = { app: 'agent' };
const nodes = ['n1', 'n2', 'n3'];

/** Nodes are only objects here, and the tests say for their agents that pods are ready. */
describe('daemon sets', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let number = 0;
  let namespace = '';
  const key = (name: string) => ({ namespace, name });

  before(async () => {
    plane = await startControlPlane();
    const cluster = new ClusterNodes({ client: plane.client, clock: systemClock });
    for (const name of nodes) await cluster.join(name, { status: { allocatable: { cpu: '4', memory: '8Gi', pods: '20' } } });
  });
  after(() => plane?.stop());

  beforeEach(async () => {
    namespace = `daemons-${++number}`;
    await plane.client.create(Namespace, { metadata: { name: namespace } });
    await eventually(() => plane.client.get(ServiceAccount, key('default')).then(() => true, () => false), 'the account of pods');
  });
  afterEach(async () => {
    await plane.client.delete(DaemonSet, key('agent')).catch(() => undefined);
  });

  const make = (spec: Partial<Draft<DaemonSet>['spec']> = {}): Promise<DaemonSet> => plane.client.create(DaemonSet, {
    metadata: key('agent'),
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'v1' }] } }, ...spec,
    },
  });

  const roll = (image: string): Promise<DaemonSet> =>
    plane.client.patch(DaemonSet, key('agent'), { type: 'strategic', document: { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } } });

  const pods = async (): Promise<Pod[]> => (await plane.client.list(Pod, { namespace })).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const placed = async (): Promise<string> => (await pods()).map((pod) => `${targetNode(pod)} ${pod.spec.containers[0]?.image}`).toSorted().join(', ');
  const everywhere = (image: string): string => nodes.map((node) => `${node} ${image}`).join(', ');

  async function markReady(): Promise<void> {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: rfc3339(systemClock.now()) }];
    for (const { metadata } of await pods()) await plane.client.patchStatus(Pod, metadata, { type: 'strategic', document: { status: { phase: 'Running', conditions } } }).catch(() => undefined);
  }

  /** As `kubectl rollout status` waits for it. */
  async function rolledOut(image: string): Promise<void> {
    await eventually(async () => {
      await markReady();
      const { metadata, status } = await plane.client.get(DaemonSet, key('agent'));
      const wanted = status.desiredNumberScheduled;
      return (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) && wanted === nodes.length && status.updatedNumberScheduled === wanted && status.numberAvailable === wanted;
    }, `a rollout of ${image}`, 20_000);
    expect(await placed()).to.equal(everywhere(image));
  }

  it('have a pod on each node, which the scheduler binds there', async () => {
    await make();
    await eventually(async () => (await pods()).length === 3 && (await pods()).every(({ spec }) => Boolean(spec.nodeName)), 'three bound pods');
    expect((await pods()).map(({ spec }) => spec.nodeName).toSorted()).to.deep.equal(nodes);
    const events = async () => (await plane.client.list(Event, { namespace })).items.filter(({ source, reason }) => source?.component === 'daemonset-controller' && reason === 'SuccessfulCreate');
    await eventually(async () => (await events()).length > 0, 'events');
    await plane.client.patch(Node, { name: 'n2' }, { type: 'merge', document: { metadata: { labels: { role: 'db' } } } });
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'role', operator: 'NotIn', values: ['db'] }] }] } } };
    await plane.client.patch(DaemonSet, key('agent'), { type: 'merge', document: { spec: { template: { spec: { affinity } } } } });
    await eventually(async () => (await placed()) === 'n1 v1, n3 v1', 'the pod of n2 to go');
    await plane.client.patch(Node, { name: 'n2' }, { type: 'merge', document: { metadata: { labels: { role: null } } } });
    await eventually(async () => (await placed()) === everywhere('v1'), 'the pod of n2 to come back');
  });

  it('roll out new templates node by node, and go back to older ones', async () => {
    await make();
    await rolledOut('v1');
    await roll('v2');
    await rolledOut('v2');
    const revisions = async () => (await plane.client.list(ControllerRevision, { namespace })).items.toSorted((a, b) => a.revision - b.revision);
    const [first, second] = await revisions();
    expect([first?.revision, second?.revision]).to.deep.equal([1, 2]);
    // This is what `kubectl rollout undo` sends.
    await plane.client.patch(DaemonSet, key('agent'), { type: 'strategic', document: first?.data as Readonly<Record<string, unknown>> });
    await rolledOut('v1');
    expect((await revisions()).map(({ metadata, revision }) => [metadata.name, revision])).to.deep.equal([[second?.metadata.name, 2], [first?.metadata.name, 3]]);
  });

  it('surge when they may, so that no node is without', async () => {
    await make({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 0 } } });
    await rolledOut('v1');
    await roll('v2');
    await eventually(async () => (await pods()).length === 5, 'two more pods');
    await rolledOut('v2');
  });

  it('leave their pods behind when they are deleted so, and the next one takes them', async () => {
    await make();
    await rolledOut('v1');
    const names = (await pods()).map(({ metadata }) => metadata.name).toSorted();
    await plane.client.delete(DaemonSet, key('agent'), { propagationPolicy: 'Orphan' });
    await eventually(() => plane.client.get(DaemonSet, key('agent')).then(() => false, (error: unknown) => StatusError.is(error, 'NotFound')), 'the end of the set');
    const { metadata: { uid } } = await make();
    await rolledOut('v1');
    expect((await pods()).map(({ metadata }) => metadata.name).toSorted()).to.deep.equal(names);
    expect((await pods()).every(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid)).to.equal(true);
    await plane.client.delete(DaemonSet, key('agent'), { propagationPolicy: 'Foreground' });
    await eventually(async () => (await pods()).length === 0, 'the end of the pods');
  });
});

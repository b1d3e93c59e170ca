import { expect } from 'chai';
import { controllerReference } from '#core/api/controller-reference.ts';
import { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { Eviction, PodDisruptionBudget } from '#core/api/schema/policy-v1.ts';
import { apiVersionOf, groupVersion, type Draft } from '#core/api/schema/kind.ts';
import { raw } from '#core/api/schema/type.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { startControlPlane, type ControlPlane } from '#core/cli/start-control-plane.ts';
import { rfc3339, systemClock } from '#core/kernel/clock.ts';
import { eventually } from '#test/fixtures/eventually.ts';

const Fleet = groupVersion('com.example.budgets.v1', 'budgets.example.com', 'v1').kind('Fleet', 'Wants ships.', { spec: [2, raw, 'How many.'] });
const labels = { app: 'web' };
const containers = [{ name: 'main', image: 'i' }];

describe('disruption budgets', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let drainer: Client;
  let number = 0;
  let namespace = '';
  const key = (name: string) => ({ namespace, name });

  before(async () => {
    plane = await startControlPlane();
    drainer = await plane.clientFor({ name: 'drainer', groups: ['system:masters'] });
  });
  after(() => plane?.stop());
  beforeEach(async () => {
    namespace = `budgets-${++number}`;
    await plane.client.create(Namespace, { metadata: { name: namespace } });
    await eventually(() => plane.client.get(ServiceAccount, key('default')).then(() => true, () => false), 'the account of pods');
  });

  const budget = (spec: Draft<PodDisruptionBudget>['spec']): Promise<PodDisruptionBudget> =>
    plane.client.create(PodDisruptionBudget, { metadata: key('web'), spec: { selector: { matchLabels: labels }, ...spec } });
  const pods = async (): Promise<Pod[]> => (await plane.client.list(Pod, { namespace })).items;
  const evict = (name: string): Promise<unknown> => drainer.create(Pod, { apiVersion: apiVersionOf(Eviction), kind: Eviction.kind, metadata: key(name) }, { subresource: 'eviction' });

  async function allows(disruptions: number, expected: number): Promise<void> {
    await eventually(async () => {
      const { metadata, status } = await plane.client.get(PodDisruptionBudget, key('web'));
      return status.disruptionsAllowed === disruptions && status.expectedPods === expected && status.observedGeneration === metadata.generation;
    }, `${disruptions} of ${expected} pods that may go`, 10_000);
  }

  async function markReady(): Promise<void> {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: rfc3339(systemClock.now()) }];
    for (const { metadata } of await pods()) await plane.client.patchStatus(Pod, metadata, { type: 'strategic', document: { status: { phase: 'Running', conditions } } });
  }

  it('grant as many evictions as there are pods to spare, and more when others stand in', async () => {
    const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } };
    await plane.client.create(ReplicaSet, { metadata: key('web'), spec: { replicas: 4, selector: { matchLabels: labels }, template } });
    await budget({ maxUnavailable: '25%' });
    await eventually(async () => (await pods()).length === 4, 'four pods');
    await allows(0, 4);
    await markReady();
    await allows(1, 4);
    const [first, second] = await pods();
    await evict(first!.metadata.name);
    const refusal = await evict(second!.metadata.name).then(() => undefined, (error: unknown) => error);
    expect(StatusError.is(refusal, 'TooManyRequests') && refusal.message).to.equal("Cannot evict pod as it would violate the pod's disruption budget.");
    await eventually(async () => (await pods()).length === 4 && (await pods()).every(({ metadata }) => metadata.name !== first!.metadata.name), 'another pod');
    await allows(0, 4);
    expect((await plane.client.get(PodDisruptionBudget, key('web'))).status.disruptedPods ?? {}).to.deep.equal({});
    await markReady();
    await allows(1, 4);
    await evict(second!.metadata.name);
  });

  it('ask custom resources how many pods they want', async () => {
    await plane.client.create(CustomResourceDefinition, {
      metadata: { name: 'fleets.budgets.example.com' },
      spec: {
        group: 'budgets.example.com', scope: 'Namespaced', names: { plural: 'fleets', singular: 'fleet', kind: 'Fleet', listKind: 'FleetList' },
        versions: [{
          name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          subresources: { scale: { specReplicasPath: '.spec.size.wanted', statusReplicasPath: '.status.replicas' } },
        }],
      },
    });
    await eventually(() => plane.client.list(Fleet, { namespace }).then(() => true, () => false), 'fleets to be served');
    const fleet = await plane.client.create(Fleet, { metadata: key('f'), spec: { size: { wanted: 3 } } });
    for (const name of ['a', 'b', 'c']) await plane.client.create(Pod, { metadata: { ...key(name), labels, ownerReferences: [controllerReference(Fleet, fleet)] }, spec: { containers } });
    await markReady();
    await budget({ maxUnavailable: 1 });
    await allows(1, 3);
  });
});

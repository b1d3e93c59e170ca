import { expect } from 'chai';
import type { KubernetesObject, Kind, Draft } from '#core/api/schema/kind.ts';
import { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { StatefulSet } from '#core/api/schema/apps-v1/stateful-set.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ReplicationController } from '#core/api/schema/core-v1/replication-controller.ts';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import { PodDisruptionBudget } from '#core/api/schema/policy-v1.ts';
import { controllerReference } from '#core/api/controller-reference.ts';
import { fixedKinds } from '#core/client/served-kinds.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { builtInResources } from '#core/registry/resources.ts';
import { harnessAround, HarnessWorld } from '#test/fixtures/harness-around.ts';
import { DisruptionController } from './controller.ts';

const labels = { app: 'web' };
const containers = [{ name: 'main', image: 'i' }];
const key = (name: string) => ({ namespace: 'default', name });
const workload = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };

class World extends HarnessWorld {
  static async begin(options: { seed?: number; stale?: boolean } = {}): Promise<World> {
    const kinds = fixedKinds(builtInResources.map(({ kind }) => kind));
    const parts = await harnessAround((around) => [new DisruptionController({ ...around, kinds })], options);
    await parts.harness.start();
    return new World(parts);
  }

  budget(spec: Draft<PodDisruptionBudget>['spec'] = {}): Promise<PodDisruptionBudget> {
    return this.client.create(PodDisruptionBudget, { metadata: key('web'), spec: { selector: { matchLabels: labels }, ...spec } });
  }

  set(name: string, replicas: number, metadata: Draft<ReplicaSet>['metadata'] = {}): Promise<ReplicaSet> {
    return this.client.create(ReplicaSet, { metadata: { ...key(name), ...metadata }, spec: { replicas, ...workload } });
  }

  /** Ready pods of an owner. */
  async pods<T extends KubernetesObject>(count: number, kind?: Kind<T>, owner?: T): Promise<void> {
    for (let i = 0; i < count; i++) {
      const name = `${owner?.metadata.name ?? 'bare'}-${i}`;
      const references = kind === undefined || owner === undefined ? {} : { ownerReferences: [controllerReference(kind, owner)] };
      await this.client.create(Pod, { metadata: { ...key(name), labels, ...references }, spec: { containers, nodeName: 'n1' } });
      await this.ready(name);
    }
  }

  ready(name: string, status = 'True'): Promise<Pod> {
    return this.client.patchStatus(Pod, key(name), { type: 'merge', document: { status: { phase: 'Running', conditions: [{ type: 'Ready', status, lastTransitionTime: rfc3339(this.clock.now()) }] } } });
  }

  async status(): Promise<PodDisruptionBudget['status']> {
    return (await this.client.get(PodDisruptionBudget, key('web'))).status;
  }

  /** Allowed, healthy, desired, expected. */
  async counts(): Promise<number[]> {
    await this.settle();
    const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = await this.status();
    return [disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods];
  }

  /** As the eviction API notes it. */
  async evict(name: string): Promise<void> {
    const { status } = await this.client.get(PodDisruptionBudget, key('web'));
    await this.client.patchStatus(PodDisruptionBudget, key('web'), { type: 'merge', document: { status: {
      disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods: { [name]: rfc3339(this.clock.now()) },
    } } });
  }

  reasons(): string[] {
    return [...new Set(this.harness.events.map(({ type, reason, about }) => `${type} ${reason} ${about}`))];
  }
}

for (const stale of [false, true]) {
  describe(`disruption${stale ? ' with slow caches' : ''}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await World.begin({ seed: 4, stale });
    });
    afterEach(() => world.stop());

    it('counts what is healthy against what must stay, and says whether any may go', async () => {
      const { metadata: { generation } } = await world.budget({ minAvailable: 2 });
      expect(await world.counts()).to.deep.equal([0, 0, 2, 0]);
      expect(world.reasons()).to.deep.equal(['Normal NoPods web']);
      await world.pods(3);
      expect(await world.counts()).to.deep.equal([1, 3, 2, 3]);
      const { conditions, observedGeneration } = await world.status();
      expect(observedGeneration).to.equal(generation);
      expect(conditions).to.have.length(1);
      expect(conditions?.[0]).to.deep.include({ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', observedGeneration: generation });
      await world.ready('bare-0', 'False');
      expect(await world.counts()).to.deep.equal([0, 2, 2, 3]);
      expect((await world.status()).conditions?.[0]).to.deep.include({ status: 'False', reason: 'InsufficientPods' });
      await world.client.delete(Pod, key('bare-1'));
      expect(await world.counts(), 'on its way out').to.deep.equal([0, 1, 2, 3]);
      const { length } = world.harness.effects;
      await world.settle(3_600_000);
      expect(world.harness.effects.length, 'nothing is left to do').to.equal(length);
    });

    it('takes shares of what those want who manage the pods', async () => {
      const deployment = await world.client.create(Deployment, { metadata: key('web'), spec: { replicas: 5, ...workload } });
      const owned = { ownerReferences: [controllerReference(Deployment, deployment)] };
      for (const name of ['web-a', 'web-b']) await world.pods(2, ReplicaSet, await world.set(name, 3, owned));
      await world.budget({ maxUnavailable: '30%' });
      expect(await world.counts(), 'both sets are the one Deployment').to.deep.equal([1, 4, 3, 5]);
      await world.pods(1, ReplicaSet, await world.set('alone', 2));
      await world.pods(1, StatefulSet, await world.client.create(StatefulSet, { metadata: key('db'), spec: { replicas: 2, serviceName: 'db', ...workload } }));
      await world.pods(1, ReplicationController, await world.client.create(ReplicationController, { metadata: key('old'), spec: { replicas: 1, template: workload.template } }));
      expect(await world.counts()).to.deep.equal([0, 7, 7, 10]);
      await world.client.patch(Deployment, key('web'), { type: 'merge', document: { spec: { replicas: 1 } } });
      expect(await world.counts(), 'of six, two may be missing').to.deep.equal([3, 7, 4, 6]);
      await world.client.patch(PodDisruptionBudget, key('web'), { type: 'merge', document: { spec: { maxUnavailable: null, minAvailable: '60%' } } });
      expect(await world.counts()).to.deep.equal([3, 7, 4, 6]);
      await world.client.patch(PodDisruptionBudget, key('web'), { type: 'merge', document: { spec: { maxUnavailable: 10, minAvailable: null } } });
      expect(await world.counts()).to.deep.equal([7, 7, 0, 6]);
    });

    it('lets nothing go when nobody can say how many pods there should be', async () => {
      const job = await world.client.create(Job, { metadata: key('work'), spec: { template: { metadata: { labels }, spec: { containers, restartPolicy: 'Never' } } } });
      await world.pods(2);
      await world.budget({ minAvailable: 1 });
      expect(await world.counts()).to.deep.equal([1, 2, 1, 2]);
      await world.client.patch(PodDisruptionBudget, key('web'), { type: 'merge', document: { spec: { minAvailable: null, maxUnavailable: 1 } } });
      await world.pods(1, Job, job);
      await world.settle();
      expect((await world.status()).disruptionsAllowed).to.equal(0);
      expect((await world.status()).conditions?.[0]).to.deep.include({ status: 'False', reason: 'SyncFailed', message: 'jobs.batch does not implement the scale subresource' });
      expect(world.reasons()).to.include.members(['Warning CalculateExpectedPodCountFailed web']);
      await world.client.delete(Pod, key('work-0'), { gracePeriodSeconds: 0 });
      expect(await world.counts(), 'pods that nobody manages are not expected').to.deep.equal([0, 2, 0, 0]);
      expect(world.reasons()).to.include.members(['Warning UnmanagedPods web']);
    });

    it('does not count pods whose eviction was granted, until it takes too long', async () => {
      await world.pods(3);
      await world.budget({ minAvailable: 1 });
      expect(await world.counts()).to.deep.equal([2, 3, 1, 3]);
      const at = rfc3339(world.clock.now());
      await world.evict('bare-0');
      expect(await world.counts()).to.deep.equal([1, 2, 1, 3]);
      expect((await world.status()).disruptedPods).to.deep.equal({ 'bare-0': at });
      await world.evict('bare-1');
      await world.client.delete(Pod, key('bare-1'), { gracePeriodSeconds: 0 });
      expect(await world.counts()).to.deep.equal([0, 1, 1, 2]);
      expect((await world.status()).disruptedPods).to.deep.equal({ 'bare-0': at });
      await world.settle(125_000);
      expect(await world.counts()).to.deep.equal([1, 2, 1, 2]);
      expect((await world.status()).disruptedPods).to.equal(undefined);
      expect(world.harness.events.filter(({ reason }) => reason === 'NotDeleted').map(({ about, message }) => `${about}: ${message}`))
        .to.deep.equal(["bare-0: Pod was expected by PDB default/web to be deleted but it wasn't"]);
    });

    it('never forgets an eviction that was granted while it counted', async () => {
      await world.pods(4);
      await world.budget({ minAvailable: 1 });
      await world.settle();
      world.harness.held.add('poddisruptionbudgets');
      await world.evict('bare-0');
      await world.ready('bare-3', 'False');
      await world.settle(1000);
      expect((await world.status()).disruptedPods).to.have.property('bare-0');
      expect((await world.status()).disruptionsAllowed, 'as granted: the count made from the old version is refused').to.equal(2);
      world.harness.held.clear();
      await world.settle(10_000);
      expect(await world.counts()).to.deep.equal([1, 2, 1, 4]);
    });

    it('counts no pods without a selector, and all of the namespace with an empty one', async () => {
      await world.pods(2);
      await world.client.create(PodDisruptionBudget, { metadata: key('web'), spec: { minAvailable: 1 } });
      expect(await world.counts()).to.deep.equal([0, 0, 1, 0]);
      await world.client.patch(PodDisruptionBudget, key('web'), { type: 'merge', document: { spec: { selector: {} } } });
      expect(await world.counts()).to.deep.equal([1, 2, 1, 2]);
    });
  });
}

describe('disruption under faults', function () {
  this.timeout(60_000);
  it('comes to the same count whatever calls fail and wherever its process ends', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      for (const fault of ['refuse', 'lose', 'crash-before', 'crash-after'] as const) {
        const world = await World.begin({ seed, stale: seed % 2 === 0 });
        let left = 2;
        world.harness.faults = ({ what }) => (what.startsWith('updateStatus') || what.includes('poddisruptionbudgets')) && left-- > 0 ? fault : undefined;
        await world.pods(3, ReplicaSet, await world.set('web', 4));
        await world.budget({ maxUnavailable: 2 });
        for (let lives = 0; lives < 5; lives++) {
          await world.settle(600_000);
          if (world.harness.crashed) await world.harness.start();
        }
        expect([seed, fault, left < 2, ...await world.counts()]).to.deep.equal([seed, fault, true, 1, 3, 2, 4]);
        await world.stop();
      }
    }
  });
});

import { expect } from 'chai';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ReplicationController } from '#core/api/schema/core-v1/replication-controller.ts';
import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { harnessAround, HarnessWorld } from '#test/fixtures/harness-around.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { ReplicaSetController } from './controller.ts';
import { replicaSets, replicationControllers } from './pod-set.ts';

const labels = { app: 'web' };
const containers = [{ name: 'main', image: 'i' }];
const key = (name: string) => ({ namespace: 'default', name });

class World extends HarnessWorld {
  static async begin(options: { seed?: number; stale?: boolean } = {}): Promise<World> {
    const parts = await harnessAround((around) => [
      new ReplicaSetController({ ...around, name: 'replica-set', kind: replicaSets }),
      new ReplicaSetController({ ...around, name: 'replication-controller', kind: replicationControllers }),
    ], options);
    await parts.harness.start();
    return new World(parts);
  }

  make(name: string, replicas: number, spec: Partial<Draft<ReplicaSet>['spec']> = {}, metadata: Draft<ReplicaSet>['metadata'] = {}): Promise<ReplicaSet> {
    return this.client.create(ReplicaSet, {
      metadata: { ...key(name), ...metadata },
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } }, ...spec },
    });
  }

  orphan(name: string, metadata: Draft<Pod>['metadata'] = {}): Promise<Pod> {
    return this.client.create(Pod, { metadata: { ...key(name), labels, ...metadata }, spec: { containers } });
  }

  scale(name: string, replicas: number): Promise<ReplicaSet> {
    return this.client.patch(ReplicaSet, key(name), { type: 'merge', document: { spec: { replicas } } });
  }

  async status(name: string): Promise<ReplicaSet['status']> {
    return (await this.client.get(ReplicaSet, key(name))).status;
  }

  async pods(): Promise<Pod[]> {
    return (await this.client.list(Pod, { namespace: 'default' })).items;
  }

  /** How many neither ended nor are on their way out. */
  async active(): Promise<number> {
    return (await this.pods()).filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(status.phase ?? '')).length;
  }

  async assign(name: string, nodeName = 'n1'): Promise<void> {
    await this.client.create(Pod, { metadata: { ...key(name) }, spec: { containers, nodeName } });
  }

  report(name: string, status: Draft<Pod>['status']): Promise<Pod> {
    return this.client.patchStatus(Pod, key(name), { type: 'merge', document: { status } });
  }

  ready(name: string, since = this.clock.now()): Promise<Pod> {
    return this.report(name, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: rfc3339(since) }] });
  }

  did(what: string): number {
    return this.harness.effects.filter((effect) => effect.startsWith(what)).length;
  }

  messages(about: string): string[] {
    return this.harness.events.filter((event) => event.about === about).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  }
}

for (const stale of [false, true]) {
  describe(`replica-set${stale ? ' with slow caches' : ''}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await World.begin({ seed: 5, stale });
    });
    afterEach(() => world.stop());

    it('makes pods of the template, each once, and says so', async () => {
      const set = await world.make('web', 3, { template: { metadata: { labels, annotations: { note: 'x' }, finalizers: ['example.com/hold'] }, spec: { containers } } });
      await world.settle();
      const pods = await world.pods();
      expect(pods).to.have.length(3);
      for (const { metadata, spec } of pods) {
        expect(metadata.name).to.match(/^web-[a-z0-9]{5}$/);
        expect(metadata).to.deep.include({ generateName: 'web-', labels, annotations: { note: 'x' }, finalizers: ['example.com/hold'] });
        expect(metadata.ownerReferences).to.deep.equal([{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: set.metadata.uid, controller: true, blockOwnerDeletion: true }]);
        expect(spec.containers[0]?.image).to.equal('i');
      }
      expect(world.did('create pods')).to.equal(3);
      expect(world.messages('web').toSorted()).to.deep.equal(pods.map(({ metadata }) => `Normal SuccessfulCreate Created pod: ${metadata.name}`).toSorted());
      const status = await world.status('web');
      expect([status.replicas, status.fullyLabeledReplicas, status.readyReplicas ?? 0, status.terminatingReplicas, status.observedGeneration, status.conditions]).to.deep.equal([3, 3, 0, 0, 1, undefined]);
      const { length } = world.harness.effects;
      await world.settle(3_600_000);
      expect(world.harness.effects.length, 'nothing is left to do').to.equal(length);
    });

    it('scales up and down, and tells of both', async () => {
      await world.make('web', 2);
      await world.settle();
      await world.scale('web', 5);
      await world.settle();
      expect(await world.active()).to.equal(5);
      await world.scale('web', 1);
      await world.settle();
      expect([await world.active(), world.did('create pods'), world.did('delete pods')]).to.deep.equal([1, 5, 4]);
      expect(world.messages('web').filter((message) => /^Normal SuccessfulDelete Deleted pod: web-[a-z0-9]{5}$/.test(message))).to.have.length(4);
      await world.scale('web', 0);
      await world.settle();
      expect((await world.status('web')).replicas).to.equal(0);
      expect((await world.status('web')).observedGeneration).to.equal(4);
    });

    it('puts others in place of pods that have ended or are going', async () => {
      await world.make('web', 3, { template: { metadata: { labels, finalizers: ['example.com/hold'] }, spec: { containers } } });
      await world.settle();
      const [a, b] = await world.pods();
      await world.report(a!.metadata.name, { phase: 'Failed' });
      await world.client.delete(Pod, b!.metadata);
      await world.settle();
      expect([await world.active(), (await world.pods()).length]).to.deep.equal([3, 5]);
      const { replicas, terminatingReplicas } = await world.status('web');
      expect([replicas, terminatingReplicas]).to.deep.equal([3, 1]);
      for (const wanted of [1, 2]) {
        await world.scale('web', wanted);
        await world.settle(60_000);
        expect(await world.active(), 'pods on their way out are not waited for').to.equal(wanted);
      }
    });

    it('adopts the pods that it matches, and neither others nor those of somebody else', async () => {
      await world.orphan('mine');
      await world.orphan('other', { labels: { app: 'db' } });
      await world.orphan('taken', { ownerReferences: [{ apiVersion: 'v1', kind: 'Thing', name: 't', uid: 'u', controller: true }] });
      await world.orphan('owned', { ownerReferences: [{ apiVersion: 'v1', kind: 'Thing', name: 't', uid: 'u' }] });
      await world.orphan('ended');
      await world.report('ended', { phase: 'Succeeded' });
      await world.settle();
      const { metadata: { uid } } = await world.make('web', 3);
      await world.settle();
      const ownersOf = async (name: string): Promise<(string | undefined)[]> => ((await world.client.get(Pod, key(name))).metadata.ownerReferences ?? []).map((each) => each.uid).toSorted();
      expect(await Promise.all(['mine', 'other', 'taken', 'owned', 'ended'].map(ownersOf))).to.deep.equal([[uid], [], ['u'], [uid, 'u'].toSorted(), []]);
      expect(world.did('create pods')).to.equal(1);
      await world.orphan('late');
      await world.settle();
      expect((await world.status('web')).replicas, 'the one that came late is one too many').to.equal(3);
      expect(world.did('delete pods')).to.equal(1);
    });

    it('releases a pod whose labels it does not match any more, and adopts it again', async () => {
      await world.make('web', 2);
      await world.settle();
      const [pod] = await world.pods();
      await world.client.patch(Pod, pod!.metadata, { type: 'merge', document: { metadata: { labels: { app: 'debug' } } } });
      await world.settle();
      expect((await world.client.get(Pod, pod!.metadata)).metadata.ownerReferences ?? []).to.deep.equal([]);
      expect((await world.pods()).length).to.equal(3);
      await world.client.patch(Pod, pod!.metadata, { type: 'merge', document: { metadata: { labels } } });
      await world.settle();
      expect([await world.active(), (await world.status('web')).replicas]).to.deep.equal([2, 2]);
    });

    it('does nothing for a set that is going, and adopts nothing for one that only its cache shows', async () => {
      await world.make('going', 2, {}, { finalizers: ['example.com/hold'] });
      await world.client.delete(ReplicaSet, key('going'));
      await world.orphan('free');
      await world.settle(60_000);
      expect([world.did('create pods'), world.did('patch pods')]).to.deep.equal([0, 0]);
      await world.client.patch(ReplicaSet, key('going'), { type: 'merge', document: { metadata: { finalizers: null } } });
      await world.make('web', 1);
      await world.settle();
      const { length } = world.harness.effects;
      expect((await world.client.get(Pod, key('free'))).metadata.ownerReferences).to.have.length(1);
      world.harness.held.add('replicasets');
      await world.client.delete(ReplicaSet, key('web'));
      await world.client.patch(Pod, key('free'), { type: 'merge', document: { metadata: { ownerReferences: null } } });
      await world.settle(60_000);
      expect((await world.client.get(Pod, key('free'))).metadata.ownerReferences ?? []).to.deep.equal([]);
      expect(world.harness.effects.length).to.equal(length);
    });

    it('does not take the pods of a set of its name that is gone', async () => {
      await world.make('web', 2);
      await world.settle();
      await world.client.delete(ReplicaSet, key('web'));
      const { metadata: { uid } } = await world.make('web', 2);
      await world.settle();
      const uids = (await world.pods()).map(({ metadata }) => metadata.ownerReferences?.[0]?.uid);
      expect([uids.length, uids.filter((each) => each === uid).length]).to.deep.equal([4, 2]);
    });

    it('counts pods as available once they have been ready for long enough', async () => {
      await world.make('web', 2, { minReadySeconds: 30 });
      await world.settle();
      const [a, b] = await world.pods();
      await world.ready(a!.metadata.name);
      await world.settle(10_000);
      await world.clock.advance(10_000);
      await world.ready(b!.metadata.name);
      await world.settle(0);
      const counts = async () => {
        const { readyReplicas, availableReplicas = 0 } = await world.status('web');
        return [readyReplicas, availableReplicas];
      };
      expect(await counts()).to.deep.equal([2, 0]);
      await world.settle(20_000);
      expect(await counts()).to.deep.equal([2, 1]);
      await world.settle(10_000);
      expect(await counts()).to.deep.equal([2, 2]);
    });

    it('stops at the first pod that a quota refuses, says why, and goes on later', async () => {
      await world.client.create(ResourceQuota, { metadata: key('few'), spec: { hard: { pods: '2' } } });
      await world.client.patchStatus(ResourceQuota, key('few'), { type: 'merge', document: { status: { hard: { pods: '2' }, used: { pods: '0' } } } });
      await world.make('web', 50);
      await world.settle(50);
      const { conditions, replicas } = await world.status('web');
      expect(replicas).to.equal(2);
      expect(conditions).to.have.length(1);
      expect(conditions?.[0]).to.deep.include({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' });
      expect(conditions?.[0]?.message).to.match(/^pods "web-[a-z0-9]{5}" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2$/);
      expect(world.messages('web').filter((message) => /^Warning FailedCreate Error creating: pods "web-[a-z0-9]{5}" is forbidden: exceeded quota/.test(message))).to.not.be.empty;
      expect(world.did('create pods'), 'the fifty are not tried each').to.be.below(20);
      expect(world.harness.reads, 'what is refused is not in doubt').to.deep.equal([]);
      await world.client.delete(ResourceQuota, key('few'));
      await world.settle(600_000);
      expect([await world.active(), (await world.status('web')).conditions]).to.deep.equal([50, undefined]);
    });

    it('keeps quiet in a namespace that comes to its end', async () => {
      await world.client.create(Namespace, { metadata: { name: 'going', finalizers: ['example.com/hold'] } });
      await world.client.create(ServiceAccount, { metadata: { namespace: 'going', name: 'default' } });
      await world.client.create(ReplicaSet, { metadata: { namespace: 'going', name: 'web' }, spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } } });
      await world.client.delete(Namespace, { name: 'going' });
      await world.settle(60_000);
      expect(world.did('create pods')).to.be.within(1, 10);
      expect([world.harness.failures, world.messages('web')]).to.deep.equal([[], []]);
    });

    it('keeps the pods of ReplicationControllers the same way', async () => {
      const { metadata: { uid } } = await world.client.create(ReplicationController, { metadata: key('old'), spec: { replicas: 3, template: { metadata: { labels }, spec: { containers } } } });
      await world.settle();
      const pods = await world.pods();
      expect(pods.map(({ metadata }) => metadata.ownerReferences)).to.deep.equal(
        pods.map(() => [{ apiVersion: 'v1', kind: 'ReplicationController', name: 'old', uid, controller: true, blockOwnerDeletion: true }]));
      const { status } = await world.client.get(ReplicationController, key('old'));
      expect([pods.length, status.replicas, 'terminatingReplicas' in status]).to.deep.equal([3, 3, false]);
      await world.client.patch(ReplicationController, key('old'), { type: 'merge', document: { spec: { replicas: 1 } } });
      await world.settle();
      expect(await world.active()).to.equal(1);
    });

    it('makes five hundred pods at a time, in batches that double', async () => {
      await world.make('web', 600);
      const sizes: number[] = [];
      let most = 0;
      world.harness.onStep = () => {
        most = Math.max(most, world.did('create pods'));
        sizes.push(world.did('create pods'));
      };
      world.harness.held.add('pods');
      await world.settle();
      expect(most, 'as long as the cache shows none of them').to.equal(500);
      world.harness.held.clear();
      await world.settle();
      expect([await world.active(), world.did('create pods'), (await world.status('web')).replicas]).to.deep.equal([600, 600, 600]);
    }).timeout(60_000);

    it('asks the API server when the cache says nothing for five minutes', async () => {
      await world.make('web', 2);
      world.harness.held.add('pods');
      await world.settle(1000);
      await world.scale('web', 3);
      await world.settle(1000);
      await world.clock.advance(298_000);
      await world.settle(1000);
      expect([await world.active(), world.harness.reads]).to.deep.equal([2, []]);
      await world.settle(2000);
      expect([await world.active(), world.harness.reads.length > 0]).to.deep.equal([3, true]);
    });

    it('believes the API server, and not its cache, after an answer was lost', async () => {
      let lost = 0;
      world.harness.faults = ({ what }) => (what === 'create pods' && lost++ === 2 ? 'lose' : undefined);
      await world.make('web', 5);
      world.harness.held.add('pods');
      await world.settle(200_000);
      expect([await world.active(), world.did('create pods')]).to.deep.equal([5, 5]);
      world.harness.held.clear();
      await world.settle(600_000);
      let gone = 0;
      world.harness.faults = ({ what }) => (what === 'delete pods' && gone++ === 1 ? 'lose' : undefined);
      world.harness.held.add('pods');
      await world.scale('web', 2);
      await world.settle(200_000);
      world.harness.held.clear();
      await world.settle(600_000);
      expect([await world.active(), world.did('delete pods'), (await world.status('web')).conditions]).to.deep.equal([2, 3, undefined]);
      expect(world.messages('web').filter((message) => message.startsWith('Warning FailedDelete Error deleting: '))).to.have.length(1);
    });
  });
}

/** Pods come, go and fail, calls fail and lose their answers, processes die: at no time are there too many, and in the end as many as are wanted. */
async function history(seed: number): Promise<void> {
  const world = await World.begin({ seed, stale: seed % 2 === 0 });
  const random = seededRandom(seed * 31);
  const wanted = 1 + Math.floor(random() * 12);
  const faults: readonly (CallFault | undefined)[] = ['refuse', 'lose', 'crash-before', 'crash-after', undefined];
  let troubles = 6;
  world.harness.faults = ({ what }) => {
    if (troubles === 0 || !what.endsWith(' pods') || random() > 0.3) return undefined;
    troubles--;
    return faults[Math.floor(random() * faults.length)];
  };
  world.harness.onStep = async () => {
    const active = await world.active();
    if (active > wanted) throw new Error(`seed ${seed}: ${active} pods instead of ${wanted}`);
    if (random() > 0.05 || troubles === 0) return;
    const [pod] = await world.pods();
    if (pod !== undefined) await (random() < 0.5 ? world.client.delete(Pod, pod.metadata) : world.report(pod.metadata.name, { phase: 'Failed' }));
  };
  await world.make('web', wanted);
  for (let lives = 0; lives < 20; lives++) {
    await world.settle(3_600_000);
    if (!world.harness.crashed) break;
    await world.harness.start();
  }
  expect([seed, await world.active(), (await world.status('web')).replicas]).to.deep.equal([seed, wanted, wanted]);
  await world.stop();
}

describe('replica-set under faults', function () {
  this.timeout(60_000);
  it('never has more pods than are wanted, in 80 histories', async () => {
    for (let seed = 1; seed <= 80; seed++) await history(seed);
  });
});

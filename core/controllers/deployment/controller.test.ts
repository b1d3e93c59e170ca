import { expect } from 'chai';
import { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { ReplicaSetController } from '#core/controllers/replica-set/controller.ts';
import { replicaSets } from '#core/controllers/replica-set/pod-set.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { harnessAround, HarnessWorld } from '#test/fixtures/harness-around.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { DeploymentController } from './controller.ts';
import { annotations, hashLabel } from './names.ts';

const labels = { app: 'web' };
const key = (name: string) => ({ namespace: 'default', name });
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: 'main', image }] } });
type Spec = Partial<Draft<Deployment>['spec']>;
const rolling = (maxSurge: number | string, maxUnavailable: number | string): Spec => ({ strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } });

/** Pods are made ready at once, unless their image is `broken`. */
class World extends HarnessWorld {
  /** Pods are neither made ready nor ended by themselves. */
  idle = false;

  static async begin(options: { seed?: number; stale?: boolean } = {}): Promise<World> {
    const parts = await harnessAround((around) => [
      new ReplicaSetController({ ...around, name: 'replica-set', kind: replicaSets }),
      new DeploymentController(around),
    ], options);
    await parts.harness.start();
    return new World(parts);
  }

  override async settle(ms = 0): Promise<void> {
    do await this.harness.settle(ms); while (!this.harness.crashed && !this.idle && await this.live());
  }

  /** What nodes would do. @returns whether there was anything to do */
  async live(random: () => number = () => 0): Promise<boolean> {
    let busy = false;
    for (const { metadata, spec, status } of await this.pods()) {
      if (random() > 0.5 || status.conditions !== undefined || spec.containers[0]?.image === 'broken') continue;
      await this.ready(metadata.name);
      busy = true;
    }
    return busy;
  }

  ready(name: string, since = this.clock.now()): Promise<Pod> {
    return this.client.patchStatus(Pod, key(name), { type: 'merge', document: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: rfc3339(since) }] } } });
  }

  make(replicas: number, spec: Spec = {}, metadata: Partial<Draft<Deployment>['metadata']> = {}): Promise<Deployment> {
    return this.client.create(Deployment, { metadata: { ...key('web'), ...metadata }, spec: { replicas, selector: { matchLabels: labels }, template: template('one'), ...spec } });
  }

  change(document: Readonly<Record<string, unknown>>): Promise<Deployment> {
    return this.client.patch(Deployment, key('web'), { type: 'merge', document });
  }

  roll(image: string): Promise<Deployment> {
    return this.change({ spec: { template: template(image) } });
  }

  get(): Promise<Deployment> {
    return this.client.get(Deployment, key('web'));
  }

  async condition(type: string): Promise<string> {
    const found = (await this.get()).status.conditions?.find((each) => each.type === type);
    return found === undefined ? '' : `${found.status} ${found.reason}: ${found.message?.replace(/web-[a-z0-9]+/g, 'web-x')}`;
  }

  async sets(): Promise<ReplicaSet[]> {
    return (await this.client.list(ReplicaSet, { namespace: 'default' })).items;
  }

  async set(image: string): Promise<ReplicaSet> {
    const found = (await this.sets()).find(({ spec }) => spec.template.spec.containers[0]?.image === image);
    if (found === undefined) throw new Error(`no set of ${image}`);
    return found;
  }

  /** Sizes of the sets by image. */
  async sizes(): Promise<Record<string, number>> {
    return Object.fromEntries((await this.sets()).map(({ spec }) => [spec.template.spec.containers[0]?.image ?? '', spec.replicas ?? 1]));
  }

  async pods(): Promise<Pod[]> {
    return (await this.client.list(Pod, { namespace: 'default' })).items;
  }

  /** With names of sets as their images. */
  async messages(): Promise<string[]> {
    const names = new Map((await this.sets()).map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers[0]?.image ?? '']));
    return this.harness.events.filter(({ about }) => about === 'web').map(({ type, reason, message }) => `${type} ${reason} ${message.replace(/web-[a-z0-9]+/g, (name) => names.get(name) ?? name)}`);
  }
}

for (const stale of [false, true]) {
  describe(`deployment${stale ? ' with slow caches' : ''}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await World.begin({ seed: 7, stale });
    });
    afterEach(() => world.stop());

    it('makes a set of the template, marked with its hash, and tells how it stands', async () => {
      const { metadata: { uid } } = await world.make(3, {}, { annotations: { note: 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' } });
      await world.settle();
      const [set, ...others] = await world.sets();
      expect(others).to.be.empty;
      const hash = set!.metadata.labels?.[hashLabel] ?? '';
      expect(hash).to.match(/^[bcdfghjklmnpqrstvwxz2456789]{5,10}$/);
      expect(set!.metadata).to.deep.include({
        name: `web-${hash}`, labels: { ...labels, [hashLabel]: hash },
        annotations: { note: 'x', [annotations.revision]: '1', [annotations.desired]: '3', [annotations.max]: '4' },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid, controller: true, blockOwnerDeletion: true }],
      });
      expect(set!.spec.selector).to.deep.equal({ matchLabels: { ...labels, [hashLabel]: hash } });
      expect(set!.spec.template.metadata.labels).to.deep.equal({ ...labels, [hashLabel]: hash });
      const { metadata, status } = await world.get();
      expect(metadata.annotations?.[annotations.revision]).to.equal('1');
      expect(status).to.deep.include({ observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3, terminatingReplicas: 0 });
      expect(status.unavailableReplicas ?? 0).to.equal(0);
      expect(await world.condition('Available')).to.equal('True MinimumReplicasAvailable: Deployment has minimum availability.');
      expect(await world.condition('Progressing')).to.equal('True NewReplicaSetAvailable: ReplicaSet "web-x" has successfully progressed.');
      expect(await world.messages()).to.deep.equal(['Normal ScalingReplicaSet Scaled up replica set one from 0 to 3']);
      const { length } = world.harness.effects;
      await world.settle(3_600_000);
      expect(world.harness.effects.length, 'nothing is left to do').to.equal(length);
    });

    it('replaces pods within its pace, and says what it does', async () => {
      await world.make(4, rolling(1, 1));
      await world.settle();
      await world.roll('two');
      world.idle = true;
      await world.settle();
      expect(await world.sizes()).to.deep.equal({ one: 3, two: 2 });
      expect(await world.condition('Progressing')).to.match(/^True ReplicaSetUpdated: ReplicaSet "web-x" is progressing\.$/);
      world.idle = false;
      await world.settle();
      expect(await world.sizes()).to.deep.equal({ one: 0, two: 4 });
      const scaled = (await world.messages()).slice(1).map((message) => message.replace('Normal ScalingReplicaSet Scaled ', ''));
      expect(scaled.slice(0, 3)).to.deep.equal(['up replica set two from 0 to 1', 'down replica set one from 4 to 3', 'up replica set two from 1 to 2']);
      expect(scaled.at(-1)).to.match(/^down replica set one from \d to 0$/);
      const { metadata, status } = await world.get();
      expect([metadata.annotations?.[annotations.revision], status.updatedReplicas, status.availableReplicas]).to.deep.equal(['2', 4, 4]);
    });

    it('takes pods that do not work away first, and none of those that do when the new ones fail', async () => {
      await world.make(10, rolling(3, 2));
      await world.settle();
      await world.roll('broken');
      await world.settle();
      expect(await world.sizes()).to.deep.equal({ one: 8, broken: 5 });
      expect(await world.condition('Available')).to.match(/^True/);
      await world.roll('three');
      await world.settle();
      expect(await world.sizes()).to.deep.equal({ one: 0, broken: 0, three: 10 });
    });

    it('says that a rollout is late, and that it goes on', async () => {
      await world.make(2, { progressDeadlineSeconds: 60, ...rolling(1, 0) });
      await world.settle();
      await world.roll('broken');
      await world.settle(50_000);
      expect(await world.condition('Progressing')).to.match(/^True ReplicaSetUpdated/);
      await world.settle(62_000);
      expect(await world.condition('Progressing')).to.equal('False ProgressDeadlineExceeded: ReplicaSet "web-x" has timed out progressing.');
      const [pod] = (await world.pods()).filter(({ spec }) => spec.containers[0]?.image === 'broken');
      await world.ready(pod!.metadata.name);
      await world.settle();
      expect(await world.condition('Progressing')).to.match(/^True ReplicaSetUpdated/);
    });

    it('waits until pods have been ready for long enough', async () => {
      await world.make(2, { minReadySeconds: 30, ...rolling(1, 0) });
      await world.settle();
      expect([(await world.get()).status.readyReplicas, (await world.get()).status.availableReplicas ?? 0, await world.condition('Available')])
        .to.deep.equal([2, 0, 'False MinimumReplicasUnavailable: Deployment does not have minimum availability.']);
      await world.settle(31_000);
      expect((await world.get()).status.availableReplicas).to.equal(2);
      await world.change({ spec: { minReadySeconds: 5 } });
      await world.settle();
      expect((await world.set('one')).spec.minReadySeconds).to.equal(5);
    });

    it('recreates: no new pod as long as an old one runs', async () => {
      const held = { metadata: { labels, finalizers: ['example.com/hold'] }, spec: { containers: [{ name: 'main', image: 'one' }] } };
      await world.make(3, { strategy: { type: 'Recreate' }, template: held });
      await world.settle();
      await world.roll('two');
      await world.settle(60_000);
      expect(await world.sizes()).to.deep.equal({ one: 0 });
      const old = await world.pods();
      expect([old.length, (await world.get()).status.terminatingReplicas]).to.deep.equal([3, 3]);
      for (const { metadata } of old) {
        expect((await world.sizes())['two']).to.equal(undefined);
        await world.client.patch(Pod, metadata, { type: 'merge', document: { metadata: { finalizers: null } } });
        await world.settle();
      }
      expect(await world.sizes()).to.deep.equal({ one: 0, two: 3 });
      expect((await world.messages()).slice(1)).to.deep.equal(['Normal ScalingReplicaSet Scaled down replica set one from 3 to 0', 'Normal ScalingReplicaSet Scaled up replica set two from 0 to 3']);
    });

    it('scales, in proportion while a rollout is under way', async () => {
      await world.make(10, rolling(3, 2));
      await world.settle();
      await world.change({ spec: { replicas: 4 } });
      await world.settle();
      expect([await world.sizes(), (await world.set('one')).metadata.annotations?.[annotations.max]]).to.deep.equal([{ one: 4 }, '7']);
      await world.change({ spec: { replicas: 10 } });
      await world.settle();
      await world.roll('broken');
      await world.settle();
      expect(await world.sizes()).to.deep.equal({ one: 8, broken: 5 });
      // 18 pods in all, 13 before.
      await world.change({ spec: { replicas: 15 } });
      await world.settle();
      expect(await world.sizes()).to.deep.equal({ one: 11, broken: 7 });
      await world.change({ spec: { replicas: 0 } });
      await world.settle();
      expect(await world.sizes()).to.deep.equal({ one: 0, broken: 0 });
    });

    it('leaves a paused one as it is, but for its size', async () => {
      await world.make(2, rolling(1, 0));
      await world.settle();
      await world.change({ spec: { paused: true } });
      await world.roll('two');
      await world.settle(3_600_000);
      expect([await world.sizes(), await world.condition('Progressing')]).to.deep.equal([{ one: 2 }, 'Unknown DeploymentPaused: Deployment is paused']);
      await world.change({ spec: { replicas: 5 } });
      await world.settle();
      expect([await world.sizes(), (await world.get()).status.updatedReplicas ?? 0]).to.deep.equal([{ one: 5 }, 0]);
      await world.change({ spec: { paused: null } });
      await world.settle();
      expect([await world.sizes(), await world.condition('Progressing')]).to.deep.equal([{ one: 0, two: 5 }, 'True NewReplicaSetAvailable: ReplicaSet "web-x" has successfully progressed.']);
    });

    it('goes back to a set that it has, under a new number, and forgets the oldest beyond its limit', async () => {
      await world.make(1, { revisionHistoryLimit: 2 });
      await world.settle();
      for (const image of ['two', 'three', 'one', 'two']) {
        await world.roll(image);
        await world.settle();
      }
      const numbers = async () => Object.fromEntries((await world.sets()).map(({ metadata, spec }) => [spec.template.spec.containers[0]!.image, [metadata.annotations?.[annotations.revision], metadata.annotations?.[annotations.history]]]));
      expect(await numbers()).to.deep.equal({ one: ['4', '1'], two: ['5', '2'], three: ['3', undefined] });
      await world.roll('four');
      await world.settle();
      expect(await numbers()).to.deep.equal({ one: ['4', '1'], two: ['5', '2'], four: ['6', undefined] });
      expect((await world.get()).metadata.annotations?.[annotations.revision]).to.equal('6');
    });

    it('adopts sets that it matches, releases those it does not, and takes none of others', async () => {
      const set = (name: string, image: string, more: Draft<ReplicaSet>['metadata'] = {}) => world.client.create(ReplicaSet, {
        metadata: { ...key(name), labels: { ...labels, set: name }, ...more },
        spec: { replicas: 0, selector: { matchLabels: { ...labels, set: name } }, template: { ...template(image), metadata: { labels: { ...labels, set: name } } } },
      });
      await set('mine', 'zero');
      await set('taken', 'zero', { ownerReferences: [{ apiVersion: 'v1', kind: 'Thing', name: 't', uid: 'u', controller: true }] });
      const { metadata: { uid } } = await world.make(1);
      await world.settle();
      const owner = async (name: string) => (await world.client.get(ReplicaSet, key(name))).metadata.ownerReferences?.map((each) => each.uid);
      expect([await owner('mine'), await owner('taken')]).to.deep.equal([[uid], ['u']]);
      await world.client.patch(ReplicaSet, key('mine'), { type: 'merge', document: { metadata: { labels: { app: 'other' } } } });
      await world.settle();
      expect(await owner('mine') ?? []).to.deep.equal([]);
      await world.client.patch(ReplicaSet, key('mine'), { type: 'merge', document: { metadata: { labels } } });
      await world.settle();
      expect(await owner('mine')).to.deep.equal([uid]);
    });

    it('draws another name when somebody else has it', async () => {
      await world.make(1);
      await world.settle();
      const { metadata: { name } } = await world.set('one');
      await world.client.delete(Deployment, key('web'));
      await world.settle();
      await world.client.delete(ReplicaSet, key(name));
      await world.settle();
      await world.client.create(ReplicaSet, { metadata: key(name), spec: { replicas: 0, selector: { matchLabels: { app: 'db' } }, template: { metadata: { labels: { app: 'db' } }, spec: template('db').spec } } });
      await world.make(1);
      await world.settle(60_000);
      const { status } = await world.get();
      expect([status.collisionCount, status.updatedReplicas, (await world.set('one')).metadata.name === name]).to.deep.equal([1, 1, false]);
    });

    it('passes on why pods cannot be made', async () => {
      await world.client.create(ResourceQuota, { metadata: key('few'), spec: { hard: { pods: '1' } } });
      await world.client.patchStatus(ResourceQuota, key('few'), { type: 'merge', document: { status: { hard: { pods: '1' }, used: { pods: '0' } } } });
      await world.make(3);
      await world.settle(50);
      expect(await world.condition('ReplicaFailure')).to.match(/^True FailedCreate: pods "web-x-[a-z0-9]{5}" is forbidden: exceeded quota: few/);
      await world.client.delete(ResourceQuota, key('few'));
      await world.settle(600_000);
      expect([await world.condition('ReplicaFailure'), (await world.get()).status.availableReplicas]).to.deep.equal(['', 3]);
    });

    it('says when the set cannot be made, and makes it later', async () => {
      world.harness.faults = ({ what }) => (what === 'create replicasets' ? 'refuse' : undefined);
      await world.make(1);
      await world.settle(100);
      expect(await world.condition('Progressing')).to.equal('False ReplicaSetCreateError: Failed to create new replica set "web-x": create replicasets: the request failed (refuse)');
      expect(world.harness.events.some(({ type, reason }) => type === 'Warning' && reason === 'ReplicaSetCreateError')).to.equal(true);
      world.harness.faults = () => undefined;
      await world.settle(600_000);
      expect(await world.condition('Progressing')).to.match(/^True NewReplicaSetAvailable/);
    });

    it('takes no step for one that is going', async () => {
      await world.make(1, {}, { finalizers: ['example.com/hold'] });
      await world.settle();
      await world.client.delete(Deployment, key('web'));
      await world.roll('two');
      await world.settle(60_000);
      expect([await world.sizes(), (await world.get()).status.updatedReplicas ?? 0]).to.deep.equal([{ one: 1 }, 0]);
    });
  });
}

/** Templates change, calls fail and lose their answers, processes die: there are never too many pods, nor too few that are available. */
async function history(seed: number): Promise<void> {
  const world = await World.begin({ seed, stale: seed % 2 === 0 });
  world.idle = true;
  const random = seededRandom(seed * 17);
  const wanted = 1 + Math.floor(random() * 6);
  const [surge, missing] = [Math.floor(random() * 3), Math.floor(random() * 3)];
  const maxUnavailable = surge === 0 && missing === 0 ? 1 : missing;
  const faults: readonly (CallFault | undefined)[] = ['refuse', 'lose', 'crash-before', 'crash-after', undefined];
  let troubles = 8;
  let began = false;
  world.harness.faults = ({ what }) => {
    if (!began || troubles === 0 || !/ (?:replicasets|deployments)$/.test(what) || random() > 0.3) return undefined;
    troubles--;
    return faults[Math.floor(random() * faults.length)];
  };
  const images = ['one', 'two', 'three'];
  let rolls = 3;
  world.harness.onStep = async () => {
    const sets = await world.sets();
    const total = sets.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0);
    if (total > wanted + surge) throw new Error(`seed ${seed}: ${total} pods instead of ${wanted} and ${surge} more`);
    if (!began) return;
    const ready = (await world.pods()).filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    if (ready.length < wanted - maxUnavailable) throw new Error(`seed ${seed}: ${ready.length} pods are ready of ${wanted}, of which ${maxUnavailable} may be missing`);
    if (random() < 0.1) await world.live(random);
    if (rolls > 0 && random() < 0.02) await world.roll(images[rolls-- % images.length]!);
  };
  await world.make(wanted, rolling(surge, maxUnavailable));
  await world.settle();
  while (await world.live()) await world.settle();
  began = true;
  for (let lives = 0; lives < 40; lives++) {
    await world.settle(60_000);
    if (world.harness.crashed) await world.harness.start();
    else if (!(await world.live())) {
      if (rolls === 0) break;
      await world.roll(images[rolls-- % images.length]!);
    }
  }
  const { spec, status } = await world.get();
  const image = spec.template.spec.containers[0]!.image;
  const others = Object.entries(await world.sizes()).filter(([of, size]) => of !== image && size > 0);
  expect([seed, (await world.set(image ?? '')).spec.replicas, others, status.availableReplicas, status.replicas, await world.condition('Progressing')])
    .to.deep.equal([seed, wanted, [], wanted, wanted, 'True NewReplicaSetAvailable: ReplicaSet "web-x" has successfully progressed.']);
  expect(new Set((await world.sets()).map((set) => set.spec.template.spec.containers[0]?.image)).size, `seed ${seed}: one set for each template`).to.equal((await world.sets()).length);
  await world.stop();
}

/** A rollout whose process ends at its `at`th write. @returns whether there were so many */
async function crash(at: number, fault: CallFault): Promise<boolean> {
  const world = await World.begin({ seed: at });
  await world.make(3, rolling(1, 1));
  await world.settle();
  let left = at;
  world.harness.faults = () => (left-- === 0 ? fault : undefined);
  await world.roll('two');
  await world.settle();
  const hasCrashed = world.harness.crashed;
  if (hasCrashed) {
    await world.harness.start();
    await world.settle();
  }
  const { metadata, status } = await world.get();
  expect([fault, at, await world.sizes(), metadata.annotations?.[annotations.revision], status.availableReplicas, status.updatedReplicas, await world.condition('Progressing'), status.collisionCount])
    .to.deep.equal([fault, at, { one: 0, two: 3 }, '2', 3, 3, 'True NewReplicaSetAvailable: ReplicaSet "web-x" has successfully progressed.', undefined]);
  expect(await world.sets()).to.have.length(2);
  await world.stop();
  return hasCrashed;
}

describe('deployment under faults', function () {
  this.timeout(120_000);
  for (const fault of ['crash-before', 'crash-after'] as const) {
    it(`goes on after a ${fault} at any write`, async () => {
      let at = 0;
      while (await crash(at, fault)) at++;
      expect(at, 'writes of a rollout').to.be.above(15);
    });
  }

  it('keeps its pace, in 120 histories', async () => {
    for (let seed = 1; seed <= 120; seed++) await history(seed);
  });
});

import { expect } from 'chai';
import { ControllerRevision } from '#core/api/schema/apps-v1/controller-revision.ts';
import { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import { Node, type Taint } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { harnessAround, HarnessWorld } from '#test/fixtures/harness-around.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { DaemonSetController } from './controller.ts';
import { targetNode } from './daemon-pod.ts';
import { revisionOf } from './revision.ts';

const labels = { app: 'agent' };
const containers = [{ name: 'main', image: 'v1' }];
const key = (name: string) => ({ namespace: 'default', name });
const templateOf = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: 'main', image }] } });
const hash = 'controller-revision-hash';

class World extends HarnessWorld {
  static async begin(options: { seed?: number; stale?: boolean; nodes?: number } = {}): Promise<World> {
    const parts = await harnessAround((around) => [new DaemonSetController(around)], options);
    const world = new World(parts);
    for (let i = 1; i <= (options.nodes ?? 3); i++) await world.node(`n${i}`);
    await parts.harness.start();
    return world;
  }

  /** Nodes come with a taint that their agents' first word takes away. */
  async node(name: string, { labels: own = {}, taints = [] }: { labels?: Record<string, string>; taints?: Taint[] } = {}): Promise<void> {
    await this.client.create(Node, { metadata: { name, labels: own } });
    await this.change(name, { spec: { taints } });
  }

  async change(name: string, document: Readonly<Record<string, unknown>>): Promise<void> {
    await this.client.patch(Node, { name }, { type: 'merge', document });
  }

  make(name: string, spec: Partial<Draft<DaemonSet>['spec']> = {}, metadata: Draft<DaemonSet>['metadata'] = {}): Promise<DaemonSet> {
    return this.client.create(DaemonSet, { metadata: { ...key(name), ...metadata }, spec: { selector: { matchLabels: labels }, template: templateOf('v1'), ...spec } });
  }

  roll(name: string, image: string): Promise<DaemonSet> {
    return this.client.patch(DaemonSet, key(name), { type: 'strategic', document: { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } } });
  }

  async status(name: string): Promise<DaemonSet['status']> {
    return (await this.client.get(DaemonSet, key(name))).status;
  }

  async pods(): Promise<Pod[]> {
    return (await this.client.list(Pod, { namespace: 'default' })).items;
  }

  /** `n1 v1` for each pod that is not on its way out. */
  async placed(): Promise<string[]> {
    const pods = (await this.pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return pods.map((pod) => `${targetNode(pod)} ${pod.spec.containers[0]?.image}`).toSorted();
  }

  async revisions(): Promise<ControllerRevision[]> {
    return (await this.client.list(ControllerRevision, { namespace: 'default' })).items.toSorted((a, b) => a.revision - b.revision);
  }

  report(name: string, status: Draft<Pod>['status']): Promise<Pod> {
    return this.client.patchStatus(Pod, key(name), { type: 'merge', document: { status } });
  }

  /** The scheduler binds what it can, and agents make it ready. */
  async run(): Promise<void> {
    for (const pod of await this.pods()) {
      if (pod.metadata.deletionTimestamp !== undefined) await this.client.delete(Pod, pod.metadata, { gracePeriodSeconds: 0 });
      else if (pod.status.conditions?.some(({ type }) => type === 'Ready') !== true) await this.ready(pod.metadata.name);
    }
  }

  ready(name: string, since = this.clock.now()): Promise<Pod> {
    return this.report(name, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: rfc3339(since) }] });
  }

  /** Lets everybody work until nothing is left to do. */
  async roam(rounds = 30): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      await this.settle();
      await this.run();
    }
    await this.settle();
  }

  did(what: string): number {
    return this.harness.effects.filter((effect) => effect.startsWith(what)).length;
  }

  messages(about: string): string[] {
    return this.harness.events.filter((event) => event.about === about).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  }
}

const counts = ({ desiredNumberScheduled, currentNumberScheduled, numberMisscheduled, numberReady, updatedNumberScheduled = 0, numberAvailable = 0, numberUnavailable = 0 }: DaemonSet['status']) =>
  [desiredNumberScheduled, currentNumberScheduled, numberMisscheduled, numberReady, updatedNumberScheduled, numberAvailable, numberUnavailable];

for (const stale of [false, true]) {
  describe(`daemon-set${stale ? ' with slow caches' : ''}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await World.begin({ seed: 3, stale });
    });
    afterEach(() => world.stop());

    it('makes one pod for each node, pinned to it, and says so', async () => {
      const affinity = {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'gpu', operator: 'DoesNotExist' }] }] },
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'fast', operator: 'Exists' }] } }],
        },
      };
      const tolerations = [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }, { key: 'mine', operator: 'Exists' }] as const;
      const set = await world.make('agent', { template: { metadata: { labels, annotations: { note: 'x' } }, spec: { containers, affinity, tolerations: [...tolerations] } } });
      await world.settle();
      expect(await world.placed()).to.deep.equal(['n1 v1', 'n2 v1', 'n3 v1']);
      const [revision] = await world.revisions();
      for (const { metadata, spec } of await world.pods()) {
        expect(metadata.name).to.match(/^agent-[a-z0-9]{5}$/);
        expect(metadata.labels).to.deep.equal({ ...labels, 'pod-template-generation': '1', [hash]: revision?.metadata.labels?.[hash] });
        expect(metadata.annotations).to.deep.equal({ note: 'x' });
        expect(metadata.ownerReferences).to.deep.equal([{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: set.metadata.uid, controller: true, blockOwnerDeletion: true }]);
        expect(spec.nodeName ?? '').to.equal('');
        expect(spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution).to.deep.equal(affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution);
        expect(spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms).to.have.length(1);
        expect(spec.tolerations).to.deep.equal([
          { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
          { key: 'mine', operator: 'Exists' },
          { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
          ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoSchedule' })),
        ]);
      }
      expect(counts(await world.status('agent'))).to.deep.equal([3, 3, 0, 0, 3, 0, 3]);
      await world.run();
      await world.settle();
      const status = await world.status('agent');
      expect([...counts(status), status.observedGeneration, status.collisionCount]).to.deep.equal([3, 3, 0, 3, 3, 3, 0, 1, undefined]);
      expect(world.messages('agent').toSorted()).to.deep.equal((await world.pods()).map(({ metadata }) => `Normal SuccessfulCreate Created pod: ${metadata.name}`).toSorted());
      const { length } = world.harness.effects;
      await world.settle(3_600_000);
      expect(world.harness.effects.length, 'nothing is left to do').to.equal(length);
    });

    it('follows nodes that come, change and go', async () => {
      await world.make('agent', { template: { metadata: { labels }, spec: { containers, nodeSelector: { disk: 'ssd' } } } });
      await world.settle();
      expect([await world.placed(), counts(await world.status('agent'))]).to.deep.equal([[], [0, 0, 0, 0, 0, 0, 0]]);
      await world.node('n4', { labels: { disk: 'ssd' } });
      await world.change('n1', { metadata: { labels: { disk: 'ssd' } } });
      await world.settle();
      expect(await world.placed()).to.deep.equal(['n1 v1', 'n4 v1']);
      await world.change('n1', { metadata: { labels: { disk: 'hdd' } } });
      await world.settle();
      expect(await world.placed()).to.deep.equal(['n4 v1']);
      await world.client.delete(Node, { name: 'n4' });
      await world.settle();
      expect([await world.placed(), counts(await world.status('agent'))], 'nobody else deletes a pod that waits for a node that is gone').to.deep.equal([[], [0, 0, 0, 0, 0, 0, 0]]);
    });

    it('minds taints: no new pods on some nodes, none at all on others, and daemons stay where nodes are in trouble', async () => {
      await world.node('cordoned', { taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] });
      await world.node('lost', { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }, { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }] });
      await world.make('agent');
      await world.settle();
      // As upstream, only the NoExecute half of the trouble is tolerated.
      expect(await world.placed()).to.deep.equal(['cordoned v1', 'n1 v1', 'n2 v1', 'n3 v1']);
      await world.change('n1', { spec: { taints: [{ key: 'mine', effect: 'NoSchedule' }] } });
      await world.change('n2', { spec: { taints: [{ key: 'mine', effect: 'NoExecute' }] } });
      await world.change('n3', { spec: { taints: [{ key: 'mine', effect: 'PreferNoSchedule' }] } });
      await world.settle();
      expect(await world.placed()).to.deep.equal(['cordoned v1', 'n1 v1', 'n3 v1']);
      expect(counts(await world.status('agent')).slice(0, 3)).to.deep.equal([2, 2, 1]);
      for (const { metadata } of await world.pods()) await world.client.delete(Pod, metadata);
      await world.settle();
      expect(await world.placed()).to.deep.equal(['cordoned v1', 'n3 v1']);
    });

    it('keeps one pod a node, the one that was there first, and adopts it', async () => {
      const bare = (name: string, nodeName: string, metadata: Draft<Pod>['metadata'] = {}) =>
        world.client.create(Pod, { metadata: { ...key(name), labels, ...metadata }, spec: { containers, nodeName } });
      await bare('first', 'n1');
      await world.clock.advance(1000);
      await bare('second', 'n1');
      await bare('taken', 'n2', { ownerReferences: [{ apiVersion: 'v1', kind: 'Thing', name: 't', uid: 'u', controller: true }] });
      await world.settle();
      const { metadata: { uid } } = await world.make('agent', { updateStrategy: { type: 'OnDelete' } });
      await world.settle(10_000);
      expect((await world.client.get(Pod, key('first'))).metadata.ownerReferences?.[0]?.uid).to.equal(uid);
      expect((await world.pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name)).to.include.members(['first', 'taken']);
      expect(await world.placed()).to.deep.equal(['n1 v1', 'n2 v1', 'n2 v1', 'n3 v1']);
      expect((await world.status('agent')).updatedNumberScheduled).to.equal(2);
      await world.run();
      await world.client.patch(Pod, key('first'), { type: 'merge', document: { metadata: { labels: { app: 'debug' } } } });
      await world.settle();
      expect((await world.client.get(Pod, key('first'))).metadata.ownerReferences ?? []).to.deep.equal([]);
      expect(await world.placed()).to.have.length(5);
    });

    it('puts others in place of pods that have ended, more slowly each time they fail', async () => {
      await world.make('agent', { template: { metadata: { labels }, spec: { containers, nodeName: 'n1' } } });
      await world.settle();
      const began = world.clock.now();
      const deaths: number[] = [];
      while (deaths.length < 6) {
        const [pod] = await world.pods();
        await world.report(pod!.metadata.name, { phase: 'Failed' });
        const before = world.did('delete pods');
        for (let i = 0; world.did('delete pods') === before && i < 200; i++) await world.settle(0).then(() => world.clock.advance(500)).then(() => world.settle(0));
        deaths.push(Math.floor((world.clock.now() - began) / 1000));
        for (let i = 0; (await world.pods()).some(({ metadata }) => metadata.name === pod!.metadata.name) && i < 5; i++) await world.settle(0);
      }
      const gaps = deaths.slice(1).map((at, i) => at - deaths[i]!);
      expect(gaps.every((gap, i) => i === 0 || gap >= gaps[i - 1]!), gaps.join(' ')).to.equal(true);
      expect(gaps.at(-1)).to.be.within(15, 18);
      const [pod] = await world.pods();
      expect(world.messages('agent').filter((message) => /^Warning FailedDaemonPod Found failed daemon pod default\/agent-[a-z0-9]{5} on node n1, will try to kill it$/.test(message))).to.have.length(6);
      await world.report(pod!.metadata.name, { phase: 'Succeeded' });
      await world.settle();
      expect(world.messages('agent')).to.include(`Normal SucceededDaemonPod Found succeeded daemon pod default/${pod!.metadata.name} on node n1, will try to delete it`);
      expect(await world.placed()).to.deep.equal(['n1 v1']);
    });

    it('replaces as many pods at a time as may be missing', async () => {
      for (const name of ['n4', 'n5', 'n6']) await world.node(name);
      await world.make('agent', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '30%' } } });
      await world.roam(3);
      await world.roll('agent', 'v2');
      await world.settle();
      let rounds = 0;
      for (; (await world.placed()).some((each) => each.endsWith('v1')); rounds++) {
        const { numberUnavailable = 0, desiredNumberScheduled } = await world.status('agent');
        expect([numberUnavailable, desiredNumberScheduled]).to.deep.equal([2, 6]);
        await world.run();
        await world.settle();
      }
      expect(rounds).to.equal(2);
      await world.roam(3);
      const status = await world.status('agent');
      expect([...counts(status), status.observedGeneration]).to.deep.equal([6, 6, 0, 6, 6, 6, 0, 2]);
    });

    it('replaces pods that do not work at once, and waits for new ones that do not', async () => {
      await world.make('agent', { minReadySeconds: 10 });
      await world.settle();
      await world.roll('agent', 'v2');
      await world.settle();
      expect(await world.placed()).to.deep.equal(['n1 v2', 'n2 v2', 'n3 v2']);
      await world.run();
      await world.settle(20_000);
      expect(counts(await world.status('agent'))).to.deep.equal([3, 3, 0, 3, 3, 3, 0]);
      await world.roll('agent', 'v3');
      await world.settle(600_000);
      expect((await world.placed()).filter((each) => each.endsWith('v3'))).to.have.length(1);
      await world.run();
      await world.settle();
      await world.clock.advance(9000);
      await world.settle(500);
      expect((await world.placed()).filter((each) => each.endsWith('v3')), 'not yet for long enough').to.have.length(1);
      await world.settle(2000);
      expect((await world.placed()).filter((each) => each.endsWith('v3'))).to.have.length(2);
    });

    it('brings new pods up beside the old ones where it may surge', async () => {
      await world.make('agent', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
      await world.roam(3);
      await world.clock.advance(1000);
      await world.roll('agent', 'v2');
      await world.settle(60_000);
      const images = async () => (await world.placed()).map((each) => each.slice(3)).toSorted();
      expect(await images()).to.deep.equal(['v1', 'v1', 'v1', 'v2']);
      for (const wanted of [['v1', 'v1', 'v2', 'v2'], ['v1', 'v2', 'v2', 'v2'], ['v2', 'v2', 'v2']]) {
        await world.run();
        await world.clock.advance(1000);
        await world.settle();
        expect(await images()).to.deep.equal(wanted);
        expect((await world.status('agent')).numberUnavailable ?? 0).to.equal(0);
      }
      expect(counts(await world.status('agent'))).to.deep.equal([3, 3, 0, 3, 3, 3, 0]);
    });

    it('waits for people to delete pods when told so', async () => {
      await world.make('agent', { updateStrategy: { type: 'OnDelete' } });
      await world.roam(3);
      await world.roll('agent', 'v2');
      await world.settle(600_000);
      expect(await world.placed()).to.deep.equal(['n1 v1', 'n2 v1', 'n3 v1']);
      expect((await world.status('agent')).updatedNumberScheduled ?? 0).to.equal(0);
      const on = (await world.pods()).find((pod) => targetNode(pod) === 'n2');
      await world.client.delete(Pod, on!.metadata);
      await world.settle();
      expect(await world.placed()).to.deep.equal(['n1 v1', 'n2 v2', 'n3 v1']);
    });

    it('keeps a revision of each template, numbers them, and forgets the oldest', async () => {
      await world.make('agent', { revisionHistoryLimit: 2 }, { annotations: { 'kubernetes.io/change-cause': 'first' } });
      await world.roam(3);
      for (const image of ['v2', 'v3', 'v1']) {
        await world.roll('agent', image);
        await world.roam(8);
      }
      const known = await world.revisions();
      const images = (each: ControllerRevision) => (each.data as { spec: { template: { spec: { containers: { image: string }[] } } } }).spec.template.spec.containers[0]?.image;
      expect(known.map((each) => [each.revision, images(each)])).to.deep.equal([[2, 'v2'], [3, 'v3'], [4, 'v1']]);
      for (const each of known) {
        expect(each.metadata.name).to.equal(`agent-${each.metadata.labels?.[hash]}`);
        expect(each.metadata.labels).to.include(labels);
        expect(each.data).to.have.nested.property('spec.template.$patch', 'replace');
        expect(each.metadata.annotations?.['kubernetes.io/change-cause']).to.equal('first');
      }
      await world.roll('agent', 'v4');
      await world.roam(8);
      expect((await world.revisions()).map(images)).to.deep.equal(['v3', 'v1', 'v4']);
    });

    it('gives a revision another name when a different template has its own', async () => {
      const set = await world.make('agent', {}, { finalizers: ['example.com/hold'] });
      const { metadata: { name } } = revisionOf(set, 1);
      await world.client.create(ControllerRevision, { metadata: key(name), data: { other: true }, revision: 7 });
      await world.settle(60_000);
      const { collisionCount } = await world.status('agent');
      expect(collisionCount).to.equal(1);
      const own = (await world.revisions()).filter(({ metadata }) => metadata.ownerReferences !== undefined);
      expect(own.map(({ metadata }) => metadata.name === name)).to.deep.equal([false]);
      expect((await world.placed())).to.have.length(3);
      expect((await world.pods()).every(({ metadata }) => metadata.labels?.[hash] === own[0]?.metadata.labels?.[hash])).to.equal(true);
    });

    it('adopts revisions and pods that an earlier set left behind, and has no template twice', async () => {
      await world.make('agent');
      await world.roam(3);
      const [revision] = await world.revisions();
      world.harness.end();
      await world.client.delete(DaemonSet, key('agent'));
      const orphaned = { type: 'merge', document: { metadata: { ownerReferences: null } } } as const;
      for (const { metadata } of await world.pods()) await world.client.patch(Pod, metadata, orphaned);
      await world.client.patch(ControllerRevision, revision!.metadata, orphaned);
      await world.client.create(ControllerRevision, { metadata: { ...key('agent-copy'), labels }, data: revision!.data, revision: 1 });
      const before = (await world.pods()).map(({ metadata }) => metadata.name).toSorted();
      const { metadata: { uid } } = await world.make('agent');
      await world.harness.start();
      await world.settle(60_000);
      const left = await world.revisions();
      expect([left.length, left[0]?.metadata.ownerReferences?.[0]?.uid]).to.deep.equal([1, uid]);
      const pods = await world.pods();
      expect(pods.map(({ metadata }) => metadata.name).toSorted()).to.deep.equal(before);
      expect(pods.every(({ metadata }) => metadata.labels?.[hash] === left[0]?.metadata.labels?.[hash] && metadata.ownerReferences?.[0]?.uid === uid)).to.equal(true);
    });

    it('does nothing for a set that is going', async () => {
      await world.make('agent', {}, { finalizers: ['example.com/hold'] });
      await world.client.delete(DaemonSet, key('agent'));
      await world.settle(60_000);
      const { length } = world.harness.effects;
      await world.node('n4');
      for (const { metadata } of await world.pods()) await world.client.delete(Pod, metadata);
      await world.settle(600_000);
      expect([world.harness.effects.length, await world.pods()]).to.deep.equal([length, []]);
    });

    it('says what a quota refuses, and goes on later', async () => {
      await world.client.create(ResourceQuota, { metadata: key('few'), spec: { hard: { pods: '1' } } });
      await world.client.patchStatus(ResourceQuota, key('few'), { type: 'merge', document: { status: { hard: { pods: '1' }, used: { pods: '0' } } } });
      await world.make('agent');
      await world.settle(1000);
      expect(await world.placed()).to.have.length(1);
      expect(world.messages('agent').filter((message) => /^Warning FailedCreate Error creating: pods "agent-[a-z0-9]{5}" is forbidden: exceeded quota/.test(message))).to.not.be.empty;
      expect((await world.status('agent')).observedGeneration).to.equal(1);
      await world.client.delete(ResourceQuota, key('few'));
      await world.settle(600_000);
      expect(await world.placed()).to.have.length(3);
    });

    it('makes 250 pods at a time', async () => {
      for (let i = 4; i <= 300; i++) await world.node(`n${i}`);
      await world.settle();
      await world.make('agent');
      world.harness.held.add('pods');
      await world.settle();
      expect(world.did('create pods')).to.equal(250);
      world.harness.held.clear();
      await world.settle();
      expect([world.did('create pods'), new Set(await world.placed()).size]).to.deep.equal([300, 300]);
    }).timeout(60_000);
  });
}

/** Nodes and pods come and go, templates change, calls fail and lose their answers, processes die: no node has too many pods, and in the end each has its own. */
async function history(seed: number): Promise<void> {
  const random = seededRandom(seed * 17);
  const surges = seed % 3 === 0;
  const world = await World.begin({ seed, stale: seed % 2 === 0, nodes: 4 });
  const faults: readonly (CallFault | undefined)[] = ['refuse', 'lose', 'crash-before', 'crash-after', undefined];
  let troubles = 8;
  let changes = 6;
  world.harness.faults = () => {
    if (troubles === 0 || random() > 0.15) return undefined;
    troubles--;
    return faults[Math.floor(random() * faults.length)];
  };
  const meddle: readonly (() => Promise<unknown>)[] = [
    () => world.run(),
    async () => {
      const [pod] = await world.pods();
      if (pod !== undefined) await (random() < 0.5 ? world.client.delete(Pod, pod.metadata) : world.report(pod.metadata.name, { phase: 'Failed' }));
    },
    () => world.roll('agent', `v${1 + Math.floor(random() * 3)}`),
    () => world.change('n1', { metadata: { labels: { off: random() < 0.5 ? 'yes' : null } } }),
  ];
  world.harness.onStep = async () => {
    const active = (await world.pods()).filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase !== 'Failed');
    for (const [node, pods] of Object.entries(Object.groupBy(active, (pod) => targetNode(pod) ?? ''))) {
      if ((pods?.length ?? 0) > (surges ? 2 : 1)) throw new Error(`seed ${seed}: ${pods?.length} pods on ${node}`);
    }
    if (changes === 0 || random() > 0.03) return;
    changes--;
    await meddle[Math.floor(random() * meddle.length)]?.();
  };
  const notOff = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'off', operator: 'DoesNotExist' }] }] } } };
  await world.make('agent', {
    template: { metadata: { labels }, spec: { containers, affinity: notOff } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: surges ? { maxSurge: 1, maxUnavailable: 0 } : { maxUnavailable: 2 } },
  });
  for (let lives = 0; lives < 40; lives++) {
    if (lives === 20) changes = 0;
    await world.settle(3_600_000);
    if (world.harness.crashed) await world.harness.start();
    else await world.run();
  }
  const image = (await world.client.get(DaemonSet, key('agent'))).spec.template.spec.containers[0]?.image;
  const isOff = (await world.client.get(Node, { name: 'n1' })).metadata.labels?.['off'] === 'yes';
  const wanted = ['n1', 'n2', 'n3', 'n4'].slice(isOff ? 1 : 0);
  expect([seed, await world.placed()]).to.deep.equal([seed, wanted.map((node) => `${node} ${image}`)]);
  const { length } = wanted;
  expect([seed, ...counts(await world.status('agent'))]).to.deep.equal([seed, length, length, 0, length, length, length, 0]);
  const revisions = await world.revisions();
  expect([seed, new Set(revisions.map(({ revision }) => revision)).size, revisions.at(-1)?.metadata.labels?.[hash]]).to.deep.equal([seed, revisions.length, (await world.pods())[0]?.metadata.labels?.[hash]]);
  await world.stop();
}

describe('daemon-set under faults', function () {
  this.timeout(120_000);
  it('has its pods where they belong in the end, and at no time too many, in 60 histories', async () => {
    for (let seed = 1; seed <= 60; seed++) await history(seed);
  });
});

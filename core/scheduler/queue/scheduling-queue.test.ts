import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { Pod as PodKind } from '#core/api/schema/core-v1/pod.ts';
import { PodInfo } from '#core/scheduler/model/pod-info.ts';
import type { ClusterEvent } from '#core/scheduler/plugin.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { complete } from '#test/fixtures/scheduling-lab.ts';
import { node, pod } from '#test/fixtures/scheduling-world.ts';
import { SchedulingQueue } from './scheduling-queue.ts';
import { WakeRules } from './wake-rules.ts';

const info = (name: string, spec: Draft<Pod>['spec'] = {}, metadata: Draft<Pod>['metadata'] = {}): PodInfo => new PodInfo(complete(PodKind, pod(name, {}, spec, metadata)));
const nodeEvent = (kind: 'node/add' | 'node/taints' | 'node/labels', name = 'n'): ClusterEvent => ({ kind, object: complete(Node, node(name)) });

describe('SchedulingQueue', () => {
  let clock: FakeClock;
  let queue: SchedulingQueue;
  let calls: number;
  beforeEach(() => {
    clock = new FakeClock();
    calls = 0;
    const rules = new WakeRules([
      { name: 'Taints', wakes: [{ on: ['node/add', 'node/taints'], helps: (_pod, { object }) => object.metadata.name !== 'useless' }, { on: ['own/tolerations'] }] },
      { name: 'Affinity', wakes: [{ on: ['node/labels'] }, { on: ['pod/delete'], helps: () => {
        throw new Error('a hint that fails');
      } }] },
    ]);
    queue = new SchedulingQueue({ clock, rules, onReady: () => void calls++ });
  });
  afterEach(() => {
    queue.close();
    expect(clock.pending, 'timers left').to.equal(0);
  });

  const take = (): string | undefined => queue.take()?.pod.name;
  const refuse = (name: string, ...plugins: string[]): void => {
    const waiting = queue.take();
    expect(waiting?.pod.name).to.equal(name);
    queue.failed(waiting!, new Set(plugins));
  };

  it('hands out the most important first, and of equals who came first', async () => {
    for (const [name, priority] of [['a', 0], ['b', 10], ['c', 0], ['d', 10], ['e', -5]] as const) {
      queue.set(info(name, { priority }));
      await clock.advance(1);
    }
    expect([take(), take(), take(), take(), take(), take()]).to.deep.equal(['b', 'd', 'a', 'c', 'e', undefined]);
    expect(calls).to.equal(5);
  });

  it('leaves a pod that nobody can have where it is until something helps', async () => {
    const a = info('a');
    queue.set(a);
    refuse('a', 'Taints');
    await clock.advance(20_000);
    queue.wake(nodeEvent('node/labels'));
    queue.wake(nodeEvent('node/add', 'useless'));
    expect(queue.placeOf(a.uid)).to.equal('unschedulable');
    queue.wake(nodeEvent('node/taints'));
    expect([queue.placeOf(a.uid), take()]).to.deep.equal(['ready', 'a']);
  });

  it('lets a pod that is woken early wait out its back-off, which doubles up to ten seconds', async () => {
    const a = info('a');
    queue.set(a);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      refuse('a', 'Taints');
      queue.wake(nodeEvent('node/add'));
      expect(queue.placeOf(a.uid)).to.equal('backing-off');
      let waited = 0;
      for (; queue.ready === 0; waited += 500) await clock.advance(500);
      waits.push(waited);
    }
    expect(waits).to.deep.equal([1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('sees what happened while the pod was worked on', async () => {
    for (const [event, place] of [[nodeEvent('node/taints'), 'backing-off'], [nodeEvent('node/labels'), 'unschedulable']] as const) {
      const a = info('a');
      queue.set(a);
      const waiting = queue.take()!;
      queue.wake(event);
      queue.failed(waiting, new Set(['Taints']));
      expect(queue.placeOf(a.uid), event.kind).to.equal(place);
      queue.delete(a.uid);
    }
  });

  it('does not count what happened before the pod was taken, or after another was', () => {
    const [a, b] = [info('a', { priority: 1 }), info('b')];
    queue.set(a);
    queue.set(b);
    const first = queue.take()!;
    queue.wake(nodeEvent('node/taints'));
    const second = queue.take()!;
    queue.failed(second, new Set(['Taints']));
    queue.failed(first, new Set(['Taints']));
    expect([queue.placeOf(a.uid), queue.placeOf(b.uid)]).to.deep.equal(['backing-off', 'unschedulable']);
  });

  it('tries again when more happened than it could keep', () => {
    const a = info('a');
    queue.set(a);
    const waiting = queue.take()!;
    for (let i = 0; i <= 10_000; i++) queue.wake(nodeEvent('node/labels'));
    queue.failed(waiting, new Set(['Taints']));
    expect(queue.placeOf(a.uid)).to.equal('backing-off');
  });

  it('takes a hint that fails for a yes', async () => {
    const a = info('a');
    queue.set(a);
    refuse('a', 'Affinity');
    await clock.advance(1000);
    queue.wake({ kind: 'pod/delete', object: info('gone').pod });
    expect(queue.placeOf(a.uid)).to.equal('ready');
  });

  it('tries everything again after five minutes', async () => {
    const a = info('a');
    queue.set(a);
    refuse('a', 'Taints');
    await clock.advance(4 * 60_000 + 59_000);
    expect(queue.placeOf(a.uid)).to.equal('unschedulable');
    await clock.advance(31_000);
    expect(queue.placeOf(a.uid)).to.equal('ready');
  });

  it('wakes a pod that found no node at all with the first node', async () => {
    const a = info('a');
    queue.set(a);
    refuse('a');
    await clock.advance(1000);
    queue.wake(nodeEvent('node/labels'));
    expect(queue.placeOf(a.uid)).to.equal('unschedulable');
    queue.wake(nodeEvent('node/add'));
    expect(queue.placeOf(a.uid)).to.equal('ready');
  });

  it('holds gated pods until the last gate is gone', () => {
    const metadata = { uid: 'same' };
    queue.set(info('a', { schedulingGates: [{ name: 'x' }, { name: 'y' }] }, metadata));
    queue.set(info('a', { schedulingGates: [{ name: 'y' }] }, metadata));
    expect([queue.placeOf('same'), take(), calls]).to.deep.equal(['gated', undefined, 0]);
    queue.set(info('a', {}, metadata));
    expect([queue.placeOf('same'), take()]).to.deep.equal(['ready', 'a']);
  });

  it('wakes a pod that changed itself, and only that one', async () => {
    const [a, b] = [info('a', {}, { uid: 'a' }), info('b', {}, { uid: 'b' })];
    for (const pod of [a, b]) queue.set(pod);
    refuse('a', 'Taints');
    refuse('b', 'Taints');
    await clock.advance(1000);
    queue.set(info('a', {}, { uid: 'a', labels: { irrelevant: 'yes' } }));
    expect(queue.placeOf('a')).to.equal('unschedulable');
    queue.set(info('a', { tolerations: [{ operator: 'Exists' }] }, { uid: 'a' }));
    expect([queue.placeOf('a'), queue.placeOf('b')]).to.deep.equal(['ready', 'unschedulable']);
    expect(queue.take()?.pod.pod.spec.tolerations, 'the newest version').to.have.length(1);
  });

  it('sees the pod itself change while it is worked on', () => {
    queue.set(info('a', {}, { uid: 'a' }));
    const waiting = queue.take()!;
    queue.set(info('a', { tolerations: [{ operator: 'Exists' }] }, { uid: 'a' }));
    queue.failed(waiting, new Set(['Taints']));
    expect(queue.placeOf('a')).to.equal('backing-off');
  });

  it('forgets pods that are deleted, wherever they stand', async () => {
    const pods = ['ready', 'backing-off', 'unschedulable', 'working'].map((name) => info(name, {}, { uid: name }));
    for (const pod of pods.slice(1)) queue.set(pod);
    const [backing, unschedulable, working] = [queue.take()!, queue.take()!, queue.take()!];
    queue.set(pods[0]!);
    queue.erred(backing);
    queue.failed(unschedulable, new Set(['Taints']));
    expect(pods.map(({ uid }) => queue.placeOf(uid))).to.deep.equal(['ready', 'backing-off', 'unschedulable', 'working']);
    for (const { uid } of pods) queue.delete(uid);
    queue.failed(working, new Set(['Taints']));
    queue.erred(working);
    queue.wake(nodeEvent('node/add'));
    await clock.advance(10 * 60_000);
    expect([queue.size, queue.ready, take()]).to.deep.equal([0, 0, undefined]);
  });
});

import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { complete, SchedulingLab } from '#test/fixtures/scheduling-lab.ts';
import { node, pod } from '#test/fixtures/scheduling-world.ts';
import { ClusterFeed } from './cluster-feed.ts';
import { SchedulingQueue } from './queue/scheduling-queue.ts';
import { WakeRules } from './queue/wake-rules.ts';

describe('ClusterFeed', () => {
  let lab: SchedulingLab;
  let queue: SchedulingQueue;
  let feed: ClusterFeed;

  beforeEach(async () => {
    lab = new SchedulingLab();
    queue = new SchedulingQueue({ clock: new FakeClock(), rules: new WakeRules(lab.filters), onReady: () => undefined });
    feed = new ClusterFeed({ informers: lab.informers, cluster: lab.cluster, queue, schedulerName: 'default-scheduler' });
    await feed.start(new AbortController().signal);
    lab.put(Node, node('n1', { cpu: '4' }));
  });
  afterEach(() => {
    feed.stop();
    queue.close();
  });

  const put = (name: string, spec: object = {}, metadata: object = {}, status: object = {}): Pod =>
    lab.put(Pod, { ...pod(name, { cpu: '1' }, spec, { uid: name, ...metadata }), status });
  const requested = (): number | undefined => lab.cluster.node('n1')?.requested.cpu;

  it('queues pods without a node that ask for this scheduler, and no others', () => {
    put('a');
    put('b', { schedulerName: 'another' });
    put('c', { nodeName: 'n1' });
    put('d', {}, { deletionTimestamp: '2025-01-01T00:00:00Z' });
    put('e', {}, {}, { phase: 'Failed' });
    expect(['a', 'b', 'c', 'd', 'e'].map((uid) => queue.placeOf(uid))).to.deep.equal(['ready', undefined, undefined, undefined, undefined]);
    expect(requested()).to.equal(1000);
  });

  it('takes pods that have ended for gone', () => {
    put('a', { nodeName: 'n1' });
    put('a', { nodeName: 'n1' }, {}, { phase: 'Succeeded' });
    expect(requested()).to.equal(0);
  });

  it('does not queue a pod again whose binding the cache has not seen', () => {
    const waiting = put('a');
    queue.take();
    lab.cluster.assume(new PodInfo(waiting), 'n1');
    queue.delete('a');
    put('a', {}, { labels: { changed: 'meanwhile' } });
    expect([queue.placeOf('a'), requested()]).to.deep.equal([undefined, 1000]);
    put('a', { nodeName: 'n1' });
    expect([lab.cluster.isAssumed('a'), requested()]).to.deep.equal([false, 1000]);
  });

  it('believes the API when it says another node', () => {
    lab.put(Node, node('n2'));
    lab.cluster.assume(new PodInfo(put('a')), 'n1');
    put('a', { nodeName: 'n2' });
    expect([requested(), lab.cluster.placeOf('a')]).to.deep.equal([0, 'n2']);
  });

  it('keeps its own nomination until the API shows one, and then does what the API says', () => {
    const a = put('a');
    lab.cluster.nominations.set(new PodInfo(a), 'n1');
    put('a', {}, { labels: { changed: 'meanwhile' } });
    expect(lab.cluster.nominations.nodeOf('a')).to.equal('n1');
    put('a', {}, {}, { nominatedNodeName: 'n1' });
    put('a', {}, {}, {});
    expect(lab.cluster.nominations.nodeOf('a'), 'somebody took it back').to.equal(undefined);
  });

  it('gives pods back to a node that was away', () => {
    put('a', { nodeName: 'n1' });
    lab.informers.for(Node).remove('n1');
    expect(lab.cluster.nodes).to.deep.equal([]);
    lab.put(Node, node('n1'));
    expect(requested()).to.equal(1000);
    lab.informers.for(Node).remove('n1');
    lab.informers.for(Pod).remove('default/a');
    lab.put(Node, node('n1'));
    expect(requested()).to.equal(0);
  });

  it('wakes pods when room appears', () => {
    put('big', { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '8' } } }] });
    queue.failed(queue.take()!, new Set(['NodeResourcesFit']));
    lab.put(Node, complete(Node, node('n1', { cpu: '6' })));
    expect(queue.placeOf('big')).to.equal('unschedulable');
    lab.put(Node, complete(Node, node('n1', { cpu: '8' })));
    expect(queue.placeOf('big')).to.equal('backing-off');
  });
});

import { expect } from 'chai';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { conditionOf, PodLab } from '#test/fixtures/pod-lab.ts';

describe('The end of a pod', () => {
  let lab: PodLab;
  beforeEach(async () => {
    lab = await PodLab.start();
  });
  afterEach(() => lab.stop());

  const remove = (name: string, gracePeriodSeconds?: number): Promise<void> => lab.client.delete(Pod, { namespace: 'default', name }, { gracePeriodSeconds });
  const isEmpty = (): boolean => lab.runtime.sandboxes.size === 0 && lab.runtime.made.size === 0 && lab.network.attached.size === 0 && lab.volumes.prepared.size === 0;

  it('gives containers their grace, and kills them after it', async () => {
    lab.runtime.programs.set('main', { stopsMs: Infinity });
    await lab.create('web', { terminationGracePeriodSeconds: 20 });
    await lab.untilReady('web');
    const began = lab.clock.now();
    await remove('web');
    await lab.pass(19_000);
    expect(lab.runtime.find('main')?.state).to.equal('Running');
    await lab.untilGone('web');
    expect(lab.clock.now() - began).to.be.within(20_000, 23_000);
    expect(isEmpty()).to.equal(true);
  });

  it('comes nearer by a second deletion', async () => {
    lab.runtime.programs.set('main', { stopsMs: Infinity });
    await lab.create('web', { terminationGracePeriodSeconds: 300 });
    await lab.untilReady('web');
    await remove('web');
    await lab.pass(5000);
    const second = lab.clock.now();
    await remove('web', 3);
    await lab.untilGone('web');
    expect(lab.clock.now() - second).to.be.within(2000, 6000);
  });

  it('counts the preStop hook into the grace, and runs it once', async () => {
    lab.runtime.programs.set('main', { stopsMs: Infinity, exec: async (_command, signal) => {
      await lab.clock.sleep(6000, signal);
      return { exitCode: 0, stdout: '', stderr: '' };
    } });
    await lab.create('web', { terminationGracePeriodSeconds: 20, containers: [{ name: 'main', image: 'busybox:1', lifecycle: { preStop: { exec: { command: ['bye'] } } } }] });
    await lab.untilReady('web');
    const began = lab.clock.now();
    await remove('web');
    await lab.pass(7000);
    await remove('web', 3);
    await lab.untilGone('web');
    expect(lab.clock.now() - began).to.be.within(9000, 12_000);
    expect(lab.runtime.calls.filter((call) => call === 'execSync main bye')).to.have.length(1);
  });

  it('kills a container whose preStop hook takes all of the grace', async () => {
    lab.runtime.programs.set('main', { stopsMs: Infinity, exec: async (_command, signal) => {
      await lab.clock.sleep(600_000, signal);
      return { exitCode: 0, stdout: '', stderr: '' };
    } });
    await lab.create('web', { terminationGracePeriodSeconds: 5, containers: [{ name: 'main', image: 'busybox:1', lifecycle: { preStop: { exec: { command: ['bye'] } } } }] });
    await lab.untilReady('web');
    const began = lab.clock.now();
    await remove('web');
    await lab.untilGone('web');
    expect(lab.clock.now() - began, 'and the two seconds that every container has').to.be.within(7000, 10_000);
  });

  it('tells of a preStop hook that fails, and goes on', async () => {
    lab.runtime.programs.set('main', { exec: () => ({ exitCode: 5, stdout: '', stderr: 'no' }) });
    await lab.create('web', { containers: [{ name: 'main', image: 'busybox:1', lifecycle: { preStop: { exec: { command: ['bye'] } } } }] });
    await lab.untilReady('web');
    await remove('web');
    await lab.untilGone('web');
    expect(lab.eventsOf('web'), 'not what it said').to.include('Warning FailedPreStopHook PreStopHook failed');
  });

  it('says of the containers how they ended before the object goes', async () => {
    lab.runtime.programs.set('main', { exitCode: 0, stopsMs: 1000 });
    await lab.create('web', {}, { finalizers: ['example.com/look'] });
    await lab.untilReady('web');
    await remove('web');
    await lab.until(() => isEmpty(), 'nothing left on the node');
    await lab.pass(3000);
    const pod = await lab.get('web');
    expect(pod.status.phase).to.equal('Succeeded');
    expect(pod.status.containerStatuses?.[0]?.state.terminated).to.include({ exitCode: 0, reason: 'Completed' });
    await lab.client.patch(Pod, pod.metadata, { type: 'merge', document: { metadata: { finalizers: null } } });
    await lab.untilGone('web');
  });

  it('says of what never ran that it is not known how it ended', async () => {
    await lab.create('web', { initContainers: [{ name: 'init', image: 'busybox:1' }] }, { finalizers: ['example.com/look'] });
    await lab.until(() => lab.runtime.find('init')?.state === 'Running', 'init runs');
    await lab.pass(1000);
    await remove('web');
    await lab.until(isEmpty, 'nothing left');
    await lab.pass(2000);
    const pod = await lab.get('web');
    expect(pod.status.phase).to.equal('Failed');
    expect(pod.status.containerStatuses?.[0]?.state.terminated).to.include({ exitCode: 137, reason: 'ContainerStatusUnknown' });
    const { resourceVersion } = pod.metadata;
    await lab.pass(130_000);
    expect((await lab.get('web')).metadata.resourceVersion, 'said once').to.equal(resourceVersion);
  });

  it('comes to a pod that the agent has never seen alive', async () => {
    await lab.manager.stop();
    await lab.create('web', {}, { finalizers: ['example.com/look'] });
    await remove('web');
    await lab.restart();
    await lab.untilPhase('web', 'Failed');
    await lab.pass(2000);
    expect(isEmpty()).to.equal(true);
    expect(lab.runtime.calls).to.deep.equal([]);
  });

  it('comes after activeDeadlineSeconds', async () => {
    await lab.create('slow', { activeDeadlineSeconds: 15 });
    await lab.untilReady('slow');
    const pod = await lab.untilPhase('slow', 'Failed');
    expect(pod.status).to.include({ reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' });
    expect(lab.clock.now() - Date.parse(pod.status.startTime ?? '')).to.be.within(15_000, 20_000);
  });

  it('by eviction says why, and resolves when nothing runs', async () => {
    lab.runtime.programs.set('main', { stopsMs: 3000 });
    const { metadata } = await lab.create('web');
    await lab.untilReady('web');
    let evicted = false;
    void lab.manager.evict(metadata.uid, 'Evicted', 'The node was low on resource: memory.', 30).then(() => {
      evicted = true;
    });
    await lab.pass(1000);
    expect(evicted).to.equal(false);
    const pod = await lab.untilPhase('web', 'Failed');
    expect(pod.status).to.include({ reason: 'Evicted', message: 'The node was low on resource: memory.' });
    expect(conditionOf(pod, 'DisruptionTarget')).to.include({ status: 'True', reason: 'TerminationByKubelet' });
    await lab.until(() => evicted, 'the caller is told');
    expect(lab.network.attached.size).to.equal(0);
  });

  it('goes on in an agent that starts again', async () => {
    lab.runtime.programs.set('main', { stopsMs: Infinity });
    await lab.create('web', { terminationGracePeriodSeconds: 30 });
    await lab.untilReady('web');
    await remove('web');
    await lab.pass(3000);
    await lab.restart();
    await lab.untilGone('web');
    expect(isEmpty()).to.equal(true);
  });

  it('comes to pods that are gone from the API, with the grace that is written on them', async () => {
    lab.runtime.programs.set('main', { stopsMs: 4000 });
    await lab.create('web', { terminationGracePeriodSeconds: 10 });
    await lab.untilReady('web');
    await lab.manager.stop();
    await remove('web', 0);
    await lab.restart();
    await lab.until(isEmpty, 'nothing left');
    expect(lab.runtime.calls.filter((call) => call.startsWith('stopContainer')).length).to.equal(1);
  });

  it('releases the network again and again until it has let go', async () => {
    await lab.create('web');
    await lab.untilReady('web');
    lab.network.failures.del = 2;
    await remove('web');
    await lab.untilGone('web');
    expect(isEmpty()).to.equal(true);
    expect(lab.eventsOf('web').filter((event) => event.startsWith('Warning FailedKillPod'))).to.have.length(2);
  });
});

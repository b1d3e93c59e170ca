import { expect } from 'chai';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { conditionOf, PodLab } from '#test/fixtures/pod-lab.ts';

describe('Containers of a pod', () => {
  let lab: PodLab;
  beforeEach(async () => {
    lab = await PodLab.start();
  });
  afterEach(() => lab.stop());

  const attempt = (name = 'main'): number | undefined => lab.runtime.find(name)?.attempt;
  const status = async (pod: string, container = 'main') => (await lab.get(pod)).status.containerStatuses?.find(({ name }) => name === container);

  it('are started again with a back-off that doubles', async () => {
    lab.runtime.programs.set('main', { runsMs: 1000, exitCode: 3 });
    await lab.create('crash');
    await lab.until(() => attempt() === 1, 'the first restart, at once', 5000);
    const second = lab.clock.now();
    await lab.until(async () => (await status('crash'))?.state.waiting?.reason === 'CrashLoopBackOff', 'CrashLoopBackOff');
    const pod = await lab.get('crash');
    expect((await status('crash'))?.state.waiting?.message).to.equal(`back-off 10s restarting failed container=main pod=crash_default(${pod.metadata.uid})`);
    expect((await status('crash'))?.lastState.terminated).to.include({ exitCode: 3, reason: 'Error' });
    expect(pod.status.phase).to.equal('Running');
    const runFor = async (previous: boolean) => (await lab.manager.container(pod.metadata.uid, 'main', { previous }, new AbortController().signal))?.attempt;
    expect([await runFor(false), await runFor(true)], 'while it waits, what ended last is both').to.deep.equal([1, 1]);
    await lab.until(() => attempt() === 2, 'the second restart');
    expect(lab.clock.now() - second).to.be.within(11_000, 13_500);
    const third = lab.clock.now();
    await lab.until(() => attempt() === 3, 'the third restart');
    expect(lab.clock.now() - third).to.be.within(21_000, 23_500);
    const told = lab.eventsOf('crash').filter((event) => event.startsWith('Warning BackOff'));
    expect(told, 'each time once').to.deep.equal(Array.from({ length: 2 }, () => `Warning BackOff Back-off restarting failed container main in pod crash_default(${pod.metadata.uid})`));
    expect([...lab.runtime.made.values()].length, 'one dead one is kept').to.be.at.most(2);
    await lab.until(async () => (await status('crash'))?.state.running !== undefined, 'it is shown');
    expect([await runFor(false), await runFor(true)]).to.deep.equal([3, 2]);
  });

  it('are tried at once with another image', async () => {
    lab.runtime.addImage('busybox:2');
    lab.runtime.programs.set('main', { runsMs: 1000, exitCode: 3 });
    await lab.create('crash');
    await lab.until(() => attempt() === 4, 'the fourth restart', 120_000);
    await lab.until(async () => (await status('crash'))?.state.waiting?.reason === 'CrashLoopBackOff', 'CrashLoopBackOff');
    lab.runtime.programs.set('main', {});
    await lab.client.patch(Pod, { namespace: 'default', name: 'crash' }, { type: 'strategic', document: { spec: { containers: [{ name: 'main', image: 'busybox:2' }] } } });
    await lab.until(() => lab.runtime.find('main')?.image === 'busybox:2', 'the new image', 11_000);
  });

  it('go on when somebody takes their network away, and get another', async () => {
    await lab.create('web');
    await lab.until(async () => (await lab.get('web')).status.podIP !== undefined, 'an address');
    const { podIP } = (await lab.get('web')).status;
    await lab.pass(130_000);
    expect((await lab.get('web')).status.podIP, 'while nobody does').to.equal(podIP);
    lab.network.attached.clear();
    await lab.until(async () => (await lab.get('web')).status.podIP !== podIP, 'another address', 200_000);
    expect(lab.network.attached.size).to.equal(1);
    expect((await status('web'))?.restartCount).to.equal(0);
    expect(lab.eventsOf('web')).to.include('Warning SandboxNetworkLost the network of the pod is not what it was, and is made again: the interface eth0 is gone');
  });

  it('that end well make a pod that succeeds, by its policy', async () => {
    lab.runtime.programs.set('main', { runsMs: 1000, lastWords: 'I am done' });
    await lab.create('job', { restartPolicy: 'OnFailure' });
    const pod = await lab.untilPhase('job', 'Succeeded');
    expect(pod.status.containerStatuses?.[0]?.state.terminated).to.include({ exitCode: 0, reason: 'Completed', message: 'I am done' });
    expect(conditionOf(pod, 'Ready')).to.include({ status: 'False', reason: 'PodCompleted' });
    expect(conditionOf(pod, 'Initialized')).to.include({ status: 'True', reason: 'PodCompleted' });
    await lab.pass(2000);
    expect(lab.network.attached.size, 'its address is free').to.equal(0);
    expect(lab.runtime.made.size, 'its logs stay').to.equal(1);
    await lab.client.delete(Pod, { namespace: 'default', name: 'job' });
    await lab.until(() => lab.runtime.made.size === 0 && lab.runtime.sandboxes.size === 0, 'nothing left');
  });

  it('that fail make a pod that fails where nothing is started again', async () => {
    lab.runtime.programs.set('main', { runsMs: 1000, exitCode: 7, oomKilled: true });
    await lab.create('job', { restartPolicy: 'Never' });
    const pod = await lab.untilPhase('job', 'Failed');
    expect(pod.status.containerStatuses?.[0]).to.deep.include({ restartCount: 0, ready: false });
    expect(pod.status.containerStatuses?.[0]?.state.terminated).to.include({ exitCode: 7, reason: 'OOMKilled' });
  });

  it('begin after the init containers, one after the other', async () => {
    lab.runtime.programs.set('a', { runsMs: 3000 }).set('b', { runsMs: 3000 });
    await lab.create('web', { initContainers: [{ name: 'a', image: 'busybox:1' }, { name: 'b', image: 'busybox:1' }] });
    await lab.until(() => lab.runtime.find('a')?.state === 'Running', 'a runs');
    expect(lab.runtime.find('b')).to.equal(undefined);
    await lab.until(async () => (await lab.get('web')).status.initContainerStatuses?.[0]?.state.running !== undefined, 'a shown');
    let pod = await lab.get('web');
    expect(pod.status.phase).to.equal('Pending');
    expect(pod.status.containerStatuses?.[0]?.state.waiting?.reason).to.equal('PodInitializing');
    expect(conditionOf(pod, 'Initialized')).to.include({ status: 'False', reason: 'ContainersNotInitialized', message: 'containers with incomplete status: [a b]' });
    await lab.until(() => lab.runtime.find('b')?.state === 'Running', 'b runs');
    expect(lab.runtime.find('main')).to.equal(undefined);
    pod = await lab.untilReady('web');
    expect(pod.status.initContainerStatuses?.map(({ ready, state }) => [ready, state.terminated?.reason])).to.deep.equal([[true, 'Completed'], [true, 'Completed']]);
  });

  it('never begin when an init container fails for good', async () => {
    lab.runtime.programs.set('a', { runsMs: 1000, exitCode: 1 });
    await lab.create('web', { restartPolicy: 'Never', initContainers: [{ name: 'a', image: 'busybox:1' }] });
    await lab.untilPhase('web', 'Failed');
    expect(lab.runtime.find('main')).to.equal(undefined);
  });

  it('have sidecars that start before them and stop after them', async () => {
    lab.runtime.programs.set('main', { runsMs: 5000 }).set('one', { stopsMs: 1000 }).set('two', { stopsMs: 1000 });
    const sidecar = (name: string) => ({ name, image: 'busybox:1', restartPolicy: 'Always' as const });
    await lab.create('job', { restartPolicy: 'Never', initContainers: [{ ...sidecar('one'), startupProbe: { exec: { command: ['ok'] }, periodSeconds: 1, initialDelaySeconds: 2 } }, sidecar('two')] });
    await lab.until(() => lab.runtime.find('one')?.state === 'Running', 'one runs');
    await lab.pass(1000);
    expect(lab.runtime.find('two'), 'two waits for the startup probe of one').to.equal(undefined);
    const pod = await lab.untilPhase('job', 'Succeeded');
    const ends = ['main', 'two', 'one'].map((name) => lab.runtime.find(name)?.finishedAt ?? 0);
    expect(ends).to.deep.equal(ends.toSorted((a, b) => a - b));
    expect(new Set(ends).size).to.equal(3);
    expect(pod.status.initContainerStatuses?.every(({ state }) => state.terminated !== undefined)).to.equal(true);
  });

  it('come back in a new sandbox when theirs has died', async () => {
    await lab.create('web');
    await lab.untilReady('web');
    const [first] = [...lab.runtime.sandboxes.keys()];
    lab.runtime.killSandbox(first!);
    await lab.until(() => attempt() === 1 && lab.runtime.find('main')?.state === 'Running', 'a new container');
    const pod = await lab.untilReady('web');
    expect(lab.eventsOf('web')).to.include('Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.');
    expect(lab.network.calls.filter((call) => call === `del ${first}`)).to.have.length(1);
    expect(pod.status.podIPs).to.deep.equal([{ ip: '10.244.0.3' }]);
    expect(pod.status.containerStatuses?.[0]?.restartCount).to.equal(1);
  });

  it('say why they cannot be started', async () => {
    lab.runtime.programs.set('main', { startError: 'exec: "nope": executable file not found' });
    await lab.create('web');
    await lab.until(async () => (await status('web'))?.state.waiting?.reason === 'RunContainerError', 'RunContainerError');
    expect((await status('web'))?.state.waiting?.message).to.contain('executable file not found');
    expect((await status('web'))?.lastState.terminated).to.include({ exitCode: 127, reason: 'StartError' });
    await lab.until(async () => (await status('web'))?.state.waiting?.reason === 'CrashLoopBackOff', 'CrashLoopBackOff');
    const failures = lab.eventsOf('web').filter((event) => event.startsWith('Warning Failed '));
    expect(failures.length, 'each attempt, which has an id of its own').to.be.greaterThan(1);
    expect(new Set(failures)).to.deep.equal(new Set(['Warning Failed Error: cannot start container main: exec: "nope": executable file not found']));
  });

  it('are made anew with another image', async () => {
    lab.runtime.addImage('busybox:2');
    await lab.create('web');
    await lab.untilReady('web');
    await lab.client.patch(Pod, { namespace: 'default', name: 'web' }, { type: 'strategic', document: { spec: { containers: [{ name: 'main', image: 'busybox:2' }] } } });
    await lab.until(() => lab.runtime.find('main')?.image === 'busybox:2', 'the new image');
    expect(attempt()).to.equal(1);
    expect(lab.eventsOf('web')).to.include('Normal Killing Container main definition changed, will be restarted');
  });

  it('are ended when their postStart hook fails', async () => {
    let code = 1;
    lab.runtime.programs.set('main', { exec: () => ({ exitCode: code, stdout: '', stderr: 'no' }) });
    await lab.create('web', { containers: [{ name: 'main', image: 'busybox:1', lifecycle: { postStart: { exec: { command: ['hello'] } } } }] });
    await lab.until(async () => (await status('web'))?.state.waiting?.reason === 'PostStartHookError', 'PostStartHookError');
    expect(lab.eventsOf('web')).to.include.members(['Warning FailedPostStartHook PostStartHook failed', 'Normal Killing FailedPostStartHook']);
    expect(lab.runtime.find('main')?.state).to.equal('Exited');
    code = 0;
    await lab.untilReady('web');
  });

  it('sleep before they stop when a hook says so', async () => {
    await lab.create('web', { containers: [{ name: 'main', image: 'busybox:1', lifecycle: { preStop: { sleep: { seconds: 5 } } } }] });
    await lab.untilReady('web');
    const began = lab.clock.now();
    await lab.client.delete(Pod, { namespace: 'default', name: 'web' });
    await lab.untilGone('web');
    expect(lab.clock.now() - began).to.be.within(5000, 7000);
  });

  it('may be added for debugging', async () => {
    await lab.create('web');
    await lab.untilReady('web');
    const pod = await lab.get('web');
    await lab.client.patch(Pod, pod.metadata, { type: 'strategic', document: { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox:1', targetContainerName: 'main' }] } } }, { subresource: 'ephemeralcontainers' });
    await lab.until(() => lab.runtime.find('debug')?.state === 'Running', 'it runs');
    expect(lab.runtime.configOf('debug')?.pidOfContainer).to.equal(lab.runtime.find('main')?.id);
    await lab.until(async () => (await lab.get('web')).status.ephemeralContainerStatuses?.[0]?.state.running !== undefined, 'it is shown');
    lab.runtime.exit(lab.runtime.find('debug')!.id, 1);
    await lab.pass(5000);
    expect(attempt('debug'), 'never restarted').to.equal(0);
  });

  it('are held to resources that change', async () => {
    const resources = (cpu: string) => ({ requests: { cpu }, limits: { cpu } });
    await lab.create('web', { containers: [{ name: 'main', image: 'busybox:1', resources: resources('100m') }] });
    const pod = await lab.untilReady('web');
    await lab.client.patch(Pod, pod.metadata, { type: 'strategic', document: { spec: { containers: [{ name: 'main', resources: resources('200m') }] } } }, { subresource: 'resize' });
    await lab.until(() => lab.runtime.calls.some((call) => call.startsWith('updateResources') && call.includes('"cpuQuota":20000')), 'the new quota');
    await lab.until(async () => (await status('web'))?.resources?.limits?.['cpu'] === '200m', 'it is shown');
    expect(attempt()).to.equal(0);
  });

  it('are not given what the node does not have', async () => {
    const requests = (cpu: string) => [{ name: 'main', image: 'busybox:1', resources: { requests: { cpu } } }];
    await lab.create('other', { containers: requests('2').map((one) => ({ ...one, name: 'other' })) });
    await lab.create('web', { containers: requests('1') });
    await lab.untilReady('web');
    const resize = (cpu: string): Promise<Pod> => lab.client.patch(Pod, { namespace: 'default', name: 'web' }, { type: 'strategic', document: { spec: { containers: requests(cpu) } } }, { subresource: 'resize' });
    const pending = async () => conditionOf(await lab.get('web'), 'PodResizePending');
    await resize('9');
    await lab.until(async () => (await pending())?.reason === 'Infeasible', 'Infeasible');
    await resize('3');
    await lab.until(async () => (await pending())?.reason === 'Deferred', 'Deferred');
    expect((await pending())?.message).to.equal("Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000");
    expect((await status('web'))?.allocatedResources).to.deep.equal({ cpu: '1' });
    await lab.restart();
    await lab.pass(3000);
    expect((await status('web'))?.allocatedResources).to.deep.equal({ cpu: '1' });
    await lab.client.delete(Pod, { namespace: 'default', name: 'other' });
    await lab.until(async () => (await pending()) === undefined, 'the resize');
    expect((await status('web'))?.allocatedResources).to.deep.equal({ cpu: '3' });
    expect(attempt()).to.equal(0);
  });

  it('are made anew for a resize where they say so', async () => {
    const containers = (memory: string) => [{ name: 'main', image: 'busybox:1', resources: { requests: { memory }, limits: { memory } }, resizePolicy: [{ resourceName: 'memory' as const, restartPolicy: 'RestartContainer' as const }] }];
    await lab.create('web', { containers: containers('1Gi') });
    await lab.untilReady('web');
    await lab.client.patch(Pod, { namespace: 'default', name: 'web' }, { type: 'strategic', document: { spec: { containers: containers('2Gi') } } }, { subresource: 'resize' });
    await lab.until(() => attempt() === 1 && lab.runtime.find('main')?.state === 'Running', 'a restart');
    expect(lab.runtime.configOf('main')?.resources.memoryLimit).to.equal(2 * 2 ** 30);
    expect(lab.eventsOf('web')).to.include('Normal Killing Container main resize requires restart');
  });
});

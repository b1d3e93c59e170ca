import { expect } from 'chai';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { VolumeError } from '#core/agent/volumes/pod-volumes.ts';
import { conditionOf, PodLab } from '#test/fixtures/pod-lab.ts';

describe('PodManager', () => {
  let lab: PodLab;
  beforeEach(async () => {
    lab = await PodLab.start();
  });
  afterEach(() => lab.stop());

  it('runs a pod and says so', async () => {
    await lab.create('web');
    const pod = await lab.untilReady('web');
    expect(pod.status).to.deep.include({ phase: 'Running', podIP: '10.244.0.2', hostIP: '192.168.0.10', qosClass: 'BestEffort' });
    expect(pod.status.containerStatuses?.[0]).to.deep.include({ name: 'main', ready: true, started: true, restartCount: 0, containerID: `fake://${lab.runtime.find('main')?.id}` });
    expect(lab.eventsOf('web')).to.deep.equal([
      'Normal Pulled Container image "busybox:1" already present on machine', 'Normal Created Created container: main', 'Normal Started Started container main',
    ]);
    for (const type of ['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready', 'PodScheduled']) expect(conditionOf(pod, type)?.status, type).to.equal('True');
  });

  it('says of which container it tells', async () => {
    lab.runtime.programs.set('setup', { runsMs: 1000 });
    lab.volumes.failure = new VolumeError('FailedMount', 'not yet');
    await lab.create('web', {
      initContainers: [{ name: 'setup', image: 'busybox:1' }],
      containers: [{ name: 'main', image: 'busybox:1', lifecycle: { preStop: { httpGet: { host: '127.0.0.1', port: 1 } } } }, { name: 'other', image: 'none:1' }],
    });
    await lab.until(() => lab.events.length > 0, 'the volume is missed');
    lab.volumes.failure = undefined;
    await lab.until(() => lab.parts.includes('BackOff spec.containers{other}'), 'the image is missed');
    const pod = await lab.get('web');
    await lab.client.patch(Pod, pod.metadata, { type: 'strategic', document: { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox:1' }] } } }, { subresource: 'ephemeralcontainers' });
    await lab.until(() => lab.runtime.find('debug')?.state === 'Running', 'it runs');
    await lab.client.delete(Pod, { namespace: 'default', name: 'web' });
    await lab.untilGone('web');
    const begun = ['Pulled', 'Created', 'Started'];
    expect([...new Set(lab.parts)].toSorted()).to.deep.equal([
      'FailedMount pod', ...begun.map((reason) => `${reason} spec.initContainers{setup}`), ...begun.map((reason) => `${reason} spec.containers{main}`),
      ...['Pulling', 'Failed', 'BackOff'].map((reason) => `${reason} spec.containers{other}`), ...begun.map((reason) => `${reason} spec.ephemeralContainers{debug}`),
      'FailedPreStopHook spec.containers{main}', 'Killing spec.containers{main}', 'Killing spec.ephemeralContainers{debug}',
    ].toSorted());
  });

  it('leaves nothing of a pod that is deleted', async () => {
    await lab.create('web');
    await lab.untilReady('web');
    await lab.client.delete(Pod, { namespace: 'default', name: 'web' });
    await lab.untilGone('web');
    expect(lab.runtime.sandboxes.size).to.equal(0);
    expect(lab.runtime.made.size).to.equal(0);
    expect(lab.network.attached.size).to.equal(0);
    expect(lab.volumes.prepared.size).to.equal(0);
    expect(lab.eventsOf('web').at(-1)).to.equal('Normal Killing Stopping container main');
  });
});

import { expect } from 'chai';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
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

import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Binding, Pod } from '#core/api/schema/core-v1/pod.ts';
import { PodDisruptionBudget } from '#core/api/schema/policy-v1.ts';
import { PriorityClass } from '#core/api/schema/scheduling-v1.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { VolumeBindingController } from '#core/controllers/volume-binding/controller.ts';
import { VolumeProvisioningController } from '#core/controllers/volume-provisioning/controller.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import type { Gate } from '#test/fixtures/in-memory-client.ts';
import { MemoryVolumeDriver } from '#test/fixtures/memory-volume-driver.ts';
import { SchedulingWorld } from '#test/fixtures/scheduling-world.ts';

const gate = { schedulingGates: [{ name: 'example.com/wait' }] };
const priority = (name: string) => ({ priorityClassName: name });

/** The scheduler as a process runs it, over the real API in memory. Nodes are only objects, and nobody runs the pods. */
describe('the scheduler over the API', function () {
  this.timeout(20_000);

  let world: SchedulingWorld;
  afterEach(() => world.stop());

  describe('of pods without volumes', () => {
    beforeEach(async () => {
      world = await SchedulingWorld.start();
    });

    it('binds a pod to a node with room, and says so', async () => {
      await world.createNode('n1', { cpu: '1' });
      await world.createNode('n2', { cpu: '4' });
      await world.createPod('web', { cpu: '2' });
      await world.untilScheduled('web', 'n2');
      const { status } = await world.getPod('web');
      expect(status.conditions?.map(({ type, status: holds }) => `${type} ${holds}`)).to.deep.equal(['PodScheduled True']);
      await world.untilEvents('web', ['Normal Scheduled Successfully assigned default/web to n2']);
    });

    it('is not even loaded before a pod needs it, and leaves other schedulers\' pods alone', async () => {
      await world.createNode('n1');
      await world.createPod('theirs', {}, { schedulerName: 'another' });
      await world.createPod('placed', {}, { nodeName: 'n1' });
      expect(world.scheduler.report()).to.equal(undefined);
      await world.createPod('ours');
      await world.untilScheduled('ours', 'n1');
      expect((await world.getPod('theirs')).spec.nodeName).to.equal(undefined);
    });

    it('says why there is no node, in the status and in an event, and schedules when that changes', async () => {
      await world.createNode('small', { cpu: '1' });
      await world.createNode('cordoned', {}, {}, { unschedulable: true });
      await world.createNode('tainted', {}, {}, { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] });
      await world.createPod('web', { cpu: '2' });
      const message = '0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {dedicated: db}, 1 node(s) were unschedulable. ' +
        'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.';
      expect(await world.untilUnschedulable('web')).to.equal(message);
      await world.untilEvents('web', [`Warning FailedScheduling ${message}`]);
      await world.uncordon('cordoned');
      await world.untilScheduled('web', 'cordoned');
    });

    it('says that there are no nodes at all', async () => {
      await world.createPod('web');
      expect(await world.untilUnschedulable('web')).to.equal('no nodes available to schedule pods');
      await world.createNode('n1');
      await world.untilScheduled('web', 'n1');
    });

    it('does not look at gated pods until the last gate is gone', async () => {
      await world.createNode('n1');
      await world.createPod('gated', {}, gate);
      await world.createPod('open');
      await world.untilScheduled('open');
      const { spec, status } = await world.getPod('gated');
      expect(spec.nodeName).to.equal(undefined);
      expect(status.conditions?.map(({ type, status: holds, reason }) => [type, holds, reason])).to.deep.equal([['PodScheduled', 'False', 'SchedulingGated']]);
      expect(await world.events('gated')).to.deep.equal([]);
      await world.client.patch(Pod, { namespace: 'default', name: 'gated' }, { type: 'merge', document: { spec: { schedulingGates: null } } });
      await world.untilScheduled('gated', 'n1');
    });

    it('never has more on a node than fits, however many come at once', async () => {
      for (let i = 0; i < 10; i++) await world.createNode(`n${i}`, { cpu: '4', pods: '8' });
      await Promise.all(Array.from({ length: 100 }, (_, i) => world.createPod(`p${i}`, { cpu: '500m' })));
      await eventually(() => world.scheduler.report()?.waiting === 20 && world.scheduler.report()?.writing === 0, '80 of 100 pods to be scheduled');
      const { items } = await world.client.list(Pod, { namespace: 'default' });
      const counts = new Map<string, number>();
      for (const { spec: { nodeName } } of items) if (nodeName !== undefined) counts.set(nodeName, (counts.get(nodeName) ?? 0) + 1);
      expect([...counts.values()]).to.deep.equal(Array.from({ length: 10 }, () => 8));
    });

    it('lives with somebody else who fills its nodes', async () => {
      await world.createNode('n1', { cpu: '2' });
      await world.createPod('theirs', { cpu: '2' }, { schedulerName: 'another' });
      await world.client.create(Binding, { metadata: { namespace: 'default', name: 'theirs' }, target: { kind: 'Node', name: 'n1' } });
      await world.createPod('ours', { cpu: '1' });
      expect(await world.untilUnschedulable('ours')).to.contain('1 Insufficient cpu');
      await world.kill('theirs');
      await world.untilScheduled('ours', 'n1');
      const again = world.client.create(Binding, { metadata: { namespace: 'default', name: 'ours' }, target: { kind: 'Node', name: 'n2' } });
      expect(await again.catch((error: unknown) => StatusError.is(error, 'Conflict')), 'a pod is bound once').to.equal(true);
    });
  });

  describe('when room is made', () => {
    beforeEach(async () => {
      world = await SchedulingWorld.start();
      for (const [name, value] of [['low', 1], ['high', 1000]] as const) await world.client.create(PriorityClass, { metadata: { name }, value });
    });

    it('nominates the node, tells the victims, and binds when they are gone', async () => {
      await world.createNode('n1', { cpu: '2' });
      await world.createPod('victim', { cpu: '2' }, { ...priority('low'), terminationGracePeriodSeconds: 30 });
      await world.untilScheduled('victim', 'n1');
      await world.createPod('urgent', { cpu: '1' }, priority('high'));
      await eventually(async () => (await world.getPod('urgent')).status.nominatedNodeName === 'n1', 'the nomination');
      const victim = await world.getPod('victim');
      expect(victim.metadata.deletionGracePeriodSeconds).to.equal(30);
      const [told] = (victim.status.conditions ?? []).filter(({ type }) => type === 'DisruptionTarget');
      expect([told?.status, told?.reason, told?.message]).to.deep.equal(['True', 'PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod']);
      const { metadata: { uid }, spec } = await world.getPod('urgent');
      expect(spec.nodeName, 'while the victim is still there').to.equal(undefined);
      await world.untilEvents('victim', ['Normal Scheduled Successfully assigned default/victim to n1', `Normal Preempted Preempted by pod ${uid} on node n1`]);
      await world.createPod('sneaky', { cpu: '1' }, priority('low'));
      expect(await world.untilUnschedulable('sneaky'), 'room that is being made is not for others').to.contain('1 Insufficient cpu');
      await world.kill('victim');
      await world.untilScheduled('urgent', 'n1');
      await world.untilScheduled('sneaky', 'n1');
      await world.untilEvents('urgent', [
        'Warning FailedScheduling 0/1 nodes are available: 1 Insufficient cpu.', 'Normal Scheduled Successfully assigned default/urgent to n1',
      ]);
    });

    it('spares pods whose budget is used up', async () => {
      for (const name of ['guarded', 'free']) {
        await world.createNode(`node-of-${name}`, { cpu: '1' });
        await world.createPod(name, { cpu: '1' }, { ...priority('low'), nodeName: `node-of-${name}` }, { labels: { app: name } });
      }
      await world.client.create(PodDisruptionBudget, { metadata: { namespace: 'default', name: 'b' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } } });
      await world.createPod('urgent', { cpu: '1' }, priority('high'));
      await eventually(async () => (await world.getPod('free')).metadata.deletionTimestamp !== undefined, 'the free pod to be deleted');
      expect((await world.getPod('guarded')).metadata.deletionTimestamp).to.equal(undefined);
    });

    it('makes room for many at once, and takes no more than it must', async () => {
      world.runKubelet();
      for (let i = 0; i < 10; i++) {
        await world.createNode(`n${i}`, { cpu: '2' });
        for (const half of ['a', 'b']) await world.createPod(`low-${i}${half}`, { cpu: '1' }, { ...priority('low'), nodeName: `n${i}` });
      }
      await Promise.all(Array.from({ length: 10 }, (_, i) => world.createPod(`high-${i}`, { cpu: '1' }, priority('high'))));
      for (let i = 0; i < 10; i++) await world.untilScheduled(`high-${i}`);
      const { items } = await world.client.list(Pod, { namespace: 'default' });
      expect(items.filter(({ metadata }) => metadata.name.startsWith('low'))).to.have.length(10);
    });
  });

  it('makes room for two that come in one breath on two nodes', async () => {
    world = await SchedulingWorld.start({ scheduling: false });
    for (const [name, value] of [['low', 1], ['lower', 0], ['high', 1000]] as const) await world.client.create(PriorityClass, { metadata: { name }, value });
    // Both would rather have the second.
    for (const [i, name] of ['low', 'lower'].entries()) {
      await world.createNode(`n${i}`, { cpu: '1' });
      await world.createPod(`victim-${i}`, { cpu: '1' }, { ...priority(name), nodeName: `n${i}` });
    }
    for (const name of ['a', 'b']) await world.createPod(name, { cpu: '1' }, priority('high'));
    await world.scheduler.start();
    const nominated = async () => Promise.all(['a', 'b'].map(async (name) => (await world.getPod(name)).status.nominatedNodeName));
    await eventually(async () => (await nominated()).every((name) => name !== undefined), 'two nominations');
    expect((await nominated()).toSorted()).to.deep.equal(['n0', 'n1']);
  });

  describe('when the API is in trouble', () => {
    let fault: ((what: string) => 'refuse' | 'lose' | undefined) | undefined;
    const faulty: Gate = async ({ what }, effect) => {
      const kind = fault?.(what);
      if (kind === 'refuse') throw new StatusError('ServiceUnavailable', 'the API is away');
      const answer = await effect();
      if (kind === 'lose') throw new StatusError('Timeout', 'the answer was lost');
      return answer;
    };

    beforeEach(async () => {
      world = await SchedulingWorld.start({ gate: faulty });
      await world.createNode('n1', { cpu: '1' });
    });

    it('tries again, and does not count the pod as placed meanwhile', async () => {
      let failures = 0;
      fault = (what) => (what === 'create bindings' && failures++ < 1 ? 'refuse' : undefined);
      await world.createPod('web', { cpu: '1' });
      await world.untilScheduled('web', 'n1');
      expect(failures).to.equal(2);
      expect((await world.events('web'))[0]).to.equal('Warning FailedScheduling the API is away');
    });

    it('finds out what became of a binding whose answer was lost', async () => {
      fault = (what) => (what === 'create bindings' ? 'lose' : undefined);
      await world.createPod('web', { cpu: '1' });
      await world.untilScheduled('web', 'n1');
      await world.untilEvents('web', ['Normal Scheduled Successfully assigned default/web to n1']);
      await world.createPod('second', { cpu: '1' });
      expect(await world.untilUnschedulable('second')).to.contain('Insufficient cpu');
    });
  });

  describe('of pods with volumes', () => {
    let driver: MemoryVolumeDriver;
    const mounting = (claimName: string) => ({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] });
    const claim = (name: string, spec = {}) => ({
      metadata: { namespace: 'default', name },
      spec: { storageClassName: 'wait', accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } }, ...spec },
    });

    beforeEach(async () => {
      driver = new MemoryVolumeDriver();
      const recorder = { normal: () => undefined, warning: () => undefined };
      world = await SchedulingWorld.start({
        controllers: (parts) => {
          const all = { ...parts, recorder, logger: silentLogger, drivers: [driver] };
          return [new VolumeBindingController(all), new VolumeProvisioningController(all)];
        },
      });
      await world.client.create(StorageClass, { metadata: { name: 'wait' }, provisioner: driver.name, volumeBindingMode: 'WaitForFirstConsumer' });
      for (const name of ['n1', 'n2']) await world.createNode(name, { cpu: name === 'n1' ? '1' : '4' });
    });

    it('chooses the node, has the volume made there, and binds the pod only then', async () => {
      await world.client.create(PersistentVolumeClaim, claim('data'));
      await world.createPod('web', { cpu: '2' }, mounting('data'));
      await world.untilScheduled('web', 'n2');
      const bound = await world.client.get(PersistentVolumeClaim, { namespace: 'default', name: 'data' });
      expect([bound.status.phase, bound.metadata.annotations?.['volume.kubernetes.io/selected-node']]).to.deep.equal(['Bound', 'n2']);
      const volume = await world.client.get(PersistentVolume, { name: bound.spec.volumeName ?? '' });
      expect(driver.volumes.size).to.equal(1);
      expect(volume.spec.claimRef?.uid).to.equal(bound.metadata.uid);
    });

    it('waits for a claim that comes later', async () => {
      await world.createPod('web', {}, mounting('data'));
      expect(await world.untilUnschedulable('web')).to.equal(
        '0/2 nodes are available: persistentvolumeclaim "data" not found. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.');
      await world.client.create(PersistentVolumeClaim, claim('data'));
      await world.untilScheduled('web');
    });

    it('goes where a volume is that exists, and takes one for each claim', async () => {
      await world.client.create(StorageClass, { metadata: { name: 'local' }, provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' });
      for (const nodeName of ['n1', 'n2']) {
        await world.client.create(PersistentVolume, {
          metadata: { name: `on-${nodeName}` },
          spec: {
            capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'local', local: { path: '/mnt' },
            nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] }] } },
          },
        });
      }
      const names = ['a', 'b', 'c'];
      for (const name of names) await world.client.create(PersistentVolumeClaim, claim(name, { storageClassName: 'local' }));
      await eventually(async () => (await world.client.list(PersistentVolume)).items.every(({ status }) => status.phase === 'Available'), 'the volumes to be available');
      await Promise.all(names.slice(0, 2).map((name) => world.createPod(name, {}, mounting(name))));
      expect([await world.untilScheduled('a'), await world.untilScheduled('b')].toSorted()).to.deep.equal(['n1', 'n2']);
      await world.createPod('c', {}, mounting('c'));
      expect(await world.untilUnschedulable('c')).to.contain("2 node(s) didn't find available persistent volumes to bind");
    });

    it('brings two pods that share a claim to one node', async () => {
      await world.client.create(PersistentVolumeClaim, claim('data'));
      await Promise.all(['a', 'b'].map((name) => world.createPod(name, { cpu: '100m' }, mounting('data'))));
      const first = await world.untilScheduled('a');
      await world.untilScheduled('b');
      const volume = (await world.client.list(PersistentVolume)).items;
      expect(volume).to.have.length(1);
      expect(first).to.match(/^n[12]$/);
    });

    it('looks for another node when no volume can be made on the one it chose', async () => {
      await world.client.create(PersistentVolumeClaim, claim('data'));
      let resets = 0;
      const end = world.informers.for(PersistentVolumeClaim).subscribe((found) => {
        const selected = found?.metadata.annotations?.['volume.kubernetes.io/selected-node'];
        if (selected === undefined || resets++ > 0) return;
        // As a provisioner does that finds no room there.
        void world.client.patch(PersistentVolumeClaim, found!.metadata, { type: 'merge', document: { metadata: { annotations: { 'volume.kubernetes.io/selected-node': null } } } });
      });
      await world.createPod('web', {}, mounting('data'));
      await world.untilScheduled('web');
      end();
    });
  });
});

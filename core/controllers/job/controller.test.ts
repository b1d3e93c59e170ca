import { expect } from 'chai';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { JobWorld } from '#test/fixtures/job-world.ts';
import { trackingFinalizer } from './names.ts';

const second = 1000;
const minute = 60 * second;

for (const stale of [false, true]) {
  describe(`job${stale ? ' with slow caches' : ''}`, () => {
    let world: JobWorld;
    beforeEach(async () => {
      world = await JobWorld.begin({ seed: 7, stale });
    });
    afterEach(() => world.stop());

    it('runs as many pods at a time as it may, until enough have succeeded', async () => {
      const { metadata: { uid } } = await world.make({ parallelism: 2, completions: 5 });
      await world.settle();
      const [pod] = await world.pods();
      expect(pod?.metadata.name).to.match(/^work-[a-z0-9]{5}$/);
      expect(pod?.metadata).to.deep.include({ generateName: 'work-', finalizers: [trackingFinalizer], ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid, controller: true, blockOwnerDeletion: true }] });
      expect(pod?.metadata.labels).to.include({ 'batch.kubernetes.io/controller-uid': uid, 'job-name': 'work' });
      expect(pod?.spec.hostname, 'only pods of indexes have a name of their own').to.equal(undefined);
      expect(await world.counts()).to.equal('2/0/0');
      const seen: string[] = [];
      for (let round = 0; round < 3; round++) {
        await world.exitAll(() => 0);
        await world.settle();
        seen.push(await world.counts());
      }
      expect(seen).to.deep.equal(['2/2/0', '1/4/0', '0/5/0']);
      const { startTime, completionTime, uncountedTerminatedPods, ready, terminating } = await world.status();
      expect([startTime !== undefined, completionTime !== undefined, uncountedTerminatedPods, ready, terminating]).to.deep.equal([true, true, {}, 0, 0]);
      expect(await world.conditions()).to.deep.equal(['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']);
      expect((await world.pods()).map(({ metadata }) => metadata.finalizers)).to.deep.equal(Array.from({ length: 5 }, () => undefined));
      expect([world.did('create pods'), world.messages()]).to.deep.equal([5, ['Normal Completed Job completed']]);
      const { length } = world.harness.effects;
      await world.settle(60 * minute);
      expect(world.harness.effects.length, 'nothing is left to do').to.equal(length);
    });

    it('is done, without a number of completions, once one has succeeded and the others have ended', async () => {
      await world.make({ parallelism: 3 });
      await world.settle();
      const [first] = await world.active();
      await world.exit(first!, 0);
      await world.settle();
      expect([await world.counts(), await world.conditions()]).to.deep.equal(['2/1/0', []]);
      const [second] = await world.active();
      await world.exit(second!, 1);
      await world.settle(20 * minute);
      expect([await world.counts(), world.did('create pods')]).to.deep.equal(['1/1/1', 3]);
      await world.exitAll(() => 0);
      await world.settle();
      expect([await world.counts(), (await world.conditions()).at(-1)]).to.deep.equal(['0/2/1', 'Complete CompletionsReached']);
    });

    it('counts pods that are ready', async () => {
      await world.make({ parallelism: 2 });
      await world.settle();
      const [pod] = await world.active();
      await world.report(pod!, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
      await world.settle();
      expect((await world.status()).ready).to.equal(1);
    });

    it('waits longer after each failure in a row, and fails beyond the limit', async () => {
      await world.make({ backoffLimit: 3 });
      await world.settle();
      for (const wait of [10, 20, 40]) {
        await world.exitAll(() => 1);
        await world.pass((wait - 1) * second);
        expect((await world.active()).length, `before ${wait} s`).to.equal(0);
        await world.pass(second);
        expect((await world.active()).length, `after ${wait} s`).to.equal(1);
      }
      await world.exitAll(() => 1);
      await world.settle();
      expect([await world.counts(), await world.conditions()]).to.deep.equal(['0/0/4', ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']]);
      expect(world.messages()).to.deep.equal(['Warning BackoffLimitExceeded Job has reached the specified backoff limit']);
    });

    it('forgets failures after a success', async () => {
      await world.make({ completions: 4, parallelism: 1 });
      await world.settle();
      await world.exitAll(() => 1);
      await world.settle(10 * second);
      await world.exitAll(() => 0);
      await world.settle();
      await world.exitAll(() => 1);
      await world.settle(10 * second);
      expect([await world.counts(), world.did('create pods')]).to.deep.equal(['1/1/2', 4]);
    });

    it('counts restarts where pods are restarted in place', async () => {
      await world.make({ backoffLimit: 2, template: { spec: { containers: [{ name: 'main', image: 'i' }], restartPolicy: 'OnFailure' } } });
      await world.settle();
      const [pod] = await world.active();
      const restarted = (restartCount: number) => world.report(pod!, { phase: 'Running', containerStatuses: [{ name: 'main', image: 'i', imageID: '', ready: true, restartCount, state: {} }] });
      await restarted(1);
      await world.settle();
      expect(await world.conditions()).to.deep.equal([]);
      await restarted(2);
      await world.settle();
      expect([await world.counts(), (await world.conditions()).at(-1), (await world.pods()).length]).to.deep.equal(['0/0/1', 'Failed BackoffLimitExceeded', 0]);
    });

    it('ends when its time is over, with all its pods', async () => {
      await world.make({ parallelism: 3, activeDeadlineSeconds: 60 });
      await world.pass(59 * second);
      expect(await world.counts()).to.equal('3/0/0');
      await world.pass(second);
      expect([await world.counts(), await world.conditions(), (await world.pods()).length]).to.deep.equal(['0/0/3', ['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded'], 0]);
      expect(world.messages()).to.deep.equal(['Warning DeadlineExceeded Job was active longer than specified deadline']);
    });

    it('fails for good only once its last pod is gone', async () => {
      await world.make({ parallelism: 1, activeDeadlineSeconds: 60, template: { metadata: { finalizers: ['example.com/hold'] }, spec: { containers: [{ name: 'main', image: 'i' }], restartPolicy: 'Never' } } });
      await world.settle(2 * minute);
      expect([await world.conditions(), (await world.status()).terminating]).to.deep.equal([['FailureTarget DeadlineExceeded'], 1]);
      const [pod] = await world.pods();
      await world.client.patch(Pod, pod!.metadata, { type: 'merge', document: { metadata: { finalizers: null } } });
      await world.settle();
      expect([(await world.conditions()).at(-1), (await world.status()).terminating, await world.counts()]).to.deep.equal(['Failed DeadlineExceeded', 0, '0/0/1']);
    });

    it('rests while it is suspended, and begins its time anew', async () => {
      await world.make({ parallelism: 2, completions: 4, suspend: true, activeDeadlineSeconds: 600 });
      await world.settle(20 * minute);
      expect([await world.counts(), await world.conditions(), (await world.status()).startTime]).to.deep.equal(['0/0/0', ['Suspended JobSuspended'], undefined]);
      await world.patch({ suspend: false });
      await world.settle();
      const started = (await world.status()).startTime;
      expect([await world.counts(), await world.conditions(), started !== undefined]).to.deep.equal(['2/0/0', [], true]);
      await world.clock.advance(5 * minute);
      await world.patch({ suspend: true });
      await world.settle(20 * minute);
      expect([await world.counts(), (await world.pods()).length], 'pods that were sent away have not failed').to.deep.equal(['0/0/0', 0]);
      await world.clock.advance(20 * minute);
      await world.patch({ suspend: false });
      await world.settle();
      expect(await world.counts()).to.equal('2/0/0');
      expect((await world.status()).startTime! > started!).to.equal(true);
      expect(world.messages()).to.deep.equal(['Normal Suspended Job suspended', 'Normal Resumed Job resumed', 'Normal Suspended Job suspended', 'Normal Resumed Job resumed']);
    });

    it('follows its parallelism', async () => {
      await world.make({ parallelism: 4, completions: 10 });
      await world.settle();
      await world.patch({ parallelism: 1 });
      await world.settle();
      expect([await world.counts(), (await world.pods()).length]).to.deep.equal(['1/0/0', 1]);
      await world.patch({ parallelism: 3 });
      await world.settle();
      expect(await world.counts()).to.equal('3/0/0');
    });

    it('replaces pods that are deleted at once, or once they are gone', async () => {
      for (const [policy, active, failed] of [['TerminatingOrFailed', 1, 1], ['Failed', 0, 0]] as const) {
        await world.make({ podReplacementPolicy: policy, template: { metadata: { finalizers: ['example.com/hold'] }, spec: { containers: [{ name: 'main', image: 'i' }], restartPolicy: 'Never' } } });
        await world.settle();
        const [pod] = await world.active();
        await world.client.delete(Pod, pod!.metadata);
        await world.settle(20 * minute);
        expect([policy, (await world.active()).length, (await world.status()).failed ?? 0, (await world.status()).terminating]).to.deep.equal([policy, active, failed, 1]);
        await world.exit(pod!, 1);
        await world.settle(20 * minute);
        expect([policy, (await world.active()).length, await world.counts()]).to.deep.equal([policy, 1, '1/0/1']);
        await world.client.delete(Job, world.key, { propagationPolicy: 'Background' });
        for (const each of await world.pods()) {
          await world.client.delete(Pod, each.metadata);
          await world.client.patch(Pod, each.metadata, { type: 'strategic', document: { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/hold'] } } });
        }
        await world.settle();
        expect(await world.pods(), 'pods of a Job that is gone are let go').to.deep.equal([]);
      }
    });

    it('adopts pods that it selects, and lets go those that it does not', async () => {
      const labels = { app: 'mine' };
      const orphan = await world.client.create(Pod, { metadata: { namespace: 'default', name: 'orphan', labels }, spec: { containers: [{ name: 'main', image: 'i' }], restartPolicy: 'Never' } });
      await world.settle();
      const { metadata: { uid } } = await world.make({ manualSelector: true, selector: { matchLabels: labels }, completions: 2, parallelism: 2, template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'i' }], restartPolicy: 'Never' } } });
      await world.settle();
      const adopted = await world.client.get(Pod, orphan.metadata);
      expect([adopted.metadata.ownerReferences?.[0]?.uid, adopted.metadata.finalizers, world.did('create pods')]).to.deep.equal([uid, [trackingFinalizer], 1]);
      await world.client.patch(Pod, orphan.metadata, { type: 'merge', document: { metadata: { labels: null } } });
      await world.settle();
      const left = await world.client.get(Pod, orphan.metadata);
      expect([left.metadata.ownerReferences ?? [], left.metadata.finalizers ?? [], await world.counts()]).to.deep.equal([[], [], '2/0/0']);
    });

    it('leaves Jobs of other controllers alone, with their pods', async () => {
      const { metadata } = await world.make({ managedBy: 'example.com/other' });
      await world.client.create(Pod, {
        metadata: { namespace: 'default', name: 'theirs', finalizers: [trackingFinalizer], ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid: metadata.uid, controller: true }] },
        spec: { containers: [{ name: 'main', image: 'i' }] },
      });
      await world.settle(minute);
      expect(world.harness.effects).to.deep.equal([]);
    });
  });
}

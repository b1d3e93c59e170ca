import { expect } from 'chai';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { TtlAfterFinishedController } from './controller.ts';

const key = { namespace: 'default', name: 'work' };

describe('ttl-after-finished', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;
  beforeEach(async () => {
    world = await harnessAround((around) => [new TtlAfterFinishedController(around)]);
    await world.harness.start();
  });
  afterEach(() => world.stop());

  const make = (ttlSecondsAfterFinished: number | undefined): Promise<Job> => world.client.create(Job, {
    metadata: key,
    spec: { template: { spec: { containers: [{ name: 'main', image: 'i' }], restartPolicy: 'Never' } }, ...(ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished }) },
  });
  const end = async (how: 'Complete' | 'Failed'): Promise<void> => {
    const now = rfc3339(world.clock.now());
    const announced = how === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
    const conditions = [announced, how].map((type) => ({ type, status: 'True', lastTransitionTime: now }));
    await world.client.patchStatus(Job, key, { type: 'merge', document: { status: { startTime: now, conditions, ...(how === 'Complete' ? { completionTime: now } : {}) } } });
  };
  const isThere = (): Promise<boolean> => world.client.get(Job, key).then(({ metadata }) => metadata.deletionTimestamp === undefined, () => false);

  for (const how of ['Complete', 'Failed'] as const) {
    it(`deletes a Job that is ${how} when its time is over, and not before`, async () => {
      await make(60);
      await world.harness.settle(600_000);
      expect(await isThere(), 'it has not ended').to.equal(true);
      await end(how);
      await world.harness.settle(59_000);
      expect(await isThere()).to.equal(true);
      await world.harness.settle(60_000);
      expect([await isThere(), world.harness.effects]).to.deep.equal([false, ['delete jobs work']]);
      // What is left waits for its dependents.
      expect((await world.client.get(Job, key)).metadata.finalizers).to.deep.equal(['foregroundDeletion']);
    });
  }

  it('deletes at once with 0, and without a time never', async () => {
    await make(undefined);
    await end('Complete');
    await world.harness.settle(86_400_000);
    expect(await isThere()).to.equal(true);
    await world.client.patch(Job, key, { type: 'merge', document: { spec: { ttlSecondsAfterFinished: 0 } } });
    await world.harness.settle(0);
    expect(await isThere()).to.equal(false);
  });

  it('believes the API server, and not its cache, about the time', async () => {
    await make(60);
    await end('Complete');
    await world.harness.settle(0);
    world.harness.held.add('jobs');
    await world.client.patch(Job, key, { type: 'merge', document: { spec: { ttlSecondsAfterFinished: 120 } } });
    await world.harness.settle(60_000);
    expect([await isThere(), world.harness.reads.length]).to.deep.equal([true, 1]);
    await world.harness.settle(60_000);
    expect(await isThere()).to.equal(false);
  });
});

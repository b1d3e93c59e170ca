import { expect } from 'chai';
import { CronJob } from '#core/api/schema/batch-v1/cron-job.ts';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { CallFault } from '#test/fixtures/controller-harness.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { CronJobController } from './controller.ts';
import { dueTimes } from './due-times.ts';
import { scheduledTimestampAnnotation } from './job-of.ts';

const minute = 60_000;
const key = { namespace: 'default', name: 'tick' };

for (const stale of [false, true]) {
  describe(`cron-job${stale ? ' with slow caches' : ''}`, () => {
    let world: Awaited<ReturnType<typeof harnessAround>>;
    beforeEach(async () => {
      world = await harnessAround((around) => [new CronJobController({ ...around, zone: 'UTC' })], { seed: 9, stale });
      await world.harness.start();
    });
    afterEach(() => world.stop());

    const make = (spec: Partial<Draft<CronJob>['spec']> = {}): Promise<CronJob> => world.client.create(CronJob, {
      metadata: key,
      spec: { schedule: '*/10 * * * *', jobTemplate: { metadata: { labels: { a: 'b' } }, spec: { template: { spec: { containers: [{ name: 'main', image: 'i' }], restartPolicy: 'Never' } } } }, ...spec },
    });
    const pass = async (ms: number): Promise<void> => {
      const until = world.clock.now() + ms;
      await world.harness.settle(ms);
      await world.clock.advance(until - world.clock.now());
    };
    const jobs = async (): Promise<Job[]> => (await world.client.list(Job, { namespace: 'default' })).items;
    /** In minutes after the start. */
    const times = async (): Promise<number[]> => (await jobs()).map(({ metadata }) => Number(metadata.name.slice('tick-'.length)) - Date.parse('2025-01-01T00:00:00Z') / minute).toSorted((a, b) => a - b);
    const status = async (): Promise<CronJob['status']> => (await world.client.get(CronJob, key)).status;
    const end = async (name: string, how: 'Complete' | 'Failed' = 'Complete'): Promise<void> => {
      const now = rfc3339(world.clock.now());
      const conditions = [how === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget', how].map((type) => ({ type, status: 'True', lastTransitionTime: now }));
      await world.client.patchStatus(Job, { ...key, name }, { type: 'merge', document: { status: { startTime: now, conditions, ...(how === 'Complete' ? { completionTime: now } : {}) } } });
    };
    const endAll = async (how?: 'Complete' | 'Failed'): Promise<void> => {
      for (const { metadata, status: { conditions } } of await jobs()) if (conditions === undefined) await end(metadata.name, how);
      await world.harness.settle(0);
    };
    const reasons = (): string[] => world.harness.events.map(({ reason }) => reason);

    it('makes a Job each time, which says for when', async () => {
      const { metadata: { uid } } = await make();
      await pass(9 * minute);
      expect(await jobs()).to.deep.equal([]);
      await pass(16 * minute);
      expect(await times()).to.deep.equal([10, 20]);
      const [job] = await jobs();
      expect(job?.metadata.labels).to.include({ a: 'b' });
      expect([job?.metadata.annotations, job?.metadata.ownerReferences?.[0]?.uid]).to.deep.equal([{ [scheduledTimestampAnnotation]: '2025-01-01T00:10:00Z' }, uid]);
      const { active, lastScheduleTime } = await status();
      expect([active?.length, lastScheduleTime]).to.deep.equal([2, '2025-01-01T00:20:00Z']);
      await endAll();
      const later = await status();
      expect([later.active, later.lastSuccessfulTime]).to.deep.equal([undefined, '2025-01-01T00:25:00Z']);
      expect(reasons()).to.deep.equal(['SuccessfulCreate', 'SuccessfulCreate', 'SawCompletedJob', 'SawCompletedJob']);
    });

    it('goes by the clock of its zone', async () => {
      await make({ schedule: '30 5 * * *', timeZone: 'Asia/Kolkata' });
      await pass(24 * 60 * minute + minute);
      const made = (await jobs()).map(({ metadata }) => metadata.annotations?.[scheduledTimestampAnnotation]);
      expect(made).to.deep.equal(['2025-01-02T05:30:00+05:30']);
    });

    it('waits for the one before, or replaces it', async () => {
      await make({ concurrencyPolicy: 'Forbid' });
      await pass(35 * minute);
      expect([await times(), reasons().includes('JobAlreadyActive')]).to.deep.equal([[10], true]);
      await endAll();
      expect(await times(), 'the latest is made up for').to.deep.equal([10, 30]);
      await world.client.patch(CronJob, key, { type: 'merge', document: { spec: { concurrencyPolicy: 'Replace' } } });
      await pass(10 * minute);
      expect([await times(), (await status()).active?.length]).to.deep.equal([[10, 40], 1]);
    });

    it('makes none while it is suspended, and one for all that it has missed', async () => {
      await make({ suspend: true });
      await pass(31 * 60 * minute);
      expect(await jobs()).to.deep.equal([]);
      await world.client.patch(CronJob, key, { type: 'merge', document: { spec: { suspend: false } } });
      await world.harness.settle(0);
      expect([await times(), reasons()]).to.deep.equal([[31 * 60], ['TooManyMissedTimes', 'SuccessfulCreate']]);
    });

    it('makes none that is too late', async () => {
      await make({ suspend: true, startingDeadlineSeconds: 60 });
      await pass(25 * minute);
      await world.client.patch(CronJob, key, { type: 'merge', document: { spec: { suspend: false } } });
      await pass(4 * minute);
      expect(await jobs()).to.deep.equal([]);
      await pass(2 * minute);
      expect(await times()).to.deep.equal([30]);
    });

    it('keeps as many as it is to keep', async () => {
      await make({ successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 });
      for (const how of ['Complete', 'Failed', 'Complete', 'Failed', 'Complete'] as const) {
        await pass(10 * minute + 1000);
        await endAll(how);
      }
      expect(await times()).to.deep.equal([30, 40, 50]);
    });

    it('forgets Jobs that somebody deleted', async () => {
      await make();
      await pass(11 * minute);
      await world.client.delete(Job, { ...key, name: (await jobs())[0]!.metadata.name }, { propagationPolicy: 'Background' });
      await world.harness.settle(0);
      expect([(await status()).active, reasons().at(-1), await times()]).to.deep.equal([undefined, 'MissingJob', []]);
    });

    for (const fault of ['crash-before', 'crash-after', 'lose', 'refuse'] satisfies CallFault[]) {
      it(`makes each Job once when a call fails: ${fault}`, async () => {
        for (let at = 0; at < 6; at++) {
          let calls = 0;
          world.harness.faults = () => (calls++ === at ? fault : undefined);
          await make();
          const from = world.clock.now();
          for (let lives = 0; lives < 3; lives++) {
            await world.harness.settle(from + 35 * minute - world.clock.now());
            if (!world.harness.crashed) break;
            await world.harness.start();
          }
          const made = await jobs();
          expect([at, made.length, (await status()).active?.length], `${world.harness.effects.join()}`).to.deep.equal([at, 3, 3]);
          for (const { metadata } of made) await world.client.delete(Job, metadata, { propagationPolicy: 'Background' });
          await world.client.delete(CronJob, key);
          await world.harness.settle(0);
          await world.clock.advance(10 * minute - (world.clock.now() % (10 * minute)));
        }
      });
    }
  });
}

describe('dueTimes', () => {
  const at = (text: string): number => Date.parse(text);
  const due = (schedule: string, created: string, now: string, zone = 'UTC'): unknown[] => {
    const times = dueTimes({ metadata: { creationTimestamp: created }, spec: { schedule }, status: {} } as CronJob, zone, at(now));
    return [times.due === undefined ? undefined : rfc3339(times.due), times.next === undefined ? undefined : rfc3339(times.next), times.missed];
  };

  it('finds the latest time among many, and the next', () => {
    expect(due('0 0 31 2 *', '2025-01-01T00:00:00Z', '2025-06-01T00:00:00Z')).to.deep.equal([undefined, undefined, 0]);
    expect(due('0 * * * *', '2025-01-01T00:30:00Z', '2025-01-01T00:59:59Z')).to.deep.equal([undefined, '2025-01-01T01:00:00Z', 0]);
    expect(due('0 * * * *', '2025-01-01T00:30:00Z', '2025-01-01T01:00:00Z')).to.deep.equal(['2025-01-01T01:00:00Z', '2025-01-01T02:00:00Z', 1]);
    expect(due('* * * * *', '2015-01-01T00:00:00Z', '2025-01-01T00:00:30Z').slice(0, 2)).to.deep.equal(['2025-01-01T00:00:00Z', '2025-01-01T00:01:00Z']);
    expect(due('* * * 1 *', '2015-01-01T00:00:00Z', '2025-06-01T00:00:30Z').slice(0, 2)).to.deep.equal(['2025-01-31T23:59:00Z', '2026-01-01T00:00:00Z']);
    expect(due('@every 90m', '2025-01-01T00:00:00Z', '2025-01-01T05:00:00Z')).to.deep.equal(['2025-01-01T04:30:00Z', '2025-01-01T06:00:00Z', 3]);
  });
});

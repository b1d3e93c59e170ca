import { expect } from 'chai';
import { CronJob } from '#core/api/schema/batch-v1/cron-job.ts';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import type { Client } from '#core/client/client.ts';
import { startControlPlane, type ControlPlane } from '#core/cli/start-control-plane.ts';
import { eventually } from '#test/fixtures/eventually.ts';

const namespace = 'jobs';
const key = (name: string) => ({ namespace, name });

describe('jobs', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let client: Client;
  before(async () => {
    plane = await startControlPlane();
    client = plane.client;
    await client.create(Namespace, { metadata: { name: namespace } });
    await eventually(() => client.get(ServiceAccount, key('default')).then(() => true, () => false), 'the account of pods');
  });
  after(() => plane?.stop());

  const make = (name: string, spec: Partial<Draft<Job>['spec']>): Promise<Job> => client.create(Job, { metadata: key(name), spec: { template: { spec: { containers: [{ name: 'main', image: 'i' }], restartPolicy: 'Never' } }, ...spec } });
  const podsOf = async (name: string): Promise<Pod[]> => (await client.list(Pod, { namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` })).items;
  const running = async (name: string): Promise<Pod[]> => (await podsOf(name)).filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase !== 'Succeeded' && status.phase !== 'Failed');
  /** Nodes of which pods end at once, one after another, until none is left. */
  const work = async (name: string): Promise<void> => {
    await eventually(async () => {
      for (const pod of await running(name)) await client.patchStatus(Pod, pod.metadata, { type: 'merge', document: { status: { phase: 'Succeeded' } } });
      return hasEnded(name);
    }, `the end of ${name}`, 30_000);
  };
  const hasEnded = async (name: string): Promise<boolean> => ((await client.get(Job, key(name))).status.conditions ?? []).some(({ type }) => type === 'Complete' || type === 'Failed');

  it('count two hundred pods once each, and say when they are done', async () => {
    await make('many', { completions: 200, parallelism: 20 });
    await work('many');
    const { status } = await client.get(Job, key('many'));
    expect([status.succeeded, status.failed ?? 0, status.active ?? 0, status.uncountedTerminatedPods]).to.deep.equal([200, 0, 0, {}]);
    const pods = await podsOf('many');
    expect([pods.length, pods.flatMap(({ metadata }) => metadata.finalizers ?? [])]).to.deep.equal([200, []]);
    await eventually(async () => (await client.list(Event, { namespace })).items.some(({ reason, source, message }) => reason === 'Completed' && source?.component === 'job-controller' && message === 'Job completed'), 'the event');
  });

  it('have an index for each pod', async () => {
    await make('indexed', { completions: 12, parallelism: 4, completionMode: 'Indexed' });
    await work('indexed');
    expect((await client.get(Job, key('indexed'))).status.completedIndexes).to.equal('0-11');
    expect(new Set((await podsOf('indexed')).map(({ spec }) => spec.hostname)).size).to.equal(12);
  });

  it('are suspended and resumed', async () => {
    await make('resting', { parallelism: 2, completions: 2 });
    await eventually(async () => (await running('resting')).length === 2, 'two pods');
    await client.patch(Job, key('resting'), { type: 'merge', document: { spec: { suspend: true } } });
    await eventually(async () => (await podsOf('resting')).length === 0, 'no pod');
    await client.patch(Job, key('resting'), { type: 'merge', document: { spec: { suspend: false } } });
    await work('resting');
    const { status } = await client.get(Job, key('resting'));
    expect([status.succeeded, status.failed ?? 0, status.conditions?.map(({ type }) => type)]).to.deep.equal([2, 0, ['Suspended', 'SuccessCriteriaMet', 'Complete']]);
  });

  it('go with their pods, also while those wait to be counted, and by themselves when their time is over', async () => {
    await make('going', { parallelism: 3 });
    await eventually(async () => (await running('going')).length === 3, 'three pods');
    await client.delete(Job, key('going'), { propagationPolicy: 'Background' });
    await eventually(async () => (await podsOf('going')).length === 0, 'the end of the pods');
    await make('short', { ttlSecondsAfterFinished: 0 });
    await eventually(async () => {
      for (const pod of await running('short')) await client.patchStatus(Pod, pod.metadata, { type: 'merge', document: { status: { phase: 'Succeeded' } } });
      return client.get(Job, key('short')).then(() => false, () => true);
    }, 'the end of the job');
    await eventually(async () => (await podsOf('short')).length === 0, 'the end of its pods');
  });

  it('are made by the clock', async () => {
    await client.create(CronJob, { metadata: key('tick'), spec: { schedule: '@every 1s', jobTemplate: { spec: { template: { spec: { containers: [{ name: 'main', image: 'i' }], restartPolicy: 'Never' } } } } } });
    await eventually(async () => (await client.get(CronJob, key('tick'))).status.active?.length === 1, 'a job', 15_000);
    const { status: { active = [], lastScheduleTime } } = await client.get(CronJob, key('tick'));
    const name = active[0]?.name ?? '';
    expect([/^tick-\d{8}$/.test(name), lastScheduleTime !== undefined]).to.deep.equal([true, true]);
    await work(name);
    await eventually(async () => (await client.get(CronJob, key('tick'))).status.lastSuccessfulTime !== undefined, 'the time of its success');
    await client.delete(CronJob, key('tick'), { propagationPolicy: 'Background' });
  });
});

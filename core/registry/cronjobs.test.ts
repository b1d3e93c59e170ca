import { expect } from 'chai';
import type { CronJob } from '#core/api/schema/batch-v1/cron-job.ts';
import { cronJobs } from './cronjobs.ts';
import { changed, created, creationText, header, judgesCreation, judgesUpdate, row, updateFindings } from './resource.test.ts';

const metadata = { name: 'nightly', namespace: 'ns' };
const template = { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'dump', image: 'dump:1' }] } };
const cronJob = { metadata, spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template } } } };
const ofJob = 'spec.jobTemplate.spec';

describe('cronJobs', () => {
  judgesCreation(cronJobs, cronJob, [
    ['metadata.name', 'n'.repeat(52)],
    ['metadata.name', 'n'.repeat(53), 'metadata.name: Invalid'],
    ['spec.schedule', '@hourly'],
    ['spec.schedule', '', 'spec.schedule: Required'],
    ['spec.schedule', '0 25 * * *', 'spec.schedule: Invalid'],
    ['spec.schedule', 'TZ=Europe/Oslo 0 3 * * *', 'spec.schedule: Invalid'],
    ['spec.timeZone', 'Europe/Oslo'],
    ['spec.timeZone', '', 'spec.timeZone: Invalid'],
    ['spec.timeZone', 'Local', 'spec.timeZone: Invalid'],
    ['spec.timeZone', 'Europe/Atlantis', 'spec.timeZone: Invalid'],
    ['spec.concurrencyPolicy', 'Sometimes', 'spec.concurrencyPolicy: NotSupported'],
    ['spec.startingDeadlineSeconds', -1, 'spec.startingDeadlineSeconds: Invalid'],
    ['spec.successfulJobsHistoryLimit', 0],
    ['spec.failedJobsHistoryLimit', -1, 'spec.failedJobsHistoryLimit: Invalid'],
    [`${ofJob}.selector`, { matchLabels: { a: 'b' } }, `${ofJob}.selector: Invalid`],
    [`${ofJob}.manualSelector`, true, `${ofJob}.manualSelector: NotSupported`],
    [`${ofJob}.template.spec.restartPolicy`, 'Always', `${ofJob}.template.spec.restartPolicy: Required`],
    [`${ofJob}.template.spec.containers`, [], `${ofJob}.template.spec.containers: Required`],
    ['spec', { ...cronJob.spec, schedule: '', timeZone: '', startingDeadlineSeconds: -1, failedJobsHistoryLimit: -1, jobTemplate: { spec: { backoffLimit: -1, template } } },
      'spec.schedule: Required', 'spec.startingDeadlineSeconds: Invalid', 'spec.timeZone: Invalid', `${ofJob}.backoffLimit: Invalid`, 'spec.failedJobsHistoryLimit: Invalid'],
  ]);
  judgesUpdate(cronJobs, cronJob, [
    ['spec.schedule', '0 4 * * *'],
    [`${ofJob}.template.spec.containers[0].image`, 'dump:2'],
  ]);

  it('may keep a time zone that is not known any more', () => {
    const old = created(cronJobs, changed(cronJob, 'spec.timeZone', 'Europe/Atlantis'));
    expect(updateFindings(cronJobs, old, changed(old, 'spec.suspend', true))).to.deep.equal([]);
    expect(updateFindings(cronJobs, old, changed(old, 'spec.timeZone', 'Europe/Avalon'))).to.deep.equal(['spec.timeZone: Invalid']);
  });

  it('fills in what the author leaves out', () => {
    const { spec, status } = created(cronJobs, cronJob) as CronJob;
    expect(spec).to.deep.include({ concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
    expect(spec.jobTemplate.spec.template.spec.containers[0]?.imagePullPolicy).to.equal('IfNotPresent');
    expect(spec.jobTemplate.spec, 'left to the Job').not.to.have.any.keys('parallelism', 'backoffLimit', 'selector', 'completionMode', 'suspend', 'manualSelector');
    expect(status).to.deep.equal({});
  });

  it('says what is wrong in the API\'s words', () => {
    expect(creationText(cronJobs, changed(cronJob, 'spec.schedule', '0 25 * * *'))).to.equal('spec.schedule: Invalid value: "0 25 * * *": end of range (25) above maximum (23): 25');
    expect(creationText(cronJobs, changed(cronJob, 'spec.schedule', 'CRON_TZ=UTC 0 3 * * *')))
      .to.equal('spec.schedule: Invalid value: "CRON_TZ=UTC 0 3 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
    expect(creationText(cronJobs, changed(cronJob, 'spec.timeZone', 'Europe/Atlantis'))).to.equal('spec.timeZone: Invalid value: "Europe/Atlantis": unknown time zone Europe/Atlantis');
    expect(creationText(cronJobs, changed(cronJob, `${ofJob}.manualSelector`, true))).to.equal('spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"');
    expect(creationText(cronJobs, { metadata: { namespace: 'ns' }, spec: cronJob.spec }), 'no name').to.equal('metadata.name: Required value: name or generateName is required');
  });

  it('prints what kubectl users know', () => {
    expect(header(cronJobs)).to.equal('NAME | SCHEDULE | TIMEZONE | SUSPEND | ACTIVE | LAST SCHEDULE | AGE | (CONTAINERS) | (IMAGES) | (SELECTOR)');
    const active = { ...changed(cronJob, 'spec.timeZone', 'Europe/Oslo'), status: { active: [{ name: 'nightly-1' }], lastScheduleTime: '2026-01-02T11:59:30Z' } };
    expect(row(cronJobs, changed(active, 'spec.suspend', true), true)).to.equal('nightly | 0 3 * * * | Europe/Oslo | True | 1 | 30s | <unknown> | dump | dump:1 | <none>');
    expect(row(cronJobs, cronJob)).to.equal('nightly | 0 3 * * * | <none> | False | 0 | <none> | <unknown>');
  });
});

import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { Job } from '#core/api/schema/batch-v1/job.ts';
import { jobs } from './jobs.ts';
import { changed, created, creationText, header, judgesCreation, judgesStatus, judgesUpdate, row, statusFindings, updateFindings } from './resource.test.ts';

const metadata = { name: 'pi', namespace: 'ns' };
const uid = '11111111-2222-3333-4444-555555555555';
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'pi', image: 'perl:5' }] } };
const job = { metadata, spec: { template } };
const indexed = { metadata, spec: { ...job.spec, completionMode: 'Indexed', completions: 5, parallelism: 2 } };
const rules = 'spec.podFailurePolicy.rules';

describe('jobs', () => {
  judgesCreation(jobs, job, [
    ['spec.parallelism', 0],
    ['spec.parallelism', -1, 'spec.parallelism: Invalid'],
    ['spec.backoffLimit', 0],
    ['spec.ttlSecondsAfterFinished', -1, 'spec.ttlSecondsAfterFinished: Invalid'],
    ['spec.activeDeadlineSeconds', -1, 'spec.activeDeadlineSeconds: Invalid'],
    ['spec.template.spec.restartPolicy', undefined, 'spec.template.spec.restartPolicy: Required'],
    ['spec.template.spec.restartPolicy', 'OnFailure'],
    ['spec', { ...job.spec, completionMode: 'Indexed', parallelism: 2 }, 'spec.completions: Required'],
    ['spec.completionMode', 'Ordered', 'spec.completionMode: NotSupported'],
    ['spec.backoffLimitPerIndex', 1, 'spec.backoffLimitPerIndex: Invalid'],
    ['spec.maxFailedIndexes', 1, 'spec.backoffLimitPerIndex: Required', 'spec.maxFailedIndexes: Invalid'],
    ['spec.podReplacementPolicy', 'Later', 'spec.podReplacementPolicy: NotSupported'],
    ['spec.managedBy', 'example.com/manager'],
    ['spec.managedBy', 'manager', 'spec.managedBy: Invalid'],
    ['spec.managedBy', '', 'spec.managedBy: Required'],
    ['spec.successPolicy', { rules: [{ succeededCount: 1 }] }, 'spec.successPolicy: Invalid'],
    ['spec.template.metadata', { labels: { 'job-name': 'other' } }, 'spec.template.metadata.labels[job-name]: Invalid'],
    ['spec.template.metadata', { labels: { 'batch.kubernetes.io/controller-uid': 'other' } },
      'spec.template.metadata.labels[batch.kubernetes.io/controller-uid]: Invalid', 'spec.template.metadata.labels: Invalid'],
    ['spec.selector', { matchLabels: { app: 'pi' } }, 'spec.selector: Invalid', 'spec.template.metadata.labels: Invalid'],
    ['spec.manualSelector', true, 'spec.selector: Required', 'spec.template.metadata.labels: Invalid'],
    ['spec', { manualSelector: true, selector: { matchLabels: { a: 'b' } }, template: { ...template, metadata: { labels: { a: 'b' } } } }],
  ]);

  describe('with indexes', () => {
    judgesCreation(jobs, indexed, [
      ['metadata.name', 'p'.repeat(62), 'metadata.name: Invalid'],
      ['metadata.name', 'pi.a', 'metadata.name: Invalid'],
      ['spec.parallelism', 100_001, 'spec.parallelism: Invalid'],
      ['spec', { ...indexed.spec, backoffLimitPerIndex: 1, maxFailedIndexes: 6 }, 'spec.maxFailedIndexes: Invalid'],
      ['spec', { ...indexed.spec, backoffLimitPerIndex: 1, completions: 100_001 }, 'spec.maxFailedIndexes: Required'],
      ['spec', { ...indexed.spec, backoffLimitPerIndex: 1, completions: 100_001, maxFailedIndexes: 10_001, parallelism: 10_001 },
        'spec.parallelism: Invalid', 'spec.maxFailedIndexes: Invalid'],
      ['spec.successPolicy', { rules: [{ succeededIndexes: '0,2-3', succeededCount: 3 }, { succeededCount: 5 }] }],
      ['spec.successPolicy', { rules: [] }, 'spec.successPolicy.rules: Required'],
      ['spec.successPolicy', { rules: [{}] }, 'spec.successPolicy.rules[0]: Required'],
      ['spec.successPolicy', { rules: [{ succeededIndexes: '3,1' }] }, 'spec.successPolicy.rules[0].succeededIndexes: Invalid'],
      ['spec.successPolicy', { rules: [{ succeededIndexes: '5', succeededCount: 1 }] }, 'spec.successPolicy.rules[0].succeededIndexes: Invalid', 'spec.successPolicy.rules[0].succeededCount: Invalid'],
      ['spec.successPolicy', { rules: [{ succeededIndexes: '5' }] }, 'spec.successPolicy.rules[0].succeededIndexes: Invalid'],
      ['spec.successPolicy', { rules: [{ succeededIndexes: '0-1', succeededCount: 3 }] }, 'spec.successPolicy.rules[0].succeededCount: Invalid'],
      ['spec.successPolicy', { rules: [{ succeededCount: 6 }] }, 'spec.successPolicy.rules[0].succeededCount: Invalid'],
    ]);
  });

  describe('with a policy for failures', () => {
    const exit = { action: 'FailJob', onExitCodes: { operator: 'In', values: [1, 42] } };
    const evicted = { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] };
    judgesCreation(jobs, changed(job, 'spec.podFailurePolicy', { rules: [exit, evicted] }), [
      [`${rules}[0].action`, 'Shrug', `${rules}[0].action: NotSupported`],
      [`${rules}[0].action`, 'FailIndex', `${rules}[0].action: Invalid`],
      [`${rules}[0].onExitCodes.values`, [42, 1], `${rules}[0].onExitCodes.values: Invalid`],
      [`${rules}[0].onExitCodes.values`, [0, 0], `${rules}[0].onExitCodes.values[0]: Invalid`, `${rules}[0].onExitCodes.values[1]: Invalid`, `${rules}[0].onExitCodes.values[1]: Duplicate`],
      [`${rules}[0].onExitCodes.values`, [], `${rules}[0].onExitCodes.values: Invalid`],
      [`${rules}[0].onExitCodes.values`, Array.from({ length: 256 }, (_, i) => i + 1), `${rules}[0].onExitCodes.values: TooMany`],
      [`${rules}[0].onExitCodes.containerName`, 'pi'],
      [`${rules}[0].onExitCodes.containerName`, 'pie', `${rules}[0].onExitCodes.containerName: Invalid`],
      [`${rules}[0]`, { ...exit, ...evicted }, `${rules}[0]: Invalid`],
      [`${rules}[0]`, { action: 'Count' }, `${rules}[0]: Invalid`],
      [`${rules}[1].onPodConditions[0].type`, 'no type', `${rules}[1].onPodConditions[0].type: Invalid`],
      [rules, Array.from({ length: 21 }, () => exit), `${rules}: TooMany`],
      ['spec.podReplacementPolicy', 'TerminatingOrFailed', 'spec.podReplacementPolicy: NotSupported'],
      ['spec.template.spec.restartPolicy', 'OnFailure', 'spec.template.spec.restartPolicy: Invalid'],
    ]);
  });

  judgesUpdate(jobs, indexed, [
    ['spec.parallelism', 3],
    ['spec.suspend', true],
    ['spec.completions', 6, 'spec.completions: Invalid'],
    ['spec', { ...indexed.spec, completions: 6, parallelism: 6 }, 'spec.selector: Required', 'spec.template.metadata.labels: Invalid', 'spec.selector: Invalid', 'spec.template: Invalid'],
    ['spec.template.spec.containers[0].image', 'perl:6', 'spec.template: Invalid'],
    ['spec.template.spec.nodeSelector', { a: 'b' }, 'spec.template: Invalid'],
    ['spec.completionMode', 'NonIndexed', 'spec.completionMode: Invalid'],
    ['spec.managedBy', 'example.com/other', 'spec.managedBy: Invalid'],
    ['spec.backoffLimitPerIndex', 0, 'spec.backoffLimitPerIndex: Invalid'],
    ['spec.backoffLimit', 0],
  ]);

  describe('while it is suspended and has not started', () => {
    judgesUpdate(jobs, changed(job, 'spec.suspend', true), [
      ['spec.template.spec.nodeSelector', { a: 'b' }],
      ['spec.template.spec.tolerations', [{ operator: 'Exists' }]],
      ['spec.template.spec.affinity', { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] } } }],
      ['spec.template.spec.affinity', { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] } }, 'spec.template: Invalid'],
      ['spec.template.metadata.annotations', { a: 'b' }],
      ['spec.template.spec.containers[0].image', 'perl:6', 'spec.template: Invalid'],
      ['spec.completions', 2, 'spec.completions: Invalid'],
    ]);
  });

  it('fills in what the author leaves out, and makes a selector that no other Job has', () => {
    const { metadata: { labels }, spec, status } = created(jobs, job) as Job;
    expect(spec).to.deep.include({
      parallelism: 1, completions: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false, manualSelector: false, podReplacementPolicy: 'TerminatingOrFailed',
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
    });
    const generated = { 'controller-uid': uid, 'job-name': 'pi', 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': 'pi' };
    expect([spec.template.metadata.labels, labels]).to.deep.equal([generated, generated]);
    const reported = changed(created(jobs, job), 'metadata.labels', undefined) as Job;
    jobs.prepareForStatus?.(reported, reported);
    expect(Object.keys(reported.metadata.labels ?? {}), 'after a report without labels').to.deep.equal(Object.keys(generated));
    expect(status).to.deep.equal({});
    const own = created(jobs, changed(changed(job, 'metadata.labels', { a: 'b' }), 'spec.template.metadata', { labels: { c: 'd' } })) as Job;
    expect([own.metadata.labels, own.spec.template.metadata.labels]).to.deep.equal([{ a: 'b' }, { ...generated, c: 'd' }]);
  });

  it('counts by what is given', () => {
    const spec = (given: object) => (created(jobs, { metadata, spec: { ...job.spec, ...given } }) as Job).spec;
    expect(spec({ parallelism: 3 })).to.include({ parallelism: 3 }).and.not.have.property('completions');
    expect(spec({ completions: 3 })).to.include({ parallelism: 1, completions: 3 });
    expect(spec({ backoffLimitPerIndex: 1 })).to.include({ backoffLimit: 2_147_483_647 });
    expect(spec({ podFailurePolicy: { rules: [] } })).to.include({ podReplacementPolicy: 'Failed' });
  });

  it('copes with a Job that has no name', () => {
    expect(creationText(jobs, { metadata: { namespace: 'ns' }, spec: job.spec })).to.equal('metadata.name: Required value: name or generateName is required');
  });

  it('does not mind labels that an old Job lacks', () => {
    const old = created(jobs, job) as Job;
    delete old.spec.template.metadata.labels?.['batch.kubernetes.io/job-name'];
    expect(updateFindings(jobs, old, changed(old, 'spec.parallelism', 3))).to.deep.equal([]);
  });

  it('lets the size of an indexed Job change with its parallelism', () => {
    const old = created(jobs, indexed);
    expect(updateFindings(jobs, old, changed(changed(old, 'spec.completions', 3), 'spec.parallelism', 3))).to.deep.equal([]);
  });

  it('says what is wrong in the API\'s words', () => {
    expect(creationText(jobs, changed(job, 'spec.template.spec.restartPolicy', undefined)))
      .to.equal('spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"');
    expect(creationText(jobs, changed(job, 'spec.template.metadata', { labels: { 'job-name': 'x' } }))).to.match(/^spec\.template\.metadata\.labels\[job-name\]: Invalid value: .*: must be 'pi'$/);
    expect(creationText(jobs, changed(job, 'spec.podFailurePolicy', { rules: [{ action: 'Count' }] })))
      .to.equal('spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required');
    expect(creationText(jobs, changed(indexed, 'spec', { ...indexed.spec, parallelism: -1, successPolicy: { rules: [] }, podReplacementPolicy: 'TerminatingOrFailed', podFailurePolicy: { rules: [{ action: 'Count' }] } }))
      .match(/spec\.[a-zA-Z.]+/g), 'in upstream\'s order').to.deep.equal(['spec.parallelism', 'spec.podFailurePolicy.rules', 'spec.successPolicy.rules', 'spec.podReplacementPolicy']);
    expect(creationText(jobs, changed(indexed, 'spec.successPolicy', { rules: [{ succeededIndexes: '1-2-3' }] }))).to.contain(
      'error parsing succeededIndexes: the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\'');
  });
});

describe('the status of jobs', () => {
  const on = (...types: string[]) => types.map((type) => ({ type, status: 'True' }));
  const [start, end] = ['2026-01-02T11:00:00Z', '2026-01-02T11:30:00Z'];
  const complete = { startTime: start, completionTime: end, succeeded: 1, conditions: on('SuccessCriteriaMet', 'Complete') };
  judgesStatus(jobs, job, [
    ['status', { startTime: start, active: 1, ready: 1 }],
    ['status', complete],
    ['status', { startTime: start, failed: 1, conditions: on('FailureTarget', 'Failed') }],
    ['status', { active: -1 }, 'status.active: Invalid'],
    ['status', { active: 1, ready: 2 }, 'status.ready: Invalid'],
    ['status', { ...complete, conditions: on('Complete') }, 'status.conditions: Invalid'],
    ['status', { startTime: start, conditions: on('Failed') }, 'status.conditions: Invalid'],
    ['status', { ...complete, conditions: on('SuccessCriteriaMet', 'Complete', 'FailureTarget', 'Failed') },
      'status.conditions: Invalid', 'status.conditions: Invalid', 'status.conditions: Invalid', 'status.conditions: Invalid'],
    ['status', { ...complete, completionTime: undefined }, 'status.completionTime: Required'],
    ['status', { ...complete, startTime: undefined }, 'status.startTime: Required'],
    ['status', { ...complete, startTime: '2026-01-02T11:45:00Z' }, 'status.completionTime: Invalid'],
    ['status', { startTime: start, completionTime: end }, 'status.completionTime: Invalid'],
    ['status', { ...complete, active: 1, terminating: 1 }, 'status.active: Invalid', 'status.terminating: Invalid'],
    ['status', { ...complete, uncountedTerminatedPods: { succeeded: ['a'] } }, 'status.uncountedTerminatedPods: Invalid'],
    ['status', { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } },
      'status.uncountedTerminatedPods.succeeded[1]: Invalid', 'status.uncountedTerminatedPods.failed[0]: Duplicate'],
    ['status', { completedIndexes: '0' }, 'status.completedIndexes: Invalid'],
    ['status', { failedIndexes: '' }, 'status.failedIndexes: Invalid'],
  ]);

  describe('with indexes', () => {
    judgesStatus(jobs, changed(indexed, 'spec.backoffLimitPerIndex', 1), [
      ['status', { completedIndexes: '0,2-3', failedIndexes: '1' }],
      ['status', { completedIndexes: '0,2-5' }, 'status.completedIndexes: Invalid'],
      ['status', { completedIndexes: '0,2-3', failedIndexes: '1-2' }, 'status.failedIndexes: Invalid'],
    ]);
  });

  it('does not go back once it is over', () => {
    const old = { ...created(jobs, job), status: { ...complete, failed: 2 } } as Job;
    const step = (status: object): string[] => statusFindings(jobs, old, { ...old, status: { ...old.status, ...status } });
    expect(step({})).to.deep.equal([]);
    expect(step({ failed: 1, succeeded: 0 })).to.deep.equal(['status.failed: Invalid', 'status.succeeded: Invalid']);
    expect(step({ completionTime: '2026-01-02T11:31:00Z' })).to.deep.equal(['status.completionTime: Invalid']);
    expect(step({ startTime: '2026-01-02T11:01:00Z' })).to.deep.equal(['status.startTime: Required']);
    const suspended = { ...created(jobs, job), status: { startTime: start, conditions: on('Suspended') } } as Job;
    const resume = (status: object): string[] => statusFindings(jobs, suspended, { ...suspended, status: { ...suspended.status, ...status } });
    expect(resume({ startTime: '2026-01-02T11:01:00Z' })).to.deep.equal(['status.startTime: Required']);
    expect(resume({ startTime: '2026-01-02T11:01:00Z', conditions: [] })).to.deep.equal([]);
    expect(resume({ startTime: undefined, conditions: [] })).to.deep.equal(['status.startTime: Required']);
    const errors = new FieldErrors();
    jobs.validateStatus?.({ ...old, status: { ...old.status, conditions: on('SuccessCriteriaMet') } } as Job, old, errors);
    expect(errors.toString()).to.contain('status.conditions: Invalid value: cannot disable the terminal Complete=True condition');
  });

  it('may be Complete by a policy for success only when that says so', () => {
    const withPolicy = created(jobs, changed(indexed, 'spec.successPolicy', { rules: [{ succeededCount: 1 }] })) as Job;
    const text = (status: object, before: object = {}): string => {
      const errors = new FieldErrors();
      jobs.validateStatus?.({ ...withPolicy, status } as Job, { ...withPolicy, status: before } as Job, errors);
      return errors.toString();
    };
    expect(text(complete)).to.equal('[]');
    expect(text({ ...complete, conditions: on('Complete') })).to.equal('[status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition, ' +
      'status.conditions: Invalid value: cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True]');
    expect(text(complete, { ...complete, conditions: on('Complete') })).to.equal('status.conditions: Invalid value: cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
    expect(text({ ...complete, completedIndexes: '0-9', failedIndexes: '0' })).to.equal(
      '[status.completedIndexes: Invalid value: "0-9": error parsing completedIndexes: too large index: "9", status.failedIndexes: Invalid value: "0": cannot set non-null failedIndexes when backoffLimitPerIndex is null]');
  });

  it('is printed and selected as kubectl users know it', () => {
    expect(header(jobs)).to.equal('NAME | STATUS | COMPLETIONS | DURATION | AGE | (CONTAINERS) | (IMAGES) | (SELECTOR)');
    const done = { ...created(jobs, job), status: complete };
    expect(row(jobs, done, true)).to.equal(`pi | Complete | 1/1 | 30m | 60m | pi | perl:5 | batch.kubernetes.io/controller-uid=${uid}`);
    expect(row(jobs, { ...job, spec: { ...job.spec, parallelism: 3 }, status: { startTime: '2026-01-02T11:59:00Z', succeeded: 1 } }))
      .to.equal('pi | Running | 1/1 of 3 | 60s | <unknown>');
    const stateOf = (status: object, more: object = {}) => row(jobs, { metadata: { ...metadata, ...more }, spec: job.spec, status }).split(' | ')[1];
    expect(stateOf({ conditions: on('Suspended') })).to.equal('Suspended');
    expect(stateOf({ conditions: on('FailureTarget', 'Failed') })).to.equal('Failed');
    expect(stateOf({}, { deletionTimestamp: end })).to.equal('Terminating');
    expect(jobs.selectableFields?.['status.successful']?.(done)).to.equal('1');
  });
});

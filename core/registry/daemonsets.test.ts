import { expect } from 'chai';
import type { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import { controllerRevisions } from './controllerrevisions.ts';
import { daemonSets } from './daemonsets.ts';
import { podTemplates } from './podtemplates.ts';
import { changed, created, creationText, header, judgesCreation, judgesStatus, judgesUpdate, row } from './resource.test.ts';

const metadata = { name: 'agent', namespace: 'ns' };
const template = { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'agent', image: 'agent:1' }] } };
const set = { metadata, spec: { selector: { matchLabels: { app: 'agent' } }, template } };

describe('daemonSets', () => {
  const pace = 'spec.updateStrategy.rollingUpdate';
  judgesCreation(daemonSets, set, [
    ['spec.selector', undefined, 'spec.selector: Required', 'spec.template.metadata.labels: Invalid'],
    ['spec.selector', {}, 'spec.selector: Invalid'],
    ['spec.template.spec.restartPolicy', 'OnFailure', 'spec.template.spec.restartPolicy: NotSupported'],
    ['spec.updateStrategy', { type: 'OnDelete' }],
    ['spec.updateStrategy', { type: 'Never' }, 'spec.updateStrategy.type: NotSupported'],
    [pace, { maxUnavailable: 0, maxSurge: '10%' }],
    [pace, { maxUnavailable: 1, maxSurge: 1 }, `${pace}.maxSurge: Invalid`],
    [pace, { maxUnavailable: 0 }, `${pace}.maxUnavailable: Required`],
    [pace, { maxUnavailable: '200%' }, `${pace}.maxUnavailable: Invalid`],
    ['spec.minReadySeconds', -1, 'spec.minReadySeconds: Invalid'],
  ]);
  judgesUpdate(daemonSets, set, [
    ['spec.selector', { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, 'spec.selector: Invalid'],
    ['spec.template.spec.nodeSelector', { disk: 'ssd' }],
  ]);
  judgesStatus(daemonSets, set, [
    ['status', { currentNumberScheduled: 1, desiredNumberScheduled: 2 }],
    ['status', { numberMisscheduled: -1 }, 'status.numberMisscheduled: Invalid'],
  ]);

  it('fills in what the author leaves out', () => {
    const { spec, status } = created(daemonSets, set) as DaemonSet;
    expect(spec).to.deep.include({ revisionHistoryLimit: 10, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } } });
    expect(status).to.deep.equal({ currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 });
  });

  it('counts its templates in an annotation that nobody else writes', () => {
    const key = 'deprecated.daemonset.template.generation';
    const annotated = (draft: object, annotations?: Record<string, string>): DaemonSet => created(daemonSets, changed(draft, 'metadata.annotations', annotations)) as DaemonSet;
    const updated = (now: DaemonSet, old: DaemonSet): DaemonSet => {
      daemonSets.prepareForUpdate?.(now, old);
      return now;
    };
    const first = annotated(set);
    expect(first.metadata.annotations).to.deep.equal({ [key]: '1' });
    const same = updated(annotated(set, { [key]: '9', note: 'a' }), first);
    expect(same.metadata.annotations).to.deep.equal({ [key]: '1', note: 'a' });
    const other = updated(annotated(changed(set, 'spec.template.spec.containers[0].image', 'agent:2')), same);
    expect(other.metadata.annotations).to.deep.equal({ [key]: '2' });
    expect(annotated(set, { [key]: 'x' }).metadata.annotations).to.deep.equal({ [key]: '1' });
    const reported = changed(other, 'metadata.annotations', undefined) as DaemonSet;
    daemonSets.prepareForStatus?.(reported, other);
    expect(reported.metadata.annotations, 'after a report without it').to.deep.equal({ [key]: '2' });
  });

  it('says what is wrong in the API\'s words', () => {
    expect(creationText(daemonSets, changed(set, pace, { maxUnavailable: 0 }))).to.equal(`${pace}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`);
    expect(creationText(daemonSets, changed(set, 'spec.template.spec.activeDeadlineSeconds', 5)))
      .to.equal('spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported');
  });

  it('prints what kubectl users know', () => {
    expect(header(daemonSets)).to.equal('NAME | DESIRED | CURRENT | READY | UP-TO-DATE | AVAILABLE | NODE SELECTOR | AGE | (CONTAINERS) | (IMAGES) | (SELECTOR)');
    const status = { desiredNumberScheduled: 5, currentNumberScheduled: 4, numberReady: 3, updatedNumberScheduled: 2, numberAvailable: 1 };
    const full = changed({ ...set, status }, 'spec.template.spec.nodeSelector', { disk: 'ssd', arch: 'arm64' });
    expect(row(daemonSets, full, true)).to.equal('agent | 5 | 4 | 3 | 2 | 1 | arch=arm64,disk=ssd | <unknown> | agent | agent:1 | app=agent');
    expect(row(daemonSets, set)).to.equal('agent | 0 | 0 | 0 | 0 | 0 | <none> | <unknown>');
  });
});

describe('controllerRevisions', () => {
  const revision = { metadata: { name: 'web-7f', namespace: 'ns' }, data: { spec: { a: 1 } }, revision: 3 };
  judgesCreation(controllerRevisions, revision, [
    ['data', undefined, 'data: Required'],
    ['revision', -1, 'revision: Invalid'],
  ]);
  judgesUpdate(controllerRevisions, revision, [
    ['data.spec.a', 2, 'data: Invalid'],
    ['revision', 4],
    ['metadata.labels', { a: 'b' }],
  ]);

  it('prints what kubectl users know', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u', controller: true };
    expect(header(controllerRevisions)).to.equal('NAME | CONTROLLER | REVISION | AGE');
    expect(row(controllerRevisions, changed(revision, 'metadata.ownerReferences', [{ ...owner, controller: false, name: 'x' }, owner])))
      .to.equal('web-7f | statefulset.apps/web | 3 | <unknown>');
    expect(row(controllerRevisions, changed(revision, 'metadata.ownerReferences', [{ ...owner, apiVersion: 'v1' }]))).to.equal('web-7f | statefulset/web | 3 | <unknown>');
    expect(row(controllerRevisions, revision)).to.equal('web-7f | <none> | 3 | <unknown>');
  });
});

describe('podTemplates', () => {
  const podTemplate = { metadata, template };
  judgesCreation(podTemplates, podTemplate, [
    ['template.spec.containers[0].image', '', 'template.spec.containers[0].image: Required'],
    ['template.spec.restartPolicy', 'Never'],
  ]);

  it('fills in and prints what kubectl users know', () => {
    expect(created(podTemplates, podTemplate)).to.have.nested.property('template.spec.containers[0].imagePullPolicy', 'IfNotPresent');
    expect(`${header(podTemplates)} / ${row(podTemplates, podTemplate)}`)
      .to.equal('NAME | CONTAINERS | IMAGES | POD LABELS / agent | agent | agent:1 | app=agent');
  });
});

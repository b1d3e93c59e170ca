import { expect } from 'chai';
import type { StatefulSet } from '#core/api/schema/apps-v1/stateful-set.ts';
import { FieldErrors } from '#core/api/field-errors.ts';
import { changed, created, creationText, header, judgesCreation, judgesStatus, judgesUpdate, row } from './resource.test.ts';
import { statefulSets } from './statefulsets.ts';

const metadata = { name: 'db', namespace: 'ns' };
const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
const template = {
  metadata: { labels: { app: 'db' } },
  spec: { containers: [{ name: 'db', image: 'postgres:17', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
};
const set = { metadata, spec: { serviceName: 'db', selector: { matchLabels: { app: 'db' } }, template, volumeClaimTemplates: [claim] } };
const claims = 'spec.volumeClaimTemplates';
const strategy = 'spec.updateStrategy';

describe('statefulSets', () => {
  judgesCreation(statefulSets, set, [
    ['metadata.name', 'db.main', 'metadata.name: Invalid'],
    ['spec.replicas', -1, 'spec.replicas: Invalid'],
    ['spec.selector', undefined, 'spec.selector: Required', 'spec.template.metadata.labels: Invalid'],
    ['spec.selector', {}, 'spec.selector: Invalid'],
    ['spec.serviceName', undefined],
    ['spec.serviceName', 'db.main', 'spec.serviceName: Invalid'],
    ['spec.podManagementPolicy', 'Parallel'],
    ['spec.podManagementPolicy', 'Random', 'spec.podManagementPolicy: NotSupported'],
    ['spec.ordinals', { start: 5 }],
    ['spec.ordinals', { start: -1 }, 'spec.ordinals.start: Invalid'],
    ['spec.persistentVolumeClaimRetentionPolicy', { whenScaled: 'Keep' }, 'spec.persistentVolumeClaimRetentionPolicy.whenScaled: NotSupported'],
    [strategy, { type: 'OnDelete' }],
    [strategy, { type: 'OnDelete', rollingUpdate: {} }, `${strategy}.rollingUpdate: Invalid`],
    [strategy, { rollingUpdate: { partition: -1 } }, `${strategy}.rollingUpdate.partition: Invalid`],
    [strategy, { rollingUpdate: { maxUnavailable: '30%' } }],
    [strategy, { rollingUpdate: { maxUnavailable: 0 } }, `${strategy}.rollingUpdate.maxUnavailable: Invalid`],
    [strategy, { rollingUpdate: { maxUnavailable: '130%' } }, `${strategy}.rollingUpdate.maxUnavailable: Invalid`],
    [claims, undefined, 'spec.template.spec.containers[0].volumeMounts[0].name: NotFound'],
    [claims, [claim, claim], `${claims}[1].metadata.name: Duplicate`],
    [`${claims}[0].spec`, {}, `${claims}[0].spec.accessModes: Required`, `${claims}[0].spec.resources[storage]: Required`],
    [`${claims}[1]`, { ...claim, metadata: { name: 'More_Data' } }, `${claims}[1].metadata.name: Invalid`],
    [`${claims}[1]`, { spec: claim.spec }, `${claims}[1].metadata.name: Required`],
    ['spec.template.spec.volumes', [{ name: 'data', emptyDir: {} }]],
    ['spec.template.spec.activeDeadlineSeconds', 5, 'spec.template.spec.activeDeadlineSeconds: Forbidden'],
  ]);
  judgesUpdate(statefulSets, set, [
    ['spec.replicas', 5],
    ['spec.template.spec.containers[0].image', 'postgres:18'],
    [strategy, { type: 'OnDelete' }],
    ['spec.minReadySeconds', 5],
    ['spec.ordinals', { start: 1 }],
    ['spec.revisionHistoryLimit', 2],
    ['spec.persistentVolumeClaimRetentionPolicy', { whenDeleted: 'Delete' }],
    ['spec.serviceName', 'other', 'spec: Forbidden'],
    ['spec.podManagementPolicy', 'Parallel', 'spec: Forbidden'],
    [`${claims}[0].spec.resources.requests.storage`, '2Gi', 'spec: Forbidden'],
    [`${claims}[0].spec.resources.requests.storage`, '1024Mi'],
    ['spec.selector.matchLabels', { app: 'db', a: 'b' }, 'spec.template.metadata.labels: Invalid', 'spec: Forbidden'],
  ]);
  judgesStatus(statefulSets, set, [
    ['status', { replicas: 3, readyReplicas: 2, currentReplicas: 1, updatedReplicas: 2, availableReplicas: 2 }],
    ['status', { replicas: 3, readyReplicas: 4 }, 'status.readyReplicas: Invalid'],
    ['status', { replicas: 3, readyReplicas: 1, availableReplicas: 2 }, 'status.availableReplicas: Invalid'],
    ['status', { replicas: 3, collisionCount: -1 }, 'status.collisionCount: Invalid', 'status.collisionCount: Invalid'],
  ]);

  it('fills in what the author leaves out', () => {
    const { spec, status } = created(statefulSets, set) as StatefulSet;
    expect(spec).to.deep.include({
      replicas: 1, podManagementPolicy: 'OrderedReady', revisionHistoryLimit: 10, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    });
    expect(spec.volumeClaimTemplates?.[0]).to.deep.equal({
      apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim, spec: { ...claim.spec, volumeMode: 'Filesystem' }, status: { phase: 'Pending' },
    });
    expect(status).to.deep.equal({ replicas: 0, availableReplicas: 0 });
  });

  it('says what can change, in the API\'s words', () => {
    const old = created(statefulSets, set);
    const errors = new FieldErrors();
    statefulSets.validateUpdate?.(changed(old, 'spec.serviceName', 'x') as never, old, errors);
    expect(errors.toString()).to.equal("spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
      "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
    expect(creationText(statefulSets, changed(set, 'spec.selector', {}))).to.equal('spec.selector: Invalid value: {}: empty selector is invalid for statefulset');
  });

  it('prints what kubectl users know', () => {
    expect(header(statefulSets)).to.equal('NAME | READY | AGE | (CONTAINERS) | (IMAGES)');
    expect(row(statefulSets, { ...set, status: { readyReplicas: 1 } }, true)).to.equal('db | 1/1 | <unknown> | db | postgres:17');
  });
});

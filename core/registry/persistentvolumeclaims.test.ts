import { expect } from 'chai';
import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { persistentVolumeClaims as claims } from './persistentvolumeclaims.ts';
import { changed, created, header, judgesCreation, judgesStatus, judgesUpdate, noon, row, updateFindings } from './resource.test.ts';

const claim = {
  metadata: { name: 'data', namespace: 'ns' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const source = { kind: 'PersistentVolumeClaim', name: 'other' };

describe('persistentVolumeClaims', () => {
  judgesCreation(claims, claim, [
    ['spec.accessModes', undefined, 'spec.accessModes: Required'],
    ['spec.accessModes', ['ReadWriteSometimes'], 'spec.accessModes[0]: NotSupported'],
    ['spec.accessModes', ['ReadWriteOncePod']],
    ['spec.accessModes', ['ReadWriteOncePod', 'ReadWriteOnce'], 'spec.accessModes: Forbidden'],
    ['spec.resources', {}, 'spec.resources[storage]: Required'],
    ['spec.resources.requests.storage', '0', 'spec.resources[storage]: Invalid'],
    ['spec.resources.requests.storage', '-1Gi', 'spec.resources[storage]: Invalid'],
    ['spec.storageClassName', ''],
    ['spec.storageClassName', 'Fast_Disks', 'spec.storageClassName: Invalid'],
    ['spec.volumeAttributesClassName', 'Gold!', 'spec.volumeAttributesClassName: Invalid'],
    ['spec.volumeMode', 'Cloud', 'spec.volumeMode: NotSupported'],
    ['spec.selector', { matchLabels: { tier: 'a' }, matchExpressions: [{ key: 'b', operator: 'In', values: ['c'] }] }],
    ['spec.selector', { matchLabels: { tier: 'a b' } }, 'spec.selector.matchLabels: Invalid'],
    ['spec.selector', { matchExpressions: [{ key: 'b', operator: 'In' }] }, 'spec.selector.matchExpressions[0].values: Required'],
    ['spec.selector', { matchExpressions: [{ key: 'b', operator: 'Exists', values: ['c'] }] }, 'spec.selector.matchExpressions[0].values: Forbidden'],
    ['spec.selector', { matchExpressions: [{ key: 'b', operator: 'Gt', values: ['1'] }] }, 'spec.selector.matchExpressions[0].operator: Invalid'],
    ['spec.dataSource', source],
    ['spec.dataSource', { ...source, name: '' }, 'spec.dataSource.name: Required', 'spec.dataSourceRef.name: Required'],
    ['spec.dataSourceRef', { kind: 'Secret', name: 'x' }, 'spec.dataSource: Invalid', 'spec.dataSourceRef: Invalid'],
    ['spec.dataSourceRef', { apiGroup: 'example.com', kind: 'Populator', name: 'x' }],
    ['spec.dataSourceRef', { apiGroup: 'no group', kind: 'Populator', name: 'x' }, 'spec.dataSource.apiGroup: Invalid', 'spec.dataSourceRef.apiGroup: Invalid'],
    ['spec.dataSourceRef', { ...source, namespace: 'elsewhere' }, 'spec.dataSourceRef.namespace: Forbidden'],
    ['spec', { ...claim.spec, dataSource: source, dataSourceRef: { ...source, name: 'third' } }, 'spec.dataSource: Invalid'],
  ]);

  it('starts Pending and keeps both fields for the data source in step', () => {
    const { spec, status } = created(claims, changed(claim, 'spec.dataSource', source)) as PersistentVolumeClaim;
    expect(status).to.deep.equal({ phase: 'Pending' });
    expect(spec.dataSourceRef).to.deep.equal(source);
    const byReference = created(claims, changed(claim, 'spec.dataSourceRef', source)) as PersistentVolumeClaim;
    expect(byReference.spec.dataSource).to.deep.equal(source);
  });

  it('ignores what the older field for the data source never could name', () => {
    const { spec } = created(claims, changed(claim, 'spec.dataSource', { apiGroup: 'example.com', kind: 'Populator', name: 'x' })) as PersistentVolumeClaim;
    expect([spec.dataSource, spec.dataSourceRef]).to.deep.equal([undefined, undefined]);
  });

  describe('while it is pending', () => {
    judgesUpdate(claims, claim, [
      ['spec.volumeName', 'pv-1'],
      ['spec.storageClassName', 'default'],
      ['spec.storageClassName', ''],
      ['spec.resources.requests.storage', '2Gi', 'spec: Forbidden'],
      ['spec.resources.requests.storage', '1024Mi'],
      ['spec.accessModes', ['ReadWriteMany'], 'spec: Forbidden'],
      ['spec.volumeMode', 'Block', 'spec: Forbidden'],
      ['spec.volumeAttributesClassName', 'gold'],
      ['metadata.annotations', { 'volume.beta.kubernetes.io/storage-class': 'x' }, 'metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid'],
      ['metadata.labels', { a: 'b' }],
    ]);
  });

  describe('once it is bound', () => {
    const bound = { ...claim, spec: { ...claim.spec, volumeName: 'pv-1', storageClassName: '', volumeAttributesClassName: 'gold', resources: { requests: { storage: '3Gi' } } } };
    judgesUpdate(claims, bound, [
      ['spec.volumeName', 'pv-2', 'spec: Forbidden'],
      ['spec.volumeName', undefined, 'spec: Forbidden'],
      ['spec.storageClassName', 'default', 'spec: Forbidden'],
      ['spec.storageClassName', undefined, 'spec: Forbidden'],
      ['spec.resources.requests.storage', '4Gi'],
      ['spec.resources.requests.storage', '2Gi'],
      ['spec.resources.requests.storage', '1Gi', 'spec.resources.requests.storage: Forbidden'],
      ['spec.volumeAttributesClassName', 'silver'],
      ['spec.volumeAttributesClassName', undefined, 'spec.volumeAttributesClassName: Forbidden'],
      ['spec.volumeAttributesClassName', '', 'spec.volumeAttributesClassName: Forbidden'],
    ], { phase: 'Bound', capacity: { storage: '1Gi' } });
  });

  it('lets an old annotation become the field', () => {
    const annotated = created(claims, changed(claim, 'metadata.annotations', { 'volume.beta.kubernetes.io/storage-class': 'old' }));
    const moved = changed(changed(annotated, 'metadata.annotations', undefined), 'spec.storageClassName', 'old');
    expect(updateFindings(claims, annotated, moved)).to.deep.equal([]);
    expect(updateFindings(claims, annotated, changed(moved, 'spec.storageClassName', 'new'))).to.deep.equal([
      'metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid', 'spec: Forbidden',
    ]);
  });

  judgesStatus(claims, claim, [
    ['status', { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] }],
    ['status.capacity', { storage: '-1' }, 'status.capacity[storage]: Invalid'],
    ['status.allocatedResources', { cpu: '1' }, 'status.allocatedResources: NotSupported'],
    ['status.allocatedResourceStatuses', { storage: 'NodeResizePending', 'example.com/iops': 'NodeResizeInfeasible' }],
    ['status.allocatedResourceStatuses', { storage: 'Stuck' }, 'status.allocatedResourceStatuses[storage]: NotSupported'],
  ]);

  it('warns about what is deprecated or rounded', () => {
    const warned = changed(changed(claim, 'metadata.annotations', { 'volume.beta.kubernetes.io/storage-class': 'x' }), 'spec.resources.requests.storage', '1500m');
    expect(claims.warnings?.(created(claims, warned), undefined)).to.deep.equal([
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ]);
  });

  it('prints what kubectl users know', () => {
    const creationTimestamp = new Date(noon - 5 * 60_000).toISOString().replace('.000', '');
    const bound = {
      metadata: { ...claim.metadata, creationTimestamp },
      spec: { ...claim.spec, volumeName: 'pvc-1', storageClassName: 'local', volumeMode: 'Block' },
      status: { phase: 'Bound', capacity: { storage: '1536Mi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'] },
    };
    expect(header(claims)).to.equal('NAME | STATUS | VOLUME | CAPACITY | ACCESS MODES | STORAGECLASS | VOLUMEATTRIBUTESCLASS | AGE | (VOLUMEMODE)');
    expect(row(claims, bound, true)).to.equal('data | Bound | pvc-1 | 1536Mi | RWO,RWX | local | <unset> | 5m | Block');
    expect(row(claims, changed(bound, 'metadata.deletionTimestamp', creationTimestamp))).to.equal('data | Terminating | pvc-1 | 1536Mi | RWO,RWX | local | <unset> | 5m');
    expect(row(claims, claim, true)).to.equal('data | Pending |  |  |  |  | <unset> | <unknown> | Filesystem');
    expect(row(claims, changed(claim, 'spec.volumeName', 'pv'))).to.equal('data | Pending | pv | 0 |  |  | <unset> | <unknown>');
  });
});

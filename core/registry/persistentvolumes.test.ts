import { expect } from 'chai';
import { persistentVolumes as volumes } from './persistentvolumes.ts';
import { changed, created, header, judgesCreation, judgesUpdate, row, updateFindings } from './resource.test.ts';

const terms = (key: string) => ({ required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] } });
const volume = {
  metadata: { name: 'pv-1' },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], local: { path: '/data/1' }, nodeAffinity: terms('kubernetes.io/hostname') },
};
const csi = { driver: 'local.keelson.dev', volumeHandle: 'v-1' };
const spec = (source: object) => ({ capacity: volume.spec.capacity, accessModes: volume.spec.accessModes, ...source });

describe('persistentVolumes', () => {
  judgesCreation(volumes, volume, [
    ['spec.capacity', undefined, 'spec.capacity: Required'],
    ['spec.capacity', { storage: '1Gi', cpu: '1' }, 'spec.capacity: NotSupported'],
    ['spec.capacity', { storage: '0' }, 'spec.capacity[storage]: Invalid'],
    ['spec.accessModes', undefined, 'spec.accessModes: Required'],
    ['spec.accessModes', ['ReadWriteOncePod', 'ReadOnlyMany'], 'spec.accessModes: Forbidden'],
    ['spec.local', undefined, 'spec: Required'],
    ['spec.hostPath', { path: '/x' }, 'spec.local: Forbidden'],
    ['spec.local.path', '', 'spec.local.path: Required'],
    ['spec.local.path', '/data/../etc', 'spec.local.path: Invalid'],
    ['spec.nodeAffinity', undefined, 'spec.nodeAffinity: Required'],
    ['spec.nodeAffinity', {}, 'spec.nodeAffinity.required: Required'],
    ['spec.nodeAffinity', { required: { nodeSelectorTerms: [] } }, 'spec.nodeAffinity.required.nodeSelectorTerms: Required'],
    ['spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].operator', 'Like',
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid'],
    ['spec.nodeAffinity.required.nodeSelectorTerms[0].matchFields', [{ key: 'metadata.uid', operator: 'In', values: ['a'] }],
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchFields[0].key: Invalid'],
    ['spec.persistentVolumeReclaimPolicy', 'Shred', 'spec.persistentVolumeReclaimPolicy: NotSupported'],
    ['spec.storageClassName', 'A B', 'spec.storageClassName: Invalid'],
    ['spec.volumeAttributesClassName', 'gold', 'spec.csi: Required'],
    ['spec.mountOptions', ['ro', 'noatime']],
    ['metadata.annotations', { 'volume.beta.kubernetes.io/mount-options': 'ro' }, 'metadata.annotations.volume.beta.kubernetes.io/mount-options: Forbidden'],
    ['spec', spec({ csi })],
    ['spec', spec({ csi: { ...csi, driver: '', volumeHandle: '' } }), 'spec.csi.driver: Required', 'spec.csi.volumeHandle: Required'],
    ['spec', spec({ csi: { ...csi, driver: 'x'.repeat(64) } }), 'spec.csi.driver: TooLong'],
    ['spec', spec({ csi: { ...csi, nodePublishSecretRef: { name: 's' } } }), 'spec.csi.nodePublishSecretRef.namespace: Required'],
    ['spec', spec({ csi, volumeAttributesClassName: '' }), 'spec.volumeAttributesClassName: Required'],
    ['spec', spec({ hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }), 'spec.persistentVolumeReclaimPolicy: Forbidden'],
    ['spec', spec({ hostPath: { path: '/x', type: 'Symlink' } }), 'spec.hostPath.type: NotSupported'],
    ['spec', spec({ nfs: { server: '', path: 'relative' } }), 'spec.nfs.server: Required', 'spec.nfs.path: Invalid'],
    ['spec', spec({ iscsi: { targetPortal: '10.0.0.1', iqn: 'iqn.2001-04.com.example:disk', lun: 300 } }), 'spec.iscsi.lun: Invalid'],
    ['spec', spec({ iscsi: { targetPortal: '10.0.0.1', iqn: 'nonsense', lun: 0 } }), 'spec.iscsi.iqn: Invalid'],
    ['spec', spec({ fc: { targetWWNs: ['50060e801049cfd1'] } }), 'spec.fc.lun: Required'],
    ['spec', spec({ rbd: { monitors: [], image: '' } }), 'spec.rbd.monitors: Required', 'spec.rbd.image: Required'],
    ['spec', spec({ flexVolume: { driver: 'a/b', options: { 'kubernetes.io/x': '1' } } }), 'spec.flexVolume.options[kubernetes.io/x]: Invalid'],
    ['spec', spec({ awsElasticBlockStore: { volumeID: 'vol-1', partition: 256 } }), 'spec.awsElasticBlockStore.partition: Invalid'],
  ]);

  describe('on update', () => {
    judgesUpdate(volumes, volume, [
      ['spec.local.path', '/data/2', 'spec.persistentvolumesource: Forbidden'],
      ['spec.nodeAffinity', terms('other'), 'spec.nodeAffinity: Invalid'],
      ['spec.capacity.storage', '2Gi'],
      ['spec.claimRef', { namespace: 'ns', name: 'data', uid: 'u' }],
      ['spec.persistentVolumeReclaimPolicy', 'Delete'],
      ['spec.storageClassName', 'other'],
      ['spec.volumeMode', 'Block', 'spec.volumeMode: Invalid'],
    ]);

    it('lets the node affinity be given once, and its beta labels be renamed', () => {
      const open = created(volumes, { metadata: volume.metadata, spec: spec({ csi }) });
      expect(updateFindings(volumes, open, changed(open, 'spec.nodeAffinity', terms('a')))).to.deep.equal([]);
      const beta = created(volumes, changed(volume, 'spec.nodeAffinity', terms('failure-domain.beta.kubernetes.io/zone')));
      expect(updateFindings(volumes, beta, changed(beta, 'spec.nodeAffinity', terms('topology.kubernetes.io/zone')))).to.deep.equal([]);
      expect(updateFindings(volumes, beta, changed(beta, 'spec.nodeAffinity', terms('topology.kubernetes.io/region')))).to.deep.equal(['spec.nodeAffinity: Invalid']);
    });

    it('lets the secret for growing be added', () => {
      const open = created(volumes, { metadata: volume.metadata, spec: spec({ csi }) });
      const reference = { name: 's', namespace: 'ns' };
      expect(updateFindings(volumes, open, changed(open, 'spec.csi.controllerExpandSecretRef', reference))).to.deep.equal([]);
      expect(updateFindings(volumes, open, changed(open, 'spec.csi.nodeStageSecretRef', reference))).to.deep.equal(['spec.persistentvolumesource: Forbidden']);
    });
  });

  it('starts Pending, with the time', () => {
    expect(created(volumes, { ...volume, status: { phase: 'Bound' } })).to.have.deep.property('status', { phase: 'Pending', lastPhaseTransitionTime: '2026-01-02T11:00:00Z' });
  });

  it('prints what kubectl users know', () => {
    expect(header(volumes)).to.equal(
      'NAME | CAPACITY | ACCESS MODES | RECLAIM POLICY | STATUS | CLAIM | STORAGECLASS | VOLUMEATTRIBUTESCLASS | REASON | AGE | (VOLUMEMODE)');
    const bound = {
      metadata: { name: 'pv-1', creationTimestamp: '2025-12-31T12:00:00Z' },
      spec: { ...volume.spec, claimRef: { namespace: 'ns', name: 'data' }, storageClassName: 'local', persistentVolumeReclaimPolicy: 'Delete' },
      status: { phase: 'Bound' },
    };
    expect(row(volumes, bound, true)).to.equal('pv-1 | 1Gi | RWO | Delete | Bound | ns/data | local | <unset> |  | 2d | Filesystem');
  });
});

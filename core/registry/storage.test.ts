import { expect } from 'chai';
import { csiDrivers } from './csidrivers.ts';
import { csiNodes } from './csinodes.ts';
import { csiStorageCapacities } from './csistoragecapacities.ts';
import { header, judgesCreation, judgesStatus, judgesUpdate, row } from './resource.test.ts';
import { storageClasses } from './storageclasses.ts';
import { volumeAttachments } from './volumeattachments.ts';

const topology = (values: string[], key = 'zone') => ({ matchLabelExpressions: [{ key, values }] });

describe('storageClasses', () => {
  const storageClass = { metadata: { name: 'local' }, provisioner: 'local.keelson.dev', parameters: { a: 'b' } };
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, '']));

  judgesCreation(storageClasses, storageClass, [
    ['provisioner', '', 'provisioner: Required'],
    ['provisioner', 'Kubernetes.io/AWS-EBS'],
    ['provisioner', 'no spaces', 'provisioner: Invalid'],
    ['parameters', { '': 'x' }, 'parameters: Invalid'],
    ['parameters', many(512)],
    ['parameters', many(513), 'parameters: TooLong'],
    ['parameters', { a: 'x'.repeat(262143) }],
    ['parameters', { a: 'x'.repeat(262144) }, 'parameters: TooLong'],
    ['reclaimPolicy', 'Recycle', 'reclaimPolicy: NotSupported'],
    ['volumeBindingMode', 'Later', 'volumeBindingMode: NotSupported'],
    ['allowedTopologies', [topology(['a', 'b']), topology(['c'])]],
    ['allowedTopologies', [topology([])], 'allowedTopologies[0].matchLabelExpressions[0].values: Required'],
    ['allowedTopologies', [topology(['a', 'a'])], 'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate'],
    ['allowedTopologies', [topology(['a'], 'not a key')], 'allowedTopologies[0].matchLabelExpressions[0].key: Invalid'],
    ['allowedTopologies', [topology(['a', 'b']), topology(['b', 'a'])], 'allowedTopologies[1].matchLabelExpressions: Duplicate'],
  ]);
  judgesUpdate(storageClasses, storageClass, [
    ['parameters', { a: 'c' }, 'parameters: Forbidden'],
    ['provisioner', 'other', 'provisioner: Forbidden'],
    ['reclaimPolicy', 'Retain', 'reclaimPolicy: Forbidden'],
    ['volumeBindingMode', 'WaitForFirstConsumer', 'volumeBindingMode: Invalid'],
    ['allowVolumeExpansion', true],
    ['mountOptions', ['ro']],
    ['metadata.annotations', { 'storageclass.kubernetes.io/is-default-class': 'true' }],
  ]);

  it('prints what kubectl users know', () => {
    expect(header(storageClasses)).to.equal('NAME | PROVISIONER | RECLAIMPOLICY | VOLUMEBINDINGMODE | ALLOWVOLUMEEXPANSION | AGE');
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    expect(row(storageClasses, { ...storageClass, metadata: { name: 'local', annotations }, allowVolumeExpansion: true }))
      .to.equal('local (default) | local.keelson.dev | Delete | Immediate | true | <unknown>');
    expect(row(storageClasses, storageClass)).to.equal('local | local.keelson.dev | Delete | Immediate | false | <unknown>');
  });
});

describe('csiDrivers', () => {
  const driver = { metadata: { name: 'local.keelson.dev' }, spec: {} };
  judgesCreation(csiDrivers, driver, [
    ['spec.fsGroupPolicy', 'Sometimes', 'spec.fsGroupPolicy: NotSupported'],
    ['spec.volumeLifecycleModes', ['Eternal'], 'spec.volumeLifecycleModes[0]: NotSupported'],
    ['spec.tokenRequests', [{ audience: 'a', expirationSeconds: 600 }, { audience: '' }]],
    ['spec.tokenRequests', [{ audience: 'a' }, { audience: 'a' }], 'spec.tokenRequests[1].audience: Duplicate'],
    ['spec.tokenRequests', [{ audience: 'a', expirationSeconds: 599 }], 'spec.tokenRequests[0].expirationSeconds: Invalid'],
    ['spec.tokenRequests', [{ audience: 'a', expirationSeconds: 2 ** 32 + 1 }], 'spec.tokenRequests[0].expirationSeconds: Invalid'],
    ['spec.nodeAllocatableUpdatePeriodSeconds', 9, 'spec.nodeAllocatableUpdatePeriodSeconds: Invalid'],
  ]);
  judgesUpdate(csiDrivers, driver, [
    ['spec.attachRequired', false, 'spec.attachRequired: Invalid'],
    ['spec.volumeLifecycleModes', ['Ephemeral'], 'spec.volumeLifecycleModes: Invalid'],
    ['spec.storageCapacity', true],
    ['spec.fsGroupPolicy', 'File'],
  ]);

  it('prints what kubectl users know', () => {
    expect(header(csiDrivers)).to.equal('NAME | ATTACHREQUIRED | PODINFOONMOUNT | STORAGECAPACITY | TOKENREQUESTS | REQUIRESREPUBLISH | MODES | AGE');
    expect(row(csiDrivers, driver)).to.equal('local.keelson.dev | true | false | false | <unset> | false | Persistent | <unknown>');
  });
});

describe('csiNodes', () => {
  const node = { metadata: { name: 'n1' }, spec: { drivers: [{ name: 'a.example.com', nodeID: 'n1', topologyKeys: ['zone'], allocatable: { count: 3 } }] } };
  judgesCreation(csiNodes, node, [
    ['spec.drivers', []],
    ['spec.drivers[0].name', '', 'spec.drivers[0].name: Required'],
    ['spec.drivers[0].nodeID', '', 'spec.drivers[0].nodeID: Required'],
    ['spec.drivers[0].nodeID', 'x'.repeat(257), 'spec.drivers[0].nodeID: Invalid'],
    ['spec.drivers[0].allocatable.count', -1, 'spec.drivers[0].allocatable.count: Invalid'],
    ['spec.drivers[0].topologyKeys', ['zone', 'zone'], 'spec.drivers[0].topologyKeys[1]: Duplicate'],
    ['spec.drivers[0].topologyKeys', [''], 'spec.drivers[0].topologyKeys[0]: Required'],
    ['spec.drivers[1]', { name: 'a.example.com', nodeID: 'n2' }, 'spec.drivers[1].name: Duplicate'],
  ]);
  judgesUpdate(csiNodes, node, [
    ['spec.drivers[0].nodeID', 'n2', 'spec.drivers: Invalid'],
    ['spec.drivers[0].allocatable.count', 4, 'spec.drivers: Invalid'],
    ['spec.drivers', []],
    ['spec.drivers[1]', { name: 'b.example.com', nodeID: 'n1' }],
  ]);

  it('prints what kubectl users know', () => {
    expect(`${header(csiNodes)} / ${row(csiNodes, node)}`).to.equal('NAME | DRIVERS | AGE / n1 | 1 | <unknown>');
  });
});

describe('volumeAttachments', () => {
  const attachment = { metadata: { name: 'csi-1' }, spec: { attacher: 'a.example.com', nodeName: 'n1', source: { persistentVolumeName: 'pv-1' } } };
  const inline = { accessModes: ['ReadWriteOnce'], csi: { driver: 'a.example.com', volumeHandle: 'v' } };
  judgesCreation(volumeAttachments, attachment, [
    ['spec.attacher', '', 'spec.attacher: Required'],
    ['spec.attacher', 'no spaces', 'spec.attacher: Invalid'],
    ['spec.nodeName', '', 'spec.nodeName: Required'],
    ['spec.source', {}, 'spec.source: Required'],
    ['spec.source', { persistentVolumeName: '' }, 'spec.source.persistentVolumeName: Required'],
    ['spec.source', { persistentVolumeName: 'A B' }, 'spec.source.persistentVolumeName: Invalid'],
    ['spec.source', { inlineVolumeSpec: inline }],
    ['spec.source', { inlineVolumeSpec: inline, persistentVolumeName: 'pv' }, 'spec.source: Forbidden'],
    ['spec.source', { inlineVolumeSpec: { ...inline, capacity: { storage: '1' } } }, 'spec.source.inlineVolumeSpec.capacity: Forbidden'],
    ['spec.source', { inlineVolumeSpec: { ...inline, claimRef: { name: 'x' } } }, 'spec.source.inlineVolumeSpec.claimRef: Forbidden'],
    ['spec.source', { inlineVolumeSpec: { ...inline, persistentVolumeReclaimPolicy: 'Delete' } }, 'spec.source.inlineVolumeSpec.persistentVolumeReclaimPolicy: Forbidden'],
    ['spec.source', { inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } }, 'spec.source.inlineVolumeSpec.csi: Required'],
  ]);
  judgesUpdate(volumeAttachments, attachment, [
    ['spec.nodeName', 'n2', 'spec: Invalid'],
    ['metadata.labels', { a: 'b' }],
  ]);
  judgesStatus(volumeAttachments, attachment, [
    ['status', { attached: true, attachmentMetadata: { devicePath: '/dev/xvdba' } }],
    ['status.attachmentMetadata', { a: 'x'.repeat(262144) }, 'status.attachmentMetadata: TooLong'],
    ['status.attachError', { message: 'x'.repeat(1025) }, 'status.attachError.message: TooLong'],
    ['status.detachError', { errorCode: -1 }, 'status.detachError.errorCode: Invalid'],
  ]);

  it('prints what kubectl users know', () => {
    expect(header(volumeAttachments)).to.equal('NAME | ATTACHER | PV | NODE | ATTACHED | AGE');
    expect(row(volumeAttachments, attachment)).to.equal('csi-1 | a.example.com | pv-1 | n1 | false | <unknown>');
  });
});

describe('csiStorageCapacities', () => {
  const capacity = { metadata: { name: 'c', namespace: 'ns' }, storageClassName: 'local', nodeTopology: { matchLabels: { zone: 'a' } }, capacity: '1Gi' };
  judgesCreation(csiStorageCapacities, capacity, [
    ['storageClassName', '', 'storageClassName: Invalid'],
    ['capacity', '-1', 'capacity: Invalid'],
    ['maximumVolumeSize', '-1', 'maximumVolumeSize: Invalid'],
    ['nodeTopology', { matchExpressions: [{ key: 'a', operator: 'Near' }] }, 'nodeTopology.matchExpressions[0].operator: Invalid'],
  ]);
  judgesUpdate(csiStorageCapacities, capacity, [
    ['capacity', '2Gi'],
    ['nodeTopology', undefined, 'nodeTopology: Invalid'],
    ['storageClassName', 'other', 'storageClassName: Invalid'],
  ]);

  it('prints what kubectl users know', () => {
    expect(header(csiStorageCapacities)).to.equal('NAME | STORAGECLASSNAME | CAPACITY');
    expect(row(csiStorageCapacities, capacity)).to.equal('c | local | 1Gi');
    expect(row(csiStorageCapacities, { ...capacity, capacity: undefined })).to.equal('c | local | <unset>');
  });
});

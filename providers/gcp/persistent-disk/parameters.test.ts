import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { accessModeFor, sizeWithin } from './disk-request.ts';
import { parseParameters } from './parameters.ts';
import { parseSnapshotParameters, snapshotDescription } from './snapshot-parameters.ts';

const gibi = 2n ** 30n;

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (ProviderError.is(error, 'Invalid')) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

const refused = (parameters: Readonly<Record<string, string>>): string => refusal(() => parseParameters(parameters));

describe('parameters of Persistent Disks', () => {
  it('are as the vendor\'s driver takes them', () => {
    expect(parseParameters({})).to.deep.include({ typeName: 'pd-standard', isRegional: false, labels: {}, isForced: false, isConfidential: false, storagePools: [], resourceTags: {} });
    const parsed = parseParameters({
      Type: 'Hyperdisk-Balanced', 'disk-encryption-kms-key': 'projects/p/locations/us/keyRings/r/cryptoKeys/k', labels: 'team=a, stage=b', 'Provisioned-IOPS-On-Create': '4k', 'provisioned-throughput-on-create': '250Mi',
      'enable-confidential-storage': 'True', 'storage-pools': 'projects/p/zones/us-central1-a/storagePools/one, projects/p/zones/us-central1-b/storagePools/two', 'resource-tags': 'my-project/env/test, 1234/cost/low',
      'access-mode': 'READ_WRITE_MANY', 'csiProvisionerSecretName': 'x', fstype: 'ext4', 'use-allowed-disk-topology': 'false', 'enable-multi-zone-provisioning': 'false', 'availability-class': 'none',
    });
    expect(parsed).to.deep.include({
      typeName: 'hyperdisk-balanced', kmsKey: 'projects/p/locations/us/keyRings/r/cryptoKeys/k', labels: { team: 'a', stage: 'b' }, iops: 4_000, throughput: 250, isConfidential: true, accessMode: 'READ_WRITE_MANY',
      resourceTags: { 'my-project/env': 'test', '1234/cost': 'low' },
    });
    expect(parsed.storagePools.map(({ zone }) => zone)).to.deep.equal(['us-central1-a', 'us-central1-b']);
    expect(parseParameters({ type: '', 'replication-type': 'regional-pd' })).to.include({ typeName: 'pd-standard', isRegional: true });
    expect(parseParameters({ type: 'hyperdisk-balanced-high-availability' }).isRegional).to.equal(true);
    expect(parseParameters({ type: 'pd-ssd', zones: 'us-central1-a, us-central1-b' }).zones).to.deep.equal(['us-central1-a', 'us-central1-b']);
  });

  it('are changed by those of a VolumeAttributesClass', () => {
    expect(parseParameters({ type: 'hyperdisk-balanced', 'provisioned-iops-on-create': '3000' }, { IOPS: '5000' })).to.include({ iops: 5_000 });
    expect(refusal(() => parseParameters({}, { iops: '5000' }))).to.equal('the IOPS of disks of type pd-standard cannot be changed');
    expect(refusal(() => parseParameters({ type: 'hyperdisk-balanced' }, { size: '1' }))).to.contain('"size"');
  });

  it('are refused by name when there is no such one, or it is there twice', () => {
    expect(refused({ 'no-such': 'x' })).to.contain('"no-such"');
    expect(refused(Object.fromEntries([['__proto__', 'x']]))).to.contain('__proto__');
    expect(refused({ constructor: 'x' })).to.contain('"constructor"');
    expect(refused({ type: 'pd-ssd', TYPE: 'pd-ssd' })).to.contain('"type" is there twice');
  });

  it('are refused with the value that is wrong', () => {
    expect(refused({ type: 'pd-sdd' })).to.contain('"pd-sdd"').and.to.contain('pd-balanced');
    expect(refused({ 'replication-type': 'twice' })).to.equal('parameter "replication-type" must be "none" or "regional-pd", not "twice"');
    expect(refused({ 'disk-encryption-kms-key': 'my-key' })).to.contain('"my-key"');
    for (const labels of ['a', 'a=b=c', 'A=b', '1a=b', 'a=B', `${'a'.repeat(64)}=b`]) expect(refused({ labels })).to.contain('"labels"');
    expect(refused({ labels: 'keelson-cluster=other' })).to.contain('keelson-cluster');
    expect(refused({ labels: Array.from({ length: 65 }, (_each, i) => `k${i}=v`).join(',') })).to.contain('65 labels');
    for (const value of ['', 'many', '-1', '0', '1e30']) expect(refused({ type: 'pd-extreme', 'provisioned-iops-on-create': value })).to.contain('"provisioned-iops-on-create"').and.to.contain(JSON.stringify(value));
    for (const value of ['150', '-5Mi', '0', 'Mi']) expect(refused({ type: 'hyperdisk-ml', 'provisioned-throughput-on-create': value })).to.contain('150Mi');
    expect(refused({ 'enable-confidential-storage': 'maybe' })).to.contain('"maybe"');
    expect(refused({ type: 'hyperdisk-balanced', 'storage-pools': 'pool' })).to.contain('"pool"');
    expect(refused({ type: 'hyperdisk-balanced', 'storage-pools': 'projects/p/zones/z-a/storagePools/a,projects/p/zones/z-a/storagePools/b' })).to.contain('two storage pools');
    expect(refused({ 'resource-tags': 'env=test' })).to.contain('"env=test"');
    expect(refused({ 'access-mode': 'RWX', type: 'hyperdisk-ml' })).to.contain('"RWX"');
    expect(refused({ zone: '../a' })).to.contain('"../a"');
  });

  it('are refused when they do not go together', () => {
    expect(refused({ type: 'pd-extreme', 'replication-type': 'regional-pd' })).to.contain('no regional disks of type pd-extreme');
    expect(refused({ type: 'pd-ssd', 'provisioned-iops-on-create': '3000' })).to.contain('not for disks of type pd-ssd');
    expect(refused({ type: 'hyperdisk-extreme', 'provisioned-throughput-on-create': '150Mi' })).to.contain('not for disks of type hyperdisk-extreme');
    expect(refused({ type: 'hyperdisk-balanced', 'enable-confidential-storage': 'true' })).to.contain('needs "disk-encryption-kms-key"');
    expect(refused({ type: 'pd-ssd', 'enable-confidential-storage': 'true', 'disk-encryption-kms-key': 'projects/p/locations/us/keyRings/r/cryptoKeys/k' })).to.contain('not for disks of type pd-ssd');
    expect(refused({ type: 'pd-ssd', 'storage-pools': 'projects/p/zones/z-a/storagePools/a' })).to.contain('not for disks of type pd-ssd');
    expect(refused({ type: 'pd-ssd', 'access-mode': 'READ_WRITE_MANY' })).to.contain('cannot be READ_WRITE_MANY');
    expect(refused({ type: 'pd-ssd', 'availability-class': 'regional-hard-failover' })).to.contain('for regional disks only');
  });

  it('are refused when this driver cannot do what they ask for', () => {
    for (const [key, value] of [['type', 'dynamic'], ['data-cache-size', '50Gi'], ['data-cache-mode', 'writeback'], ['enable-multi-zone-provisioning', 'true'], ['use-allowed-disk-topology', 'true'], ['pd-type', 'pd-ssd'], ['hyperdisk-type', 'hyperdisk-ml'], ['disk-type-preference', 'pd-type']] as const) {
      expect(refused({ [key]: value }), key).to.contain('is not supported').and.to.contain(`"${key}"`);
    }
  });

  it('of snapshots and images are read likewise', () => {
    expect(parseSnapshotParameters({})).to.deep.include({ kind: 'snapshots', labels: {}, resourceTags: {} });
    const parsed = parseSnapshotParameters({ 'Snapshot-Type': 'images', 'image-family': 'golden', 'storage-locations': ' EU ', labels: 'a=b', 'csi.storage.k8s.io/volumesnapshot/name': 'one' });
    expect(parsed).to.deep.include({ kind: 'images', family: 'golden', storageLocation: 'eu', labels: { a: 'b' } });
    expect(JSON.parse(snapshotDescription(parsed))).to.deep.equal({ 'kubernetes.io/created-for/volumesnapshot/name': 'one', 'storage.gke.io/created-by': 'pd.csi.storage.gke.io' });
    expect(refusal(() => parseSnapshotParameters({ 'snapshot-type': 'tapes' }))).to.contain('"tapes"');
    expect(refusal(() => parseSnapshotParameters({ 'storage-locations': 'us, eu' }))).to.contain('one region');
    expect(refusal(() => parseSnapshotParameters({ 'image-family': 'golden' }))).to.contain('for images only');
    expect(refusal(() => parseSnapshotParameters({ 'no-such': 'x' }))).to.contain('"no-such"');
  });
});

describe('what is asked of Persistent Disks', () => {
  const ssd = parseParameters({ type: 'pd-ssd' });

  it('is rounded up to whole GiB, and to the least of the type', () => {
    expect(sizeWithin({ required: 1n }, ssd)).to.equal(1);
    expect(sizeWithin({ required: 10n ** 10n }, ssd)).to.equal(10);
    expect(sizeWithin({ required: 5n * gibi, limit: 5n * gibi }, ssd)).to.equal(5);
    expect(sizeWithin({ required: gibi }, parseParameters({ 'replication-type': 'regional-pd' }))).to.equal(200);
    expect(sizeWithin({ required: gibi }, parseParameters({ type: 'hyperdisk-throughput' }))).to.equal(2_048);
    expect(refusal(() => sizeWithin({ required: gibi, limit: 100n * gibi }, parseParameters({ type: 'pd-extreme' })))).to.contain('the least for 1073741824 bytes is 500 GiB');
    expect(refusal(() => sizeWithin({ required: gibi + 1n, limit: gibi + 2n }, ssd))).to.contain('over the limit');
    expect(refusal(() => sizeWithin({ required: 2n ** 62n }, ssd))).to.contain('at most 65536 GiB');
    expect(refusal(() => sizeWithin({ required: 2n, limit: 1n }, ssd))).to.contain('the limit is 1');
  });

  it('is for one machine, or for many where the type can that', () => {
    const use = { volumeMode: 'Block', mountOptions: [] } as const;
    const balanced = parseParameters({ type: 'hyperdisk-balanced' });
    expect(accessModeFor({ ...use, accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'] }, balanced, false)).to.equal(undefined);
    expect(accessModeFor({ ...use, accessModes: ['ReadWriteMany'] }, balanced, false)).to.equal('READ_WRITE_MANY');
    expect(refusal(() => accessModeFor({ ...use, volumeMode: 'Filesystem', accessModes: ['ReadWriteMany'] }, balanced, false))).to.contain('volumeMode Block only');
    expect(refusal(() => accessModeFor({ ...use, accessModes: ['ReadWriteMany'] }, ssd, false))).to.contain('not possible with disks of type pd-ssd');
    expect(refusal(() => accessModeFor({ ...use, accessModes: ['ReadOnlyMany'] }, ssd, false))).to.contain('needs a source');
    expect(accessModeFor({ ...use, accessModes: ['ReadOnlyMany'] }, ssd, true)).to.equal(undefined);
    expect(accessModeFor({ ...use, accessModes: ['ReadOnlyMany'] }, parseParameters({ type: 'hyperdisk-ml' }), true)).to.equal('READ_ONLY_MANY');
    expect(refusal(() => accessModeFor({ ...use, accessModes: ['ReadOnlyMany'] }, balanced, true))).to.contain('not possible with disks of type hyperdisk-balanced');
    expect(refusal(() => accessModeFor({ ...use, accessModes: ['ReadWriteMany'] }, parseParameters({ type: 'hyperdisk-balanced', 'access-mode': 'READ_WRITE_SINGLE' }), false))).to.contain('"access-mode" says READ_WRITE_SINGLE');
  });
});

import type { ShapeTable } from './shape.ts';

/** Bodies of disks, snapshots and images, as the v1 model has them. `output` fields are the server's own: what a client says of them is ignored. */
export const diskShapes: ShapeTable = {
  Disk: `
    output: asyncSecondaryDisks creationTimestamp id kind lastAttachTimestamp lastDetachTimestamp region resourceStatus satisfiesPzi satisfiesPzs selfLink sourceConsistencyGroupPolicy sourceConsistencyGroupPolicyId sourceDiskId sourceImageId sourceInstantSnapshotId sourceSnapshotId status users zone
    string: description labelFingerprint locationHint name options sourceDisk sourceImage sourceInstantSnapshot sourceSnapshot sourceStorageObject storagePool type
    strings: licenses replicaZones resourcePolicies
    boolean: enableConfidentialCompute
    long: physicalBlockSizeBytes provisionedIops provisionedThroughput sizeGb
    longs: licenseCodes
    map: labels
    enum accessMode: READ_ONLY_MANY READ_WRITE_MANY READ_WRITE_SINGLE
    enum architecture: ARCHITECTURE_UNSPECIFIED ARM64 X86_64
    object asyncPrimaryDisk: DiskAsyncReplication
    object diskEncryptionKey: CustomerEncryptionKey
    objects guestOsFeatures: GuestOsFeature
    object params: DiskParams
    object sourceImageEncryptionKey: CustomerEncryptionKey
    object sourceSnapshotEncryptionKey: CustomerEncryptionKey
  `,
  DiskAsyncReplication: `
    output: consistencyGroupPolicy consistencyGroupPolicyId diskId
    string: disk
  `,
  DiskParams: 'map: resourceManagerTags',
  DisksResizeRequest: 'long: sizeGb',
  RegionDisksResizeRequest: 'long: sizeGb',
  ZoneSetLabelsRequest: `
    string: labelFingerprint
    map: labels
  `,
  RegionSetLabelsRequest: `
    string: labelFingerprint
    map: labels
  `,
  GlobalSetLabelsRequest: `
    string: labelFingerprint
    map: labels
  `,
  Snapshot: `
    output: architecture autoCreated creationSizeBytes creationTimestamp diskSizeGb downloadBytes enableConfidentialCompute guestOsFeatures id kind licenseCodes licenses region satisfiesPzi satisfiesPzs selfLink snapshotGroupId snapshotGroupName sourceDiskId sourceInstantSnapshotId sourceSnapshotSchedulePolicy sourceSnapshotSchedulePolicyId status storageBytes storageBytesStatus
    string: chainName description labelFingerprint locationHint name sourceDisk sourceDiskForRecoveryCheckpoint sourceInstantSnapshot
    strings: storageLocations
    boolean: guestFlush
    map: labels
    object params: SnapshotParams
    object snapshotEncryptionKey: CustomerEncryptionKey
    enum snapshotType: ARCHIVE STANDARD
    object sourceDiskEncryptionKey: CustomerEncryptionKey
    object sourceInstantSnapshotEncryptionKey: CustomerEncryptionKey
  `,
  SnapshotParams: 'map: resourceManagerTags',
  Image: `
    output: creationTimestamp deprecated enableConfidentialCompute id kind satisfiesPzi satisfiesPzs selfLink sourceDiskId sourceImageId sourceSnapshotId status
    string: description family labelFingerprint name sourceDisk sourceImage sourceSnapshot
    strings: licenses storageLocations
    long: archiveSizeBytes diskSizeGb
    longs: licenseCodes
    map: labels
    enum architecture: ARCHITECTURE_UNSPECIFIED ARM64 X86_64
    objects guestOsFeatures: GuestOsFeature
    object imageEncryptionKey: CustomerEncryptionKey
    object params: ImageParams
    object rawDisk: RawDisk
    object shieldedInstanceInitialState: InitialStateConfig
    object sourceDiskEncryptionKey: CustomerEncryptionKey
    object sourceImageEncryptionKey: CustomerEncryptionKey
    object sourceSnapshotEncryptionKey: CustomerEncryptionKey
    enum sourceType: RAW
  `,
  ImageParams: 'map: resourceManagerTags',
  RawDisk: `
    string: sha1Checksum source
    enum containerType: TAR
  `,
  InitialStateConfig: `
    objects dbs: FileContentBuffer
    objects dbxs: FileContentBuffer
    objects keks: FileContentBuffer
    object pk: FileContentBuffer
  `,
  FileContentBuffer: `
    string: content
    enum fileType: BIN UNDEFINED X509
  `,
};

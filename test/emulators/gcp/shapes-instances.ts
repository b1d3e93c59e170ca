import type { ShapeTable } from './shape.ts';

/** Bodies of instances and what they are made of, as the v1 model has them. `output` fields are the server's own: what a client says of them is ignored. */
export const instanceShapes: ShapeTable = {
  Instance: `
    output: cpuPlatform creationTimestamp id kind lastStartTimestamp lastStopTimestamp lastSuspendedTimestamp resourceStatus satisfiesPzi satisfiesPzs selfLink startRestricted status statusMessage zone
    string: description fingerprint hostname labelFingerprint machineType minCpuPlatform name sourceMachineImage
    strings: resourcePolicies
    boolean: canIpForward deletionProtection
    map: labels
    object advancedMachineFeatures: AdvancedMachineFeatures
    object confidentialInstanceConfig: ConfidentialInstanceConfig
    objects disks: AttachedDisk
    object displayDevice: DisplayDevice
    objects guestAccelerators: AcceleratorConfig
    object instanceEncryptionKey: CustomerEncryptionKey
    enum keyRevocationActionType: KEY_REVOCATION_ACTION_TYPE_UNSPECIFIED NONE STOP
    enum localSsdEncryptionMode: EPHEMERAL_KEY_ENCRYPTION LOCAL_SSD_ENCRYPTION_MODE_UNSPECIFIED STANDARD_ENCRYPTION
    object metadata: Metadata
    objects networkInterfaces: NetworkInterface
    object networkPerformanceConfig: NetworkPerformanceConfig
    object params: InstanceParams
    enum privateIpv6GoogleAccess: ENABLE_BIDIRECTIONAL_ACCESS_TO_GOOGLE ENABLE_OUTBOUND_VM_ACCESS_TO_GOOGLE INHERIT_FROM_SUBNETWORK
    object reservationAffinity: ReservationAffinity
    object scheduling: Scheduling
    objects serviceAccounts: ServiceAccount
    object shieldedInstanceConfig: ShieldedInstanceConfig
    object shieldedInstanceIntegrityPolicy: ShieldedInstanceIntegrityPolicy
    object sourceMachineImageEncryptionKey: CustomerEncryptionKey
    object tags: Tags
    object workloadIdentityConfig: WorkloadIdentityConfig
  `,
  AdvancedMachineFeatures: `
    string: turboMode
    boolean: enableNestedVirtualization enableUefiNetworking
    int: threadsPerCore visibleCoreCount
    enum performanceMonitoringUnit: ARCHITECTURAL ENHANCED PERFORMANCE_MONITORING_UNIT_UNSPECIFIED STANDARD
  `,
  ConfidentialInstanceConfig: `
    boolean: enableConfidentialCompute
    enum confidentialInstanceType: CCA CONFIDENTIAL_INSTANCE_TYPE_UNSPECIFIED SEV SEV_SNP TDX
  `,
  AttachedDisk: `
    output: architecture index kind licenses savedState shieldedInstanceInitialState
    string: deviceName source
    boolean: autoDelete boot forceAttach
    long: diskSizeGb
    object diskEncryptionKey: CustomerEncryptionKey
    objects guestOsFeatures: GuestOsFeature
    object initializeParams: AttachedDiskInitializeParams
    enum interface: NVME SCSI
    enum mode: READ_ONLY READ_WRITE
    enum type: PERSISTENT SCRATCH
  `,
  CustomerEncryptionKey: `
    output: sha256
    string: kmsKeyName kmsKeyServiceAccount rawKey rsaEncryptedKey
  `,
  GuestOsFeature: 'enum type: BARE_METAL_LINUX_COMPATIBLE CCA_CAPABLE FEATURE_TYPE_UNSPECIFIED GVNIC IDPF MULTI_IP_SUBNET SECURE_BOOT SEV_CAPABLE SEV_LIVE_MIGRATABLE SEV_LIVE_MIGRATABLE_V2 SEV_SNP_CAPABLE SNP_SVSM_CAPABLE TDX_CAPABLE UEFI_COMPATIBLE VIRTIO_SCSI_MULTIQUEUE WINDOWS',
  AttachedDiskInitializeParams: `
    string: description diskName diskType sourceImage sourceSnapshot storagePool
    strings: licenses replicaZones resourcePolicies
    boolean: enableConfidentialCompute
    long: diskSizeGb provisionedIops provisionedThroughput
    map: labels resourceManagerTags
    enum architecture: ARCHITECTURE_UNSPECIFIED ARM64 X86_64
    enum onUpdateAction: RECREATE_DISK RECREATE_DISK_IF_SOURCE_CHANGED USE_EXISTING_DISK
    object sourceImageEncryptionKey: CustomerEncryptionKey
    object sourceSnapshotEncryptionKey: CustomerEncryptionKey
  `,
  DisplayDevice: 'boolean: enableDisplay',
  AcceleratorConfig: `
    string: acceleratorType
    int: acceleratorCount
  `,
  Metadata: `
    output: kind
    string: fingerprint
    objects items: Items
  `,
  Items: 'string: key value',
  NetworkInterface: `
    output: ipv6AccessType kind name
    string: fingerprint ipv6Address network networkAttachment networkIP parentNicName serviceClassId subnetwork
    boolean: enableVpcScopedDns
    int: internalIpv6PrefixLength queueCount vlan
    objects accessConfigs: AccessConfig
    objects aliasIpRanges: AliasIpRange
    objects aliasIpv6Ranges: AliasIpRange
    enum igmpQuery: IGMP_QUERY_DISABLED IGMP_QUERY_V2
    objects ipv6AccessConfigs: AccessConfig
    enum nicType: GVNIC IDPF IRDMA MRDMA UNSPECIFIED_NIC_TYPE VIRTIO_NET
    enum stackType: IPV4_IPV6 IPV4_ONLY IPV6_ONLY UNSPECIFIED_STACK_TYPE
  `,
  AccessConfig: `
    output: kind
    string: externalIpv6 name natIP publicPtrDomainName securityPolicy
    boolean: setPublicPtr
    int: externalIpv6PrefixLength
    enum networkTier: FIXED_STANDARD PREMIUM STANDARD STANDARD_OVERRIDES_FIXED_STANDARD
    enum type: DIRECT_IPV6 ONE_TO_ONE_NAT
  `,
  AliasIpRange: 'string: ipCidrRange subnetworkRangeName',
  NetworkPerformanceConfig: 'enum totalEgressBandwidthTier: DEFAULT TIER_1',
  InstanceParams: `
    map: resourceManagerTags
    object requestValidForDuration: Duration
  `,
  Duration: `
    int: nanos
    long: seconds
  `,
  ReservationAffinity: `
    string: key
    strings: values
    enum consumeReservationType: ANY_RESERVATION NO_RESERVATION SPECIFIC_RESERVATION UNSPECIFIED
  `,
  Scheduling: `
    string: locationHint terminationTime
    boolean: automaticRestart preemptible skipGuestOsShutdown
    int: availabilityDomain hostErrorTimeoutSeconds minNodeCpus
    enum instanceTerminationAction: DELETE INSTANCE_TERMINATION_ACTION_UNSPECIFIED STOP
    object localSsdRecoveryTimeout: Duration
    object maxRunDuration: Duration
    objects nodeAffinities: SchedulingNodeAffinity
    enum onHostMaintenance: MIGRATE TERMINATE
    object onInstanceStopAction: SchedulingOnInstanceStopAction
    enum provisioningModel: FLEX_START RESERVATION_BOUND SPOT STANDARD
  `,
  SchedulingNodeAffinity: `
    string: key
    strings: values
    enum operator: IN NOT_IN OPERATOR_UNSPECIFIED
  `,
  SchedulingOnInstanceStopAction: 'boolean: discardLocalSsd',
  ServiceAccount: `
    string: email
    strings: scopes
  `,
  ShieldedInstanceConfig: 'boolean: enableIntegrityMonitoring enableSecureBoot enableVtpm',
  ShieldedInstanceIntegrityPolicy: 'boolean: updateAutoLearnPolicy',
  Tags: `
    string: fingerprint
    strings: items
  `,
  WorkloadIdentityConfig: `
    string: identity
    boolean: identityCertificateEnabled
  `,
  InstancesSetLabelsRequest: `
    string: labelFingerprint
    map: labels
  `,
};

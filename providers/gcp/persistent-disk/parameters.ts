import { clusterLabel } from '#providers/gcp/context.ts';
import { checkChangeable, speedOf } from './disk-speed.ts';
import { diskTypeNames, diskTypeOf, type DiskAccessMode, type DiskType } from './disk-types.ts';
import { choice, iopsOf, kmsKeyOf, labelsOf, resourceTagsOf, storagePoolsOf, throughputOf, truth, zonesOf, type StoragePool } from './parameter-values.ts';
import { invalid, quoted } from './refusal.ts';

/** What a StorageClass says of its disks. */
export interface DiskParameters {
  readonly typeName: string;
  readonly type: DiskType;
  /** With replicas in two zones. */
  readonly isRegional: boolean;
  readonly kmsKey?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly iops?: number;
  /** MiB a second. */
  readonly throughput?: number;
  /** It may be taken from a machine of a zone that does not answer any more. */
  readonly isForced: boolean;
  readonly isConfidential: boolean;
  readonly storagePools: readonly StoragePool[];
  readonly resourceTags: Readonly<Record<string, string>>;
  readonly accessMode?: DiskAccessMode;
  /** The only ones in which it may be, as classes of `kubernetes.io/gce-pd` say it. */
  readonly zones?: readonly string[];
}

interface Draft {
  typeName?: string;
  replicated?: boolean;
  kmsKey?: string;
  labels?: Readonly<Record<string, string>>;
  iops?: number;
  throughput?: number;
  isForced?: boolean;
  isConfidential?: boolean;
  storagePools?: readonly StoragePool[];
  resourceTags?: Readonly<Record<string, string>>;
  accessMode?: DiskAccessMode;
  zones?: readonly string[];
}

type Reader = (draft: Draft, value: string, key: string) => void;

const ignore: Reader = () => undefined;
const refuse = (why: string): Reader => (_draft, value, key) => {
  throw invalid(`parameter ${key}: ${quoted(value)} is not supported: ${why}`);
};
const refuseTrue = (why: string): Reader => (draft, value, key) => {
  if (truth(key, value)) refuse(why)(draft, value, key);
};
const noDataCache = refuse('this driver caches no data on local SSDs');
const noChoice = refuse('it chooses the type of disk by labels of nodes, which this driver does not set; name the type');

/** Keys in small letters. An empty text is as none where the vendor's driver takes it so. */
const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['type', (draft, value, key) => void (value === '' || (draft.typeName = typeNameOf(key, value)))],
  ['replication-type', (draft, value, key) => void (value === '' || (draft.replicated = choice(key, value, ['none', 'regional-pd']) === 'regional-pd'))],
  ['disk-encryption-kms-key', (draft, value, key) => void (value === '' || (draft.kmsKey = kmsKeyOf(key, value)))],
  ['labels', (draft, value, key) => void (draft.labels = ownLabels(key, labelsOf(key, value)))],
  ['provisioned-iops-on-create', (draft, value, key) => void (draft.iops = iopsOf(key, value))],
  ['provisioned-throughput-on-create', (draft, value, key) => void (draft.throughput = throughputOf(key, value))],
  ['availability-class', (draft, value, key) => void (draft.isForced = choice(key, value, ['none', 'regional-hard-failover']) !== 'none')],
  ['enable-confidential-storage', (draft, value, key) => void (draft.isConfidential = truth(key, value))],
  ['storage-pools', (draft, value, key) => void (draft.storagePools = storagePoolsOf(key, value))],
  ['resource-tags', (draft, value, key) => void (draft.resourceTags = resourceTagsOf(key, value))],
  ['access-mode', (draft, value, key) => void (value === '' || (draft.accessMode = accessModeOf(key, value)))],
  ['zone', (draft, value, key) => void (draft.zones = zonesOf(key, value))],
  ['zones', (draft, value, key) => void (draft.zones = zonesOf(key, value))],
  ['data-cache-size', noDataCache],
  ['data-cache-mode', noDataCache],
  ['enable-multi-zone-provisioning', refuseTrue('this driver makes no disks in every zone under one name; use a class for each zone, or a regional disk')],
  ['use-allowed-disk-topology', refuseTrue('nodes of this cluster do not say which types of disks they take')],
  ['use-allowed-disk-topologies', refuseTrue('nodes of this cluster do not say which types of disks they take')],
  ['hyperdisk-type', noChoice],
  ['pd-type', noChoice],
  ['disk-type-preference', noChoice],
  // Read by the cluster, or needed by nobody.
  ['fstype', ignore],
  ['csiprovisionersecretname', ignore],
  ['csiprovisionersecretnamespace', ignore],
  ['csi.storage.k8s.io/pvc/name', ignore],
  ['csi.storage.k8s.io/pvc/namespace', ignore],
  ['csi.storage.k8s.io/pv/name', ignore],
]);

/** @param mutable a VolumeAttributesClass's, which win. @throws {ProviderError} Invalid, naming the key */
export function parseParameters(parameters: Readonly<Record<string, string>>, mutable: Readonly<Record<string, string>> = {}): DiskParameters {
  const { typeName = 'pd-standard', replicated = false, ...draft } = read(parameters);
  const speed = speedOf(mutable);
  checkChangeable(typeName, speed);
  const type = diskTypeOf(typeName) ?? { smallest: 1, largest: 65_536 };
  const none = { labels: {}, isForced: false, isConfidential: false, storagePools: [], resourceTags: {} };
  const parsed: DiskParameters = { ...none, ...draft, ...speed, typeName, type, isRegional: replicated || type.isAlwaysRegional === true };
  for (const check of checks) check(parsed);
  return parsed;
}

function read(parameters: Readonly<Record<string, string>>): Draft {
  const draft: Draft = {};
  const seen = new Set<string>();
  for (const [key, value] of Object.entries(parameters)) {
    const name = key.toLowerCase();
    const reader = readers.get(name);
    if (reader === undefined) throw invalid(`there is no parameter ${quoted(key)} for disks of Compute Engine`);
    if (seen.has(name)) throw invalid(`parameter ${quoted(name)} is there twice`);
    seen.add(name);
    reader(draft, value, quoted(name));
  }
  return draft;
}

function typeNameOf(key: string, value: string): string {
  const name = value.toLowerCase();
  if (name === 'dynamic') noChoice({}, value, key);
  if (diskTypeOf(name) === undefined) throw invalid(`parameter ${key} must be one of ${diskTypeNames.join(', ')}, not ${quoted(value)}`);
  return name;
}

function accessModeOf(key: string, value: string): DiskAccessMode {
  const mode = (['READ_WRITE_SINGLE', 'READ_WRITE_MANY', 'READ_ONLY_MANY'] as const).find((each) => each === value.toUpperCase());
  if (mode === undefined) throw invalid(`parameter ${key} must be READ_WRITE_SINGLE, READ_WRITE_MANY or READ_ONLY_MANY, not ${quoted(value)}`);
  return mode;
}

/** The label by which this driver knows what it made is not to be given away. */
export function ownLabels(key: string, labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.hasOwn(labels, clusterLabel)) throw invalid(`parameter ${key} must not have the label ${clusterLabel}, which says to which cluster a disk belongs`);
  return labels;
}

/** What does not go together. */
const checks: readonly ((parameters: DiskParameters) => void)[] = [
  ({ typeName, type, isRegional }) => {
    if (isRegional && type.smallestRegional === undefined) throw invalid(`parameter "replication-type": there are no regional disks of type ${typeName}; pd-standard, pd-balanced, pd-ssd and hyperdisk-balanced-high-availability can be`);
  },
  ({ typeName, type, iops }) => {
    if (iops !== undefined && type.takesIops !== true) throw invalid(`parameter "provisioned-iops-on-create" is not for disks of type ${typeName}`);
  },
  ({ typeName, type, throughput }) => {
    if (throughput !== undefined && type.takesThroughput !== true) throw invalid(`parameter "provisioned-throughput-on-create" is not for disks of type ${typeName}`);
  },
  ({ typeName, type, isConfidential, kmsKey }) => {
    if (!isConfidential) return;
    if (kmsKey === undefined) throw invalid('parameter "enable-confidential-storage" needs "disk-encryption-kms-key"');
    if (type.isConfidential !== true) throw invalid(`parameter "enable-confidential-storage" is not for disks of type ${typeName}`);
  },
  ({ typeName, type, storagePools }) => {
    if (storagePools.length > 0 && type.inStoragePools !== true) throw invalid(`parameter "storage-pools" is not for disks of type ${typeName}`);
  },
  ({ typeName, type, accessMode }) => {
    if (accessMode !== undefined && type.accessModes?.includes(accessMode) !== true) throw invalid(`parameter "access-mode": disks of type ${typeName} cannot be ${accessMode}`);
  },
  ({ isForced, isRegional }) => {
    if (isForced && !isRegional) throw invalid('parameter "availability-class": "regional-hard-failover" is for regional disks only; set "replication-type" to "regional-pd"');
  },
];

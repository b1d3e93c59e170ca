import { token } from '#core/kernel/token.ts';

/** Where a volume can be reached from: topology keys and their values, such as `kubernetes.io/hostname: node-1`. */
export type TopologySegment = Readonly<Record<string, string>>;

/** Byte counts are `bigint`: a claim may ask for more than 2^53. */
export interface CapacityRange {
  /** The volume must hold at least this much. */
  readonly required: bigint;
  /** The volume may not be larger; no limit when undefined. */
  readonly limit?: bigint;
}

export type AccessMode = 'ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod';

/** How the volume will be used. */
export interface VolumeUse {
  readonly accessModes: readonly AccessMode[];
  readonly volumeMode: 'Filesystem' | 'Block';
  /** The file system asked for; the driver's default when undefined. */
  readonly fsType?: string;
  readonly mountOptions: readonly string[];
}

/** The claim for which a volume is made: drivers write it on the thing, as tags or labels, and never take decisions by it. */
export interface VolumeOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface CreateVolumeRequest {
  /**
   * Idempotency key: `pvc-` and the claim's UID. At most 63 characters of `[a-z0-9-]`.
   * The driver must be able to find again what it made under this name, also after it lost all memory.
   */
  readonly name: string;
  /** The StorageClass's provisioner under which the driver was asked for: its `name` or one of its `aliases`. */
  readonly provisioner: string;
  readonly capacity: CapacityRange;
  /** The class's parameters without those of `csi.storage.k8s.io/`. An unknown key is `Invalid`. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly use: VolumeUse;
  /**
   * Where the volume must be reachable from: at least one of `requisite`, in the order of `preferred`.
   * Undefined: anywhere. The same on every repetition of the call.
   */
  readonly topology?: { readonly requisite: readonly TopologySegment[]; readonly preferred: readonly TopologySegment[] };
  /** A VolumeAttributesClass's, which win over `parameters`; only for a `VolumeModifier`, which may change them later. */
  readonly mutableParameters?: Readonly<Record<string, string>>;
  /**
   * Fill the new volume from this one; only for drivers with the power. One that is not there is `NotFound`, and nothing was made.
   * A driver that takes snapshots but copies no volumes says `Invalid` of `kind: 'volume'`.
   */
  readonly source?: { readonly kind: 'snapshot' | 'volume'; readonly id: string };
  readonly owner: VolumeOwner;
}

/** A volume as its driver knows it: plain data, never an API object. */
export interface Volume {
  /** The driver's handle. At most 128 bytes. Need not be the name. */
  readonly id: string;
  /** What the volume really holds; at least what was asked for. */
  readonly capacity: bigint;
  /** Handed back with every later call on the node. No secrets. */
  readonly context: Readonly<Record<string, string>>;
  /** Where it can be reached from: any one of these. Empty: from everywhere. */
  readonly topology: readonly TopologySegment[];
}

/**
 * What a storage platform implements to give volumes to claims. The semantics are CSI's controller service, in small pieces:
 * further powers are further interfaces below, each with a guard. Kit: `test/conformance/volume-driver.ts`.
 *
 * Laws:
 * - Every call may be repeated after any answer, or none, and may run at the same time as itself.
 * - `create` with a name for which the volume already exists returns that volume when it satisfies the request
 *   (capacity within the range, same parameters), and is `AlreadyExists` when it does not. It never makes a second one.
 * - `create` writes the name on what it makes *before or while* making it, so that a repetition finds a half-made volume and
 *   finishes or replaces it. A volume is never returned before it is complete.
 * - `create` that fails with `Invalid`, `Exhausted` or `AlreadyExists` left nothing behind. After `Unavailable`, `Throttled` or
 *   `Unknown` the caller repeats the very same call until it gets an answer of the first kind or a volume.
 * - `delete` of a volume that is not there resolves. It resolves only when nothing of the volume is left, and touches nothing
 *   that this driver did not make. A volume in use on a node is `Unavailable`.
 * - An id or name that this driver can never have given is handled as one that does not exist, never as a path or an expression.
 * - When the signal aborts, the call ends soon, rejecting with the signal's reason; what it began is as if the answer were lost.
 */
export interface VolumeDriver {
  /** As in `StorageClass.provisioner` and `PersistentVolume.spec.csi.driver`; a DNS subdomain, at most 63 characters. */
  readonly name: string;
  /** Further provisioner names that this driver answers to, so that manifests written for another one work unchanged. */
  readonly aliases?: readonly string[];
  create(request: CreateVolumeRequest, signal: AbortSignal): Promise<Volume>;
  delete(id: string, signal: AbortSignal): Promise<void>;
}
export const VolumeDriver = token<VolumeDriver>('VolumeDriver');

/**
 * Looks volumes up. With it, cleaning up after a lost answer needs no second `create`.
 * `find` resolves to undefined only when it is certain that `create` under this name left nothing.
 */
export interface VolumeFinder {
  find(name: string, signal: AbortSignal): Promise<Volume | undefined>;
}
export const canFind = (driver: VolumeDriver): driver is VolumeDriver & VolumeFinder => 'find' in driver;

/** How much more the platform could give. */
export interface AvailableCapacity {
  readonly topology: TopologySegment;
  readonly available: bigint;
  /** The largest single volume; `available` when undefined. */
  readonly maximumVolumeSize?: bigint;
}

/**
 * Reports free capacity, for `CSIStorageCapacity`. A report is a hint for schedulers, already stale when read: `create` decides.
 * `changed`, when given, is called after the free capacity changed much; the returned function ends that.
 */
export interface CapacityReporter {
  capacity(parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<readonly AvailableCapacity[]>;
  onCapacityChange?(changed: () => void): () => void;
}
export const reportsCapacity = (driver: VolumeDriver): driver is VolumeDriver & CapacityReporter => 'capacity' in driver;

/** Checks a class's parameters without making anything, so that its author hears early. @throws `ProviderError` `Invalid` */
export interface ParameterChecker {
  checkParameters(parameters: Readonly<Record<string, string>>): void;
}
export const checksParameters = (driver: VolumeDriver): driver is VolumeDriver & ParameterChecker => 'checkParameters' in driver;

/**
 * Grows volumes, also while they are in use. Idempotent: a volume that is large enough is returned as it is. Never shrinks.
 * One that is not there is `NotFound`; what does not fit is `Exhausted`, as is a change that the platform wants later (`retryAfterMs` says when, if known), and the volume is as it was.
 * `nodeExpansionRequired`: the file system must grow too, on the node; the same at each repetition. Kit: `test/conformance/volume-driver-expand.ts`.
 */
export interface VolumeExpander {
  expand(id: string, capacity: CapacityRange, signal: AbortSignal): Promise<{ readonly capacity: bigint; readonly nodeExpansionRequired: boolean }>;
}
export const canExpand = (driver: VolumeDriver): driver is VolumeDriver & VolumeExpander => 'expand' in driver;

export interface Snapshot {
  readonly id: string;
  readonly sourceVolumeId: string;
  /** The least capacity of a volume made from it. */
  readonly size: bigint;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** A volume can be made from it now. */
  readonly ready: boolean;
}

/**
 * Takes snapshots. `name` is the idempotency key, under the same laws as `create` and `delete` of volumes.
 * Resolves when the moment is taken and the volume may be written again; `ready` may be false until a repetition of the call says otherwise.
 * A snapshot outlives its volume, and its name is known also when the volume is gone. Kit: `test/conformance/volume-driver-snapshots.ts`.
 */
export interface VolumeSnapshotter {
  createSnapshot(name: string, volumeId: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Snapshot>;
  deleteSnapshot(id: string, signal: AbortSignal): Promise<void>;
}
export const canSnapshot = (driver: VolumeDriver): driver is VolumeDriver & VolumeSnapshotter => 'createSnapshot' in driver;

/** Looks snapshots up, also those that it did not make: without it, one that somebody brings along is taken for ready on their word. */
export interface SnapshotFinder {
  /** Undefined only when there certainly is no snapshot of this id. */
  findSnapshot(id: string, signal: AbortSignal): Promise<Snapshot | undefined>;
}
export const canFindSnapshots = (driver: VolumeDriver): driver is VolumeDriver & SnapshotFinder => 'findSnapshot' in driver;

/**
 * Changes what a volume is while it is in use (CSI's ControllerModifyVolume): its type, speed, tags.
 * Idempotent: a volume that is as asked for is left alone. `Invalid` for an unknown key or value, `Exhausted` where the platform wants some hours between
 * two changes: the message says until when. Resolves when the volume can be used as asked for, also where the platform goes on working at it. Kit: `test/conformance/volume-driver-modify.ts`.
 */
export interface VolumeModifier {
  /** `parameters` are a VolumeAttributesClass's. */
  modify(id: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
}
export const canModify = (driver: VolumeDriver): driver is VolumeDriver & VolumeModifier => 'modify' in driver;

/** A volume or snapshot that a driver made for this cluster. */
export interface OwnedStorage {
  readonly kind: 'volume' | 'snapshot';
  readonly id: string;
  /** Under which `create` or `createSnapshot` made it. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Tells of everything that this driver made for this cluster, also half-made things, so that what nobody wants any more is found; never of another cluster's. */
export interface StorageSurvey {
  owned(signal: AbortSignal): Promise<readonly OwnedStorage[]>;
}
export const canSurveyStorage = (driver: VolumeDriver): driver is VolumeDriver & StorageSurvey => 'owned' in driver;

/** A machine to which volumes are attached. */
export interface AttachmentNode {
  /** Of the Node. */
  readonly name: string;
  /** What the driver's node side calls the machine (`NodeTopology.nodeId`), as it stood when the volume was first attached. */
  readonly nodeId: string;
  /** `spec.providerID` of the Node; undefined when it has none, or is gone. */
  readonly providerId?: string;
}

export interface AttachOptions {
  readonly readOnly: boolean;
  readonly use: VolumeUse;
}

/**
 * Connects volumes to machines, where that is a call of its own (CSI's ControllerPublishVolume). Kit: `test/conformance/volume-driver-attach.ts`.
 *
 * Laws:
 * - `attach` resolves when the machine has the device. What it resolves to is handed to `stage` and `publish` on that node as `publishContext`
 *   (such as a device's name or serial number): no secrets, and the same at each repetition.
 * - A volume for one machine at a time that another one has is `Unavailable`, and the message names the other. It is never moved.
 * - A volume or machine that is not there is `NotFound`; a machine that can take no more is `Exhausted`.
 * - `detach` resolves when the machine no longer has the device; also when it never had it, and when volume or machine are not there. It takes nothing from others.
 * - After `Unknown` the caller repeats the very same call: `attach` until it has an answer of another kind, or `detach`.
 * - `delete` of a volume that a machine has is `Unavailable`.
 */
export interface VolumeAttacher {
  attach(volumeId: string, node: AttachmentNode, options: AttachOptions, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  detach(volumeId: string, node: AttachmentNode, signal: AbortSignal): Promise<void>;
  /**
   * Ids of the volumes that machines have, by the names of their nodes, in as few calls of the platform as it can be done. What is on its way, or on its way
   * out, counts. Volumes of others may be among them. A node that is missing in the answer has a machine that surely is no more: nothing writes from there.
   */
  attachedVolumes(nodes: readonly AttachmentNode[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>>;
}
export const canAttach = (driver: VolumeDriver): driver is VolumeDriver & VolumeAttacher => 'attach' in driver;

export interface StageRequest {
  readonly volumeId: string;
  /** Folder, made by the caller, on which the volume's file system is mounted once per node. */
  readonly stagingPath: string;
  readonly use: VolumeUse;
  readonly volumeContext: Readonly<Record<string, string>>;
  readonly publishContext: Readonly<Record<string, string>>;
  /** From the Secret that the volume names for this call (`nodeStageSecretRef`, `nodePublishSecretRef`). Never to be logged. */
  readonly secrets?: Readonly<Record<string, string>>;
}

export interface PublishRequest extends StageRequest {
  /** Where the pod sees the volume. The parent exists; the driver makes and removes the last component. */
  readonly targetPath: string;
  readonly readOnly: boolean;
}

/**
 * The node's side (CSI's node service): `stage` once per volume and node, then `publish` once per pod; undone in reverse.
 * All four are idempotent: repeated, they find their work done; undoing what was not done resolves.
 * A path that is mounted with something else is `Invalid`. An empty volume gets its file system in `stage`; one with data is never formatted.
 */
export interface NodeVolumeDriver {
  readonly name: string;
  stage(request: StageRequest, signal: AbortSignal): Promise<void>;
  unstage(volumeId: string, stagingPath: string, signal: AbortSignal): Promise<void>;
  publish(request: PublishRequest, signal: AbortSignal): Promise<void>;
  unpublish(volumeId: string, targetPath: string, signal: AbortSignal): Promise<void>;
}
export const NodeVolumeDriver = token<NodeVolumeDriver>('NodeVolumeDriver');

/** What a node says of itself to a driver's controller side, for `CSINode`. */
export interface NodeTopology {
  /** How the driver's controller side calls this node. */
  readonly nodeId: string;
  readonly topology: TopologySegment;
  /** Most volumes of this driver on the node; no limit when undefined. */
  readonly maxVolumes?: number;
}
export interface NodeTopologyReporter {
  nodeTopology(signal: AbortSignal): Promise<NodeTopology>;
}
export const reportsTopology = (driver: NodeVolumeDriver): driver is NodeVolumeDriver & NodeTopologyReporter => 'nodeTopology' in driver;

/** Space as the file system on the volume counts it, in bytes and inodes. */
export interface VolumeUsage {
  readonly bytes: { readonly total: bigint; readonly used: bigint; readonly available: bigint };
  readonly inodes?: { readonly total: bigint; readonly used: bigint; readonly available: bigint };
}
/** `path` is where the volume is staged or published. @throws `ProviderError` `NotFound` when it is not there */
export interface VolumeStats {
  usage(volumeId: string, path: string, signal: AbortSignal): Promise<VolumeUsage>;
}
export const reportsUsage = (driver: NodeVolumeDriver): driver is NodeVolumeDriver & VolumeStats => 'usage' in driver;

/** Grows the file system on a staged volume to the size of its device. Idempotent. */
export interface NodeVolumeExpander {
  expandOnNode(volumeId: string, path: string, signal: AbortSignal): Promise<void>;
}
export const canExpandOnNode = (driver: NodeVolumeDriver): driver is NodeVolumeDriver & NodeVolumeExpander => 'expandOnNode' in driver;

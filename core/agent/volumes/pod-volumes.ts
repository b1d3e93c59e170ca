import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** One of a pod's volumes, ready on this node. */
export interface PreparedVolume {
  /** The folder or file to bind into containers; for `volumeMode: Block` the device. */
  readonly hostPath: string;
  readonly kind: 'filesystem' | 'device';
  /** The volume itself cannot be written, whatever a container's mount says. */
  readonly readOnly: boolean;
}

/** Why a volume is not ready, with the reason of the event that tells it (`FailedMount`, `FailedMapVolume`, ...). */
export class VolumeError extends Error {
  readonly reason: string;
  /** The pod can never run as it stands; otherwise it is tried again with back-off. */
  readonly terminal: boolean;

  constructor(reason: string, message: string, options: { readonly terminal?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'VolumeError';
    this.reason = reason;
    this.terminal = options.terminal ?? false;
  }
}

/** A pod that this agent once had volumes for, as the disk tells. */
export interface PodWithVolumes {
  readonly uid: string;
}

/**
 * The volumes of this node's pods. All calls are idempotent and know what they did from the disk and the mount table, never from memory:
 * an agent that starts again finds its mounts.
 */
export interface PodVolumes {
  /** By volume name. Resolves when all of the pod's volumes are ready. @throws {VolumeError} */
  prepare(pod: Pod, signal: AbortSignal): Promise<ReadonlyMap<string, PreparedVolume>>;
  /** Brings changed ConfigMaps, Secrets, tokens and downward fields to the files of a pod that runs; grows file systems. */
  refresh(pod: Pod, signal: AbortSignal): Promise<void>;
  /** Unmounts and removes everything of the pod. Resolves only when nothing is left. Data of claims stays. @throws {VolumeError} */
  release(podUid: string, signal: AbortSignal): Promise<void>;
  /** Pods of which something is left on the disk. */
  known(signal: AbortSignal): Promise<readonly PodWithVolumes[]>;
  /** `status.volumesInUse` of the node, in Kubernetes' form (`kubernetes.io/csi/DRIVER^HANDLE`). */
  inUse(): readonly string[];
  /** Bytes that a pod's emptyDirs and other local files take, by volume name; for `sizeLimit` and pressure. */
  localUsage(podUid: string, signal: AbortSignal): Promise<ReadonlyMap<string, bigint>>;
}

/** One `volumeMounts` entry with a `subPath`. */
export interface SubPathRequest {
  readonly podUid: string;
  readonly container: string;
  /** Which of the container's `volumeMounts` it is. */
  readonly index: number;
  readonly volume: string;
  /** Where the volume is, as `prepare` said. */
  readonly hostPath: string;
  /** Relative to the volume's root, all variables expanded. Missing folders are made. */
  readonly path: string;
}

/**
 * Fixes a part of a volume before a container gets it, so that the pod cannot put a link to elsewhere in its place between the look and the mount.
 * Links within the volume are followed. Idempotent; undone by `release`.
 */
export interface SubPathVolumes {
  /** What to bind into the container. @throws {VolumeError} when the path leads out of the volume */
  subPath(request: SubPathRequest, signal: AbortSignal): Promise<string>;
}
export const fixesSubPaths = (volumes: PodVolumes): volumes is PodVolumes & SubPathVolumes => 'subPath' in volumes;

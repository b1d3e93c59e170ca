import { ProviderError } from '#core/spi/errors.ts';

export const DRIVER_NAME = 'ebs.csi.aws.com';
/** Of the volume plugin that Kubernetes once had built in. */
export const IN_TREE_NAME = 'kubernetes.io/aws-ebs';

/** Topology key of what this driver makes. */
export const ZONE = 'topology.kubernetes.io/zone';

export const VOLUME_NAME_TAG = 'CSIVolumeName';
export const SNAPSHOT_NAME_TAG = 'CSIVolumeSnapshotName';

export const GIB = 1024n ** 3n;

const volumeId = /^vol-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
const snapshotId = /^snap-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
const instanceId = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
const name = /^[a-z0-9][a-z0-9-]{0,62}$/;

export const isVolumeId = (id: string): boolean => volumeId.test(id);
export const isSnapshotId = (id: string): boolean => snapshotId.test(id);
export const isInstanceId = (id: string): boolean => instanceId.test(id);
/** Of volumes and snapshots: what `create` and `createSnapshot` are asked for. */
export const isName = (text: string): boolean => name.test(text);

/** For messages: as JSON, and never long. */
export const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

export const invalid = (message: string): ProviderError => new ProviderError('Invalid', message);
export const unavailable = (message: string, cause?: unknown): ProviderError => new ProviderError('Unavailable', message, { cause });

/** Of a record whose keys come from outside. */
export const entryOf = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);

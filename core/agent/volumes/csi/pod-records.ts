import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isPodUid, prefix, type Layout } from '#core/agent/volumes/layout.ts';
import { unlessMissing } from '#core/agent/volumes/system/error-code.ts';
import { isSameVolume, readRecord, type VolumeRecord } from './volume-record.ts';

/** A driver's volume in a pod's folder. */
export interface PodRecord {
  readonly podUid: string;
  readonly folder: string;
  /** As the folder is called: the PersistentVolume's. */
  readonly name: string;
  /** Undefined when a call was killed before it wrote one: then nothing was asked of the driver for this pod either. */
  readonly record: VolumeRecord | undefined;
  /** Why there may be a record that cannot be read. */
  readonly problem?: unknown;
}

/** A pod's volumes of drivers, as the disk tells. */
export async function recordsOfPod(layout: Layout, podUid: string): Promise<readonly PodRecord[]> {
  const found: PodRecord[] = [];
  for (const part of layout.partsOf(podUid)) {
    const parent = join(part, `${prefix}csi`);
    for (const name of await readdir(parent).catch(unlessMissing([]))) {
      const where = { podUid, folder: join(parent, name), name };
      found.push(await readRecord(where.folder).then((record) => ({ ...where, record }), (problem: unknown) => ({ ...where, record: undefined, problem })));
    }
  }
  return found;
}

/** Each reading of a pod keeps a file or two open. */
const podsAtOnce = 16;

/** Of all pods on this node. */
export async function allRecords(layout: Layout): Promise<readonly PodRecord[]> {
  const uids = (await readdir(layout.pods).catch(unlessMissing([]))).filter(isPodUid);
  const found: PodRecord[] = [];
  for (let i = 0; i < uids.length; i += podsAtOnce) {
    const some = uids.slice(i, i + podsAtOnce).map((uid) => recordsOfPod(layout, uid));
    for (const records of await Promise.all(some)) found.push(...records);
  }
  return found;
}

/** The other places on this node where the volume is, or may be: a record that cannot be read counts by its volume's name. */
export const elsewhere = (records: readonly PodRecord[], { driverName, volumeHandle, specVolID }: VolumeRecord, folder: string): readonly PodRecord[] =>
  records.filter((other) => other.folder !== folder && (other.record === undefined
    ? other.problem !== undefined && other.name === specVolID
    : isSameVolume(other.record, { driverName, volumeHandle })));

import { randomBytes } from 'node:crypto';
import { open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '#core/agent/volumes/files/parse-json.ts';
import { isObject, own } from '#core/api/value.ts';
import { unlessMissing } from '#core/agent/volumes/system/error-code.ts';

/**
 * What must be known of a driver's volume to take it down without the API. Written before the driver is first called, under the name and
 * with the members that a kubelet uses; the last two are ours.
 */
export interface VolumeRecord {
  readonly driverName: string;
  readonly volumeHandle: string;
  /** Name of the PersistentVolume. */
  readonly specVolID: string;
  readonly nodeName: string;
  /** Name of the VolumeAttachment; '' for drivers that attach nothing. */
  readonly attachmentID: string;
  readonly volumeMode: 'Filesystem' | 'Block';
  /** The group to which the volume's files were given; '' as long as that is not done, or not to be. */
  readonly ownedBy: string;
}

const fileName = 'vol_data.json';
const mostBytes = 16 * 1024;

/** Durable when it resolves. */
export async function writeRecord(folder: string, record: VolumeRecord): Promise<void> {
  const draft = join(folder, `${fileName}.${randomBytes(6).toString('hex')}`);
  try {
    {
      await using file = await open(draft, 'wx', 0o600);
      await file.writeFile(JSON.stringify({ ...record, volumeLifecycleMode: 'Persistent' }));
      await file.sync();
    }
    await rename(draft, join(folder, fileName));
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await using parent = await open(folder, 'r');
  await parent.sync();
}

/** Undefined when there is none. @throws {Error} when it cannot be read, or is no record */
export async function readRecord(folder: string): Promise<VolumeRecord | undefined> {
  const path = join(folder, fileName);
  const found = await stat(path).catch(unlessMissing(undefined));
  if (found === undefined) return undefined;
  if (found.size > mostBytes) throw new Error(`${path} is longer than ${mostBytes} bytes`);
  await using file = await open(path, 'r');
  return recordOf(parseJson(await file.readFile('utf8'), path), path);
}

function recordOf(value: unknown, path: string): VolumeRecord {
  const text = (key: string): string => {
    const member = isObject(value) ? own(value, key) : undefined;
    return typeof member === 'string' ? member : '';
  };
  const record: VolumeRecord = {
    driverName: text('driverName'), volumeHandle: text('volumeHandle'), specVolID: text('specVolID'), nodeName: text('nodeName'), attachmentID: text('attachmentID'),
    volumeMode: text('volumeMode') === 'Block' ? 'Block' : 'Filesystem', ownedBy: text('ownedBy'),
  };
  if (record.driverName === '' || record.volumeHandle === '') throw new Error(`${path} names no driver or no volume`);
  return record;
}

/** Removes the record, and drafts of writers that were killed. */
export async function removeRecord(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(unlessMissing([]))) if (name.startsWith(fileName)) await unlink(join(folder, name));
}

export const isSameVolume = (a: Pick<VolumeRecord, 'driverName' | 'volumeHandle'>, b: Pick<VolumeRecord, 'driverName' | 'volumeHandle'>): boolean =>
  a.driverName === b.driverName && a.volumeHandle === b.volumeHandle;

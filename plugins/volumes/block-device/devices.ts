import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ProviderError } from '#core/spi/errors.ts';
import { errorCode, isMissing, quoted } from './paths.ts';

/** A block device as the kernel has it at this moment. */
export interface BlockDevice {
  /** With all links followed: `/dev/nvme1n1`. */
  readonly path: string;
  /** `major:minor`, as mount tables show it. */
  readonly id: string;
  readonly bytes: bigint;
  /** It cannot be written to, whoever tries. */
  readonly readOnly: boolean;
}

const BY_NUMBER = '/sys/dev/block';

/** Undefined when nothing is there, nothing with a size, or no block device. */
export async function blockDeviceAt(path: string): Promise<BlockDevice | undefined> {
  try {
    const found = await realpath(path);
    const { rdev, isBlock } = await stat(found, { bigint: true }).then((stats) => ({ rdev: stats.rdev, isBlock: stats.isBlockDevice() }));
    if (!isBlock) return undefined;
    const id = numberOf(rdev);
    const [sectors, readOnly] = await Promise.all(['size', 'ro'].map((name) => readFile(join(BY_NUMBER, id, name), 'utf8')));
    const bytes = BigInt((sectors ?? '').trim() || 0) * 512n;
    return bytes === 0n ? undefined : { path: found, id, bytes, readOnly: readOnly?.trim() === '1' };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The device of a number that a mount table shows; undefined when it is gone. */
export async function blockDeviceNumbered(id: string): Promise<BlockDevice | undefined> {
  try {
    return await blockDeviceAt(join('/dev', basename(await realpath(join(BY_NUMBER, id))).replaceAll('!', '/')));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The device behind a file of this kind, also one that is a mount. Undefined for other files. */
export async function deviceNumberAt(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    return found.isBlockDevice() ? numberOf(found.rdev) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Of a partition, the whole device; undefined for what is none, or is gone. */
export async function wholeOf(id: string): Promise<string | undefined> {
  try {
    const folder = await realpath(join(BY_NUMBER, id));
    await stat(join(folder, 'partition'));
    return (await readFile(join(dirname(folder), 'dev'), 'utf8')).trim();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** As the kernel names them: of a disk whose name ends in a digit the number stands after a `p`. */
export const partitionPath = (device: string, partition: number): string => `${device}${/\d$/.test(basename(device)) ? 'p' : ''}${partition}`;

/** `partition` of `volumeAttributes`, for a volume made by hand; 0 or nothing is the whole disk. @throws {ProviderError} Invalid */
export function partitionOf(volumeContext: Readonly<Record<string, string>>, volumeId: string): number | undefined {
  const { partition = '' } = volumeContext;
  if (partition === '' || partition === '0') return undefined;
  if (!/^[1-9]\d{0,2}$/.test(partition)) throw new ProviderError('Invalid', `partition ${quoted(partition)} of volume ${volumeId} is no number of a partition`);
  return Number(partition);
}

/** The path with all links followed; undefined when nothing is there. */
export async function followed(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Names in a folder of the kernel's; none when it is not there. */
export async function kernelNames(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** What the kernel says in a file about a device; undefined when it says nothing, or the device goes at this moment. */
export async function kernelText(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): Promise<string | undefined> {
  try {
    return await readFile(path, encoding);
  } catch (error) {
    if (isMissing(error) || ['ENXIO', 'EIO', 'ENODEV', 'EINVAL'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** As glibc's major() and minor(). */
function numberOf(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

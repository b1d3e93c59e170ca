import { readFile } from 'node:fs/promises';
import { errorCode } from './error-code.ts';

/** One line of the kernel's mount table. */
export interface Mount {
  readonly path: string;
  readonly fsType: string;
}

export type ReadMounts = () => Promise<readonly Mount[]>;

/** All mounts that this process sees, in the order in which they lie on each other; none where the system has no such table. */
export const readMounts: ReadMounts = async () => {
  try {
    return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
};

/** As in proc(5), /proc/pid/mountinfo. */
export const parseMountInfo = (text: string): Mount[] => text.split('\n').filter((line) => line !== '').map((line) => {
  const fields = line.split(' ');
  return { path: unescape(fields[4] ?? ''), fsType: fields[fields.indexOf('-', 6) + 1] ?? '' };
});

/** The kernel writes space, tab, newline and backslash as three octal digits; the bytes around are UTF-8 and stay. */
const unescape = (text: string): string => text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** What one sees at this very path: the last of those mounted there. */
export const mountAt = (mounts: readonly Mount[], path: string): Mount | undefined => mounts.findLast((mount) => mount.path === path);

export const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);

export const mountsWithin = (mounts: readonly Mount[], folder: string): readonly Mount[] => mounts.filter(({ path }) => isWithin(path, folder));

/** The mount on which a path lies. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let holder: Mount | undefined;
  for (const mount of mounts) if (isWithin(path, mount.path) && (holder === undefined || mount.path.length >= holder.path.length)) holder = mount;
  return holder;
}

const ownTypes = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'tmpfs', 'overlay', 'zfs', 'f2fs', 'vfat', 'ramfs', 'devtmpfs', 'rootfs', 'squashfs', 'erofs', 'proc', 'sysfs']);

/** Whether a call on the mount may wait for another machine or program, for ever if that is gone. */
export const mayHang = (mount: Mount | undefined): boolean => mount !== undefined && !ownTypes.has(mount.fsType);

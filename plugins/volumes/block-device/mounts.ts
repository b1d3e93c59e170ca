import { readFile } from 'node:fs/promises';
import { isMissing } from './paths.ts';

/** One line of the kernel's mount table. */
export interface Mount {
  /** `major:minor` of the file system's device. */
  readonly device: string;
  /** The folder or file within that file system which is mounted. */
  readonly root: string;
  /** Where. */
  readonly path: string;
  readonly readOnly: boolean;
  readonly fsType: string;
}

/** All mounts that this process sees, in the order in which they lie on each other; none where the system has no such table. */
export async function readMounts(): Promise<readonly Mount[]> {
  try {
    return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** As in proc(5), /proc/pid/mountinfo. */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').filter((line) => line !== '').map((line) => {
    const fields = line.split(' ');
    const [, , device = '', root = '', path = '', options = ''] = fields;
    const fsType = fields[fields.indexOf('-', 6) + 1] ?? '';
    return { device, root: unescape(root), path: unescape(path), readOnly: options.split(',').includes('ro'), fsType };
  });
}

/** The kernel writes space, tab, newline and backslash as three octal digits; the bytes around are UTF-8 and stay. */
const unescape = (text: string): string => text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** What one sees at this very path: the last of those mounted there. */
export const mountAt = (mounts: readonly Mount[], path: string): Mount | undefined => mounts.findLast((mount) => mount.path === path);

export const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);

/** Where a path lies on its file system, as `Mount.root` would show it. */
export function locate(mounts: readonly Mount[], path: string): { readonly device: string; readonly root: string } | undefined {
  let holder: Mount | undefined;
  for (const mount of mounts) if (isWithin(path, mount.path) && (holder === undefined || mount.path.length >= holder.path.length)) holder = mount;
  if (holder === undefined) return undefined;
  const rest = holder.path === '/' ? path : path.slice(holder.path.length);
  return { device: holder.device, root: holder.root === '/' ? rest || '/' : holder.root + rest };
}

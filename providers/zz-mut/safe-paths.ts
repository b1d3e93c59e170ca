import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { ProviderError } from '#core/spi/errors.ts';

const volumeName = /^pvc-[a-z0-9](?:[a-z0-9-]{0,57}[a-z0-9])?$/;

/** Only such a name ever becomes part of a path: `pvc-` and the claim's UID, at most 63 characters. */
export const isVolumeName = (text: string): boolean => volumeName.test(text);

/** A text from outside, cut and escaped for a message. */
export const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** True for a path that names one place without `..`, `//` or a slash at the end. */
export function isPlainPath(path: string): boolean {
  return isAbsolute(path) && path.length <= 4096 && !path.includes('\0') && normalize(path) === path && (path === '/' || !path.endsWith('/'));
}

/**
 * The place that the kernel will call this path: its parent with all links followed, as mount tables show it.
 * Undefined when the parent is not there.
 * @throws {ProviderError} Invalid
 */
export async function mountPlace(path: string): Promise<string | undefined> {
  if (!isPlainPath(path) || path === '/') throw new ProviderError('Invalid', `${quoted(path)} is not an absolute path without "..", "//" or a slash at the end`);
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export const errorCode = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');

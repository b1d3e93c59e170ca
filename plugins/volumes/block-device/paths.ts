import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { ProviderError } from '#core/spi/errors.ts';

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

/** As `mountPlace`, where the parent must be there. @throws {ProviderError} Invalid */
export async function placeOf(path: string): Promise<string> {
  const place = await mountPlace(path);
  if (place === undefined) throw new ProviderError('Invalid', `the folder above ${quoted(path)} is not there`);
  return place;
}

/** The place of a folder, made by the caller, on which a volume is staged. @throws {ProviderError} Invalid */
export async function stagingPlace(path: string): Promise<string> {
  const place = await placeOf(path);
  const found = await kindOf(place);
  if (found !== 'folder') throw new ProviderError('Invalid', `${quoted(path)} is ${found === 'nothing' ? 'not there' : `a ${found}`}; a volume is staged on a folder`);
  return place;
}

/** What is at the path itself; links are not followed. */
export async function kindOf(path: string): Promise<'nothing' | 'folder' | 'file' | 'link' | 'device'> {
  try {
    const found = await lstat(path);
    if (found.isDirectory()) return 'folder';
    if (found.isFile()) return 'file';
    return found.isSymbolicLink() ? 'link' : 'device';
  } catch (error) {
    if (isMissing(error)) return 'nothing';
    throw error;
  }
}

export const errorCode = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Gives what the system refused the reason that steers the caller. Errors without a system's code are passed on: they are bugs. */
export function classify(error: unknown, doing: string): unknown {
  const code = errorCode(error);
  if (ProviderError.is(error) || code === undefined || code.startsWith('ERR_')) return error;
  return new ProviderError('Unavailable', `${doing} failed: ${messageOf(error)}`, { cause: error });
}

import { readFile } from 'node:fs/promises';
import { ProviderError } from '#core/spi/errors.ts';
import { FormattingNote, isBlank } from './blank-device.ts';
import type { RunCommand } from './commands.ts';
import type { BlockDevice } from './devices.ts';
import { formatArguments, type FormatOptions } from './format-options.ts';
import { quoted } from './paths.ts';
import { readSuperblock } from './superblock.ts';

const FS_TYPES: readonly string[] = ['ext2', 'ext3', 'ext4', 'xfs'];

/** Less than that at the end of a device a file system may leave unused. */
const LEFT_OVER = 1024n * 1024n;

export interface FileSystemRequest {
  readonly device: BlockDevice;
  readonly fsType: string;
  readonly format: FormatOptions;
  /** For messages: `volume vol-0123`. */
  readonly what: string;
}

/** @throws {ProviderError} Invalid */
export function checkFsType(fsType: string, what: string): void {
  if (!FS_TYPES.includes(fsType)) throw new ProviderError('Invalid', `${what} cannot have the file system ${quoted(fsType)}, only ${FS_TYPES.join(', ')}`);
}

const familyOf = (fsType: string): string => (fsType.startsWith('ext') ? 'ext' : fsType);

/**
 * Sees to it that the device, which is not mounted, holds a sound file system of this type. Only a device on which there is nothing is formatted, or one
 * whose formatting was interrupted.
 * @throws {ProviderError} Invalid when it holds something else
 */
export async function ensureFileSystem(request: FileSystemRequest, run: RunCommand, signal: AbortSignal): Promise<void> {
  const { device, fsType, what } = request;
  const found = await probe(device.path, run, signal);
  const note = new FormattingNote(device);
  if (found !== undefined && !(await wasInterrupted(device, note))) {
    if (familyOf(found) !== familyOf(fsType)) throw new ProviderError('Invalid', `${what} holds ${found}, not ${fsType}; it is not formatted over`);
    if (!device.readOnly && familyOf(fsType) === 'ext') await repair(device.path, what, run, signal);
    return;
  }
  if (device.readOnly) throw new ProviderError('Invalid', `${what} holds no file system, and its device is read-only`);
  if (found === undefined && !(await note.isThere()) && !(await isBlank(device))) throw new ProviderError('Invalid', `${what} holds data but no file system; it is not formatted over`);
  const args = formatArguments(fsType, request.format);
  await note.write();
  // No reserved blocks: the volume is its user's alone. A new device has nothing to discard.
  const usual = fsType === 'xfs' ? ['-f', '-K'] : ['-q', '-F', '-m', '0', '-E', 'nodiscard'];
  const made = await run(`mkfs.${fsType}`, [...usual, ...args, device.path], signal);
  if (made.exitCode !== 0) throw new ProviderError('Unavailable', `${what} could not be formatted: ${made.complaint}`);
  await note.clear();
}

const wasInterrupted = async (device: BlockDevice, note: FormattingNote): Promise<boolean> => (await readSuperblock(device.path))?.isUnfinished === true && note.isThere();

/** What is on the device, as far as signatures tell; undefined when there is none. @throws {ProviderError} Unavailable */
export async function probe(device: string, run: RunCommand, signal: AbortSignal): Promise<string | undefined> {
  const result = await run('blkid', ['--probe', '--match-tag', 'TYPE', '--match-tag', 'PTTYPE', '--output', 'value', device], signal);
  if (result.exitCode === 2) return undefined;
  if (result.exitCode === 0) return result.output.trim().split('\n').join(' and ') || undefined;
  if (result.exitCode === 8) return 'several things at once';
  throw new ProviderError('Unavailable', `${device} could not be probed for a file system: ${result.complaint}`);
}

/** Of an ext file system that is not mounted. Bit 2 of the exit code: what is wrong was not put right; bits 3 and above: it could not look. */
export async function repair(device: string, what: string, run: RunCommand, signal: AbortSignal, more: readonly string[] = []): Promise<void> {
  const { exitCode, output, complaint } = await run('e2fsck', ['-p', ...more, device], signal);
  if ((exitCode & 4) !== 0) throw new ProviderError('Invalid', `the file system of ${what} is damaged and needs e2fsck by hand: ${output.trim() || complaint}`);
  if (exitCode >= 8) throw new ProviderError('Unavailable', `the file system of ${what} could not be checked: ${output.trim() || complaint}`);
}

/** The device has room that its file system does not use. */
export async function hasRoomToGrow(device: BlockDevice): Promise<boolean> {
  const found = await readSuperblock(device.path);
  return found !== undefined && device.bytes - found.bytes >= LEFT_OVER;
}

/** Grows a mounted file system to the size of its device. Idempotent. @throws {ProviderError} Unavailable */
export async function grow(device: BlockDevice, mountedAt: string, what: string, run: RunCommand, signal: AbortSignal): Promise<void> {
  const isXfs = (await readSuperblock(device.path))?.kind === 'xfs';
  if (!isXfs && !(await mayGrowMounted())) throw new ProviderError('Unavailable', `the file system of ${what} grows when it is mounted next: to grow a mounted one, the agent needs the capability CAP_SYS_RESOURCE`);
  const result = isXfs ? await run('xfs_growfs', ['-d', mountedAt], signal) : await run('resize2fs', [device.path], signal);
  if (result.exitCode !== 0) throw new ProviderError('Unavailable', `the file system of ${what} could not grow: ${result.complaint}`);
}

/** Grows an ext file system that is not mounted, where it could not grow later. That takes a full check, which is long for a large one. @throws {ProviderError} */
export async function growUnmounted(device: BlockDevice, what: string, run: RunCommand, signal: AbortSignal): Promise<void> {
  const isExt = (await readSuperblock(device.path))?.kind === 'ext';
  if (!isExt || !(await hasRoomToGrow(device)) || await mayGrowMounted()) return;
  await repair(device.path, what, run, signal, ['-f']);
  const result = await run('resize2fs', [device.path], signal);
  if (result.exitCode !== 0) throw new ProviderError('Unavailable', `the file system of ${what} could not grow: ${result.complaint}`);
}

const SYS_RESOURCE = 24n;

/** Root may, unless it is that of a container without the capability. */
export async function mayGrowMounted(): Promise<boolean> {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> SYS_RESOURCE) & 1n) === 1n;
}

/** Options with which the file system is mounted beside the user's. */
export function ownMountOptions(fsType: string, readOnly: boolean): readonly string[] {
  // A copy of a volume has the same UUID, and may be on the same machine.
  if (fsType === 'xfs') return readOnly ? ['nouuid', 'ro', 'norecovery'] : ['nouuid'];
  if (!readOnly) return [];
  return fsType === 'ext2' ? ['ro'] : ['ro', 'noload'];
}

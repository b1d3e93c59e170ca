import { dirname, join } from 'node:path';
import { ProviderError } from '#core/spi/errors.ts';
import { probe, repair, type RunCommand } from '#plugins/volumes/block-device/block-device.module.ts';
import type { Files } from './files.ts';
import type { StoredVolume } from './pool.ts';

/** Some file systems (ZFS) count half a kilobyte for a file in which there is nothing. */
const EMPTY = 512n;

/**
 * Sees to it that the device, on which the volume's image is attached and not mounted, holds a sound ext4 file system.
 * Only an image into which nothing was ever written is formatted, or one whose formatting was interrupted: that is noted
 * beside the image while it goes on.
 * @throws {ProviderError} Invalid when the image holds something else
 */
export async function prepareFileSystem(volume: StoredVolume, device: string, files: Files, run: RunCommand, signal: AbortSignal): Promise<void> {
  const { name } = volume.record;
  const folder = dirname(volume.path);
  const note = join(folder, 'formatting');
  if ((await files.entry(note)) === undefined) {
    const found = await probe(device, run, signal);
    if (found === 'ext4') return repair(device, `volume ${name}`, run, signal);
    if (found !== undefined) throw new ProviderError('Invalid', `volume ${name} holds ${found}, not ext4; it is not formatted over`);
    const image = await files.entry(volume.path);
    if (image === undefined || image.allocated > EMPTY) throw new ProviderError('Invalid', `volume ${name} holds data but no file system; it is not formatted over`);
    await files.writeNew(note, '');
    await files.syncFolder(folder);
  }
  // No reserved blocks: the volume is its user's alone. Tables are written later by the kernel; discarding has no use on a sparse file.
  const made = await run('mkfs.ext4', ['-q', '-F', '-m', '0', '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard', device], signal);
  if (made.exitCode !== 0) throw new ProviderError('Unavailable', `volume ${name} could not be formatted: ${made.complaint}`);
  await files.remove(note);
  await files.syncFolder(folder);
}

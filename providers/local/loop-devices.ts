import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '#plugins/volumes/block-device/block-device.module.ts';

/** A loop device that has a file behind it. */
export interface LoopDevice {
  /** `/dev/loop3` */
  readonly path: string;
  /** `major:minor`, as mount tables show it. */
  readonly device: string;
  /** The file. */
  readonly image: string;
}

const BLOCK_DEVICES = '/sys/block';

/** Asks the kernel, without starting a program. */
export async function readLoopDevices(): Promise<readonly LoopDevice[]> {
  const names = await readdir(BLOCK_DEVICES).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const devices = await Promise.all(names.filter((name) => /^loop\d+$/.test(name)).map(readLoopDevice));
  return devices.filter((device) => device !== undefined);
}

async function readLoopDevice(name: string): Promise<LoopDevice | undefined> {
  try {
    const folder = join(BLOCK_DEVICES, name);
    const image = withoutNewline(await readFile(join(folder, 'loop', 'backing_file'), 'utf8'));
    const device = withoutNewline(await readFile(join(folder, 'dev'), 'utf8'));
    return { path: `/dev/${name}`, device, image };
  } catch (error) {
    // A device that is being detached at this moment goes in steps.
    if (isMissing(error) || (error instanceof Error && 'code' in error && (error.code === 'ENXIO' || error.code === 'EIO' || error.code === 'ENODEV'))) return undefined;
    throw error;
  }
}

const withoutNewline = (text: string): string => (text.endsWith('\n') ? text.slice(0, -1) : text);

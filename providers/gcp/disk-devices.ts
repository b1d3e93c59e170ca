import { basename, join } from 'node:path';
import { ProviderError } from '#core/spi/errors.ts';
import { followed, kernelNames, kernelText, partitionOf, partitionPath, quoted, type DeviceFinder, type DeviceHints } from '#plugins/volumes/block-device/block-device.module.ts';

export interface PersistentDiskDevicesOptions {
  /** Where devices are; `/dev`. */
  readonly deviceDir: string;
  /** Where the kernel tells of them; `/sys` by default. */
  readonly sysDir?: string | undefined;
}

/** Of udev: the first by the rules of Google's guest environment, for SCSI and NVMe, the second by those of every distribution. */
const LINKS = ['google-', 'scsi-0Google_PersistentDisk_'] as const;

const diskId = /^projects\/[a-z0-9.:-]{1,100}\/(zones|regions)\/[a-zA-Z0-9-]{1,63}\/disks\/([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)$/;

/**
 * The device names with which a disk may have been attached, where nobody says it: its own, and before it that which Google's driver gives regional ones.
 * None for what is no id of a disk.
 */
export function deviceNamesOf(volumeId: string): readonly string[] {
  const [, scope, name] = diskId.exec(volumeId) ?? [];
  if (name === undefined) return [];
  return scope === 'regions' ? [`${name}_regional`, name] : [name];
}

/** Where the disks of a machine appear: under the device name with which they were attached. */
export class PersistentDiskDevices implements DeviceFinder {
  readonly #deviceDir: string;
  readonly #sysDir: string;

  constructor({ deviceDir, sysDir = '/sys' }: PersistentDiskDevicesOptions) {
    this.#deviceDir = deviceDir;
    this.#sysDir = sysDir;
  }

  isVolumeId(text: string): boolean {
    return diskId.test(text);
  }

  async find(volumeId: string, { volumeContext, publishContext }: DeviceHints, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const said = deviceNameIn(publishContext);
    const partition = partitionOf(volumeContext, volumeId);
    for (const name of said === undefined ? deviceNamesOf(volumeId) : [said]) {
      const disk = (await this.#byLink(name, volumeId)) ?? (await this.#byPage(name));
      if (disk !== undefined) return partition === undefined ? disk : partitionPath(disk, partition);
    }
    return undefined;
  }

  async #byLink(name: string, volumeId: string): Promise<string | undefined> {
    for (const link of LINKS) {
      const path = await followed(join(this.#deviceDir, 'disk/by-id', link + name));
      if (path === undefined) continue;
      const told = await this.#deviceName(basename(path));
      if (told === undefined || told === name) return path;
      // Links may be out of date for a moment; what the disk itself says is not.
      const found = await this.#byPage(name);
      if (found === undefined) throw new ProviderError('Unavailable', `${path} is where volume ${volumeId} should be, and calls itself ${quoted(told)}, not ${name}`);
      return found;
    }
    return undefined;
  }

  /** Where udev made no link. Only SCSI disks can be known so. */
  async #byPage(name: string): Promise<string | undefined> {
    const disks = await kernelNames(join(this.#sysDir, 'block'));
    for (const disk of disks) if (/^sd[a-z]+$/.test(disk) && await this.#deviceName(disk) === name) return followed(join(this.#deviceDir, disk));
    return undefined;
  }

  /** As the disk calls itself in its page of identification (SPC-4, 7.8.6): vendor, product and device name in one text. */
  async #deviceName(disk: string): Promise<string | undefined> {
    const page = await kernelText(join(this.#sysDir, 'block', disk, 'device', 'vpd_pg83'), 'latin1');
    return /Google\s+PersistentDisk\s+([A-Za-z0-9_-]+)/.exec(page ?? '')?.[1];
  }
}

/** It becomes part of a path. */
function deviceNameIn({ deviceName }: Readonly<Record<string, string>>): string | undefined {
  return deviceName !== undefined && /^[A-Za-z0-9_-]{1,128}$/.test(deviceName) ? deviceName : undefined;
}

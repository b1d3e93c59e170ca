import { basename, join } from 'node:path';
import { ProviderError } from '#core/spi/errors.ts';
import { followed, kernelNames, kernelText, partitionOf, partitionPath, quoted, type DeviceFinder, type DeviceHints } from '#plugins/volumes/block-device/block-device.module.ts';

export interface EbsDevicesOptions {
  /** Where devices are; `/dev`. */
  readonly deviceDir: string;
  /** Where the kernel tells of them; `/sys` by default. */
  readonly sysDir?: string | undefined;
}

const LINK = 'disk/by-id/nvme-Amazon_Elastic_Block_Store_';

/**
 * Where the volumes of an instance appear. On Nitro each is an NVMe disk whose serial number is the volume's id; on Xen it has the name with which it was attached,
 * or the `xvd` of a name in `sd`.
 */
export class EbsDevices implements DeviceFinder {
  readonly #deviceDir: string;
  readonly #sysDir: string;

  constructor({ deviceDir, sysDir = '/sys' }: EbsDevicesOptions) {
    this.#deviceDir = deviceDir;
    this.#sysDir = sysDir;
  }

  isVolumeId(text: string): boolean {
    return /^vol-[0-9a-z]{1,40}$/.test(text);
  }

  async find(volumeId: string, { volumeContext, publishContext }: DeviceHints, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const partition = partitionOf(volumeContext, volumeId);
    const disk = (await this.#byLink(volumeId)) ?? (await this.#bySerial(volumeId)) ?? (await this.#byName(publishContext['devicePath'] ?? '', volumeId));
    return disk === undefined || partition === undefined ? disk : partitionPath(disk, partition);
  }

  /** udev's; one that leads to another volume is out of date, and then the serial numbers tell more. */
  async #byLink(volumeId: string): Promise<string | undefined> {
    const path = await followed(join(this.#deviceDir, LINK + serialOf(volumeId)));
    if (path === undefined) return undefined;
    if (await this.#isThis(path, volumeId)) return path;
    const found = await this.#bySerial(volumeId);
    if (found === undefined) throw await this.#otherVolume(path, volumeId);
    return found;
  }

  async #bySerial(volumeId: string): Promise<string | undefined> {
    const names = await kernelNames(join(this.#sysDir, 'block'));
    for (const name of names) if (/^nvme\d+n\d+$/.test(name) && await this.#serial(name) === serialOf(volumeId)) return followed(join(this.#deviceDir, name));
    return undefined;
  }

  async #byName(devicePath: string, volumeId: string): Promise<string | undefined> {
    const [, kind = '', letters = ''] = /^(?:\/dev\/)?(sd|xvd)([a-z]{1,2})$/.exec(devicePath) ?? [];
    if (kind === '') return undefined;
    for (const name of kind === 'sd' ? [`xvd${letters}`, `sd${letters}`] : [`xvd${letters}`]) {
      const path = await followed(join(this.#deviceDir, name));
      if (path === undefined) continue;
      if (!(await this.#isThis(path, volumeId))) throw await this.#otherVolume(path, volumeId);
      return path;
    }
    return undefined;
  }

  /** Also when the device does not tell: only NVMe disks have such numbers. */
  async #isThis(path: string, volumeId: string): Promise<boolean> {
    const serial = await this.#serial(basename(path));
    return serial === undefined || serial === serialOf(volumeId);
  }

  async #otherVolume(path: string, volumeId: string): Promise<ProviderError> {
    return new ProviderError('Unavailable', `${path} is where volume ${volumeId} should be, and has the serial number ${quoted((await this.#serial(basename(path))) ?? '')}`);
  }

  async #serial(disk: string): Promise<string | undefined> {
    return (await kernelText(join(this.#sysDir, 'block', disk, 'device', 'serial')))?.trim().replace(/^vol-/, 'vol');
  }
}

/** Serial numbers have no dash. */
const serialOf = (volumeId: string): string => volumeId.replace('-', '');

import { dropOldest } from '#core/kernel/oldest.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { Ec2Instance } from './ec2-instances.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const named = (prefix: string, first: string, last: string): string[] => letters.slice(letters.indexOf(first), letters.indexOf(last) + 1).split('').map((letter) => `/dev/${prefix}${letter}`);

/** That EC2 takes. The first 52 are good for every kind of machine; the others are for machines that take more volumes. */
const names: readonly string[] = [
  ...named('xvda', 'a', 'z'), ...named('xvdb', 'a', 'z'), ...named('xvdd', 'a', 'x'), ...named('xvd', 'b', 'z'), ...named('sd', 'b', 'z'),
];
const good = 52;

interface Taken {
  /** By device: the volume's id. */
  readonly byDevice: Map<string, string>;
  next: number;
}

const mostInstances = 2000;

/** Which device names the volumes of each machine have, so that two that are attached at the same time never get the same one. */
export class DeviceNames {
  /** By instance; those asked about longest ago first. */
  readonly #taken = new Map<string, Taken>();

  knows(instanceId: string): boolean {
    return this.#taken.has(instanceId);
  }

  /** What EC2 says of the instance; what was chosen here meanwhile stays chosen. */
  learn({ id, devices }: Ec2Instance): void {
    const taken = this.#taken.get(id) ?? { byDevice: new Map<string, string>(), next: 0 };
    for (const { device, volumeId } of devices) taken.byDevice.set(device, volumeId);
    this.#taken.delete(id);
    this.#taken.set(id, taken);
    if (this.#taken.size > mostInstances) dropOldest(this.#taken);
  }

  forget(instanceId: string): void {
    this.#taken.delete(instanceId);
  }

  /**
   * The same one for the same volume until that is released. One that was released lately comes last: its device may still be on its way out.
   * @throws {ProviderError} Exhausted
   */
  reserve(instanceId: string, volumeId: string): string {
    const taken = this.#taken.get(instanceId) ?? { byDevice: new Map<string, string>(), next: 0 };
    this.#taken.set(instanceId, taken);
    for (const [device, holder] of taken.byDevice) if (holder === volumeId) return device;
    for (let i = 0; i < names.length; i++) {
      const at = i < good ? (taken.next + i) % good : i;
      const device = names[at];
      if (device === undefined || taken.byDevice.has(device)) continue;
      taken.byDevice.set(device, volumeId);
      if (at < good) taken.next = at + 1;
      return device;
    }
    throw new ProviderError('Exhausted', `instance ${instanceId} has no device name left for volume ${volumeId}: all ${names.length} are taken`);
  }

  release(instanceId: string, volumeId: string): void {
    const byDevice = this.#taken.get(instanceId)?.byDevice;
    for (const [device, holder] of byDevice ?? []) if (holder === volumeId) byDevice?.delete(device);
  }

  note(instanceId: string, device: string, volumeId: string): void {
    this.release(instanceId, volumeId);
    this.#taken.get(instanceId)?.byDevice.set(device, volumeId);
  }

  /** Somebody else has it, or nothing appears under it. */
  spoil(instanceId: string, device: string): void {
    this.#taken.get(instanceId)?.byDevice.set(device, '');
  }

  /** Volumes that have a name there, or are about to. */
  volumesOf(instanceId: string): readonly string[] {
    return [...this.#taken.get(instanceId)?.byDevice.values() ?? []].filter((id) => id !== '');
  }
}

import { ipFamilyOf } from '#core/api/ip.ts';
import { deepEqual } from '#core/api/value.ts';

/** An address at which nodes and pods reach an API server. */
export interface AdvertisedAddress {
  readonly ip: string;
  readonly port: number;
}

/** `192.0.2.7:6443` */
export const addressText = ({ ip, port }: AdvertisedAddress): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

/** Undefined when the text is none. */
export function parseAddress(text: string): AdvertisedAddress | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? [];
  const ip = bracketed ?? plain ?? '';
  return ipFamilyOf(ip) === undefined || Number(port) > 65535 ? undefined : { ip, port: Number(port) };
}

/** What a server says of its own address. It may learn it while it runs; undefined while it can only be reached from its own machine. */
export class Advertised {
  #address: AdvertisedAddress | undefined;
  readonly #listeners = new Set<() => void>();

  get address(): AdvertisedAddress | undefined {
    return this.#address;
  }

  set(address: AdvertisedAddress | undefined): void {
    if (deepEqual(address, this.#address)) return;
    this.#address = address;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

import { parseIp } from '#core/api/ip.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { AttachmentKey, NetworkAttachment, PortMapping } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import type { AddressRange } from './address-range.ts';
import { LeaseJournal } from './lease-journal.ts';

/** What an attachment has of this node: written down before anything is made of it. */
export interface Lease extends Pick<NetworkAttachment, 'containerId' | 'ifName' | 'pod' | 'portMappings' | 'bandwidth'> {
  /** Whose attachments a garbage collection compares it with: the agent's when empty, else a network of another runtime. */
  readonly owner: string;
  /** With prefix lengths: `10.244.1.7/24`, at most one of each family. */
  readonly addresses: readonly string[];
}

type JournalRecord = { readonly lease: Lease } | { readonly released: AttachmentKey; readonly addresses: readonly string[]; readonly at: number };

export interface LeasesOptions {
  readonly path: string;
  readonly epoch: string;
  readonly clock: Clock;
  /** How long a released address is given to nobody, in milliseconds: others may still send to it. */
  readonly cooldownMs: number;
}

export const keyText = ({ containerId, ifName }: AttachmentKey): string => `${containerId} ${ifName}`;
export const bare = (address: string): string => address.slice(0, address.indexOf('/'));

/** Which addresses and host ports of this node belong to whom. No address is given twice. */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #journal: LeaseJournal;
  readonly #leases = new Map<string, Lease>();
  readonly #used = new Set<string>();
  /** When a released address may be given again. */
  readonly #cooling = new Map<string, number>();
  /** What an attachment had, until it has cooled down: who is attached again goes on with what others know of it, such as its policies. */
  readonly #former = new Map<string, { readonly addresses: readonly string[]; readonly until: number }>();

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#journal = new LeaseJournal({ path: options.path, epoch: options.epoch, live: () => this.#records() });
  }

  /** @throws {NetworkError} 5 */
  async open(): Promise<void> {
    for (const record of await this.#journal.open()) this.#replay(record as JournalRecord);
  }

  get all(): readonly Lease[] {
    return [...this.#leases.values()];
  }

  get(key: AttachmentKey): Lease | undefined {
    return this.#leases.get(keyText(key));
  }

  /**
   * Reserves an address in each range. `stored` resolves when that is on disk; the lease holds from now on.
   * @throws {NetworkError} 11 when a range is full or a host port is taken
   */
  acquire(attachment: NetworkAttachment, owner: string, ranges: readonly AddressRange[]): { readonly lease: Lease; readonly stored: Promise<void> } {
    const { containerId, ifName, pod, portMappings, bandwidth } = attachment;
    this.#checkPorts(attachment);
    this.#warm();
    const addresses = ranges.map((range) => this.#formerIn(range, attachment) ?? this.#free(range));
    const lease: Lease = { owner, containerId, ifName, addresses, pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid }, portMappings, ...(bandwidth === undefined ? {} : { bandwidth }) };
    this.#add(lease);
    return { lease, stored: this.#journal.append({ lease } satisfies JournalRecord) };
  }

  isUsed(address: string): boolean {
    return this.#used.has(address);
  }

  /** Addresses that somebody had a moment ago. */
  get cooling(): readonly string[] {
    return [...this.#cooling.keys()];
  }

  /** The addresses cool down before they are given again. */
  async release(key: AttachmentKey): Promise<void> {
    const lease = this.get(key);
    if (lease === undefined) return;
    const at = this.#options.clock.now();
    this.#remove(lease, at);
    await this.#journal.append({ released: { containerId: key.containerId, ifName: key.ifName }, addresses: lease.addresses, at } satisfies JournalRecord);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #formerIn(range: AddressRange, attachment: NetworkAttachment): string | undefined {
    return this.#former.get(keyText(attachment))?.addresses.find((address) => {
      const parsed = parseIp(bare(address));
      return parsed !== undefined && range.contains(parsed) && !this.#used.has(bare(address)) && address.endsWith(`/${range.cidr.prefixLength}`);
    });
  }

  #free(range: AddressRange): string {
    const address = range.next((each) => this.#used.has(each) || this.#cooling.has(each));
    if (address !== undefined) return `${address}/${range.cidr.prefixLength}`;
    const isFull = this.#usedIn(range) >= range.capacity;
    throw new NetworkError(cniCodes.tryAgainLater, isFull ? `all addresses of ${range.cidr.toString()} are in use` : `the free addresses of ${range.cidr.toString()} were released less than ${this.#options.cooldownMs / 1000} s ago`);
  }

  #usedIn(range: AddressRange): bigint {
    let used = 0n;
    for (const text of this.#used) {
      const address = parseIp(text);
      if (address !== undefined && range.contains(address)) used++;
    }
    return used;
  }

  /** What has cooled down is forgotten. */
  #warm(): void {
    const now = this.#options.clock.now();
    for (const [address, until] of this.#cooling) if (until <= now) this.#cooling.delete(address);
    for (const [key, { until }] of this.#former) if (until <= now) this.#former.delete(key);
  }

  #checkPorts(attachment: NetworkAttachment): void {
    for (const mapping of attachment.portMappings) {
      const other = this.all.find((lease) => keyText(lease) !== keyText(attachment) && lease.portMappings.some((each) => sameSocket(each, mapping)));
      if (other !== undefined) throw new NetworkError(cniCodes.tryAgainLater, `host port ${mapping.hostPort}/${mapping.protocol} is taken by pod ${other.pod.namespace}/${other.pod.name}`);
    }
  }

  #add(lease: Lease): void {
    this.#leases.set(keyText(lease), lease);
    for (const address of lease.addresses) {
      this.#used.add(bare(address));
      this.#cooling.delete(bare(address));
    }
    this.#former.delete(keyText(lease));
  }

  #remove(lease: Lease, at: number): void {
    this.#leases.delete(keyText(lease));
    for (const address of lease.addresses) this.#used.delete(bare(address));
    this.#former.set(keyText(lease), { addresses: lease.addresses, until: at + this.#options.cooldownMs });
    this.#cool(lease.addresses, at);
  }

  #cool(addresses: readonly string[], at: number): void {
    for (const address of addresses) this.#cooling.set(bare(address), at + this.#options.cooldownMs);
  }

  #replay(record: JournalRecord): void {
    if ('lease' in record) {
      this.#add(record.lease);
      return;
    }
    const lease = this.get(record.released);
    if (lease === undefined) this.#cool(record.addresses, record.at);
    else this.#remove(lease, record.at);
  }

  #records(): readonly JournalRecord[] {
    this.#warm();
    const cooling = [...this.#cooling].map(([address, until]) => ({ released: { containerId: '', ifName: '' }, addresses: [`${address}/0`], at: until - this.#options.cooldownMs }));
    return [...cooling, ...this.all.map((lease) => ({ lease }))];
  }
}

const sameSocket = (a: PortMapping, b: PortMapping): boolean => a.hostPort === b.hostPort && a.protocol === b.protocol && (isAny(a.hostIP) || isAny(b.hostIP) || a.hostIP === b.hostIP);

/** Empty and unspecified addresses are all of the node's. */
export const isAny = (hostIP: string | undefined): boolean => hostIP === undefined || hostIP === '' || hostIP === '0.0.0.0' || hostIP === '::';

import { createHash } from 'node:crypto';
import { ipBytes, parseIp } from '#core/api/ip.ts';
import { isObject, own } from '#core/api/value.ts';
import type { AttachmentKey } from '#core/spi/network-plugin.ts';
import type { Lease } from './leases.ts';
import { bare } from './leases.ts';

/** How our bridges and the node's ends of our pods' links begin their link addresses: a mark that is there from the moment the link is. */
const MARK = '0e:4b:4c';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const macText = (bytes: Iterable<number>): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');

const marked = (text: string): string => `${MARK}:${macText(digest(text).subarray(0, 3))}`;

const keyed = ({ containerId, ifName }: AttachmentKey): string => digest(`${containerId}\0${ifName}`).toString('hex').slice(0, 12);

/** The node's end of a pod's link. */
export const hostLinkName = (key: AttachmentKey): string => `kl${keyed(key)}`;
/** Through it goes what comes from a pod whose bandwidth is limited. */
export const shaperName = (key: AttachmentKey): string => `kb${keyed(key)}`;
export const hostLinkMac = (name: string): string => marked(name);
export const bridgeMac = (bridge: string): string => marked(`bridge ${bridge}`);

/** The same address has the same link address each time, so that what neighbours remember of a former pod is right for the next. */
export function podMac({ addresses }: Pick<Lease, 'addresses'>): string {
  const address = parseIp(bare(addresses[0] ?? '0.0.0.0/0'));
  const bytes = address === undefined ? digest('') : ipBytes(address);
  return macText([0x0a, 0x58, ...bytes.subarray(-4)]);
}

/** One that no other node of the cluster has: locally administered, not a group's. */
export function tunnelMac(nodeName: string): string {
  const [first = 0, ...rest] = digest(`tunnel ${nodeName}`).subarray(0, 6);
  return macText([(first & 0xfc) | 0x02, ...rest]);
}

/** What `ip -json link` and `address` tell of a link. */
export interface Link {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly master: string | undefined;
  readonly kind: string | undefined;
  readonly isUp: boolean;
  /** With prefix lengths. */
  readonly addresses: readonly string[];
}

export function readLink(value: unknown): Link | undefined {
  if (!isObject(value) || typeof own(value, 'ifname') !== 'string') return undefined;
  const [info, flags, addresses] = [own(value, 'linkinfo'), own(value, 'flags'), own(value, 'addr_info')];
  return {
    name: String(value['ifname']),
    mac: textOf(value, 'address') ?? '',
    mtu: Number(own(value, 'mtu') ?? 0),
    master: textOf(value, 'master'),
    kind: isObject(info) ? textOf(info, 'info_kind') : undefined,
    isUp: Array.isArray(flags) && flags.includes('UP'),
    addresses: Array.isArray(addresses) ? addresses.filter(isObject).map((each) => `${textOf(each, 'local') ?? ''}/${Number(own(each, 'prefixlen') ?? 0)}`) : [],
  };
}

export const readLinks = (values: readonly unknown[] | undefined): Link[] => (values ?? []).map(readLink).filter((link) => link !== undefined);

/** Made by this plugin for one pod, whichever process of it. */
export const isOwnPodLink = ({ name, mac, kind }: Link): boolean => /^k[lb][0-9a-f]{12}$/.test(name) && mac === hostLinkMac(name) && (kind === 'veth' || kind === 'ifb');

const textOf = (value: object, key: string): string | undefined => {
  const member: unknown = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  return typeof member === 'string' ? member : undefined;
};

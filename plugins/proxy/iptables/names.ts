import { createHash } from 'node:crypto';
import { ipText, type IpAddress, type IpFamily } from '#core/api/ip.ts';

/** All chains of ours, and no others, begin so. */
export const prefix = 'KEELSON-';

/** Chains that are always there. */
export const base = {
  services: `${prefix}SERVICES`, vips: `${prefix}VIPS`, nodePorts: `${prefix}NODEPORTS`, postrouting: `${prefix}POSTROUTING`,
  markMasquerade: `${prefix}MARK-MASQ`, offCluster: `${prefix}OFF-CLUSTER`, forward: `${prefix}FORWARD`, canary: `${prefix}PROXY-CANARY`,
} as const;

/** Names of others' chains may look alike in their first letters, ours never have other characters. */
export const isOurs = (chain: string): boolean => chain.startsWith(prefix) && isProxyChain.test(chain.slice(prefix.length));
const isProxyChain = /^(SERVICES|VIPS|NODEPORTS|POSTROUTING|MARK-MASQ|OFF-CLUSTER|FORWARD|PROXY-CANARY|(SVC|SVL|SEP|EXT|VL|VM)-[0-9A-V]{8,16}|FW-[0-9A-V]{16}|NP-(TCP|UDP|SCTP)-\d{1,5})$/;

/** 80 bits of a hash in 16 characters: iptables allows 28 in the name of a chain. */
function digest(text: string): string {
  return BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 20)}`).toString(32).toUpperCase().padStart(16, '0');
}

/** `SVC`: any endpoint; `SVL`: those on this node; `EXT`: traffic from outside; `FW`: as `EXT`, for the clients that may. */
export const portChain = (kind: 'SVC' | 'SVL' | 'EXT' | 'FW', portKey: string): string => `${prefix}${kind}-${digest(portKey)}`;

export const endpointChain = (portKey: string, address: string, port: number): string => `${prefix}SEP-${digest(`${portKey} ${address} ${port}`)}`;

/** How wide the ranges are whose addresses share a chain: 256 addresses, and 64 of such ranges. */
const leafBits = 8n;
const middleBits = 14n;

/** A chain, and the match by which one gets to it. */
export interface Bucket {
  readonly chain: string;
  readonly match: string;
}

const widths: Record<IpFamily, number> = { IPv4: 32, IPv6: 128 };

function rangeBucket(kind: 'VL' | 'VM', { family, value }: IpAddress, bits: bigint): Bucket {
  const range = `${ipText({ family, value: (value >> bits) << bits })}/${widths[family] - Number(bits)}`;
  const id = family === 'IPv4' ? ((value >> bits) << bits).toString(16).toUpperCase().padStart(8, '0') : digest(range);
  return { chain: `${prefix}${kind}-${id}`, match: `-d ${range}` };
}

/** The chains through which an address is reached, the nearest first. */
export const addressBuckets = (address: IpAddress): readonly [Bucket, Bucket] => [rangeBucket('VL', address, leafBits), rangeBucket('VM', address, middleBits)];

const portsInBucket = 64;

/** The chain of a node port and its neighbours. */
export function nodePortBucket(protocol: string, port: number): Bucket {
  const first = port - (port % portsInBucket);
  const lower = protocol.toLowerCase();
  return { chain: `${prefix}NP-${protocol}-${first}`, match: `-p ${lower} -m ${lower} --dport ${first}:${Math.min(65_535, first + portsInBucket - 1)}` };
}

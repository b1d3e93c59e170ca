import type { IpPermission, SecurityGroupRule } from '@aws-sdk/client-ec2';
import { Cidr } from '#core/api/ip.ts';

/** One rule that lets somebody in. */
export interface Permission {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  readonly kind: 'cidr4' | 'cidr6' | 'group' | 'prefixList';
  readonly peer: string;
}

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export const permissionKey = ({ protocol, from, to, peer }: Permission): string => `${protocol} ${from}-${to} ${peer}`;

/** As the vendor keeps it, so that it is known again. */
export function rangePeer(range: string): Pick<Permission, 'kind' | 'peer'> {
  const cidr = Cidr.parse(range);
  return { kind: cidr?.family === 'IPv6' ? 'cidr6' : 'cidr4', peer: cidr?.toString() ?? range };
}

/** Ports as ranges of neighbours. */
export function portRanges(ports: Iterable<number>): readonly PortRange[] {
  const ranges: PortRange[] = [];
  for (const port of [...new Set(ports)].toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to === port - 1) ranges[ranges.length - 1] = { from: last.from, to: port };
    else ranges.push({ from: port, to: port });
  }
  return ranges;
}

/** The one range that has them all. */
export const wholeRange = (ports: Iterable<number>): readonly PortRange[] => {
  const all = [...ports];
  return all.length === 0 ? [] : [{ from: Math.min(...all), to: Math.max(...all) }];
};

/** @param description what it is for: letters, digits and `. _-:/()#,@[]+=&;{}!$*` */
export function sdkPermissions(permissions: readonly Permission[], description?: string): IpPermission[] {
  const said = description === undefined ? {} : { Description: description };
  return permissions.map(({ protocol, from, to, kind, peer }) => ({
    IpProtocol: protocol, FromPort: from, ToPort: to,
    ...(kind === 'cidr4' ? { IpRanges: [{ CidrIp: peer, ...said }] } : {}),
    ...(kind === 'cidr6' ? { Ipv6Ranges: [{ CidrIpv6: peer, ...said }] } : {}),
    ...(kind === 'group' ? { UserIdGroupPairs: [{ GroupId: peer, ...said }] } : {}),
    ...(kind === 'prefixList' ? { PrefixListIds: [{ PrefixListId: peer, ...said }] } : {}),
  }));
}

export function permissionsIn(sdk: readonly IpPermission[] = []): readonly Permission[] {
  return sdk.flatMap(({ IpProtocol: protocol = '-1', FromPort: from = -1, ToPort: to = -1, IpRanges = [], Ipv6Ranges = [], UserIdGroupPairs = [], PrefixListIds = [] }) => {
    const peers: Pick<Permission, 'kind' | 'peer'>[] = [
      ...IpRanges.map(({ CidrIp = '' }) => ({ kind: 'cidr4', peer: CidrIp } as const)),
      ...Ipv6Ranges.map(({ CidrIpv6 = '' }) => ({ kind: 'cidr6', peer: CidrIpv6 } as const)),
      ...UserIdGroupPairs.map(({ GroupId = '' }) => ({ kind: 'group', peer: GroupId } as const)),
      ...PrefixListIds.map(({ PrefixListId = '' }) => ({ kind: 'prefixList', peer: PrefixListId } as const)),
    ];
    return peers.map((peer) => ({ protocol, from, to, ...peer }));
  });
}

export function permissionOf({ IpProtocol: protocol = '-1', FromPort: from = -1, ToPort: to = -1, CidrIpv4, CidrIpv6, ReferencedGroupInfo, PrefixListId }: SecurityGroupRule): Permission {
  if (CidrIpv4 !== undefined) return { protocol, from, to, kind: 'cidr4', peer: CidrIpv4 };
  if (CidrIpv6 !== undefined) return { protocol, from, to, kind: 'cidr6', peer: CidrIpv6 };
  if (PrefixListId !== undefined) return { protocol, from, to, kind: 'prefixList', peer: PrefixListId };
  return { protocol, from, to, kind: 'group', peer: ReferencedGroupInfo?.GroupId ?? '' };
}

import { canonicalCidr4, cidr6 } from '#test/emulators/aws/cidr.ts';
import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Rule, SecurityGroup } from '#test/emulators/aws/rows.ts';
import { groupId, knownRow } from './ids.ts';

export function findRule(region: Region, id: string): { readonly group: SecurityGroup; readonly rule: Rule } | undefined {
  for (const group of region.securityGroups.rows()) {
    const rule = group.rules.find((one) => one.id === id);
    if (rule !== undefined) return { group, rule };
  }
  return undefined;
}

export function updateRule(region: Region, id: string, patch: Partial<Rule>): void {
  const found = findRule(region, id);
  if (found === undefined) return;
  region.securityGroups.update(found.group.id, { rules: found.group.rules.map((rule) => (rule.id === id ? { ...rule, ...patch } : rule)) });
}

/** Rules as a call wants them: one for each peer. */
export type WantedRule = Omit<Rule, 'id' | 'egress' | 'tags'>;

const protocols: Readonly<Record<string, string>> = { all: '-1', '1': 'icmp', '6': 'tcp', '17': 'udp', '58': 'icmpv6' };

/** @throws {ApiError} for ports, protocols, blocks and groups that cannot be */
export function wantedRules(region: Region, group: SecurityGroup, params: Params): WantedRule[] {
  const permissions = params.structs('IpPermissions');
  const short = params.has('IpProtocol') || params.has('CidrIp');
  if (permissions.length > 0 && short) throw new ApiError('InvalidParameterCombination', 'The parameter ipPermissions may not be used in combination with ipProtocol');
  const rules = short ? rulesOf(region, group, params, [{ kind: 'cidr4', value: params.text('CidrIp') ?? '' }]) : permissions.flatMap((permission) => rulesOf(region, group, permission, peersOf(permission)));
  if (rules.length === 0) throw new ApiError('MissingParameter', 'Either the ipPermissions or ipProtocol must be specified');
  return rules;
}

interface WantedPeer {
  readonly kind: Rule['peer']['kind'];
  readonly value: string;
  readonly description?: string;
}

function peersOf(permission: Params): WantedPeer[] {
  const list = (name: string, kind: WantedPeer['kind'], key: string): WantedPeer[] =>
    permission.structs(name).map((entry) => ({ kind, value: entry.text(key) ?? '', description: entry.text('Description') }));
  return [...list('IpRanges', 'cidr4', 'CidrIp'), ...list('Ipv6Ranges', 'cidr6', 'CidrIpv6'), ...list('Groups', 'group', 'GroupId'), ...list('PrefixListIds', 'prefixList', 'PrefixListId')];
}

function rulesOf(region: Region, group: SecurityGroup, permission: Params, peers: readonly WantedPeer[]): WantedRule[] {
  const protocol = protocolOf(permission.text('IpProtocol'));
  const ports = portsOf(protocol, permission);
  return peers.map(({ kind, value, description }) => ({ protocol, ...ports, peer: { kind, value: peerValue(region, group, kind, value) }, description: checkedDescription(description) }));
}

function protocolOf(text: string | undefined): string {
  if (text === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter ipProtocol');
  const lower = text.toLowerCase();
  const name = Object.hasOwn(protocols, lower) ? protocols[lower] ?? lower : lower;
  if (['tcp', 'udp', 'icmp', 'icmpv6', '-1'].includes(name) || (/^\d{1,3}$/.test(name) && Number(name) <= 255)) return name;
  throw new ApiError('InvalidParameterValue', `Invalid value '${text}' for IP protocol. Unknown protocol.`);
}

function portsOf(protocol: string, permission: Params): { readonly from?: number; readonly to?: number } {
  const from = permission.number('FromPort');
  const to = permission.number('ToPort');
  if (protocol === 'icmp' || protocol === 'icmpv6') return { from: from ?? -1, to: to ?? -1 };
  // For other protocols ports mean nothing, and are dropped.
  if (protocol !== 'tcp' && protocol !== 'udp') return {};
  if (from === undefined || to === undefined) throw new ApiError('InvalidParameterValue', "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
  const outside = [from, to].find((port) => port < 0 || port > 65535);
  if (outside !== undefined) throw new ApiError('InvalidParameterValue', `TCP/UDP port (${outside}) out of range`);
  if (from > to) throw new ApiError('InvalidParameterValue', `Invalid TCP/UDP port range (${from}:${to})`);
  return { from, to };
}

function peerValue(region: Region, group: SecurityGroup, kind: WantedPeer['kind'], value: string): string {
  if (kind === 'group') {
    const other = knownRow(groupId, region.securityGroups, value);
    if (other.vpcId !== group.vpcId) throw new ApiError('InvalidGroup.NotFound', `You have specified two resources that belong to different networks.`);
    return other.id;
  }
  if (kind === 'prefixList') {
    if (!/^pl-[0-9a-f]{8,17}$/.test(value)) throw new ApiError('InvalidPrefixListId.Malformed', `Invalid prefix list id: "${value}"`);
    return value;
  }
  const cidr = kind === 'cidr4' ? canonicalCidr4(value) : cidr6(value);
  if (cidr === undefined) throw new ApiError('InvalidParameterValue', `CIDR block ${value} is malformed`);
  return cidr;
}

function checkedDescription(text: string | undefined): string | undefined {
  if (text === undefined || /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{0,255}$/.test(text)) return text;
  throw new ApiError('InvalidParameterValue', `Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`);
}

/** Descriptions make no difference. */
export const sameRule = (a: WantedRule, b: WantedRule): boolean =>
  a.protocol === b.protocol && a.from === b.from && a.to === b.to && a.peer.kind === b.peer.kind && a.peer.value === b.peer.value;

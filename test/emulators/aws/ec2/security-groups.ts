import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Rule, SecurityGroup } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { filtered, page, type Filters } from './describe.ts';
import { groupId, knownRow, seenRows, vpcId } from './ids.ts';
import { tagsFor, writeTags } from './tags.ts';

/** The group that a call names by id, or by name in the default VPC. */
export function groupOf(region: Region, params: Params): SecurityGroup {
  const id = params.text('GroupId');
  const name = params.text('GroupName');
  if (id !== undefined) return knownRow(groupId, region.securityGroups, id);
  if (name === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter groupName or groupId');
  const vpc = region.vpcs.find(({ isDefault }) => isDefault);
  const group = region.securityGroups.find((row) => row.name === name && row.vpcId === vpc?.id);
  if (group === undefined || region.securityGroups.known(group.id) === undefined) throw new ApiError('InvalidGroup.NotFound', `The security group '${name}' does not exist in default VPC '${vpc?.id ?? ''}'`);
  return group;
}

const allowedText = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/;

const createGroup: Action = ({ region, params }) => {
  const name = params.need('GroupName');
  const description = params.need('GroupDescription');
  if (!allowedText.test(name) || name.startsWith('sg-')) throw new ApiError('InvalidParameterValue', `Value (${name}) for parameter groupName is invalid. Group names may not be in the format sg-*. Character sets beyond ASCII are not supported.`);
  if (name === 'default') throw new ApiError('InvalidParameterValue', `Cannot use reserved security group name: ${name}`);
  if (!allowedText.test(description)) throw new ApiError('InvalidParameterValue', `Value (${description}) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.`);
  const vpc = params.has('VpcId') ? knownRow(vpcId, region.vpcs, params.need('VpcId')) : region.vpcs.find(({ isDefault }) => isDefault);
  if (vpc === undefined) throw new ApiError('VPCIdNotSpecified', 'No default VPC for this user');
  const tags = tagsFor(region, params, 'security-group');
  if (region.securityGroups.find((group) => group.name === name && group.vpcId === vpc.id) !== undefined) throw new ApiError('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpc.id}'`);
  if (region.securityGroups.size >= region.world.quota('securityGroups')) throw new ApiError('SecurityGroupLimitExceeded', 'The maximum number of security groups has been reached.');
  const everything: Rule = { id: region.newId('sgr'), egress: true, protocol: '-1', peer: { kind: 'cidr4', value: '0.0.0.0/0' }, tags: new Map() };
  const group = region.securityGroups.insert({ id: region.newId('sg'), tags, sequence: region.nextSequence(), name, description, vpcId: vpc.id, rules: [everything] });
  return { return: true, groupId: group.id, securityGroupArn: region.arn('ec2', `security-group/${group.id}`), tagSet: tags.size === 0 ? undefined : writeTags(tags) };
};

/** What of the region would miss the group. */
export function usersOf(region: Region, id: string): string[] {
  return [
    ...[...region.instances.rows()].filter((instance) => instance.state !== 'terminated' && instance.groupIds.includes(id)).map((instance) => instance.id),
    ...[...region.balancers.rows()].filter(({ groupIds }) => groupIds.includes(id)).map((balancer) => balancer.id),
    ...[...region.interfacesOfDeletedBalancers].filter(({ groupIds }) => groupIds.includes(id)).map(({ balancerArn }) => balancerArn),
    ...[...region.securityGroups.rows()].filter((group) => group.id !== id && group.rules.some(({ peer }) => peer.kind === 'group' && peer.value === id)).map((group) => group.id),
  ];
}

const deleteGroup: Action = ({ region, params }) => {
  const group = groupOf(region, params);
  if (group.name === 'default') throw new ApiError('CannotDelete', `the specified group: "${group.id}" name: "default" cannot be deleted by a user`);
  if (usersOf(region, group.id).length > 0) throw new ApiError('DependencyViolation', `resource ${group.id} has a dependent object`);
  region.securityGroups.remove(group.id);
  return { return: true, groupId: group.id };
};

function writePermissions(region: Region, rules: readonly Rule[]): XmlObject[] {
  const together = Map.groupBy(rules, ({ protocol, from, to }) => `${protocol}/${from}/${to}`);
  return [...together.values()].map((same) => {
    const peers = (kind: Rule['peer']['kind'], key: string, more: XmlObject = {}): XmlObject[] =>
      same.filter(({ peer }) => peer.kind === kind).map(({ peer, description }) => ({ ...more, [key]: peer.value, description }));
    return {
      ipProtocol: same[0]?.protocol, fromPort: same[0]?.from, toPort: same[0]?.to,
      groups: peers('group', 'groupId', { userId: region.world.accountId }), ipRanges: peers('cidr4', 'cidrIp'), ipv6Ranges: peers('cidr6', 'cidrIpv6'), prefixListIds: peers('prefixList', 'prefixListId'),
    };
  });
}

const ofRules = (egress: boolean, read: (rule: Rule) => string | number | undefined) => ({ rules }: SecurityGroup): (string | number | undefined)[] => rules.filter((rule) => rule.egress === egress).map(read);
const ruleFilters = (prefix: string, egress: boolean): Filters<SecurityGroup> => ({
  [`${prefix}.cidr`]: ofRules(egress, ({ peer }) => (peer.kind === 'cidr4' ? peer.value : undefined)),
  [`${prefix}.from-port`]: ofRules(egress, ({ from }) => from),
  [`${prefix}.group-id`]: ofRules(egress, ({ peer }) => (peer.kind === 'group' ? peer.value : undefined)),
  [`${prefix}.ipv6-cidr`]: ofRules(egress, ({ peer }) => (peer.kind === 'cidr6' ? peer.value : undefined)),
  [`${prefix}.prefix-list-id`]: ofRules(egress, ({ peer }) => (peer.kind === 'prefixList' ? peer.value : undefined)),
  [`${prefix}.protocol`]: ofRules(egress, ({ protocol }) => protocol),
  [`${prefix}.to-port`]: ofRules(egress, ({ to }) => to),
});
const filters = (region: Region): Filters<SecurityGroup> => ({
  description: ({ description }) => description,
  'group-id': ({ id }) => id,
  'group-name': ({ name }) => name,
  'owner-id': () => region.world.accountId,
  'vpc-id': (group) => group.vpcId,
  ...ruleFilters('ip-permission', false),
  ...ruleFilters('egress.ip-permission', true),
});

const describeGroups: Action = ({ region, params }) => {
  const ids = params.texts('GroupId');
  const names = params.texts('GroupName');
  const rows = ids.length > 0 ? seenRows(groupId, region.securityGroups, ids) : region.securityGroups.seenRows();
  const unknown = names.find((name) => !rows.some((group) => group.name === name));
  if (unknown !== undefined) throw new ApiError('InvalidGroup.NotFound', `The security group '${unknown}' does not exist`);
  const named = names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name));
  const { rows: shown, nextToken } = page(params, filtered(params, named, filters(region)), [5, 1000]);
  return {
    securityGroupInfo: shown.map((group) => ({
      ownerId: region.world.accountId, groupId: group.id, groupName: group.name, groupDescription: group.description, vpcId: group.vpcId, securityGroupArn: region.arn('ec2', `security-group/${group.id}`),
      ipPermissions: writePermissions(region, group.rules.filter(({ egress }) => !egress)), ipPermissionsEgress: writePermissions(region, group.rules.filter(({ egress }) => egress)),
      tagSet: writeTags(group.tags),
    })),
    nextToken,
  };
};

export const securityGroupActions: Readonly<Record<string, Action>> = { CreateSecurityGroup: createGroup, DeleteSecurityGroup: deleteGroup, DescribeSecurityGroups: describeGroups };

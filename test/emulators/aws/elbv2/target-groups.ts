import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { TargetGroup } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { usualGroupAttributes } from './attribute-rules.ts';
import { wantedCheck, writeCheck } from './health-checks.ts';
import { balancerOf, checkArn, checkName, listenersTo, pageOf, targetGroupOf, validation } from './names.ts';
import { readTags } from './tags.ts';

const balancersOf = (region: Region, groupArn: string): string[] => [...new Set(listenersTo(region, groupArn).map(({ balancerArn }) => balancerArn))];

function writeGroup(region: Region, group: TargetGroup): XmlObject {
  return {
    TargetGroupArn: group.id, TargetGroupName: group.name, Protocol: group.protocol, Port: group.port, VpcId: group.vpcId, ...writeCheck(group.healthCheck),
    LoadBalancerArns: balancersOf(region, group.id), TargetType: group.targetType, IpAddressType: group.ipAddressType,
  };
}

const create: Action = ({ region, params }) => {
  const name = params.need('Name');
  checkName('target group', name);
  const wanted = wantedGroup(region, params);
  const tags = readTags(region, params);
  const same = region.targetGroups.find((group) => group.name === name);
  if (same !== undefined) {
    const text = ({ protocol, port, vpcId, targetType, ipAddressType, healthCheck }: typeof wanted, its: TargetGroup['tags']): string => JSON.stringify([protocol, port, vpcId, targetType, ipAddressType, Object.entries(healthCheck).sort(), [...its].sort()]);
    if (text(same, same.tags) !== text(wanted, tags)) throw new ApiError('DuplicateTargetGroupName', `A target group with the same name '${name}' exists, but with different settings`);
    return { TargetGroups: [writeGroup(region, same)] };
  }
  if (region.targetGroups.size >= region.world.quota('targetGroups')) throw new ApiError('TooManyTargetGroups', 'The maximum number of target groups has been reached');
  const group = region.targetGroups.insert({
    ...wanted, id: region.arn('elasticloadbalancing', `targetgroup/${name}/${region.random.hex(16)}`), sequence: region.nextSequence(), tags, name, targets: [],
    attributes: usualGroupAttributes(wanted.protocol, wanted.targetType),
  });
  return { TargetGroups: [writeGroup(region, group)] };
};

function wantedGroup(region: Region, params: Params): Pick<TargetGroup, 'protocol' | 'port' | 'vpcId' | 'targetType' | 'ipAddressType' | 'healthCheck'> {
  const targetType = params.text('TargetType') ?? 'instance';
  if (targetType !== 'instance' && targetType !== 'ip') throw validation(`The emulator makes no target groups of type ${targetType}`);
  const [protocol, port, vpcId] = [params.text('Protocol'), params.number('Port'), params.text('VpcId')];
  if (protocol === undefined) throw validation('A protocol must be specified');
  if (port === undefined) throw validation('A port must be specified');
  if (vpcId === undefined) throw validation('A VPC ID must be specified');
  if (protocol === 'GENEVE') throw validation('The emulator makes no target groups with the protocol GENEVE');
  if (region.vpcs.known(vpcId) === undefined) throw validation(`The VPC ID '${vpcId}' is not found`);
  return { protocol, port, vpcId, targetType, ipAddressType: params.text('IpAddressType') ?? 'ipv4', healthCheck: wantedCheck(params, protocol) };
}

const describe: Action = ({ region, params }) => {
  const [balancer, arns, names] = [params.text('LoadBalancerArn'), params.texts('TargetGroupArns'), params.texts('Names')];
  if ([balancer !== undefined, arns.length > 0, names.length > 0].filter(Boolean).length > 1) throw validation('Only one of load balancer ARN, target group ARNs and target group names can be specified');
  if (balancer !== undefined) balancerOf(region, balancer);
  for (const arn of arns) checkArn('target group', 'targetgroup', arn);
  const all = region.targetGroups.seenRows();
  if (arns.some((arn) => !all.some(({ id }) => id === arn)) || names.some((name) => !all.some((group) => group.name === name))) throw new ApiError('TargetGroupNotFound', 'One or more target groups not found');
  const chosen = (group: TargetGroup): boolean => {
    if (balancer !== undefined) return balancersOf(region, group.id).includes(balancer);
    return arns.length + names.length === 0 || arns.includes(group.id) || names.includes(group.name);
  };
  const { rows, nextMarker } = pageOf(params, all.filter(chosen));
  return { TargetGroups: rows.map((group) => writeGroup(region, group)), NextMarker: nextMarker };
};

const modify: Action = ({ region, params }) => {
  const group = targetGroupOf(region, params.need('TargetGroupArn'));
  const changed = region.targetGroups.update(group.id, { healthCheck: wantedCheck(params, group.protocol, group.healthCheck) });
  return { TargetGroups: [writeGroup(region, changed)] };
};

const remove: Action = ({ region, params }) => {
  const arn = params.need('TargetGroupArn');
  checkArn('target group', 'targetgroup', arn);
  if (listenersTo(region, arn).length > 0) throw new ApiError('ResourceInUse', `Target group '${arn}' is currently in use by a listener or a rule`);
  region.targetGroups.remove(arn);
  return {};
};

export const targetGroupActions: Readonly<Record<string, Action>> = { CreateTargetGroup: create, DescribeTargetGroups: describe, ModifyTargetGroup: modify, DeleteTargetGroup: remove };

import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Rule, SecurityGroup } from '#test/emulators/aws/rows.ts';
import type { Action, Call } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { filtered, page } from './describe.ts';
import { checkId, ruleId } from './ids.ts';
import { sameRule, wantedRules } from './rules.ts';
import { groupOf } from './security-groups.ts';
import { tagsFor, writeTags } from './tags.ts';

function writeRule(region: Region, group: SecurityGroup, rule: Rule): XmlObject {
  const peer = (kind: Rule['peer']['kind']): string | undefined => (rule.peer.kind === kind ? rule.peer.value : undefined);
  return {
    securityGroupRuleId: rule.id, groupId: group.id, groupOwnerId: region.world.accountId, isEgress: rule.egress, ipProtocol: rule.protocol, fromPort: rule.from ?? -1, toPort: rule.to ?? -1,
    cidrIpv4: peer('cidr4'), cidrIpv6: peer('cidr6'), prefixListId: peer('prefixList'),
    referencedGroupInfo: rule.peer.kind === 'group' ? { groupId: rule.peer.value, userId: region.world.accountId } : undefined,
    description: rule.description, tagSet: writeTags(rule.tags), securityGroupRuleArn: region.arn('ec2', `security-group-rule/${rule.id}`),
  };
}

const authorize = (egress: boolean): Action => ({ region, params }: Call) => {
  const group = groupOf(region, params);
  const wanted = wantedRules(region, group, params);
  const tags = tagsFor(region, params, 'security-group-rule');
  const present = group.rules.filter((rule) => rule.egress === egress);
  wanted.forEach((rule, index) => {
    if ([...present, ...wanted.slice(0, index)].some((other) => sameRule(other, rule))) {
      const name = rule.protocol === '-1' ? 'ALL' : rule.protocol.toUpperCase();
      const ports = rule.from === undefined ? '' : `, from port: ${rule.from}, to port: ${rule.to}`;
      throw new ApiError('InvalidPermission.Duplicate', `the specified rule "peer: ${rule.peer.value}, ${name}${ports}, ALLOW" already exists`);
    }
  });
  if (present.length + wanted.length > region.world.quota('rulesPerSecurityGroup')) throw new ApiError('RulesPerSecurityGroupLimitExceeded', 'The maximum number of rules per security group has been reached.');
  const made = wanted.map((rule): Rule => ({ ...rule, id: region.newId('sgr'), egress, tags }));
  region.securityGroups.update(group.id, { rules: [...group.rules, ...made] });
  return { return: true, securityGroupRuleSet: made.map((rule) => writeRule(region, group, rule)) };
};

const revoke = (egress: boolean): Action => ({ region, params }: Call) => {
  const group = groupOf(region, params);
  const present = group.rules.filter((rule) => rule.egress === egress);
  const ids = params.texts('SecurityGroupRuleId');
  for (const id of ids) checkId(ruleId, id);
  const rules = ids.length > 0
    ? ids.map((id) => orRefuse(present.find((rule) => rule.id === id), ruleId.absent([id])))
    : wantedRules(region, group, params).map((wanted) => orRefuse(present.find((rule) => sameRule(rule, wanted)), new ApiError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.')));
  region.securityGroups.update(group.id, { rules: group.rules.filter((rule) => !rules.includes(rule)) });
  return {
    return: true,
    revokedSecurityGroupRuleSet: rules.map((rule) => ({
      securityGroupRuleId: rule.id, groupId: group.id, isEgress: rule.egress, ipProtocol: rule.protocol, fromPort: rule.from ?? -1, toPort: rule.to ?? -1,
      cidrIpv4: rule.peer.kind === 'cidr4' ? rule.peer.value : undefined, cidrIpv6: rule.peer.kind === 'cidr6' ? rule.peer.value : undefined,
      prefixListId: rule.peer.kind === 'prefixList' ? rule.peer.value : undefined, referencedGroupId: rule.peer.kind === 'group' ? rule.peer.value : undefined, description: rule.description,
    })),
  };
};

function orRefuse(rule: Rule | undefined, refusal: ApiError): Rule {
  if (rule === undefined) throw refusal;
  return rule;
}

const describeRules: Action = ({ region, params }) => {
  const all = region.securityGroups.seenRows().flatMap((group) => group.rules.map((rule) => ({ ...rule, group, sequence: 0 }))).map((row, index) => ({ ...row, sequence: index + 1 }));
  const ids = params.texts('SecurityGroupRuleId');
  for (const id of ids) {
    checkId(ruleId, id);
    if (!all.some((rule) => rule.id === id)) throw ruleId.absent([id]);
  }
  const named = all.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const rows = filtered(params, named, { 'group-id': ({ group }) => group.id, 'security-group-rule-id': ({ id }) => id });
  const { rows: shown, nextToken } = page(params, rows, [5, 1000]);
  return { securityGroupRuleSet: shown.map((rule) => writeRule(region, rule.group, rule)), nextToken };
};

export const ruleActions: Readonly<Record<string, Action>> = {
  AuthorizeSecurityGroupIngress: authorize(false),
  AuthorizeSecurityGroupEgress: authorize(true),
  RevokeSecurityGroupIngress: revoke(false),
  RevokeSecurityGroupEgress: revoke(true),
  DescribeSecurityGroupRules: describeRules,
};

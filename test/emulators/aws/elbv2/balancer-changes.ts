import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import { writeZones } from './balancers.ts';
import { balancerOf } from './names.ts';
import { checkAddressType, checkGroups, holdAddresses, wantedZones } from './subnets.ts';

const setSecurityGroups: Action = ({ region, params }) => {
  const balancer = balancerOf(region, params.need('LoadBalancerArn'));
  const ids = params.texts('SecurityGroups');
  checkGroups(region, ids, balancer.vpcId);
  if (balancer.type === 'network' && balancer.groupIds.length === 0) throw new ApiError('InvalidConfigurationRequest', `You cannot associate security groups with a Network Load Balancer that was created without any`);
  const privateLinkRules = params.text('EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic') ?? balancer.privateLinkRules;
  region.balancers.update(balancer.id, { groupIds: ids, privateLinkRules });
  return { SecurityGroupIds: ids, EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: privateLinkRules };
};

const setSubnets: Action = ({ region, params }) => {
  const balancer = balancerOf(region, params.need('LoadBalancerArn'));
  const { zones, vpcId } = wantedZones(region, params, balancer.type, balancer.scheme);
  if (vpcId !== balancer.vpcId) throw new ApiError('InvalidSubnet', `The specified subnets are not in the VPC of the load balancer`);
  const ipAddressType = checkAddressType(params.text('IpAddressType') ?? balancer.ipAddressType);
  region.balancers.update(balancer.id, { zones, ipAddressType });
  holdAddresses(region, balancer.id, zones);
  return { AvailabilityZones: writeZones(region, { zones }), IpAddressType: ipAddressType };
};

const setIpAddressType: Action = ({ region, params }) => {
  const balancer = balancerOf(region, params.need('LoadBalancerArn'));
  const ipAddressType = checkAddressType(params.need('IpAddressType'));
  region.balancers.update(balancer.id, { ipAddressType });
  return { IpAddressType: ipAddressType };
};

export const balancerChangeActions: Readonly<Record<string, Action>> = { SetSecurityGroups: setSecurityGroups, SetSubnets: setSubnets, SetIpAddressType: setIpAddressType };

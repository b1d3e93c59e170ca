import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Instance, Subnet } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import { groupId, instanceId, knownRow, knownRows, subnetId } from './ids.ts';
import { checkVcpus, roomFor } from './capacity.ts';
import { becomeRunning } from './instance-changes.ts';
import { instanceTypes } from './instance-types.ts';
import { writeReservation } from './instances.ts';
import { launchVolumes, makeVolumes, type LaunchVolume } from './launch-volumes.ts';
import { freeAddress, freeAddresses } from './networks.ts';
import { tagsFor } from './tags.ts';

/** What is asked for, checked as far as it can be without looking at room. */
interface Launch {
  readonly type: string;
  readonly groupIds: readonly string[];
  readonly subnet: Subnet | undefined;
  readonly publicAddress: boolean | undefined;
  readonly privateIp: string | undefined;
  readonly volumes: readonly LaunchVolume[];
}

export const runInstances: Action = ({ region, params }) => {
  const token = params.text('ClientToken');
  const fingerprint = params.fingerprint(['DryRun']);
  if (token !== undefined && token.length > 64) throw new ApiError('InvalidParameterValue', `Value (${token}) for parameter clientToken is invalid. Invalid client token.`);
  const before = token === undefined ? undefined : region.idempotency.find('RunInstances', token, fingerprint);
  if (before !== undefined) {
    const instances = before.flatMap((id) => region.instances.get(id) ?? []);
    if (instances.length === 0) throw instanceId.absent(before);
    return writeReservation(region, instances);
  }
  const launch = readLaunch(region, params);
  const count = countOf(params);
  checkAddress(region, launch.privateIp, count.max);
  const tags = tagsFor(region, params, 'instance', ['volume', 'network-interface', 'spot-instances-request']);
  const volumeTags = tagsFor(region, params, 'volume', ['instance', 'network-interface', 'spot-instances-request']);
  if (params.struct('InstanceMarketOptions')?.text('MarketType') !== 'spot') checkVcpus(region, launch.type, count.min);
  const { subnet, room } = placeFor(region, params, launch, count.min);
  const instances: Instance[] = [];
  const reservationId = region.newId('r');
  for (let index = 0; index < Math.min(count.max, room); index++) {
    const instance = makeInstance(region, params, { ...launch, subnet }, { reservationId, index, tags });
    makeVolumes(region, instance, launch.volumes, volumeTags);
    becomeRunning(region, instance.id);
    instances.push(instance);
  }
  if (token !== undefined) region.idempotency.remember('RunInstances', token, fingerprint, instances.map(({ id }) => id));
  return writeReservation(region, instances);
};

function countOf(params: Params): { readonly min: number; readonly max: number } {
  const min = params.number('MinCount') ?? 0;
  const max = params.number('MaxCount') ?? 0;
  if (min < 1) throw new ApiError('InvalidParameterValue', `Value (${min}) for parameter minCount is invalid. Invalid minimum count`);
  if (max < min) throw new ApiError('InvalidParameterValue', `Value (${max}) for parameter maxCount is invalid. Invalid maximum count`);
  return { min, max };
}

function readLaunch(region: Region, params: Params): Launch {
  if (params.has('LaunchTemplate')) throw new ApiError('InvalidLaunchTemplateId.NotFound', 'The specified launch template does not exist.');
  const image = params.text('ImageId');
  if (image === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter ImageId');
  if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(image)) throw new ApiError('InvalidAMIID.Malformed', `Invalid id: "${image}" (expecting "ami-...")`);
  const type = params.text('InstanceType') ?? 'm1.small';
  if (!instanceTypes.has(type)) throw new ApiError('InvalidParameterValue', `Invalid value '${type}' for InstanceType.`);
  checkUserData(params.text('UserData'));
  const network = params.structs('NetworkInterface')[0];
  if (network !== undefined && (params.has('SubnetId') || params.has('SecurityGroupId'))) throw new ApiError('InvalidParameterCombination', 'Network interfaces and an instance-level subnet ID may not be specified on the same request');
  const from = network ?? params;
  const subnet = from.has('SubnetId') ? knownRow(subnetId, region.subnets, from.need('SubnetId')) : undefined;
  return {
    type, subnet, publicAddress: network?.flag('AssociatePublicIpAddress'), privateIp: from.text('PrivateIpAddress'), groupIds: groupsFor(region, from, subnet),
    volumes: launchVolumes(region, params.structs('BlockDeviceMapping')),
  };
}

function checkAddress(region: Region, address: string | undefined, count: number): void {
  if (address === undefined) return;
  if (count > 1) throw new ApiError('InvalidParameterCombination', 'A private IP address can be given to one instance only.');
  if (region.instances.find((other) => other.privateIp === address && other.state !== 'terminated') !== undefined) throw new ApiError('InvalidIPAddress.InUse', `Address ${address} is in use.`);
}

function checkUserData(data: string | undefined): void {
  if (data === undefined) return;
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(data)) throw new ApiError('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  if (Buffer.from(data, 'base64').length > 16_384) throw new ApiError('InvalidParameterValue', 'User data is limited to 16384 bytes');
}

function groupsFor(region: Region, params: Params, subnet: Subnet | undefined): string[] {
  const vpc = subnet?.vpcId ?? region.vpcs.find(({ isDefault }) => isDefault)?.id;
  const ids = params.texts('SecurityGroupId');
  if (ids.length > region.world.quota('securityGroupsPerInterface')) throw new ApiError('SecurityGroupsPerInterfaceLimitExceeded', 'The maximum number of security groups per interface has been reached.');
  const groups = knownRows(groupId, region.securityGroups, ids);
  if (groups.some((group) => group.vpcId !== vpc)) throw new ApiError('InvalidParameter', `Security group ${groups.find((group) => group.vpcId !== vpc)?.id ?? ''} and subnet ${subnet?.id ?? ''} belong to different networks.`);
  if (groups.length > 0) return groups.map(({ id }) => id);
  return [...region.securityGroups.rows()].filter((group) => group.name === 'default' && group.vpcId === vpc).map(({ id }) => id);
}

/** The subnet, and for how many instances it has room. @throws {ApiError} when that is for less than `min` */
function placeFor(region: Region, params: Params, launch: Launch, min: number): { readonly subnet: Subnet; readonly room: number } {
  const zone = params.struct('Placement')?.text('AvailabilityZone');
  const subnets = subnetsFor(region, zone, launch.subnet);
  const place = subnets.map((subnet) => ({ subnet, room: roomFor(region, subnet.zone, launch.type) })).find(({ room }) => room >= min);
  if (place === undefined) throw noCapacity(region, launch.type, launch.subnet?.zone ?? zone);
  const free = freeAddresses(region, place.subnet);
  if (free < min) throw new ApiError('InsufficientFreeAddressesInSubnet', 'There are not enough free addresses in the subnet to satisfy the requested number of instances.');
  return { ...place, room: Math.min(place.room, free) };
}

function subnetsFor(region: Region, zone: string | undefined, subnet: Subnet | undefined): Subnet[] {
  if (zone !== undefined && region.zone(zone) === undefined) throw new ApiError('InvalidParameterValue', `Invalid availability zone: [${zone}]`);
  if (subnet === undefined) return [...region.subnets.rows()].filter((one) => one.defaultForZone && (zone === undefined || one.zone === zone));
  if (zone !== undefined && subnet.zone !== zone) throw new ApiError('InvalidParameterValue', `The availability zone '${zone}' does not match that of the subnet ${subnet.id}.`);
  return [subnet];
}

function noCapacity(region: Region, type: string, zone: string | undefined): ApiError {
  if (zone === undefined) return new ApiError('InsufficientInstanceCapacity', `We currently do not have sufficient ${type} capacity in zones with support for 'gp2' volumes. Our system will be working on provisioning additional capacity.`, 500);
  const others = region.zones.map(({ name }) => name).filter((name) => name !== zone && roomFor(region, name, type) > 0);
  return new ApiError('InsufficientInstanceCapacity', `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity. You can currently get ${type} capacity by not specifying an Availability Zone in your request or choosing ${others.join(', ')}.`, 500);
}

interface Place extends Launch {
  readonly subnet: Subnet;
}

function makeInstance(region: Region, params: Params, { type, subnet, groupIds, publicAddress, privateIp }: Place, { reservationId, index, tags }: { readonly reservationId: string; readonly index: number; readonly tags: Instance['tags'] }): Instance {
  const number = region.nextSequence();
  const address = privateIp ?? freeAddress(region, subnet);
  return region.instances.insert({
    id: region.newId('i'), sequence: number, tags, reservationId, launchIndex: index, type, imageId: params.need('ImageId'), state: 'pending', zone: subnet.zone, vpcId: subnet.vpcId, subnetId: subnet.id,
    interfaceId: region.newId('eni'), privateIp: address, publicIp: publicAddress ?? subnet.publicByDefault ? `198.51.100.${number % 254 + 1}` : undefined, groupIds, sourceDestCheck: true,
    launchedAt: region.now, ...settingsOf(params),
  });
}

type Settings = 'clientToken' | 'keyName' | 'userData' | 'profile' | 'terminationProtected' | 'stopProtected' | 'shutdownBehavior' | 'ebsOptimized' | 'lifecycle' | 'monitoring';

function settingsOf(params: Params): Pick<Instance, Settings> {
  const profile = params.struct('IamInstanceProfile');
  return {
    clientToken: params.text('ClientToken'), keyName: params.text('KeyName'), userData: params.text('UserData'), profile: profile?.text('Arn') ?? profile?.text('Name'),
    terminationProtected: params.flag('DisableApiTermination') === true, stopProtected: params.flag('DisableApiStop') === true, ebsOptimized: params.flag('EbsOptimized') === true,
    shutdownBehavior: params.text('InstanceInitiatedShutdownBehavior') ?? 'stop', monitoring: params.struct('Monitoring')?.flag('Enabled') === true,
    lifecycle: params.struct('InstanceMarketOptions')?.text('MarketType') === 'spot' ? 'spot' : undefined,
  };
}

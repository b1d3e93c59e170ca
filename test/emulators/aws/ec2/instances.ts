import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Attachment, Instance, InstanceState } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { describe, filtered, page, type Filters } from './describe.ts';
import { instanceId, seenRows } from './ids.ts';
import { instanceTypes } from './instance-types.ts';
import { rootDevice } from './launch-volumes.ts';
import { writeTags } from './tags.ts';

const stateCodes: Readonly<Record<InstanceState, number>> = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 };
export const writeState = (state: InstanceState): XmlObject => ({ code: stateCodes[state], name: state });

export function privateDnsName(region: Region, { privateIp }: Instance): string {
  return `ip-${privateIp.replaceAll('.', '-')}.${region.name === 'us-east-1' ? 'ec2.internal' : `${region.name}.compute.internal`}`;
}

function publicDnsName(region: Region, { publicIp }: Instance): string {
  if (publicIp === undefined) return '';
  return `ec2-${publicIp.replaceAll('.', '-')}.${region.name === 'us-east-1' ? 'compute-1' : `${region.name}.compute`}.amazonaws.com`;
}

const writeGroups = (region: Region, { groupIds }: Instance): XmlObject[] => groupIds.map((id) => ({ groupId: id, groupName: region.securityGroups.get(id)?.name }));

interface Device extends Attachment {
  readonly volumeId: string;
}

/** What is attached, by instance, in the order in which it came. */
type Devices = ReadonlyMap<string, readonly Device[]>;

function devicesOf(region: Region): Devices {
  const devices = region.volumes.seenRows().flatMap((volume) => volume.attachments.map((attachment): Device => ({ ...attachment, volumeId: volume.id })));
  return Map.groupBy(devices.sort((a, b) => a.since - b.since), ({ instanceId }) => instanceId);
}

const writeDevice = ({ device, volumeId, state, since, deleteOnTermination }: Device): XmlObject => ({
  deviceName: device, ebs: { volumeId, status: state, attachTime: new Date(since), deleteOnTermination },
});

function writeInterface(region: Region, instance: Instance): XmlObject {
  const address = { privateIpAddress: instance.privateIp, privateDnsName: privateDnsName(region, instance), association: association(region, instance) };
  return {
    networkInterfaceId: instance.interfaceId, subnetId: instance.subnetId, vpcId: instance.vpcId, ownerId: region.world.accountId, status: 'in-use', macAddress: macOf(instance), ...address,
    sourceDestCheck: instance.sourceDestCheck, groupSet: writeGroups(region, instance),
    attachment: { attachmentId: instance.interfaceId.replace('eni', 'eni-attach'), deviceIndex: 0, status: 'attached', attachTime: new Date(instance.launchedAt), deleteOnTermination: true, networkCardIndex: 0 },
    privateIpAddressesSet: [{ ...address, primary: true }], ipv6AddressesSet: [], interfaceType: 'interface',
  };
}

const association = (region: Region, instance: Instance): XmlObject | undefined =>
  (instance.publicIp === undefined ? undefined : { publicIp: instance.publicIp, publicDnsName: publicDnsName(region, instance), ipOwnerId: 'amazon' });
const macOf = ({ interfaceId }: Instance): string => `02:${(interfaceId.slice(-10).match(/../g) ?? []).join(':')}`;

function writeInstance(region: Region, instance: Instance, devices: Devices): XmlObject {
  return {
    instanceId: instance.id, imageId: instance.imageId, instanceState: writeState(instance.state), reason: instance.transition ?? '', keyName: instance.keyName, amiLaunchIndex: instance.launchIndex,
    productCodes: [], instanceType: instance.type, launchTime: new Date(instance.launchedAt), monitoring: { state: instance.monitoring ? 'enabled' : 'disabled' },
    placement: { availabilityZone: instance.zone, availabilityZoneId: region.zone(instance.zone)?.id, groupName: '', tenancy: 'default' },
    stateReason: instance.stateReason === undefined ? undefined : { ...instance.stateReason },
    architecture: instanceTypes.get(instance.type)?.architecture, rootDeviceType: 'ebs', rootDeviceName: rootDevice,
    virtualizationType: 'hvm', clientToken: instance.clientToken ?? '', tagSet: writeTags(instance.tags), hypervisor: 'xen',
    instanceLifecycle: instance.lifecycle, iamInstanceProfile: instance.profile === undefined ? undefined : { arn: profileArn(region, instance.profile) }, ebsOptimized: instance.ebsOptimized, enaSupport: true,
    metadataOptions: { state: 'applied', httpTokens: 'required', httpPutResponseHopLimit: 2, httpEndpoint: 'enabled', httpProtocolIpv6: 'disabled', instanceMetadataTags: 'disabled' },
    platformDetails: 'Linux/UNIX', usageOperation: 'RunInstances',
    ...(instance.state === 'terminated' ? terminatedParts : writeParts(region, instance, devices)),
  };
}

/** What it gives back at its end. */
const terminatedParts: XmlObject = { privateDnsName: '', dnsName: '', groupSet: [], blockDeviceMapping: [], networkInterfaceSet: [] };

function writeParts(region: Region, instance: Instance, devices: Devices): XmlObject {
  return {
    privateDnsName: privateDnsName(region, instance), dnsName: publicDnsName(region, instance), subnetId: instance.subnetId, vpcId: instance.vpcId, privateIpAddress: instance.privateIp,
    ipAddress: instance.publicIp, sourceDestCheck: instance.sourceDestCheck, groupSet: writeGroups(region, instance), blockDeviceMapping: (devices.get(instance.id) ?? []).map(writeDevice),
    networkInterfaceSet: [writeInterface(region, instance)],
  };
}

const profileArn = (region: Region, profile: string): string => (profile.startsWith('arn:') ? profile : `arn:aws:iam::${region.world.accountId}:instance-profile/${profile}`);

/** Of one launch. */
export function writeReservation(region: Region, instances: readonly Instance[], devices = devicesOf(region)): XmlObject {
  return { reservationId: instances[0]?.reservationId, ownerId: region.world.accountId, groupSet: [], instancesSet: instances.map((instance) => writeInstance(region, instance, devices)) };
}

const filters = (region: Region, devices: Devices): Filters<Instance> => ({
  architecture: ({ type }) => instanceTypes.get(type)?.architecture,
  'availability-zone': ({ zone }) => zone,
  'block-device-mapping.device-name': ({ id }) => devices.get(id)?.map(({ device }) => device),
  'block-device-mapping.volume-id': ({ id }) => devices.get(id)?.map(({ volumeId }) => volumeId),
  'client-token': ({ clientToken }) => clientToken,
  'dns-name': (instance) => publicDnsName(region, instance),
  'image-id': ({ imageId }) => imageId,
  'instance-id': ({ id }) => id,
  'instance-lifecycle': ({ lifecycle }) => lifecycle,
  'instance-state-code': ({ state }) => stateCodes[state],
  'instance-state-name': ({ state }) => state,
  'instance-type': ({ type }) => type,
  'instance.group-id': ({ groupIds }) => groupIds,
  'instance.group-name': ({ groupIds }) => groupIds.map((id) => region.securityGroups.get(id)?.name),
  'ip-address': ({ publicIp }) => publicIp,
  'key-name': ({ keyName }) => keyName,
  'launch-time': ({ launchedAt }) => new Date(launchedAt).toISOString(),
  'network-interface.network-interface-id': ({ interfaceId }) => interfaceId,
  'network-interface.private-dns-name': (instance) => privateDnsName(region, instance),
  'owner-id': () => region.world.accountId,
  'private-dns-name': (instance) => privateDnsName(region, instance),
  'private-ip-address': ({ privateIp }) => privateIp,
  'reservation-id': ({ reservationId }) => reservationId,
  'root-device-name': () => rootDevice,
  'source-dest-check': ({ sourceDestCheck }) => sourceDestCheck,
  'state-reason-code': ({ stateReason }) => stateReason?.code,
  'subnet-id': ({ subnetId }) => subnetId,
  'vpc-id': ({ vpcId }) => vpcId,
});

const describeInstances: Action = (call) => {
  const { region } = call;
  const devices = devicesOf(region);
  const { rows, nextToken } = describe(call, { kind: instanceId, ids: 'InstanceId', table: region.instances, filters: filters(region, devices), pages: [5, 1000] });
  const reservations = [...Map.groupBy(rows, ({ reservationId }) => reservationId).values()];
  return { reservationSet: reservations.map((instances) => writeReservation(region, instances, devices)), nextToken };
};

const statusFilters = (region: Region): Filters<Instance> => ({
  'availability-zone': ({ zone }) => zone,
  'instance-state-code': ({ state }) => stateCodes[state],
  'instance-state-name': ({ state }) => state,
  'instance-status.status': (instance) => checksOf(region, instance).status,
  'system-status.status': (instance) => checksOf(region, instance).status,
});

/** Checks take two minutes after the start. */
function checksOf(region: Region, { state, launchedAt }: Instance): { readonly status: string; readonly detail: string } {
  if (state !== 'running') return { status: 'not-applicable', detail: '' };
  return region.now - launchedAt < 120_000 ? { status: 'initializing', detail: 'initializing' } : { status: 'ok', detail: 'passed' };
}

const describeStatus: Action = ({ region, params }) => {
  const ids = params.texts('InstanceId');
  if (ids.length > 0 && params.has('MaxResults')) throw new ApiError('InvalidParameterCombination', 'The parameter instancesSet cannot be used with the parameter maxResults');
  const all = ids.length > 0 ? seenRows(instanceId, region.instances, ids) : region.instances.seenRows();
  const rows = params.flag('IncludeAllInstances') === true ? all : all.filter(({ state }) => state === 'running');
  const { rows: shown, nextToken } = page(params, filtered(params, rows, statusFilters(region)), [5, 1000]);
  return {
    instanceStatusSet: shown.map((instance) => {
      const { status, detail } = checksOf(region, instance);
      const summary = { status, details: detail === '' ? [] : [{ name: 'reachability', status: detail }] };
      return { instanceId: instance.id, availabilityZone: instance.zone, instanceState: writeState(instance.state), systemStatus: summary, instanceStatus: summary };
    }),
    nextToken,
  };
};

export const instanceActions: Readonly<Record<string, Action>> = { DescribeInstances: describeInstances, DescribeInstanceStatus: describeStatus };

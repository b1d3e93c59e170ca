import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Address } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { filtered, type Filters } from './describe.ts';
import { allocationId, knownRow, seenRows } from './ids.ts';
import { tagsFor, writeTags } from './tags.ts';

function writeAddress(region: Region, address: Address): XmlObject {
  return {
    publicIp: address.publicIp,
    allocationId: address.id,
    domain: 'vpc',
    networkBorderGroup: region.name,
    publicIpv4Pool: 'amazon',
    associationId: address.usedBy === undefined ? undefined : address.id.replace('eipalloc', 'eipassoc'),
    networkInterfaceOwnerId: address.usedBy === undefined ? undefined : 'amazon-elb',
    tagSet: address.tags.size === 0 ? undefined : writeTags(address.tags),
  };
}

const allocateAddress: Action = ({ region, params }) => {
  const tags = tagsFor(region, params, 'elastic-ip');
  if (params.text('Domain') === 'standard') throw new ApiError('InvalidParameterValue', 'Value (standard) for parameter domain is invalid. EC2-Classic is no longer available.');
  if (region.addresses.size >= region.world.quota('addresses')) throw new ApiError('AddressLimitExceeded', 'The maximum number of addresses has been reached.');
  const number = region.nextSequence();
  const address = region.addresses.insert({ id: region.newId('eipalloc'), tags, sequence: number, publicIp: `203.0.113.${number % 254 + 1}` });
  const { publicIp, id } = address;
  return { publicIp, allocationId: id, domain: 'vpc', publicIpv4Pool: 'amazon', networkBorderGroup: region.name };
};

const filters: Filters<Address> = {
  'allocation-id': ({ id }) => id,
  'association-id': ({ id, usedBy }) => (usedBy === undefined ? undefined : id.replace('eipalloc', 'eipassoc')),
  domain: () => 'vpc',
  'instance-id': () => undefined,
  'network-interface-id': () => undefined,
  'private-ip-address': () => undefined,
  'public-ip': ({ publicIp }) => publicIp,
};

const describeAddresses: Action = ({ region, params }) => {
  const ids = params.texts('AllocationId');
  const ips = params.texts('PublicIp');
  const all = ids.length > 0 ? seenRows(allocationId, region.addresses, ids) : region.addresses.seenRows();
  const absent = ips.find((ip) => !all.some(({ publicIp }) => publicIp === ip));
  if (absent !== undefined) throw new ApiError('InvalidAddress.NotFound', `Address '${absent}' not found.`);
  const rows = ips.length === 0 ? all : all.filter(({ publicIp }) => ips.includes(publicIp));
  return { addressesSet: filtered(params, rows, filters).map((address) => writeAddress(region, address)) };
};

const releaseAddress: Action = ({ region, params }) => {
  if (!params.has('AllocationId')) throw new ApiError('MissingParameter', 'The request must contain the parameter AllocationId');
  const address = knownRow(allocationId, region.addresses, params.need('AllocationId'));
  if (address.usedBy !== undefined) throw new ApiError('InvalidIPAddress.InUse', `Address ${address.publicIp} is in use.`);
  region.addresses.remove(address.id);
  return { return: true };
};

export const addressActions: Readonly<Record<string, Action>> = { AllocateAddress: allocateAddress, DescribeAddresses: describeAddresses, ReleaseAddress: releaseAddress };

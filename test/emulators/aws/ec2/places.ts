import { ApiError } from '#test/emulators/aws/errors.ts';
import { isRegion, regionNames } from '#test/emulators/aws/geography.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import { filtered } from './describe.ts';

const describeZones: Action = ({ region, params }) => {
  const names = params.texts('ZoneName');
  const ids = params.texts('ZoneId');
  const unknown = names.find((name) => region.zone(name) === undefined);
  if (unknown !== undefined) throw new ApiError('InvalidParameterValue', `Invalid availability zone: [${unknown}]`);
  const unknownId = ids.find((id) => !region.zones.some((zone) => zone.id === id));
  if (unknownId !== undefined) throw new ApiError('InvalidParameterValue', `Invalid availability zone-id: [${unknownId}]`);
  const zones = region.zones.filter(({ name, id }) => (names.length === 0 || names.includes(name)) && (ids.length === 0 || ids.includes(id)));
  const rows = filtered(params, zones.map((zone) => ({ ...zone, tags: undefined })), {
    'group-name': () => `${region.name}-zg-1`, message: () => undefined, 'opt-in-status': () => 'opt-in-not-required', 'region-name': () => region.name, state: () => 'available',
    'zone-id': ({ id }) => id, 'zone-name': ({ name }) => name, 'zone-type': () => 'availability-zone',
  });
  return {
    availabilityZoneInfo: rows.map(({ name, id }) => ({
      zoneName: name, zoneState: 'available', regionName: region.name, zoneId: id, groupName: `${region.name}-zg-1`, networkBorderGroup: region.name, zoneType: 'availability-zone',
      optInStatus: 'opt-in-not-required', messageSet: [],
    })),
  };
};

const describeRegions: Action = ({ params }) => {
  const names = params.texts('RegionName');
  const unknown = names.find((name) => !isRegion(name));
  if (unknown !== undefined) throw new ApiError('InvalidParameterValue', `Invalid region provided: ${unknown}`);
  const chosen = regionNames.filter((name) => names.length === 0 || names.includes(name)).map((name) => ({ name, tags: undefined }));
  const rows = filtered(params, chosen, { endpoint: ({ name }) => `ec2.${name}.amazonaws.com`, 'opt-in-status': () => 'opt-in-not-required', 'region-name': ({ name }) => name });
  return { regionInfo: rows.map(({ name }) => ({ regionName: name, regionEndpoint: `ec2.${name}.amazonaws.com`, optInStatus: 'opt-in-not-required' })) };
};

export const placeActions: Readonly<Record<string, Action>> = { DescribeAvailabilityZones: describeZones, DescribeRegions: describeRegions };

import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Instance } from '#test/emulators/aws/rows.ts';
import { instanceTypes } from './instance-types.ts';

const occupies = ({ state }: Instance): boolean => state !== 'stopped' && state !== 'terminated';

/** For how many more instances of a type a zone has room. */
export function roomFor(region: Region, zone: string, type: string): number {
  const occupied = [...region.instances.rows()].filter(occupies);
  const room = (key: string, uses: (instance: Instance) => boolean): number => {
    const capacity = region.capacity.get(key);
    return capacity === undefined ? Infinity : Math.max(0, capacity - occupied.filter(uses).length);
  };
  return Math.min(
    room(`${zone}/${type}`, (instance) => instance.zone === zone && instance.type === type),
    room(zone, (instance) => instance.zone === zone),
    room(type, (instance) => instance.type === type),
  );
}

/** @throws {ApiError} VcpuLimitExceeded */
export function checkVcpus(region: Region, type: string, count: number): void {
  const vcpus = (name: string): number => instanceTypes.get(name)?.vcpus ?? 0;
  const most = region.world.quota('vcpus');
  const used = [...region.instances.rows()].filter((instance) => occupies(instance) && instance.lifecycle === undefined).reduce((sum, instance) => sum + vcpus(instance.type), 0);
  if (used + vcpus(type) * count <= most) return;
  throw new ApiError('VcpuLimitExceeded', `You have requested more vCPU capacity than your current vCPU limit of ${most} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`);
}

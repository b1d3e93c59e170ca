import { NodeSelector } from '#core/api/schema/core-v1/affinity.ts';
import { Condition } from '#core/api/schema/meta.ts';
import { always, bool, inline, keyed, list, map, oneOf, pointer, quantity, raw, required, string, time, type Of } from '#core/api/schema/type.ts';
import { DeviceConfiguration, DeviceToleration, resource } from './resource.ts';

export const DeviceRequestAllocationResult = resource.type('DeviceRequestAllocationResult', 'A device that was given for a request.', {
  request: [1, required(string), 'The request, or request/alternative.'],
  driver: [2, required(string), 'The device\'s driver.'],
  pool: [3, required(string), 'Its pool.'],
  device: [4, required(string), 'Its name in the pool.'],
  adminAccess: [5, pointer(bool), 'It was given for looking at; others may use it.'],
  tolerations: [6, list(DeviceToleration), 'Taints that the request tolerates.'],
  bindingConditions: [7, list(string), 'Conditions without which the pod is not bound to its node.'],
  bindingFailureConditions: [8, list(string), 'Conditions that make the scheduler choose again.'],
  shareID: [9, pointer(string), 'Tells one share of a device from others.'],
  consumedCapacity: [10, map(quantity), 'How much of the device\'s capacity was given.'],
});
export type DeviceRequestAllocationResult = Of<typeof DeviceRequestAllocationResult>;

export const DeviceAllocationConfiguration = resource.type('DeviceAllocationConfiguration', 'Settings for the devices that were given for some requests.', {
  source: [1, required(pointer(oneOf('FromClaim', 'FromClass'))), 'Whether the class or the claim has the settings.'],
  requests: [2, list(string), 'The requests; all when absent.'],
  deviceConfiguration: [3, inline(DeviceConfiguration)],
});
export type DeviceAllocationConfiguration = Of<typeof DeviceAllocationConfiguration>;

export const DeviceAllocationResult = resource.type('DeviceAllocationResult', 'The devices that were given, and their settings.', {
  results: [1, list(DeviceRequestAllocationResult), 'The devices.'],
  config: [2, list(DeviceAllocationConfiguration), 'Their settings; later ones win.'],
});
export type DeviceAllocationResult = Of<typeof DeviceAllocationResult>;

export const AllocationResult = resource.type('AllocationResult', 'What was given for a claim.', {
  devices: [1, always(DeviceAllocationResult), 'The devices.'],
  nodeSelector: [3, NodeSelector, 'Nodes that can use them; all when absent.'],
  allocationTimestamp: [5, time, 'When they were given.'],
});
export type AllocationResult = Of<typeof AllocationResult>;

export const NetworkDeviceData = resource.type('NetworkDeviceData', 'A network device, as its driver set it up.', {
  interfaceName: [1, string, 'Name of the interface in the pod.'],
  ips: [2, list(string), 'Its addresses, with the length of their prefix.'],
  hardwareAddress: [3, string, 'Its hardware address.'],
});
export type NetworkDeviceData = Of<typeof NetworkDeviceData>;

export const AllocatedDeviceStatus = resource.type('AllocatedDeviceStatus', 'What a driver says of a device that it set up for a claim.', {
  driver: [1, required(string), 'The driver.'],
  pool: [2, required(string), 'The device\'s pool.'],
  device: [3, required(string), 'Its name in the pool.'],
  shareID: [7, pointer(string), 'Tells one share of a device from others.'],
  conditions: [4, keyed(Condition, 'type'), 'Aspects of its state; at most 8.'],
  data: [5, raw, 'Anything that the driver has to say; at most 10 KiB.'],
  networkData: [6, NetworkDeviceData, 'For network devices.'],
});
export type AllocatedDeviceStatus = Of<typeof AllocatedDeviceStatus>;

import type { KindOf } from '#core/api/schema/kind.ts';
import { TemplateMeta } from '#core/api/schema/meta.ts';
import { always, bool, inline, int64, keyed, list, map, merged, pointer, quantity, required, string, type Of } from '#core/api/schema/type.ts';
import { AllocatedDeviceStatus, AllocationResult } from './allocation.ts';
import { DeviceConfiguration, DeviceSelector, DeviceToleration, resource } from './resource.ts';

export const CapacityRequirements = resource.type('CapacityRequirements', 'How much of a device\'s capacity is asked for.', {
  requests: [1, map(quantity), 'Amounts by the capacity\'s name; what the device gives by default where absent.'],
});
export type CapacityRequirements = Of<typeof CapacityRequirements>;

export const ExactDeviceRequest = resource.type('ExactDeviceRequest', 'A request for one or more devices of a class.', {
  deviceClassName: [1, required(string), 'The DeviceClass.'],
  selectors: [2, list(DeviceSelector), 'What the devices must satisfy besides the class; all must hold.'],
  allocationMode: [3, string, 'ExactCount, or All for every device of a pool that will do; ExactCount when absent.'],
  count: [4, int64, 'For ExactCount: how many devices; 1 when absent.'],
  adminAccess: [5, pointer(bool), 'Access for looking at devices that others use; only in namespaces that allow it.'],
  tolerations: [6, list(DeviceToleration), 'Taints of devices that do not matter.'],
  capacity: [7, CapacityRequirements, 'How much of a shared device.'],
});
export type ExactDeviceRequest = Of<typeof ExactDeviceRequest>;

export const DeviceSubRequest = resource.type('DeviceSubRequest', 'One of several alternatives.', {
  name: [1, required(string), 'Name of the alternative, by which others refer to it as request/alternative.'],
  deviceClassName: [2, required(string), 'The DeviceClass.'],
  selectors: [3, list(DeviceSelector), 'What the devices must satisfy besides the class; all must hold.'],
  allocationMode: [4, string, 'ExactCount, or All for every device of a pool that will do; ExactCount when absent.'],
  count: [5, int64, 'For ExactCount: how many devices; 1 when absent.'],
  tolerations: [6, list(DeviceToleration), 'Taints of devices that do not matter.'],
  capacity: [7, CapacityRequirements, 'How much of a shared device.'],
});
export type DeviceSubRequest = Of<typeof DeviceSubRequest>;

export const DeviceRequest = resource.type('DeviceRequest', 'A request for devices: certain ones, or the best of several alternatives.', {
  name: [1, required(string), 'Name of the request, by which containers, constraints and settings refer to it.'],
  exactly: [2, ExactDeviceRequest, 'The devices.'],
  firstAvailable: [3, list(DeviceSubRequest), 'Alternatives, the best first.'],
});
export type DeviceRequest = Of<typeof DeviceRequest>;

export const DeviceConstraint = resource.type('DeviceConstraint', 'What the devices of several requests must have in common.', {
  requests: [1, list(string), 'The requests; all when absent.'],
  matchAttribute: [2, pointer(string), 'An attribute, as domain/name, in which all devices must be equal.'],
  distinctAttribute: [3, pointer(string), 'An attribute, as domain/name, in which all devices must differ.'],
});
export type DeviceConstraint = Of<typeof DeviceConstraint>;

export const DeviceClaimConfiguration = resource.type('DeviceClaimConfiguration', 'Settings for the devices of some requests.', {
  requests: [1, list(string), 'The requests; all when absent.'],
  deviceConfiguration: [2, inline(DeviceConfiguration)],
});
export type DeviceClaimConfiguration = Of<typeof DeviceClaimConfiguration>;

export const DeviceClaim = resource.type('DeviceClaim', 'The devices that are asked for.', {
  requests: [1, list(DeviceRequest), 'The requests; all must be met.'],
  constraints: [2, list(DeviceConstraint), 'What their devices must have in common.'],
  config: [3, list(DeviceClaimConfiguration), 'Settings for their devices.'],
});
export type DeviceClaim = Of<typeof DeviceClaim>;

export const ResourceClaimSpec = resource.type('ResourceClaimSpec', 'What is asked for.', {
  devices: [1, always(DeviceClaim), 'The devices.'],
});
export type ResourceClaimSpec = Of<typeof ResourceClaimSpec>;

export const ResourceClaimConsumerReference = resource.type('ResourceClaimConsumerReference', 'Somebody who may use the devices.', {
  apiGroup: [1, string, 'Group of the object; empty for the core group.'],
  resource: [3, required(string), 'Its resource, such as pods.'],
  name: [4, required(string), 'Its name.'],
  uid: [5, required(string), 'Its UID.'],
});
export type ResourceClaimConsumerReference = Of<typeof ResourceClaimConsumerReference>;

export const ResourceClaimStatus = resource.type('ResourceClaimStatus', 'What became of a claim.', {
  allocation: [1, AllocationResult, 'The devices that were given; cannot change while it is set.'],
  reservedFor: [2, merged(ResourceClaimConsumerReference, ['uid']), 'Who may use them at present; at most 256.'],
  devices: [4, keyed(AllocatedDeviceStatus, 'driver', 'device', 'pool', 'shareID'), 'What the drivers say of each device.'],
});
export type ResourceClaimStatus = Of<typeof ResourceClaimStatus>;

export const ResourceClaim = resource.kind('ResourceClaim', 'A request for devices, which pods share or have for themselves.', {
  spec: [2, required(ResourceClaimSpec), 'What is asked for. Cannot change.'],
  status: [3, always(ResourceClaimStatus), 'What became of it.'],
});
export type ResourceClaim = KindOf<typeof ResourceClaim>;

export const ResourceClaimTemplateSpec = resource.type('ResourceClaimTemplateSpec', 'The claim that is made for each pod.', {
  metadata: [1, always(TemplateMeta), 'Labels and annotations of the claim.'],
  spec: [2, required(ResourceClaimSpec), 'What it asks for.'],
});
export type ResourceClaimTemplateSpec = Of<typeof ResourceClaimTemplateSpec>;

export const ResourceClaimTemplate = resource.kind('ResourceClaimTemplate', 'From which a claim is made for each pod that names it.', {
  spec: [2, required(ResourceClaimTemplateSpec), 'The claim. Cannot change.'],
});
export type ResourceClaimTemplate = KindOf<typeof ResourceClaimTemplate>;

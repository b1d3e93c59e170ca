import { NodeSelector } from '#core/api/schema/core-v1/affinity.ts';
import type { KindOf } from '#core/api/schema/kind.ts';
import { bool, int64, list, map, pointer, quantity, required, string, type Of } from '#core/api/schema/type.ts';
import { DeviceTaint, resource } from './resource.ts';

export const DeviceAttribute = resource.type('DeviceAttribute', 'A property of a device; exactly one type.', {
  int: [2, pointer(int64), 'A whole number.'],
  bool: [3, pointer(bool), 'True or false.'],
  string: [4, pointer(string), 'A text of at most 64 characters.'],
  version: [5, pointer(string), 'A semantic version (semver.org 2.0.0).'],
});
export type DeviceAttribute = Of<typeof DeviceAttribute>;

export const CapacityRequestPolicyRange = resource.type('CapacityRequestPolicyRange', 'Amounts between two bounds.', {
  min: [1, required(pointer(quantity)), 'The least; smaller requests are rounded up to it.'],
  max: [2, quantity, 'The most.'],
  step: [3, quantity, 'Requests are rounded up to min plus a multiple of this.'],
});
export type CapacityRequestPolicyRange = Of<typeof CapacityRequestPolicyRange>;

export const CapacityRequestPolicy = resource.type('CapacityRequestPolicy', 'Which parts of a capacity one share can have.', {
  default: [1, quantity, 'What a request that does not say gets.'],
  validValues: [3, list(quantity), 'The amounts, in ascending order; requests are rounded up to one of them.'],
  validRange: [4, CapacityRequestPolicyRange, 'The amounts, by bounds.'],
});
export type CapacityRequestPolicy = Of<typeof CapacityRequestPolicy>;

export const DeviceCapacity = resource.type('DeviceCapacity', 'A quantity of which a device has so much.', {
  value: [1, required(quantity), 'How much there is.'],
  requestPolicy: [2, CapacityRequestPolicy, 'How it is shared, for devices that are given to several claims.'],
});
export type DeviceCapacity = Of<typeof DeviceCapacity>;

export const Counter = resource.type('Counter', 'An amount that devices share.', {
  value: [1, required(quantity), 'How much.'],
});
export type Counter = Of<typeof Counter>;

export const CounterSet = resource.type('CounterSet', 'Amounts that devices of the pool share, such as parts of one chip.', {
  name: [1, required(string), 'Name of the set, unique in the pool.'],
  counters: [2, required(map(Counter)), 'The amounts by name; at most 32.'],
});
export type CounterSet = Of<typeof CounterSet>;

export const DeviceCounterConsumption = resource.type('DeviceCounterConsumption', 'What a device takes of a set of shared amounts.', {
  counterSet: [1, required(string), 'The set.'],
  counters: [2, required(map(Counter)), 'What it takes of each amount.'],
});
export type DeviceCounterConsumption = Of<typeof DeviceCounterConsumption>;

export const Device = resource.type('Device', 'One device.', {
  name: [1, required(string), 'Name of the device, unique in the pool.'],
  attributes: [2, map(DeviceAttribute), 'Properties by name; at most 32 together with capacity.'],
  capacity: [3, map(DeviceCapacity), 'Quantities by name.'],
  consumesCounters: [4, list(DeviceCounterConsumption), 'What it takes of the pool\'s shared amounts.'],
  nodeName: [5, pointer(string), 'The node that can use it, with perDeviceNodeSelection.'],
  nodeSelector: [6, NodeSelector, 'The nodes that can use it, with perDeviceNodeSelection.'],
  allNodes: [7, pointer(bool), 'All nodes can use it, with perDeviceNodeSelection.'],
  taints: [8, list(DeviceTaint), 'What keeps claims off it; at most 16.'],
  bindsToNode: [9, pointer(bool), 'Once it is given, its claim stays with the node that was chosen.'],
  bindingConditions: [10, list(string), 'Conditions without which a pod is not bound to its node; at most 4.'],
  bindingFailureConditions: [11, list(string), 'Conditions that make the scheduler choose again; at most 4.'],
  allowMultipleAllocations: [12, pointer(bool), 'It can be given to several claims at a time.'],
});
export type Device = Of<typeof Device>;

export const ResourcePool = resource.type('ResourcePool', 'The pool to which the devices of a slice belong.', {
  name: [1, required(string), 'Name of the pool; often the node\'s.'],
  generation: [2, required(int64), 'Counts changes of the pool; only slices of the highest generation count.'],
  resourceSliceCount: [3, required(int64), 'How many slices the pool has at this generation.'],
});
export type ResourcePool = Of<typeof ResourcePool>;

export const ResourceSliceSpec = resource.type('ResourceSliceSpec', 'Some of the devices of a pool.', {
  driver: [1, required(string), 'Name of the driver. Cannot change.'],
  pool: [2, required(ResourcePool), 'The pool.'],
  nodeName: [3, pointer(string), 'The node that can use the devices. Cannot change.'],
  nodeSelector: [4, NodeSelector, 'The nodes that can use the devices.'],
  allNodes: [5, pointer(bool), 'All nodes can use the devices.'],
  devices: [6, list(Device), 'The devices; at most 128, or 64 when they have taints or consume counters.'],
  perDeviceNodeSelection: [7, pointer(bool), 'Each device says which nodes can use it.'],
  sharedCounters: [8, list(CounterSet), 'Amounts that devices of the pool share; at most 8 sets, in slices without devices.'],
});
export type ResourceSliceSpec = Of<typeof ResourceSliceSpec>;

export const ResourceSlice = resource.kind('ResourceSlice', 'Some of the devices that a driver has to give.', {
  spec: [2, required(ResourceSliceSpec), 'The devices.'],
}, { namespaced: false });
export type ResourceSlice = KindOf<typeof ResourceSlice>;

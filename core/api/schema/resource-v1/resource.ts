import { groupVersion } from '#core/api/schema/kind.ts';
import { int64, oneOf, pointer, raw, required, string, time, withDefault, type Of } from '#core/api/schema/type.ts';

/** Dynamic resource allocation: devices of nodes that pods ask for by claims (KEP-4381). */
export const resource = groupVersion('io.k8s.api.resource.v1', 'resource.k8s.io', 'v1');

export const CELDeviceSelector = resource.type('CELDeviceSelector', 'Selects devices by an expression.', {
  expression: [1, required(string), 'A CEL expression over the variable device; true for devices that will do.'],
});
export type CELDeviceSelector = Of<typeof CELDeviceSelector>;

export const DeviceSelector = resource.type('DeviceSelector', 'Selects devices; exactly one way.', {
  cel: [1, CELDeviceSelector, 'By an expression.'],
});
export type DeviceSelector = Of<typeof DeviceSelector>;

export const OpaqueDeviceConfiguration = resource.type('OpaqueDeviceConfiguration', 'Settings that only the driver understands.', {
  driver: [1, required(string), 'Name of the driver.'],
  parameters: [2, required(raw), 'The settings, an object with kind and apiVersion; at most 10 KiB.'],
});
export type OpaqueDeviceConfiguration = Of<typeof OpaqueDeviceConfiguration>;

export const DeviceConfiguration = resource.type('DeviceConfiguration', 'Settings of devices; exactly one kind.', {
  opaque: [1, OpaqueDeviceConfiguration, 'Settings that only the driver understands.'],
});
export type DeviceConfiguration = Of<typeof DeviceConfiguration>;

const taintEffect = oneOf('NoExecute', 'NoSchedule', 'None');

export const DeviceToleration = resource.type('DeviceToleration', 'Lets a claim have devices with matching taints.', {
  key: [1, string, 'The taint\'s key; empty with Exists matches every taint.'],
  operator: [2, withDefault(oneOf('Equal', 'Exists'), 'Equal'), 'Equal compares the value, Exists ignores it.'],
  value: [3, string, 'The taint\'s value, for Equal.'],
  effect: [4, oneOf('NoExecute', 'NoSchedule'), 'The taint\'s effect; any when absent.'],
  tolerationSeconds: [5, pointer(int64), 'For NoExecute: seconds that the pods may stay; for ever when absent.'],
});
export type DeviceToleration = Of<typeof DeviceToleration>;

export const DeviceTaint = resource.type('DeviceTaint', 'Keeps claims off a device unless they tolerate it.', {
  key: [1, required(string), 'The key.'],
  value: [2, string, 'The value.'],
  effect: [3, required(pointer(taintEffect)), 'Not given out any more; pods that use it are evicted too; or only shown.'],
  timeAdded: [4, time, 'When the taint was put on.'],
});
export type DeviceTaint = Of<typeof DeviceTaint>;

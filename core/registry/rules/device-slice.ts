import { dnsLabelProblem, dnsSubdomainProblem, labelValueProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { DeviceTaint } from '#core/api/schema/resource-v1/resource.ts';
import type { Counter, Device, DeviceAttribute, ResourcePool, ResourceSliceSpec } from '#core/api/schema/resource-v1/slice.ts';
import { validateBinding } from './device-allocation.ts';
import { validateDeviceCapacity } from './device-capacity.ts';
import { validatePoolName, validateQualifiedName } from './device-names.ts';
import type { FieldPath } from './field-path.ts';
import { validateItems } from './lists.ts';
import { validateNodeSelector } from './selectors.ts';
import { driverName } from './sources.ts';

const maxDevices = 128;
const maxElaborateDevices = 64;
const maxProperties = 32;
const maxValueLength = 64;
const maxTaints = 16;
const maxCounterSets = 8;
const maxCounters = 32;
const maxConsumptions = 2;

const number = '(0|[1-9]\\d*)';
const version = new RegExp(`^${number}\\.${number}\\.${number}(-(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(\\.(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?$`);

function validateAttribute(attribute: DeviceAttribute, field: FieldPath): void {
  const { string, version: text } = attribute;
  for (const [name, value] of Object.entries({ string, version: text })) {
    if (value !== undefined && Buffer.byteLength(value) > maxValueLength) field.at(name).tooLong(maxValueLength);
  }
  if (text !== undefined && text.length <= maxValueLength && !version.test(text)) {
    field.at('version').invalid(text, 'must be a string compatible with semver.org spec 2.0.0');
  }
  if (Object.values(attribute).filter((value) => value !== undefined).length !== 1) field.invalid(attribute, 'exactly one value must be specified');
}

function validateTaint({ key, value = '', effect }: Partial<DeviceTaint>, field: FieldPath): void {
  field.at('key').check(key ?? '', qualifiedNameProblem(key ?? ''));
  field.at('value').check(value, labelValueProblem(value));
  if (effect === undefined) field.at('effect').required();
}

interface CountedSet {
  readonly name: string;
  readonly counters: Readonly<Record<string, Counter>>;
}

function validateCounters({ name, counters }: CountedSet, nameField: string, field: FieldPath): void {
  field.at(nameField).name(name, dnsLabelProblem);
  const names = Object.keys(counters);
  const at = field.at('counters');
  if (names.length === 0) at.required();
  else if (names.length > maxCounters) at.tooMany(names.length, maxCounters);
  else for (const each of names) at.check(each, dnsLabelProblem(each));
}

interface Reach {
  readonly nodeName?: string | undefined;
  readonly nodeSelector?: ResourceSliceSpec['nodeSelector'] | undefined;
  readonly allNodes?: boolean | undefined;
}

/** Checks each way of naming nodes that is given, and returns how many are. */
function validateReach({ nodeName, nodeSelector, allNodes }: Reach, field: FieldPath): number {
  if (nodeName === '') field.at('nodeName').invalid(nodeName, 'must be either unset or set to a non-empty string');
  else field.at('nodeName').optional(nodeName, dnsSubdomainProblem);
  if (nodeSelector !== undefined) validateNodeSelector(nodeSelector.nodeSelectorTerms, field.at('nodeSelector'));
  if (allNodes === false) field.at('allNodes').invalid(allNodes, 'must be either unset or set to true');
  return [(nodeName ?? '') !== '', nodeSelector !== undefined, allNodes === true].filter(Boolean).length;
}

function validateDeviceReach(device: Device, byDevice: boolean, field: FieldPath): void {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!byDevice) {
    if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return;
    return field.invalid(null, '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec');
  }
  const rule = 'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  const ways = validateReach(device, field);
  if (ways === 0) field.required(rule);
  else if (ways > 1) field.invalid(null, rule);
}

function validateProperties({ attributes = {}, capacity = {}, allowMultipleAllocations }: Device, field: FieldPath): void {
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > maxProperties) return field.invalid(count, `the total number of attributes and capacities must not exceed ${maxProperties}`);
  for (const [name, attribute] of Object.entries(attributes)) {
    validateQualifiedName(name, field.at('attributes'));
    validateAttribute(attribute, field.at('attributes').key(name));
  }
  for (const [name, each] of Object.entries(capacity)) {
    validateQualifiedName(name, field.at('capacity'));
    validateDeviceCapacity(each, allowMultipleAllocations === true, field.at('capacity').key(name));
  }
}

function validateDevice(device: Device, byDevice: boolean, field: FieldPath): void {
  field.at('name').check(device.name, dnsLabelProblem(device.name));
  validateProperties(device, field);
  validateItems(device.taints, maxTaints, validateTaint, field.at('taints'));
  validateItems(device.consumesCounters, maxConsumptions,
    ({ counterSet, counters }, at) => validateCounters({ name: counterSet, counters }, 'counterSet', at), field.at('consumesCounters'), ({ counterSet }) => counterSet);
  validateDeviceReach(device, byDevice, field);
  validateBinding(device, field);
}

function validatePool({ name, generation, resourceSliceCount }: ResourcePool, field: FieldPath): void {
  validatePoolName(name, field.at('name'));
  if (resourceSliceCount <= 0) field.at('resourceSliceCount').invalid(resourceSliceCount, 'must be greater than zero');
  if (generation < 0) field.at('generation').invalid(generation, 'must be greater than or equal to zero');
}

function validateSliceReach(spec: ResourceSliceSpec, field: FieldPath): void {
  const { nodeSelector, perDeviceNodeSelection: byDevice } = spec;
  const terms = nodeSelector?.nodeSelectorTerms;
  if (terms !== undefined && terms.length !== 1) field.at('nodeSelector', 'nodeSelectorTerms').invalid(terms, 'must have exactly one node selector term');
  if (byDevice === false) field.at('perDeviceNodeSelection').invalid(byDevice, 'must be either unset or set to true');
  const ways = validateReach(spec, field) + (byDevice === true ? 1 : 0);
  const rule = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (ways === 0) field.required(rule);
  else if (ways > 1) field.invalid(null, `${rule}, but multiple fields are set`);
}

/** Devices that a driver publishes. */
export function validateSliceSpec(spec: ResourceSliceSpec, field: FieldPath): void {
  const { devices, sharedCounters, perDeviceNodeSelection: byDevice = false } = spec;
  driverName(spec.driver, field.at('driver'));
  validatePool(spec.pool, field.at('pool'));
  validateSliceReach(spec, field);
  if (sharedCounters !== undefined && devices !== undefined) field.invalid('', 'only one of `sharedCounters` or `devices` is allowed');
  const elaborate = (devices ?? []).some(({ taints, consumesCounters }) => taints !== undefined || consumesCounters !== undefined);
  validateItems(devices, elaborate ? maxElaborateDevices : maxDevices, (device, at) => validateDevice(device, byDevice, at), field.at('devices'), ({ name }) => name);
  validateItems(sharedCounters, maxCounterSets, (set, at) => validateCounters(set, 'name', at), field.at('sharedCounters'), ({ name }) => name);
}

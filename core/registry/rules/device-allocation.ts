import { Cidr, ipText } from '#core/api/ip.ts';
import { dnsLabelProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type {
  AllocatedDeviceStatus, AllocationResult, DeviceAllocationConfiguration, DeviceRequestAllocationResult, NetworkDeviceData,
} from '#core/api/schema/resource-v1/allocation.ts';
import type { ResourceClaim, ResourceClaimStatus } from '#core/api/schema/resource-v1/claim.ts';
import { deepEqual } from '#core/api/value.ts';
import { shareIdProblem, validatePoolName } from './device-names.ts';
import { requestNames, validateDeviceConfiguration, validateDeviceTolerations, validateOpaque, validateRequestReference, validateRequestReferences } from './device-requests.ts';
import type { FieldPath } from './field-path.ts';
import { validateItems } from './lists.ts';
import { validateNodeSelector } from './selectors.ts';
import { driverName } from './sources.ts';

const maxResults = 32;
const maxConfigurations = 64;
const maxConsumers = 256;
const maxBindingConditions = 4;
const maxConditions = 8;
const maxIps = 16;

interface Binding {
  readonly bindingConditions?: readonly string[] | undefined;
  readonly bindingFailureConditions?: readonly string[] | undefined;
}

/** Conditions on which the scheduler waits before it binds a pod: both lists or none. */
export function validateBinding({ bindingConditions: good = [], bindingFailureConditions: bad = [] }: Binding, field: FieldPath): void {
  const check = (name: string, at: FieldPath): void => {
    at.check(name, qualifiedNameProblem(name));
  };
  const [goodField, badField] = [field.at('bindingConditions'), field.at('bindingFailureConditions')];
  validateItems(good, maxBindingConditions, check, goodField, (name) => name);
  validateItems(bad, maxBindingConditions, check, badField, (name) => name);
  for (const [i, name] of bad.entries()) {
    if (good.includes(name)) badField.at(i).invalid(name, 'bindingFailureConditions must not overlap with bindingConditions');
  }
  if (good.length === 0 && bad.length > 0) goodField.invalid(good, 'bindingConditions are required to use bindingFailureConditions');
  if (bad.length === 0 && good.length > 0) badField.invalid(bad, 'bindingFailureConditions are required to use bindingConditions');
}

interface DeviceId {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
  readonly shareID?: string | undefined;
}

const idText = ({ driver, pool, device, shareID }: DeviceId): string => [driver, pool, device, ...(shareID === undefined ? [] : [shareID])].join('/');

function validateId({ driver, pool, device, shareID }: DeviceId, field: FieldPath): void {
  driverName(driver, field.at('driver'));
  validatePoolName(pool, field.at('pool'));
  field.at('device').check(device, dnsLabelProblem(device));
  if (shareID !== undefined) field.at('shareID').check(shareID, shareIdProblem(shareID));
}

function validateResult(result: DeviceRequestAllocationResult, names: ReadonlySet<string>, field: FieldPath): void {
  validateRequestReference(result.request, names, field.at('request'));
  validateId(result, field);
  validateBinding(result, field);
  validateDeviceTolerations(result.tolerations, field.at('tolerations'));
}

function validateConfiguration(config: DeviceAllocationConfiguration, names: ReadonlySet<string>, field: FieldPath): void {
  const { source }: Partial<DeviceAllocationConfiguration> = config;
  if (source === undefined) field.at('source').required();
  validateRequestReferences(config.requests, names, field.at('requests'));
  validateDeviceConfiguration(config, field);
}

function validateAllocation({ devices, nodeSelector }: AllocationResult, names: ReadonlySet<string>, field: FieldPath): void {
  const at = field.at('devices');
  validateItems(devices.results, maxResults, (result, each) => validateResult(result, names, each), at.at('results'));
  validateItems(devices.config, maxConfigurations, (config, each) => validateConfiguration(config, names, each), at.at('config'));
  if (nodeSelector !== undefined) validateNodeSelector(nodeSelector.nodeSelectorTerms, field.at('nodeSelector'));
}

function interfaceAddressProblem(text: string): string | undefined {
  const range = Cidr.parse(text);
  if (range === undefined) return 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  const canonical = `${ipText(range.address)}/${range.prefixLength}`;
  return canonical === text ? undefined : `must be in canonical form (${JSON.stringify(canonical)})`;
}

function validateNetwork({ interfaceName = '', hardwareAddress = '', ips }: NetworkDeviceData, field: FieldPath): void {
  if (Buffer.byteLength(interfaceName) > 256) field.at('interfaceName').tooLong(256);
  if (Buffer.byteLength(hardwareAddress) > 128) field.at('hardwareAddress').tooLong(128);
  validateItems(ips, maxIps, (ip, at) => void at.check(ip, interfaceAddressProblem(ip)), field.at('ips'), (ip) => ip);
}

function validateDevice(device: AllocatedDeviceStatus, allocated: ReadonlySet<string>, field: FieldPath): void {
  validateId(device, field);
  if (!allocated.has(idText(device))) field.invalid(idText(device), 'must be an allocated device in the claim');
  validateItems(device.conditions, maxConditions, ({ type }, at) => void at.at('type').name(type, qualifiedNameProblem), field.at('conditions'), ({ type }) => type);
  if (device.data !== undefined && device.data !== null) validateOpaque(device.data, field.at('data'));
  if (device.networkData !== undefined) validateNetwork(device.networkData, field.at('networkData'));
}

function validateConsumers(claim: ResourceClaim, old: ResourceClaimStatus, field: FieldPath): void {
  const { allocation, reservedFor = [] } = claim.status;
  validateItems(reservedFor, maxConsumers, (consumer, at) => {
    for (const name of ['resource', 'name', 'uid'] as const) if (consumer[name] === '') at.at(name).required();
  }, field, ({ uid }) => uid);
  if (reservedFor.length === 0) return;
  if (allocation === undefined) return field.forbidden('may not be specified when `allocated` is not set');
  const before = new Set((old.reservedFor ?? []).map((consumer) => JSON.stringify(consumer)));
  if (claim.metadata.deletionTimestamp !== undefined && reservedFor.some((consumer) => !before.has(JSON.stringify(consumer)))) {
    field.forbidden('new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set');
  }
}

/** The status of a claim. Devices that were given stay as they are until they are taken back. */
export function validateClaimStatus(claim: ResourceClaim, { status: old }: ResourceClaim, field: FieldPath): void {
  const { allocation, devices } = claim.status;
  validateConsumers(claim, old, field.at('reservedFor'));
  const allocated = new Set((allocation?.devices.results ?? []).map(idText));
  validateItems(devices, Infinity, (device, at) => validateDevice(device, allocated, at), field.at('devices'), idText);
  if (allocation === undefined) return;
  const at = field.at('allocation');
  if (old.allocation === undefined) validateAllocation(allocation, requestNames(claim.spec.devices), at);
  else if (!deepEqual(allocation, old.allocation)) at.invalid(allocation, 'field is immutable');
}

import { dnsLabelProblem, dnsSubdomainProblem, labelValueProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { DeviceClaim, DeviceConstraint, DeviceRequest, DeviceSubRequest, ExactDeviceRequest } from '#core/api/schema/resource-v1/claim.ts';
import type { DeviceConfiguration, DeviceSelector, DeviceToleration } from '#core/api/schema/resource-v1/resource.ts';
import { isObject } from '#core/api/value.ts';
import { validateFullyQualifiedName } from './device-names.ts';
import type { FieldPath } from './field-path.ts';
import { validateItems } from './lists.ts';
import { driverName } from './sources.ts';

const maxRequests = 32;
const maxAlternatives = 8;
const maxConfigurations = 32;
const maxBytes = 10 * 1024;

/** An object that only a driver understands. */
export function validateOpaque(value: unknown, field: FieldPath): void {
  if (value === undefined || value === null) return field.required();
  if (Buffer.byteLength(JSON.stringify(value)) > maxBytes) return field.tooLong(maxBytes);
  if (!isObject(value)) field.invalid('<value omitted>', 'must be a valid JSON object');
}

export function validateDeviceConfiguration({ opaque }: DeviceConfiguration, field: FieldPath): void {
  const at = field.at('opaque');
  if (opaque === undefined) return at.required();
  driverName(opaque.driver, at.at('driver'));
  validateOpaque(opaque.parameters, at.at('parameters'));
}

export function validateDeviceSelectors(selectors: readonly DeviceSelector[] | undefined, field: FieldPath): void {
  validateItems(selectors, maxRequests, ({ cel }, at) => {
    if (cel === undefined) at.at('cel').required();
    else if (cel.expression === '') at.at('cel', 'expression').required();
    else if (cel.expression.length > maxBytes) at.at('cel', 'expression').tooLong(maxBytes);
  }, field);
}

export function validateDeviceTolerations(tolerations: readonly DeviceToleration[] | undefined, field: FieldPath): void {
  for (const [i, { key, operator, value = '' }] of (tolerations ?? []).entries()) {
    field.at(i, 'key').optional(key, qualifiedNameProblem);
    if (operator === 'Exists' && value !== '') field.at(i, 'value').invalid(value, 'must be empty for operator `Exists`');
    if (operator === 'Equal') field.at(i, 'value').check(value, labelValueProblem(value));
  }
}

const modes = ['All', 'ExactCount'];

function validateRequest(request: ExactDeviceRequest | DeviceSubRequest, field: FieldPath): void {
  const { allocationMode = '', count = 0 } = request;
  field.at('deviceClassName').name(request.deviceClassName, dnsSubdomainProblem);
  validateDeviceSelectors(request.selectors, field.at('selectors'));
  if (!modes.includes(allocationMode)) field.at('allocationMode').notSupported(allocationMode, modes);
  else if (allocationMode === 'All' && count !== 0) field.at('count').invalid(count, "must not be specified when allocationMode is 'All'");
  else if (allocationMode === 'ExactCount' && count <= 0) field.at('count').invalid(count, 'must be greater than zero');
  validateDeviceTolerations(request.tolerations, field.at('tolerations'));
}

function validateDeviceRequest({ name, exactly, firstAvailable = [] }: DeviceRequest, field: FieldPath): void {
  field.at('name').name(name, dnsLabelProblem);
  const rule = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly !== undefined && firstAvailable.length > 0) return field.invalid(null, `${rule}, but multiple fields are set`);
  if (exactly !== undefined) return validateRequest(exactly, field.at('exactly'));
  if (firstAvailable.length === 0) return field.required(rule);
  validateItems(firstAvailable, maxAlternatives, (each, at) => {
    at.at('name').name(each.name, dnsLabelProblem);
    validateRequest(each, at);
  }, field.at('firstAvailable'), (each) => each.name);
}

/** What requests can be called: by their names, and those of their alternatives as request/alternative. */
export const requestNames = ({ requests = [] }: DeviceClaim): ReadonlySet<string> =>
  new Set(requests.flatMap(({ name, firstAvailable = [] }) => [name, ...firstAvailable.map((each) => `${name}/${each.name}`)]));

export function validateRequestReference(name: string, names: ReadonlySet<string>, field: FieldPath): void {
  if (!names.has(name)) field.invalid(name, "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'");
}

export function validateRequestReferences(requests: readonly string[] | undefined, names: ReadonlySet<string>, field: FieldPath): void {
  validateItems(requests, maxRequests, (name, at) => validateRequestReference(name, names, at), field, (name) => name);
}

function validateConstraint({ requests, matchAttribute, distinctAttribute }: DeviceConstraint, names: ReadonlySet<string>, field: FieldPath): void {
  validateRequestReferences(requests, names, field.at('requests'));
  if (matchAttribute !== undefined) validateFullyQualifiedName(matchAttribute, field.at('matchAttribute'));
  if (distinctAttribute !== undefined) validateFullyQualifiedName(distinctAttribute, field.at('distinctAttribute'));
  const rule = 'exactly one of "matchAttribute" or "distinctAttribute" is required';
  if (matchAttribute === undefined && distinctAttribute === undefined) field.required(rule);
  if (matchAttribute !== undefined && distinctAttribute !== undefined) field.invalid(null, `${rule}, but multiple fields are set`);
}

/** The devices that a claim asks for, in a claim itself and in a template. */
export function validateDeviceClaim(claim: DeviceClaim, field: FieldPath): void {
  const names = requestNames(claim);
  validateItems(claim.requests, maxRequests, validateDeviceRequest, field.at('requests'), ({ name }) => name);
  validateItems(claim.constraints, maxRequests, (constraint, at) => validateConstraint(constraint, names, at), field.at('constraints'));
  validateItems(claim.config, maxConfigurations, (config, at) => {
    validateRequestReferences(config.requests, names, at.at('requests'));
    validateDeviceConfiguration(config, at);
  }, field.at('config'));
}

function defaultRequest(request: ExactDeviceRequest | DeviceSubRequest): void {
  request.allocationMode ??= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ??= 1;
}

export function defaultDeviceClaim({ requests = [] }: DeviceClaim): void {
  for (const { exactly, firstAvailable = [] } of requests) {
    if (exactly !== undefined) defaultRequest(exactly);
    for (const each of firstAvailable) defaultRequest(each);
  }
}

import type { ObjectFieldSelector, ResourceFieldSelector } from '#core/api/schema/core-v1/references.ts';
import { qualifiedNameProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { FieldPath } from './field-path.ts';

/** Facts about a pod that files may hold. */
export const volumeFields: readonly string[] = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
/** Facts about a pod that environment variables may hold. */
export const envFields: readonly string[] = [
  'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP',
  'status.podIPs',
];
const known = new Set([...volumeFields, ...envFields, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase', 'spec.host']);

export function validateFieldReference({ apiVersion = 'v1', fieldPath }: ObjectFieldSelector, allowed: readonly string[], field: FieldPath): void {
  const at = field.at('fieldPath');
  if (fieldPath === '') return at.required();
  const bracket = fieldPath.endsWith("']") ? fieldPath.indexOf("['") : -1;
  const base = bracket < 0 ? fieldPath : fieldPath.slice(0, bracket);
  const key = bracket < 0 ? undefined : fieldPath.slice(bracket + 2, -2);
  if (apiVersion !== 'v1') at.invalid(fieldPath, `error converting fieldPath: unsupported pod version: ${apiVersion}`);
  else if (!known.has(base)) at.invalid(fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`);
  else if (key !== undefined) validateSubscript(base, key, field);
  else if (!allowed.includes(base)) at.notSupported(base, allowed);
}

function validateSubscript(base: string, key: string, field: FieldPath): void {
  if (base === 'metadata.annotations') field.check(key, qualifiedNameProblem(key.toLowerCase()));
  else if (base === 'metadata.labels') field.check(key, qualifiedNameProblem(key));
  else field.invalid(base, 'does not support subscript');
}

const resources = ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory'];
const bytes = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

export function validateResourceReference({ resource, divisor = '0' }: ResourceFieldSelector, field: FieldPath): void {
  const at = field.at('resource');
  if (resource === '') return at.required();
  if (!resources.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) return at.notSupported(resource, resources);
  const text = Quantity.parse(divisor).toString();
  const allowed = resource.endsWith('.cpu') ? ['1m', '1'] : bytes;
  if (text !== '0' && !allowed.includes(text)) {
    field.at('divisor').invalid(divisor, `only divisor's values ${allowed.join(', ')} are supported with the ${resource} resource`);
  }
}

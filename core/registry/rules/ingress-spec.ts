import { parseIp } from '#core/api/ip.ts';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import type { HTTPIngressPath, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec, IngressTLS } from '#core/api/schema/networking-v1.ts';
import type { FieldPath } from './field-path.ts';
import { pathSegmentProblem, serviceNameProblem, wildcardProblem } from './host-names.ts';
import { portNameProblem, portNumberProblem } from './syntax.ts';

interface Reference {
  readonly apiGroup?: string | undefined;
  readonly kind: string;
  readonly name: string;
}

/** An object of any kind, named by an ingress or its class. */
export function validateTypedReference({ apiGroup, kind, name }: Reference, field: FieldPath): void {
  if (apiGroup !== undefined) field.at('apiGroup').check(apiGroup, dnsSubdomainProblem(apiGroup));
  field.at('kind').name(kind, pathSegmentProblem);
  field.at('name').name(name, pathSegmentProblem);
}

function validateServiceBackend({ name, port }: IngressServiceBackend, field: FieldPath): void {
  const at = field.at('service');
  at.at('name').name(name, serviceNameProblem);
  const { name: portName = '', number = 0 } = port;
  if (portName !== '' && number !== 0) field.invalid('', 'cannot set both port name & port number');
  else if (portName !== '') at.at('port', 'name').check(portName, portNameProblem(portName));
  else if (number === 0) field.required('port name or number is required');
  else if (portNumberProblem(number) !== undefined) at.at('port', 'number').invalid(number, portNumberProblem(number) ?? '');
}

function validateBackend({ service, resource }: IngressBackend, field: FieldPath): void {
  if (service !== undefined && resource !== undefined) field.invalid('', 'cannot set both resource and service backends');
  else if (resource !== undefined) validateTypedReference(resource, field.at('resource'));
  else if (service !== undefined) validateServiceBackend(service, field);
  else field.invalid('', 'resource or service backend is required');
}

/** Whoever compares paths by their text must not be tricked by another spelling of the same path. */
const ambiguous = ['//', '/./', '/../', '%2f', '%2F'];
const ambiguousEnds = ['/..', '/.'];

function validatePathText(path: string, exact: boolean, field: FieldPath): void {
  if (!path.startsWith('/') && (exact || path !== '')) field.invalid(path, 'must be an absolute path');
  if (!exact) return;
  for (const text of ambiguous) if (path.includes(text)) field.invalid(path, `must not contain '${text}'`);
  for (const text of ambiguousEnds) if (path.endsWith(text)) field.invalid(path, `cannot end with '${text}'`);
}

function validatePath({ path = '', pathType, backend = {} }: Partial<HTTPIngressPath>, field: FieldPath): void {
  if (pathType === undefined) return field.at('pathType').required('pathType must be specified');
  validatePathText(path, pathType === 'Exact' || pathType === 'Prefix', field.at('path'));
  validateBackend(backend, field.at('backend'));
}

const hostProblem = (host: string): string | undefined => (host.includes('*') ? wildcardProblem(host) : dnsSubdomainProblem(host));

function validateRule({ host = '', http }: IngressRule, field: FieldPath): void {
  if (parseIp(host) !== undefined) field.at('host').invalid(host, 'must be a DNS name, not an IP address');
  field.at('host').optional(host, hostProblem);
  if (http === undefined) return;
  if (http.paths.length === 0) field.at('http', 'paths').required();
  for (const [i, path] of http.paths.entries()) validatePath(path, field.at('http', 'paths', i));
}

function validateTls({ hosts = [], secretName }: IngressTLS, field: FieldPath): void {
  for (const [i, host] of hosts.entries()) field.at('hosts', i).check(host, hostProblem(host));
  field.at('secretName').optional(secretName, dnsSubdomainProblem);
}

export function validateIngressSpec({ defaultBackend, rules = [], tls = [], ingressClassName }: IngressSpec, field: FieldPath): void {
  if (rules.length === 0 && defaultBackend === undefined) field.invalid(rules, 'either `defaultBackend` or `rules` must be specified');
  if (defaultBackend !== undefined) validateBackend(defaultBackend, field.at('defaultBackend'));
  for (const [i, rule] of rules.entries()) validateRule(rule, field.at('rules', i));
  for (const [i, each] of tls.entries()) validateTls(each, field.at('tls', i));
  if (ingressClassName !== undefined) field.at('ingressClassName').check(ingressClassName, dnsSubdomainProblem(ingressClassName));
}

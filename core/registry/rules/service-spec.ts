import { cidrProblem } from '#core/api/ip.ts';
import { dnsLabelProblem, dnsSubdomainProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { Service, ServicePort, ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { validateEndpointAddress } from './addresses.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabels } from './selectors.ts';
import { isHeadless, validateServiceFamilies } from './service-families.ts';
import { portNumberProblem, portProblem } from './syntax.ts';

/** Traffic from outside the cluster comes to it. */
export const isExternallyAccessible = ({ type, externalIPs = [] }: ServiceSpec): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && externalIPs.length > 0);

/** Load balancers ask each node whether it has pods of the service. */
export const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec): boolean => type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'";
const onlyOthers = 'may not be set for ExternalName services';

function validateExternalName(spec: ServiceSpec, field: FieldPath): void {
  if ((spec.clusterIPs ?? []).length > 0) field.at('clusterIPs').forbidden(onlyOthers);
  if ((spec.ipFamilies ?? []).length > 0) field.at('ipFamilies').forbidden(onlyOthers);
  if (spec.ipFamilyPolicy !== undefined) field.at('ipFamilyPolicy').forbidden(onlyOthers);
  field.at('externalName').name(spec.externalName?.replace(/\.$/, ''), dnsSubdomainProblem);
}

function validateType(spec: ServiceSpec, field: FieldPath): void {
  const { type, ports = [] } = spec;
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') field.at('ports').required();
  if (type === 'ExternalName') validateExternalName(spec, field);
  else if (type !== 'ClusterIP' && isHeadless(spec)) field.at('clusterIPs', 0).invalid('None', `may not be set to 'None' for ${type ?? ''} services`);
}

function validatePort({ name = '', port, targetPort = port, appProtocol }: ServicePort, needsName: boolean, field: FieldPath): void {
  if (needsName || name !== '') field.at('name').name(name, dnsLabelProblem);
  const problem = portNumberProblem(port);
  if (problem !== undefined) field.at('port').invalid(port, problem);
  const targetProblem = portProblem(targetPort);
  if (targetProblem !== undefined) field.at('targetPort').invalid(targetPort, targetProblem);
  if (appProtocol !== undefined) field.at('appProtocol').check(appProtocol, qualifiedNameProblem(appProtocol));
}

/** What must be unique in a service, in words, and where it stands. */
const uniqueOf = ({ name = '', port, protocol = 'TCP', nodePort = 0 }: ServicePort, field: FieldPath): readonly (readonly [string, unknown, FieldPath])[] => [
  ...(name === '' ? [] : [[`name ${name}`, name, field.at('name')] as const]),
  ...(nodePort === 0 ? [] : [[`node ${protocol} ${nodePort}`, nodePort, field.at('nodePort')] as const]),
  [`port ${protocol} ${port}`, { protocol, port }, field],
];

function validatePorts({ type, ports = [] }: ServiceSpec, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = field.at(i);
    validatePort(port, ports.length > 1, at);
    if ((port.nodePort ?? 0) !== 0 && type === 'ClusterIP') at.at('nodePort').forbidden("may not be used when `type` is 'ClusterIP'");
    for (const [key, value, where] of uniqueOf(port, at)) {
      if (seen.has(key)) where.duplicate(value);
      seen.add(key);
    }
  }
}

const longestAffinity = 86_400;

function validateAffinity({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec, field: FieldPath): void {
  const at = field.at('sessionAffinityConfig');
  if (sessionAffinity === 'None') {
    if (config !== undefined) at.forbidden('must not be set when session affinity is None');
    return;
  }
  const why = 'when session affinity type is ClientIP';
  const seconds = config?.clientIP?.timeoutSeconds;
  if (config === undefined) at.required(why);
  else if (config.clientIP === undefined) at.at('clientIP').required(why);
  else if (seconds === undefined) at.at('clientIP', 'timeoutSeconds').required(why);
  else if (seconds <= 0 || seconds > longestAffinity) {
    at.at('clientIP', 'timeoutSeconds').invalid(seconds, `must be greater than 0 and less than ${longestAffinity}`);
  }
}

function validateExternalTraffic(spec: ServiceSpec, field: FieldPath): void {
  const { externalTrafficPolicy: policy, healthCheckNodePort: port = 0 } = spec;
  const at = field.at('externalTrafficPolicy');
  if (!isExternallyAccessible(spec)) {
    if (policy !== undefined) at.invalid(policy, 'may only be set for externally-accessible services');
  } else if (policy === undefined) {
    at.required();
  }
  const health = field.at('healthCheckNodePort');
  if (!needsHealthCheck(spec)) {
    if (port !== 0) health.invalid(port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
  } else if (port !== 0 && portNumberProblem(port) !== undefined) {
    health.invalid(port, portNumberProblem(port) ?? '');
  }
}

const distributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];

function validateTraffic(spec: ServiceSpec, field: FieldPath): void {
  validateExternalTraffic(spec, field);
  const { internalTrafficPolicy, trafficDistribution, type } = spec;
  if (internalTrafficPolicy === undefined && type !== 'ExternalName') field.at('internalTrafficPolicy').required();
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution)) {
    field.at('trafficDistribution').notSupported(trafficDistribution, distributions);
  }
}

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

function validateSourceRanges({ metadata, spec }: Service, root: FieldPath): void {
  const { loadBalancerSourceRanges: ranges = [], type } = spec;
  const annotation = metadata.annotations?.[rangesAnnotation];
  if (ranges.length > 0) {
    const at = root.at('spec', 'loadBalancerSourceRanges');
    if (type !== 'LoadBalancer') at.forbidden(onlyLoadBalancer);
    for (const [i, range] of ranges.entries()) at.at(i).check(range, cidrProblem(range.trim()));
  } else if (annotation !== undefined) {
    const at = root.at('metadata', 'annotations').key(rangesAnnotation);
    if (type !== 'LoadBalancer') at.forbidden(onlyLoadBalancer);
    if (annotation.trim() !== '') for (const range of annotation.split(',')) at.check(range.trim(), cidrProblem(range.trim()));
  }
}

function validateLoadBalancer({ type, allocateLoadBalancerNodePorts: allocates, loadBalancerClass: lbClass }: ServiceSpec, field: FieldPath): void {
  if (type === 'LoadBalancer') {
    if (allocates === undefined) field.at('allocateLoadBalancerNodePorts').required();
    if (lbClass !== undefined) field.at('loadBalancerClass').check(lbClass, qualifiedNameProblem(lbClass));
    return;
  }
  if (allocates !== undefined) field.at('allocateLoadBalancerNodePorts').forbidden(onlyLoadBalancer);
  if (lbClass !== undefined) field.at('loadBalancerClass').forbidden(onlyLoadBalancer);
}

export function validateService(service: Service, root: FieldPath): void {
  const { spec } = service;
  const field = root.at('spec');
  validateType(spec, field);
  validatePorts(spec, field.at('ports'));
  validateLabels(spec.selector, field.at('selector'));
  validateAffinity(spec, field);
  if (spec.type !== 'ExternalName') validateServiceFamilies(spec, field);
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) validateEndpointAddress(ip, field.at('externalIPs', i));
  validateSourceRanges(service, root);
  validateLoadBalancer(spec, field);
  validateTraffic(spec, field);
}

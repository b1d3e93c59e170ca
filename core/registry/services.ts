import { ipProblem, parseIp } from '#core/api/ip.ts';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import { ServiceProxyOptions } from '#core/api/schema/core-v1/proxy-options.ts';
import { Service, type LoadBalancerStatus, type ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { addressWarnings, rangeWarnings } from './rules/addresses.ts';
import { FieldPath } from './rules/field-path.ts';
import { serviceNameProblem } from './rules/host-names.ts';
import { labelsText } from './rules/printing.ts';
import { proxySubresource } from './rules/proxy.ts';
import { isHeadless, validateServiceFamiliesUpdate } from './rules/service-families.ts';
import { isExternallyAccessible, needsHealthCheck, validateService } from './rules/service-spec.ts';
import { dropFieldsOfOldType } from './rules/service-type-change.ts';

const topologyHints = 'service.kubernetes.io/topology-aware-hints';
const topologyMode = 'service.kubernetes.io/topology-mode';
const affinitySeconds = 10_800;

function defaultTraffic(spec: ServiceSpec): void {
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'ExternalName') delete spec.internalTrafficPolicy;
  else spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
}

function defaultAffinity(spec: ServiceSpec): void {
  if (spec.sessionAffinity !== 'ClientIP') delete spec.sessionAffinityConfig;
  else if (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinitySeconds } };
}

function defaultService({ spec, status }: Service): void {
  defaultAffinity(spec);
  for (const port of spec.ports ?? []) if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  defaultTraffic(spec);
  if (spec.type !== 'LoadBalancer') return;
  for (const ingress of status.loadBalancer.ingress ?? []) if (ingress.ip !== undefined) ingress.ipMode ??= 'VIP';
}

function validateLoadBalancer({ ingress = [] }: LoadBalancerStatus, { type }: ServiceSpec, field: FieldPath): void {
  if (ingress.length > 0 && type !== 'LoadBalancer') return field.forbidden("may only be used when `spec.type` is 'LoadBalancer'");
  for (const [i, { ip, hostname, ipMode }] of ingress.entries()) {
    const at = field.at(i);
    at.at('ip').optional(ip, ipProblem);
    if (ipMode !== undefined && ip === undefined) at.at('ipMode').forbidden('may not be specified when `ip` is not set');
    at.at('hostname').optional(hostname, (name) => dnsSubdomainProblem(name) ?? (parseIp(name) && 'must be a DNS name, not an IP address'));
  }
}

function addressText({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  const own = spec.type === 'LoadBalancer' ? new Set((status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '')) : [];
  const addresses = [...[...own].filter((text) => text !== '').sort(), ...(spec.externalIPs ?? [])];
  return addresses.join(',') || (spec.type === 'LoadBalancer' ? '<pending>' : '<none>');
}

const portsText = ({ spec }: Service): string =>
  (spec.ports ?? []).map(({ port, protocol, nodePort }) => `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol}`).join(',') || '<none>';

function ignoredWarnings(spec: ServiceSpec): string[] {
  const found = (spec.externalName ?? '') !== '' && spec.type !== 'ExternalName' ? ['spec.externalName is ignored when spec.type is not "ExternalName"'] : [];
  if (!isHeadless(spec)) return found;
  const { loadBalancerIP, externalIPs, sessionAffinity } = spec;
  const ignored = Object.entries({ loadBalancerIP, externalIPs, SessionAffinity: sessionAffinity === 'None' ? undefined : sessionAffinity });
  return [...ignored.filter(([, value]) => value !== undefined).map(([name]) => `spec.${name} is ignored for headless services`), ...found];
}

function spellingWarnings(spec: ServiceSpec): string[] {
  const { clusterIPs = [], externalIPs = [], loadBalancerIP = '', loadBalancerSourceRanges = [] } = spec;
  return [
    ...clusterIPs.flatMap((ip, i) => addressWarnings(ip, `spec.clusterIPs[${i}]`)),
    ...externalIPs.flatMap((ip, i) => addressWarnings(ip, `spec.externalIPs[${i}]`)),
    ...addressWarnings(loadBalancerIP, 'spec.loadBalancerIP'),
    ...loadBalancerSourceRanges.flatMap((range, i) => rangeWarnings(range.trim(), `spec.loadBalancerSourceRanges[${i}]`)),
  ];
}

export const services = resource<Service>({
  kind: Service,
  shortNames: ['svc'],
  categories: ['all'],
  hasStatus: true,
  allowsUnconditionalUpdate: true,
  nameProblem: serviceNameProblem,
  subresources: [proxySubresource(ServiceProxyOptions)],

  defaults: defaultService,
  prepareForUpdate: dropFieldsOfOldType,
  validate(service, errors) {
    const root = FieldPath.root(errors);
    const { [topologyHints]: hints, [topologyMode]: mode } = service.metadata.annotations ?? {};
    if (hints !== undefined && mode !== undefined && hints !== mode) {
      root.at('metadata', 'annotations').key(topologyMode).invalid(mode, `must match annotations[${topologyHints}] when both are specified`);
    }
    validateService(service, root);
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    const field = FieldPath.root(errors).at('spec');
    validateServiceFamiliesUpdate(spec, old, field);
    if (spec.type === 'LoadBalancer' && old.type === 'LoadBalancer' && spec.loadBalancerClass !== old.loadBalancerClass) {
      field.at('loadBalancerClass').invalid(spec.loadBalancerClass ?? null, 'may not change once set');
    }
    if (needsHealthCheck(old) && needsHealthCheck(spec) && spec.healthCheckNodePort !== old.healthCheckNodePort) {
      field.at('healthCheckNodePort').forbidden('field is immutable');
    }
  },
  validateStatus: ({ spec, status }, _old, errors) => validateLoadBalancer(status.loadBalancer, spec, FieldPath.root(errors).at('status', 'loadBalancer', 'ingress')),
  warnings: ({ metadata, spec }) => [
    ...(metadata.annotations?.[topologyHints] === undefined ? [] : [`annotation ${topologyHints} is deprecated, please use ${topologyMode} instead`]),
    ...spellingWarnings(spec), ...ignoredWarnings(spec),
  ],

  columns: [
    nameColumn,
    { name: 'Type', type: 'string', description: 'From where the service can be reached.', cell: ({ spec }) => spec.type ?? '' },
    { name: 'Cluster-IP', type: 'string', description: 'Address inside the cluster.', cell: ({ spec }) => spec.clusterIPs?.[0] ?? '<none>' },
    { name: 'External-IP', type: 'string', description: 'Addresses outside the cluster.', cell: addressText },
    { name: 'Port(s)', type: 'string', description: 'Ports of the service, with those of the nodes.', cell: portsText },
    ageColumn,
    { name: 'Selector', type: 'string', priority: 1, description: 'Labels of the pods behind it.', cell: ({ spec }) => labelsText(spec.selector) },
  ],
  selectableFields: { 'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '', 'spec.type': ({ spec }) => spec.type ?? '' },
});

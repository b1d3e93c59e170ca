import type { Service, ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { deepEqual } from '#core/api/value.ts';
import { isExternallyAccessible, needsHealthCheck } from './service-spec.ts';

const hasNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';

/** The author asks for node ports that the service did not have. */
function addsNodePorts({ ports = [] }: ServiceSpec, { ports: old = [] }: ServiceSpec): boolean {
  const had = new Set(old.map(({ nodePort = 0 }) => nodePort));
  return ports.some(({ nodePort = 0 }) => nodePort !== 0 && !had.has(nodePort));
}

function dropIfSame(now: ServiceSpec, old: ServiceSpec, ...names: readonly (keyof ServiceSpec)[]): void {
  if (names.every((name) => deepEqual(now[name], old[name]))) for (const name of names) delete now[name];
}

function dropAddresses(spec: ServiceSpec, old: ServiceSpec): void {
  dropIfSame(spec, old, 'clusterIP', 'clusterIPs');
  dropIfSame(spec, old, 'ipFamilies');
  dropIfSame(spec, old, 'ipFamilyPolicy');
}

/**
 * Takes away what the old type needed and the new one does not, unless its author changed it at the same time: then it is refused.
 * Clients change the type and send everything else back as they read it.
 */
export function dropFieldsOfOldType({ spec, status }: Service, { spec: old }: Service): void {
  const ends = (holds: (spec: ServiceSpec) => boolean): boolean => holds(old) && !holds(spec);
  if (ends(({ type }) => type !== 'ExternalName')) dropAddresses(spec, old);
  if (ends(hasNodePorts) && !addsNodePorts(spec, old)) for (const port of spec.ports ?? []) delete port.nodePort;
  if (ends(needsHealthCheck)) dropIfSame(spec, old, 'healthCheckNodePort');
  if (ends(({ type }) => type === 'LoadBalancer')) {
    dropIfSame(spec, old, 'allocateLoadBalancerNodePorts');
    dropIfSame(spec, old, 'loadBalancerClass');
  }
  if (ends(isExternallyAccessible)) dropIfSame(spec, old, 'externalTrafficPolicy');
  if (spec.type !== 'LoadBalancer') status.loadBalancer = {};
}

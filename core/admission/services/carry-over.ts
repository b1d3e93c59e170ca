import type { ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { needsHealthCheck } from '#core/registry/rules/service-spec.ts';

export const hasNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';

const nodePortsOf = ({ ports = [] }: ServiceSpec): ReadonlySet<number> => new Set(ports.map(({ nodePort = 0 }) => nodePort).filter((port) => port !== 0));

/** A port keeps its node port by its name, unless the update gives that one to another. */
function carryNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const given = nodePortsOf(spec);
  const before = new Map((old.ports ?? []).map(({ name = '', nodePort = 0 }) => [name, nodePort]));
  for (const port of spec.ports ?? []) {
    const kept = before.get(port.name ?? '') ?? 0;
    if ((port.nodePort ?? 0) === 0 && kept !== 0 && !given.has(kept)) port.nodePort = kept;
  }
}

function carryAddresses(spec: ServiceSpec, old: ServiceSpec): void {
  if ((spec.clusterIP ?? '') === '' && old.clusterIP !== undefined) spec.clusterIP = old.clusterIP;
  if ((spec.clusterIPs ?? []).length === 0 && old.clusterIPs !== undefined) spec.clusterIPs = [...old.clusterIPs];
}

function carryHealthCheck(spec: ServiceSpec, { healthCheckNodePort: port = 0 }: ServiceSpec): void {
  if ((spec.healthCheckNodePort ?? 0) === 0 && port !== 0) spec.healthCheckNodePort = port;
}

/** Puts back what was assigned to the service before, where the update leaves it out: sending the same manifest twice changes nothing. */
export function carryAssigned(spec: ServiceSpec, old: ServiceSpec): void {
  const both = (holds: (spec: ServiceSpec) => boolean): boolean => holds(spec) && holds(old);
  if (both(({ type }) => type !== 'ExternalName')) carryAddresses(spec, old);
  if (both(hasNodePorts)) carryNodePorts(spec, old);
  if (both(needsHealthCheck)) carryHealthCheck(spec, old);
}

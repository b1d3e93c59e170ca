import type { Tags } from './ownership.ts';
import type { WantedGroup } from './plan.ts';

/** Before the key of an attribute: a tag that says that it was set at the service's wish, and is to be set back when that ends. */
const prefix = 'keelson.dev/attribute/';

/** What attributes are when nobody sets them; those whose usual value is not known here stay as they were set. */
export const usualOfBalancer: ReadonlyMap<string, string> = new Map([
  ['access_logs.s3.enabled', 'false'],
  ['deletion_protection.enabled', 'false'],
  ['dns_record.client_routing_policy', 'any_availability_zone'],
  ['secondary_ips.auto_assigned.per_subnet', '0'],
  ['zonal_shift.config.enabled', 'false'],
]);

export function usualOfGroup({ targetType, protocol }: Pick<WantedGroup, 'targetType' | 'protocol'>): ReadonlyMap<string, string> {
  return new Map([
    ['deregistration_delay.connection_termination.enabled', 'false'],
    ['deregistration_delay.timeout_seconds', '300'],
    ['load_balancing.cross_zone.enabled', 'use_load_balancer_configuration'],
    ['preserve_client_ip.enabled', String(targetType === 'instance' || protocol.includes('UDP'))],
    ['target_group_health.dns_failover.minimum_healthy_targets.count', '1'],
    ['target_group_health.dns_failover.minimum_healthy_targets.percentage', 'off'],
    ['target_group_health.unhealthy_state_routing.minimum_healthy_targets.count', '1'],
    ['target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage', 'off'],
    ['target_health_state.unhealthy.connection_termination.enabled', 'true'],
    ['target_health_state.unhealthy.draining_interval_seconds', '0'],
  ]);
}

/** The tags, with one for each attribute that is wished for. @param initially those that are set always, and so need none */
export const withMemory = (tags: Tags, attributes: ReadonlyMap<string, string>, initially: ReadonlyMap<string, string>): Tags =>
  new Map([...tags, ...[...attributes.keys()].filter((key) => !initially.has(key)).map((key) => [prefix + key, 'set'] as const)]);

/** What was wished for once, and is not any more: what to set back, and the tags that told of it. */
export function forgotten(tags: Tags, attributes: ReadonlyMap<string, string>, usual: ReadonlyMap<string, string>): { readonly back: ReadonlyMap<string, string>; readonly tagKeys: readonly string[] } {
  const keys = [...tags.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)).filter((key) => !attributes.has(key));
  return { back: new Map(keys.flatMap((key) => (usual.has(key) ? [[key, usual.get(key) ?? ''] as const] : []))), tagKeys: keys.map((key) => prefix + key) };
}

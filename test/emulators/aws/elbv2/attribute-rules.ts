/** What an attribute is at first, and what it may be. */
export interface AttributeRule {
  readonly usual: string;
  readonly allowed: RegExp;
}

const flag = (usual: string): AttributeRule => ({ usual, allowed: /^(true|false)$/ });
const oneOf = (usual: string, ...others: string[]): AttributeRule => ({ usual, allowed: new RegExp(`^(${[usual, ...others].join('|')})$`) });
const text: AttributeRule = { usual: '', allowed: /^.*$/ };
const seconds = (usual: string): AttributeRule => ({ usual, allowed: /^(3600|3[0-5]\d\d|[0-2]?\d{1,3})$/ });
const countOrOff = (usual: string): AttributeRule => ({ usual, allowed: /^(off|[1-9]\d{0,3})$/ });

const everyBalancer: Readonly<Record<string, AttributeRule>> = {
  'access_logs.s3.bucket': text,
  'access_logs.s3.enabled': flag('false'),
  'access_logs.s3.prefix': text,
  'deletion_protection.enabled': flag('false'),
  'ipv6.deny_all_igw_traffic': flag('false'),
  'zonal_shift.config.enabled': flag('false'),
};
export const balancerAttributes: Readonly<Record<string, Readonly<Record<string, AttributeRule>>>> = {
  network: {
    ...everyBalancer,
    'dns_record.client_routing_policy': oneOf('any_availability_zone', 'availability_zone_affinity', 'partial_availability_zone_affinity'),
    'load_balancing.cross_zone.enabled': flag('false'),
    'secondary_ips.auto_assigned.per_subnet': { usual: '0', allowed: /^[0-7]$/ },
  },
  application: {
    ...everyBalancer,
    'idle_timeout.timeout_seconds': { usual: '60', allowed: /^([1-9]\d{0,2}|[1-3]\d{3}|4000)$/ },
    'load_balancing.cross_zone.enabled': oneOf('true'),
    'routing.http2.enabled': flag('true'),
    'routing.http.drop_invalid_header_fields.enabled': flag('false'),
  },
};

const everyGroup: Readonly<Record<string, AttributeRule>> = {
  'deregistration_delay.timeout_seconds': seconds('300'),
  'load_balancing.cross_zone.enabled': oneOf('use_load_balancer_configuration', 'true', 'false'),
  'stickiness.enabled': flag('false'),
  'target_group_health.dns_failover.minimum_healthy_targets.count': countOrOff('1'),
  'target_group_health.dns_failover.minimum_healthy_targets.percentage': countOrOff('off'),
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count': countOrOff('1'),
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': countOrOff('off'),
};
const transportGroup: Readonly<Record<string, AttributeRule>> = {
  ...everyGroup,
  'deregistration_delay.connection_termination.enabled': flag('false'),
  'preserve_client_ip.enabled': flag('true'),
  'proxy_protocol_v2.enabled': flag('false'),
  'stickiness.type': oneOf('source_ip'),
  'target_health_state.unhealthy.connection_termination.enabled': flag('true'),
  'target_health_state.unhealthy.draining_interval_seconds': { usual: '0', allowed: /^\d{1,6}$/ },
};
const httpGroup: Readonly<Record<string, AttributeRule>> = {
  ...everyGroup,
  'load_balancing.algorithm.type': oneOf('round_robin', 'least_outstanding_requests', 'weighted_random'),
  'slow_start.duration_seconds': { usual: '0', allowed: /^\d{1,3}$/ },
  'stickiness.lb_cookie.duration_seconds': { usual: '86400', allowed: /^\d{1,6}$/ },
  'stickiness.type': oneOf('lb_cookie', 'app_cookie'),
};

export const isHttp = (protocol: string): boolean => protocol === 'HTTP' || protocol === 'HTTPS';
export const groupAttributes = (protocol: string): Readonly<Record<string, AttributeRule>> => (isHttp(protocol) ? httpGroup : transportGroup);

/** Only connections of TCP have an idle time that can be set. */
export const listenerAttributes = (protocol: string): Readonly<Record<string, AttributeRule>> =>
  (protocol === 'TCP' ? { 'tcp.idle_timeout.seconds': { usual: '350', allowed: /^([6-9]\d|[1-9]\d\d|[1-5]\d{3}|6000)$/ } } : {});

const usualOf = (rules: Readonly<Record<string, AttributeRule>>): Map<string, string> => new Map(Object.entries(rules).map(([key, { usual }]) => [key, usual]));

export const usualBalancerAttributes = (type: string): ReadonlyMap<string, string> => usualOf(balancerAttributes[type] ?? {});

export const usualListenerAttributes = (protocol: string): ReadonlyMap<string, string> => usualOf(listenerAttributes(protocol));

export function usualGroupAttributes(protocol: string, targetType: string): ReadonlyMap<string, string> {
  const attributes = usualOf(groupAttributes(protocol));
  // Addresses see the client's only where the protocol has no connections.
  if (targetType === 'ip' && (protocol === 'TCP' || protocol === 'TLS')) attributes.set('preserve_client_ip.enabled', 'false');
  return attributes;
}

/** All of them begin so. */
export const annotationPrefix = 'service.beta.kubernetes.io/aws-load-balancer-';

/** One annotation, by what follows the prefix. */
export interface AnnotationRow {
  /** `ccm`: cloud-provider-aws, `albc`: the AWS Load Balancer Controller, `both`. */
  readonly of: 'ccm' | 'albc' | 'both';
  /** Its values, and what becomes of them. */
  readonly does: string;
  /** It is answered with a warning: why, and what there is instead. */
  readonly warning?: string;
}

const classic = 'it is one of classic load balancers, which are not made';

/** Every annotation that the field's two controllers read. `listener-attributes.` goes on with a protocol and a port. */
export const annotationRows: Readonly<Record<string, AnnotationRow>> = {
  'type': { of: 'both', does: '`nlb` (also without it), `external`, `nlb-ip` (as `external` with target type `ip`); the last two are internal unless something says otherwise' },
  'nlb-target-type': { of: 'albc', does: '`instance` (default): node ports; `ip`: the pods themselves' },
  'name': { of: 'albc', does: 'the name of the load balancer; another name is another load balancer' },
  'internal': { of: 'both', does: '`true` or `false`; `0.0.0.0/0` is true' },
  'scheme': { of: 'albc', does: '`internet-facing` or `internal`; goes before `internal`; a change makes another load balancer' },
  'ip-address-type': { of: 'albc', does: '`ipv4` (default) or `dualstack` (default for services of IPv6 alone)' },
  'subnets': { of: 'both', does: 'ids or names of subnets, one for each zone' },
  'eip-allocations': { of: 'both', does: 'allocation ids, as many as subnets, in their order; internet-facing only; a change makes another load balancer' },
  'private-ipv4-addresses': { of: 'both', does: 'addresses, one in each subnet; internal only; a change makes another load balancer' },
  'ipv6-addresses': { of: 'albc', does: 'addresses, one in each subnet; `dualstack` only; a change makes another load balancer' },
  'ssl-cert': { of: 'both', does: 'ARNs of certificates; the first is the default one' },
  'ssl-ports': { of: 'both', does: 'numbers or names of ports, or `*` (default: all of TCP)' },
  'ssl-negotiation-policy': { of: 'both', does: 'the security policy, by default `ELBSecurityPolicy-2016-08`' },
  'alpn-policy': { of: 'albc', does: '`HTTP1Only`, `HTTP2Only`, `HTTP2Optional`, `HTTP2Preferred` or `None` (default)' },
  'backend-protocol': { of: 'both', does: '`tcp` (default), or `ssl`: what comes in by TLS goes on by TLS' },
  'proxy-protocol': { of: 'both', does: '`*`: version 2, to all ports' },
  'proxy-protocol-per-target-group': { of: 'albc', does: 'the ports that get it' },
  'target-group-attributes': { of: 'both', does: '`key=value,…` of every target group' },
  'attributes': { of: 'albc', does: '`key=value,…` of the load balancer, such as `deletion_protection.enabled=true`' },
  'listener-attributes.': { of: 'albc', does: '`listener-attributes.TCP-80`: `key=value,…` of a listener' },
  'cross-zone-load-balancing-enabled': { of: 'both', does: '`true` or `false` (default)' },
  'access-log-enabled': { of: 'both', does: '`true` or `false`' },
  'access-log-s3-bucket-name': { of: 'both', does: 'the bucket' },
  'access-log-s3-bucket-prefix': { of: 'both', does: 'the prefix in it' },
  'healthcheck-protocol': { of: 'both', does: '`tcp`, `http` or `https`' },
  'healthcheck-port': { of: 'both', does: '`traffic-port`, a number, or the name of a port of the service' },
  'healthcheck-path': { of: 'both', does: 'a path, for `http` and `https`' },
  'healthcheck-success-codes': { of: 'albc', does: '`200-399` (default), for `http` and `https`' },
  'healthcheck-healthy-threshold': { of: 'both', does: '2 to 10, by default 3; 2 with `externalTrafficPolicy: Local`' },
  'healthcheck-unhealthy-threshold': { of: 'both', does: 'as the former' },
  'healthcheck-interval': { of: 'both', does: '5 to 300 seconds, by default 10' },
  'healthcheck-timeout': { of: 'both', does: '2 to 120 seconds, by default 10; 6 for `http` and `https`' },
  'additional-resource-tags': { of: 'both', does: '`key=value,…` on all that is made' },
  'security-groups': { of: 'both', does: 'ids or names of security groups in place of the one that is made; their rules are yours' },
  'extra-security-groups': { of: 'ccm', does: 'ids or names of security groups beside the one that is made' },
  'manage-backend-security-group-rules': { of: 'albc', does: '`true`: with `security-groups`, the nodes let those in; `false` by default' },
  'disable-nlb-sg': { of: 'albc', does: '`true`: no security group; the nodes let the clients in' },
  'security-group-prefix-lists': { of: 'albc', does: 'ids of prefix lists that are let in beside the source ranges' },
  'inbound-sg-rules-on-private-link-traffic': { of: 'albc', does: '`on` or `off`' },
  'enable-icmp-for-path-mtu-discovery': { of: 'albc', does: '`on`: clients may send the ICMP message by which packets get smaller' },
  'enable-tcp-udp-listener': { of: 'albc', does: 'TCP and UDP at one port always are one listener, `TCP_UDP`' },
  'target-node-labels': { of: 'both', does: '`key=value,…`: only nodes with these labels are targets' },
  'access-log-emit-interval': { of: 'ccm', does: '', warning: 'network load balancers write their logs every five minutes' },
  'connection-draining-enabled': { of: 'ccm', does: '', warning: `${classic}: use target-group-attributes with deregistration_delay.timeout_seconds` },
  'connection-draining-timeout': { of: 'ccm', does: '', warning: `${classic}: use target-group-attributes with deregistration_delay.timeout_seconds` },
  'connection-idle-timeout': { of: 'ccm', does: '', warning: `${classic}: use listener-attributes.TCP-<port> with tcp.idle_timeout.seconds` },
  'multi-cluster-target-group': { of: 'albc', does: '', warning: 'target groups are not shared among clusters' },
  'enable-prefix-for-ipv6-source-nat': { of: 'albc', does: '', warning: 'source NAT with IPv6 prefixes is not set up' },
  'source-nat-ipv6-prefixes': { of: 'albc', does: '', warning: 'source NAT with IPv6 prefixes is not set up' },
  'minimum-load-balancer-capacity': { of: 'albc', does: '', warning: 'capacity is not reserved' },
  'quic-enabled-ports': { of: 'albc', does: '', warning: 'there are no QUIC listeners' },
  'quic-enabled-containers': { of: 'albc', does: '', warning: 'there are no QUIC listeners' },
};

const withPort = 'listener-attributes.';

/** Of the annotations that are there: a sentence for each one that does nothing. */
export function annotationWarnings(annotations: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(annotations).filter((key) => key.startsWith(annotationPrefix)).toSorted().flatMap((key) => {
    const name = key.slice(annotationPrefix.length);
    const row = Object.hasOwn(annotationRows, name) ? annotationRows[name] : undefined;
    if (name.startsWith(withPort) && name.length > withPort.length) return [];
    if (row === undefined || name === withPort) return [`the annotation ${key} is not known, and does nothing`];
    return row.warning === undefined ? [] : [`the annotation ${key} does nothing: ${row.warning}`];
  });
}

import { parseIp } from '#core/api/ip.ts';
import type { LoadBalancerRequest } from '#core/spi/load-balancers.ts';
import { AnnotationReader } from './annotation-reader.ts';
import { annotationPrefix, annotationWarnings } from './annotations.ts';

export type Scheme = 'internet-facing' | 'internal';
export type TargetType = 'instance' | 'ip';

/** Who stands before the load balancer. */
export type Frontend =
  | { readonly kind: 'own'; readonly more: readonly string[] }
  | { readonly kind: 'given'; readonly groups: readonly string[]; readonly letsIn: boolean }
  | { readonly kind: 'none' };

export interface HealthOptions {
  readonly protocol?: 'TCP' | 'HTTP' | 'HTTPS';
  readonly port?: string;
  readonly path?: string;
  readonly codes?: string;
  readonly healthy?: number;
  readonly unhealthy?: number;
  readonly intervalSeconds?: number;
  readonly timeoutSeconds?: number;
}

/** What annotations and class say of one load balancer. */
export interface Options {
  readonly name: string | undefined;
  readonly scheme: Scheme;
  readonly addressType: 'ipv4' | 'dualstack';
  readonly targetType: TargetType;
  readonly subnets: readonly string[];
  readonly allocationIds: readonly string[];
  readonly privateAddresses: readonly string[];
  readonly ipv6Addresses: readonly string[];
  readonly frontend: Frontend;
  readonly prefixLists: readonly string[];
  readonly pathMtu: boolean;
  readonly privateLinkRules: 'on' | 'off' | undefined;
  readonly certificates: readonly string[];
  /** Numbers or names; undefined: all of TCP. */
  readonly tlsPorts: readonly string[] | undefined;
  readonly tlsPolicy: string;
  readonly alpn: string;
  readonly tlsToTargets: boolean;
  /** Numbers or names; undefined: all. */
  readonly proxyPorts: readonly string[] | undefined;
  readonly health: HealthOptions;
  readonly attributes: ReadonlyMap<string, string>;
  readonly groupAttributes: ReadonlyMap<string, string>;
  /** By `TCP-80`. */
  readonly listenerAttributes: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly tags: ReadonlyMap<string, string>;
  readonly nodeLabels: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** The class of the AWS Load Balancer Controller. */
export const controllerClass = 'service.k8s.aws/nlb';
const usualPolicy = 'ELBSecurityPolicy-2016-08';
const reserved = /^(aws:|kubernetes\.io\/cluster\/|kubernetes\.io\/service-name$|keelson\.dev\/)/i;
/** As names are made for services that wish for none. */
export const generatedName = /^a[0-9a-f]{31}$/;

type Request = Pick<LoadBalancerRequest, 'annotations' | 'class' | 'families'>;

/** @throws {ProviderError} Invalid, naming annotation and value */
export function optionsOf({ annotations, class: loadBalancerClass, families }: Request): Options {
  const read = new AnnotationReader(annotations);
  const type = read.choice('type', ['nlb', 'external', 'nlb-ip']);
  const isController = loadBalancerClass === controllerClass || type === 'external' || type === 'nlb-ip';
  const scheme = schemeOf(read, isController);
  const addressType = read.choice('ip-address-type', ['ipv4', 'dualstack']) ?? (families.every((family) => family === 'IPv6') ? 'dualstack' : 'ipv4');
  return {
    name: nameOf(read),
    scheme, addressType,
    targetType: read.choice('nlb-target-type', ['instance', 'ip']) ?? (type === 'nlb-ip' ? 'ip' : 'instance'),
    ...placesOf(read, scheme, addressType),
    ...doorsOf(read),
    ...tlsOf(read),
    proxyPorts: proxyPortsOf(read),
    health: healthOf(read),
    attributes: attributesOf(read),
    groupAttributes: read.map('target-group-attributes'),
    listenerAttributes: new Map(read.endings('listener-attributes.').map((ending) => [listenerKey(read, ending), read.map(`listener-attributes.${ending}`)])),
    tags: tagsOf(read),
    nodeLabels: read.map('target-node-labels'),
    warnings: [...annotationWarnings(annotations), ...plainBackend(read)],
  };
}

function schemeOf(read: AnnotationReader, isController: boolean): Scheme {
  const scheme = read.choice('scheme', ['internet-facing', 'internal']);
  // The oldest form of it was a range.
  const isInternal = read.text('internal') === '0.0.0.0/0' ? true : read.truth('internal');
  if (scheme !== undefined) return scheme;
  // Whoever wrote the service for that controller meant no one from outside.
  return (isInternal ?? isController) ? 'internal' : 'internet-facing';
}

function nameOf(read: AnnotationReader): string | undefined {
  const name = read.text('name');
  if (name === undefined) return undefined;
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/.test(name) || name.startsWith('internal-')) {
    throw read.wrong('name', 'is no name of a load balancer: at most 32 letters, digits and hyphens, neither beginning nor ending with a hyphen, nor beginning with "internal-"');
  }
  if (generatedName.test(name)) throw read.wrong('name', 'looks like a name that is given to a service that wishes for none');
  return name;
}

const addressOf = (family: 'IPv4' | 'IPv6') => (text: string): boolean => parseIp(text)?.family === family;

function placesOf(read: AnnotationReader, scheme: Scheme, addressType: string): Pick<Options, 'subnets' | 'allocationIds' | 'privateAddresses' | 'ipv6Addresses'> {
  const allocationIds = read.list('eip-allocations', /^eipalloc-[0-9a-f]+$/, 'is no list of allocation ids (eipalloc-…)');
  const privateAddresses = read.list('private-ipv4-addresses');
  const ipv6Addresses = read.list('ipv6-addresses');
  if (!privateAddresses.every(addressOf('IPv4'))) throw read.wrong('private-ipv4-addresses', 'is no list of IPv4 addresses');
  if (!ipv6Addresses.every(addressOf('IPv6'))) throw read.wrong('ipv6-addresses', 'is no list of IPv6 addresses');
  if (allocationIds.length > 0 && scheme !== 'internet-facing') throw read.wrong('eip-allocations', 'is for internet-facing load balancers only');
  if (privateAddresses.length > 0 && scheme !== 'internal') throw read.wrong('private-ipv4-addresses', 'is for internal load balancers only');
  if (ipv6Addresses.length > 0 && addressType !== 'dualstack') throw read.wrong('ipv6-addresses', 'is for load balancers with ip-address-type dualstack only');
  return { subnets: read.list('subnets'), allocationIds, privateAddresses, ipv6Addresses };
}

function doorsOf(read: AnnotationReader): Pick<Options, 'frontend' | 'prefixLists' | 'pathMtu' | 'privateLinkRules'> {
  return {
    frontend: frontendOf(read),
    prefixLists: read.list('security-group-prefix-lists', /^pl-[0-9a-f]+$/, 'is no list of prefix list ids (pl-…)'),
    pathMtu: read.choice('enable-icmp-for-path-mtu-discovery', ['on', 'off']) === 'on',
    privateLinkRules: read.choice('inbound-sg-rules-on-private-link-traffic', ['on', 'off']),
  };
}

function frontendOf(read: AnnotationReader): Frontend {
  const groups = read.list('security-groups');
  const more = read.list('extra-security-groups');
  const letsIn = read.truth('manage-backend-security-group-rules') ?? false;
  if (read.truth('disable-nlb-sg') === true) {
    if (groups.length + more.length > 0) throw read.wrong('disable-nlb-sg', 'leaves no security group, but others name some');
    return { kind: 'none' };
  }
  return groups.length > 0 ? { kind: 'given', groups: [...new Set([...groups, ...more])], letsIn } : { kind: 'own', more };
}

function tlsOf(read: AnnotationReader): Pick<Options, 'certificates' | 'tlsPorts' | 'tlsPolicy' | 'alpn' | 'tlsToTargets'> {
  const ports = read.list('ssl-ports');
  return {
    certificates: read.list('ssl-cert', /^arn:/, 'is no list of ARNs of certificates'),
    tlsPorts: ports.length === 0 || ports.includes('*') ? undefined : ports,
    tlsPolicy: read.text('ssl-negotiation-policy') ?? usualPolicy,
    alpn: read.choice('alpn-policy', ['HTTP1Only', 'HTTP2Only', 'HTTP2Optional', 'HTTP2Preferred', 'None']) ?? 'None',
    tlsToTargets: read.choice('backend-protocol', ['tcp', 'ssl', 'http', 'https']) === 'ssl',
  };
}

function proxyPortsOf(read: AnnotationReader): readonly string[] | undefined {
  const all = read.text('proxy-protocol');
  if (all !== undefined && all !== '*') throw read.wrong('proxy-protocol', 'is not "*", the only value that there is');
  return all === '*' ? undefined : read.list('proxy-protocol-per-target-group');
}

function healthOf(read: AnnotationReader): HealthOptions {
  const path = read.text('healthcheck-path');
  const codes = read.text('healthcheck-success-codes');
  if (path !== undefined && !/^\/[\x21-\x7e]{0,1023}$/.test(path)) throw read.wrong('healthcheck-path', 'is no path');
  if (codes !== undefined && !/^\d{3}(-\d{3})?(,\s*\d{3}(-\d{3})?)*$/.test(codes)) throw read.wrong('healthcheck-success-codes', 'is no list of codes such as 200-399');
  const said: { -readonly [K in keyof HealthOptions]: HealthOptions[K] | undefined } = {
    protocol: read.choice('healthcheck-protocol', ['TCP', 'HTTP', 'HTTPS']),
    port: read.text('healthcheck-port'),
    path, codes,
    healthy: read.count('healthcheck-healthy-threshold', 2, 10),
    unhealthy: read.count('healthcheck-unhealthy-threshold', 2, 10),
    intervalSeconds: read.count('healthcheck-interval', 5, 300),
    timeoutSeconds: read.count('healthcheck-timeout', 2, 120),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as HealthOptions;
}

function attributesOf(read: AnnotationReader): ReadonlyMap<string, string> {
  const attributes = new Map([['load_balancing.cross_zone.enabled', String(read.truth('cross-zone-load-balancing-enabled') ?? false)]]);
  const [enabled, bucket, prefix] = [read.truth('access-log-enabled'), read.text('access-log-s3-bucket-name'), read.text('access-log-s3-bucket-prefix')];
  if (enabled === true && bucket === undefined) throw read.wrong('access-log-enabled', 'needs access-log-s3-bucket-name');
  if (enabled !== undefined) attributes.set('access_logs.s3.enabled', String(enabled));
  if (bucket !== undefined) attributes.set('access_logs.s3.bucket', bucket);
  if (prefix !== undefined) attributes.set('access_logs.s3.prefix', prefix);
  return new Map([...attributes, ...read.map('attributes')]);
}

function listenerKey(read: AnnotationReader, ending: string): string {
  if (!/^(TCP|UDP|TCP_UDP|TLS)-\d{1,5}$/i.test(ending)) throw read.wrong(`listener-attributes.${ending}`, 'belongs to no listener: the name ends with a protocol and a port, such as TCP-80');
  return ending.toUpperCase();
}

function tagsOf(read: AnnotationReader): ReadonlyMap<string, string> {
  const tags = read.map('additional-resource-tags');
  const taken = [...tags.keys()].find((key) => reserved.test(key));
  if (taken !== undefined) throw read.wrong('additional-resource-tags', `has the key ${taken}, which is not for everybody`);
  const bad = [...tags].find(([key, value]) => key.length > 127 || value.length > 256 || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(key + value));
  if (bad !== undefined) throw read.wrong('additional-resource-tags', `has the tag ${bad.join('=').slice(0, 100)}, which AWS does not take`);
  return tags;
}

const plainBackend = (read: AnnotationReader): readonly string[] =>
  (/^https?$/i.test(read.text('backend-protocol') ?? '') ? [`the annotation ${annotationPrefix}backend-protocol: a network load balancer does not speak HTTP; connections go on as they are`] : []);

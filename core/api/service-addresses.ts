import { canonicalIp, Cidr, ipFamilyOf, parseIp } from './ip.ts';
import type { Service, ServiceSpec } from './schema/core-v1/service.ts';
import type { Draft } from './schema/kind.ts';
import type { IPAddress, ParentReference, ServiceCIDR } from './schema/networking-v1.ts';

/** The ServiceCIDR that every cluster has. */
export const defaultServiceCidr = 'kubernetes';
/** On a ServiceCIDR: addresses of its ranges may be in use. */
export const serviceCidrFinalizer = 'networking.k8s.io/service-cidr-finalizer';

/** On an IPAddress. */
export const addressLabels = { family: 'ipaddress.kubernetes.io/ip-family', managedBy: 'ipaddress.kubernetes.io/managed-by' } as const;
/** Who manages the addresses of services. */
export const addressManager = 'ipallocator.k8s.io';

/** The cluster IPs of a service in canonical text; none when it is headless. */
export const clusterIPsOf = ({ clusterIPs = [] }: Pick<ServiceSpec, 'clusterIPs'>): string[] => clusterIPs.filter((ip) => ip !== 'None' && ip !== '').map(canonicalIp);

export const labelsOfAddress = (ip: string): Record<string, string> => ({ [addressLabels.family]: ipFamilyOf(ip) ?? '', [addressLabels.managedBy]: addressManager });

/** The object that makes an address a service's. */
export const serviceAddress = (ip: string, { namespace = '', name }: { readonly namespace?: string | undefined; readonly name: string }): Draft<IPAddress> => ({
  metadata: { name: ip, labels: labelsOfAddress(ip) },
  spec: { parentRef: { resource: 'services', namespace, name } },
});

/** `namespace/name` of the service that an address refers to; undefined when it refers to something else. */
export function serviceOfAddress({ spec }: IPAddress): string | undefined {
  // Stored ones have been validated; those of strangers over the same store have not.
  const { group = '', resource, namespace = '', name }: Partial<ParentReference> = spec.parentRef ?? {};
  return group === '' && resource === 'services' && name !== undefined ? `${namespace}/${name}` : undefined;
}

/** Whether services get addresses from its ranges. One of which nobody has said anything is ready. */
export const isReadyCidr = ({ metadata, status }: ServiceCIDR): boolean =>
  metadata.deletionTimestamp === undefined && !(status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is !== 'True');

/** Whether the service holds the address, in whatever spelling. */
export const holdsAddress = ({ spec }: Service, ip: string): boolean => clusterIPsOf(spec).includes(ip);

export const isManagedAddress = ({ metadata }: IPAddress): boolean => metadata.labels?.[addressLabels.managedBy] === addressManager;

/** Whether a service may have the address by this range: not the first of a range, nor the last of IPv4, which mean the network itself. */
export function isWithin({ spec: { cidrs = [] } }: ServiceCIDR, ip: string): boolean {
  const address = parseIp(ip);
  return address !== undefined && cidrs.some((text) => {
    const cidr = Cidr.parse(text);
    return cidr !== undefined && cidr.contains(address) && address.value !== cidr.base && (cidr.family === 'IPv6' || address.value !== cidr.last);
  });
}

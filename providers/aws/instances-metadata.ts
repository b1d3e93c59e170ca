import type { Instance, InstanceNetworkInterface } from '@aws-sdk/client-ec2';
import type { InstanceAddress, InstanceMetadata } from '#core/spi/instances.ts';

/** The same place for every account, while zones' names differ between them. */
export const zoneIdLabel = 'topology.k8s.aws/zone-id';

export interface MetadataContext {
  readonly providerId: string;
  readonly region: string;
  /** '' where it is not known. */
  readonly zoneId: string;
}

export function metadataOf(instance: Instance, { providerId, region, zoneId }: MetadataContext): InstanceMetadata {
  return {
    providerId, region, instanceType: instance.InstanceType ?? '', zone: instance.Placement?.AvailabilityZone ?? '', addresses: addressesOf(instance),
    labels: zoneId === '' ? {} : { [zoneIdLabel]: zoneId },
  };
}

/** Internal ones of all interfaces, the first interface's first; then names, and what can be reached from outside. */
function addressesOf({ NetworkInterfaces = [], PrivateIpAddress, Ipv6Address, PublicIpAddress, PrivateDnsName, PublicDnsName }: Instance): readonly InstanceAddress[] {
  const interfaces = NetworkInterfaces.filter(({ Status = 'in-use' }) => Status === 'in-use').toSorted((a, b) => placeOf(a) - placeOf(b));
  const private4 = interfaces.flatMap(({ PrivateIpAddresses = [] }) => PrivateIpAddresses.toSorted((a, b) => Number(b.Primary) - Number(a.Primary)));
  const of = (type: InstanceAddress['type'], ...addresses: readonly (string | undefined)[]): readonly InstanceAddress[] =>
    [...new Set(addresses)].flatMap((address = '') => (address === '' ? [] : [{ type, address }]));
  return [
    ...of('InternalIP', ...(interfaces.length === 0 ? [PrivateIpAddress] : []), ...private4.map((one) => one.PrivateIpAddress),
      ...interfaces.flatMap(({ Ipv6Addresses = [] }) => Ipv6Addresses.map((one) => one.Ipv6Address)), Ipv6Address),
    ...of('ExternalIP', PublicIpAddress, ...private4.map(({ Association }) => Association?.PublicIp)),
    ...of('InternalDNS', PrivateDnsName), ...of('Hostname', PrivateDnsName), ...of('ExternalDNS', PublicDnsName),
  ];
}

const placeOf = ({ Attachment: { NetworkCardIndex = 0, DeviceIndex = 0 } = {} }: InstanceNetworkInterface): number => NetworkCardIndex * 1000 + DeviceIndex;

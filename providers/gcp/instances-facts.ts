import type { protos } from '@google-cloud/compute';
import { providerIdOf, type InstanceKey } from './instances-ids.ts';
import { regionOf } from './place.ts';
import type { InstanceAddress, InstanceAnswer } from '#core/spi/instances.ts';

/** As the vendor's clients give it. */
export type GceInstance = protos.google.cloud.compute.v1.IInstance;
type Interface = protos.google.cloud.compute.v1.INetworkInterface;

/** GKE's controllers say by it in which subnetwork a node is. */
const subnetLabel = 'cloud.google.com/gke-node-pool-subnet';

/** It does not run, and what is attached to it can be taken away. All others are on their way up or down, or run. */
const stopped = new Set(['TERMINATED', 'STOPPED', 'SUSPENDED']);

export const isStopped = ({ status }: GceInstance): boolean => stopped.has(String(status));

/** Where an instance of a list is. */
export function keyOf({ zone, name }: GceInstance): InstanceKey {
  return { zone: lastOf(zone), name: name ?? '' };
}

/** Whether the node's name is one that the instance has: its own, its host's, or one by which the network's DNS knows it. */
export function answersTo(instance: GceInstance, project: string, node: string): boolean {
  const { name = '', hostname } = instance;
  return node === name || node === hostname || node === zonalName(project, keyOf(instance)) || node === `${name}.c.${domainOf(project)}`;
}

export function answerOf(instance: GceInstance, project: string, key: InstanceKey): InstanceAnswer {
  const subnet = lastOf(instance.networkInterfaces?.[0]?.subnetwork);
  return {
    state: isStopped(instance) ? 'shut-down' : 'running',
    metadata: {
      providerId: providerIdOf(project, key), instanceType: lastOf(instance.machineType), zone: key.zone, region: regionOf(key.zone) ?? '',
      addresses: addressesOf(instance, project, key), labels: subnet === '' ? {} : { [subnetLabel]: subnet },
    },
  };
}

/** Of all interfaces in their order, IPv4 before IPv6; one that is on its way up may have none. */
function addressesOf({ networkInterfaces, hostname }: GceInstance, project: string, key: InstanceKey): readonly InstanceAddress[] {
  const found = (networkInterfaces ?? []).flatMap(addressesOfInterface);
  if (found.length === 0) return [];
  const isIpv6 = ({ address }: InstanceAddress): boolean => address.includes(':');
  const names: readonly InstanceAddress[] = hostname ? [{ type: 'InternalDNS', address: hostname }, { type: 'Hostname', address: hostname }] : [{ type: 'InternalDNS', address: zonalName(project, key) }];
  return [...found.filter((one) => !isIpv6(one)), ...found.filter(isIpv6), ...names];
}

function addressesOfInterface({ networkIP, accessConfigs, ipv6Address, ipv6AccessType, ipv6AccessConfigs }: Interface): readonly InstanceAddress[] {
  const external = (accessConfigs ?? []).map(({ natIP }) => natIP);
  // An address that the whole Internet reaches is the interface's only IPv6 address.
  const ipv6 = ipv6Address || (String(ipv6AccessType) === 'EXTERNAL' ? ipv6AccessConfigs?.[0]?.externalIpv6 : undefined);
  return [addressesAs('InternalIP', [networkIP]), addressesAs('ExternalIP', external), addressesAs('InternalIP', [ipv6])].flat();
}

const addressesAs = (type: InstanceAddress['type'], addresses: readonly (string | null | undefined)[]): readonly InstanceAddress[] => addresses.flatMap((address) => (address ? [{ type, address }] : []));

const zonalName = (project: string, { zone, name }: InstanceKey): string => `${name}.${zone}.c.${domainOf(project)}`;

/** That of a project of a domain, `example.com:p`, is `p.example.com.internal`. */
const domainOf = (project: string): string => `${project.split(':').toReversed().join('.')}.internal`;

export const lastOf = (link: string | null | undefined): string => (link ?? '').slice((link ?? '').lastIndexOf('/') + 1);

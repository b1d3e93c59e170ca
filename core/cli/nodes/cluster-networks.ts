import type { ClusterNetworks } from '#core/agent/node-agent-options.ts';
import { Cidr, ipText } from '#core/api/ip.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { bootstrapObject, type BootstrapObject } from '#core/spi/bootstrap-object.ts';

/** The name server has the tenth address of the services, as kubeadm has it. */
const dnsIndex = 10n;

/** @param serviceCidrs of which the name server takes an address each */
export function clusterNetworks(clusterCidrs: readonly string[], serviceCidrs: readonly string[]): ClusterNetworks {
  const clusterDns = serviceCidrs.flatMap((text) => {
    const cidr = Cidr.parse(text);
    return cidr === undefined || cidr.size <= dnsIndex + 1n ? [] : [ipText(cidr.nth(dnsIndex))];
  });
  return { clusterCidrs, serviceCidrs, clusterDns, clusterDomain: 'cluster.local' };
}

/** At these the service `kubernetes` is reached. */
export const firstAddresses = ({ serviceCidrs }: ClusterNetworks): string[] => serviceCidrs.flatMap((text) => {
  const cidr = Cidr.parse(text);
  return cidr === undefined || cidr.size < 2n ? [] : [ipText(cidr.nth(1n))];
});

/** Keeps the name server's address from being given to others. Each node answers at it itself, so no proxy has anything to do with it. */
export const nameService = ({ clusterDns }: ClusterNetworks): readonly BootstrapObject[] => (clusterDns.length === 0 ? [] : [bootstrapObject(Service, {
  metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS', 'service.kubernetes.io/service-proxy-name': 'keelson-dns' } },
  spec: {
    type: 'ClusterIP', clusterIP: clusterDns[0] ?? '',
    ports: [{ name: 'dns', protocol: 'UDP', port: 53, targetPort: 53 }, { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: 53 }],
  },
})]);

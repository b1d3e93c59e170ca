import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { sidecarsOf } from '#core/agent/pods/config/pod-containers.ts';
import type { PortMapping } from '#core/spi/network-plugin.ts';

const protocols = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

/** Ports of the node that lead into the pod. None for a pod in the node's own network: there its ports are the node's. */
export function portMappings(pod: Pod): readonly PortMapping[] {
  if (pod.spec.hostNetwork === true) return [];
  return [...pod.spec.containers, ...sidecarsOf(pod)].flatMap(({ ports = [] }) => ports.flatMap(({ hostPort = 0, containerPort, protocol = 'TCP', hostIP = '' }) =>
    (hostPort > 0 ? [{ hostPort, containerPort, protocol: protocols[protocol], ...(hostIP === '' ? {} : { hostIP }) }] : [])));
}

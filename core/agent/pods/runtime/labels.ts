import { createHash } from 'node:crypto';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import type { PortMapping, NetworkAttachment } from '#core/spi/network-plugin.ts';
import type { ContainerResources, RuntimeLabels, Sandbox } from '#core/spi/container-runtime.ts';

/** What is written on sandboxes and containers, so that an agent that starts again, or that never heard of the pod, knows how to end them. */
const names = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  grace: 'io.kubernetes.pod.terminationGracePeriod',
  containerName: 'io.kubernetes.container.name',
  hash: 'io.kubernetes.container.hash',
  resources: 'keelson.dev/container-resources',
  network: 'keelson.dev/pod-network',
  ports: 'keelson.dev/port-mappings',
} as const;

const defaultGraceSeconds = 30;

const podLabels = ({ metadata: { name, namespace, uid } }: Pod): RuntimeLabels => ({
  [names.podName]: name, [names.podNamespace]: namespace ?? '', [names.podUid]: uid,
});

export interface SandboxFacts {
  readonly usesPodNetwork: boolean;
  readonly portMappings: readonly PortMapping[];
}

export const sandboxLabels = (pod: Pod, { usesPodNetwork, portMappings }: SandboxFacts): RuntimeLabels => ({
  ...podLabels(pod),
  [names.grace]: String(pod.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds),
  [names.network]: String(usesPodNetwork),
  ...(portMappings.length === 0 ? {} : { [names.ports]: JSON.stringify(portMappings) }),
});

export const containerLabels = (pod: Pod, container: PodContainer, resources: ContainerResources): RuntimeLabels => ({
  ...podLabels(pod), [names.containerName]: container.name, [names.hash]: containerHash(container), [names.resources]: JSON.stringify(resources),
});

/** Changes when the container has to be made anew: with its name or image. */
export const containerHash = ({ name, image = '' }: PodContainer): string => createHash('sha256').update(`${name}\n${image}`).digest('hex').slice(0, 16);

export const isOutdated = (labels: RuntimeLabels, container: PodContainer): boolean => labels[names.hash] !== undefined && labels[names.hash] !== containerHash(container);

export const resourcesOf = (labels: RuntimeLabels): string | undefined => labels[names.resources];

/** Whether the network plugin gave the sandbox its network. One without the label is taken for such a one: a deletion too many does no harm. */
export const hasPodNetwork = ({ labels }: Sandbox): boolean => labels[names.network] !== 'false';

/** Milliseconds that the pod's containers have to end in. */
export function graceOf({ labels }: Sandbox): number {
  const seconds = Number(labels[names.grace] ?? defaultGraceSeconds);
  return 1000 * (Number.isFinite(seconds) && seconds >= 0 ? seconds : defaultGraceSeconds);
}

const interfaceName = 'eth0';

/** What the network plugin is asked about a sandbox: the same for adding and for deleting. */
export function attachmentOf(sandbox: Sandbox): NetworkAttachment {
  const { id, netns, pod, labels } = sandbox;
  return { containerId: id, ifName: interfaceName, pod, portMappings: portsOf(labels[names.ports]), ...(netns === undefined ? {} : { netns }) };
}

function portsOf(text: string | undefined): readonly PortMapping[] {
  if (text === undefined) return [];
  try {
    const ports: unknown = JSON.parse(text);
    return Array.isArray(ports) ? (ports as PortMapping[]) : [];
  } catch {
    // Somebody else's label of this name.
    return [];
  }
}

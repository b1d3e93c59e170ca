import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Container } from '#core/spi/container-runtime.ts';

/** Where to find what runs of a pod. The agent's server asks it; the pods' side of the agent knows. */
export interface PodDirectory {
  /** All pods that this agent runs, static ones too, with their present status. */
  pods(): readonly Pod[];
  /** By UID when given, else by name; undefined when the agent has no such pod. */
  pod(namespace: string, name: string, uid?: string): Pod | undefined;
  /**
   * The newest attempt of a container, or with `previous` the one before it. Undefined when there is none (it has not started, or was collected).
   * @throws {StatusError} when the pod has no container of that name
   */
  container(podUid: string, containerName: string, options: { readonly previous: boolean }, signal: AbortSignal): Promise<Container | undefined>;
  /** Path of the network namespace in which the pod's ports are; undefined for the node's own (`hostNetwork`). Rejects while it has none. */
  networkNamespace(podUid: string, signal: AbortSignal): Promise<string | undefined>;
}

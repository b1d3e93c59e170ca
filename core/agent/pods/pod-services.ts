import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import type { PodVolumes } from '#core/agent/volumes/pod-volumes.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { ContainerRuntime } from '#core/spi/container-runtime.ts';
import type { NetworkPlugin } from '#core/spi/network-plugin.ts';
import type { ResolverSettings } from '#core/api/resolver-settings.ts';
import type { RuntimeView } from './runtime/runtime-view.ts';
import type { Slots } from './slots.ts';

/** What the agent knows of its own node; it may change while pods run. */
export interface NodeFacts {
  readonly name: string;
  /** The Node object as the agent last saw or wrote it; undefined before that. */
  node(): Node | undefined;
  /** The node's `InternalIP` addresses, the primary one first. */
  hostIPs(): readonly string[];
  /** `cluster.local` */
  readonly clusterDomain: string;
  /** Addresses of the cluster's name server; empty where there is none. */
  clusterDns(): readonly string[];
  /** The node's own resolver settings and hosts file. */
  resolver(): Promise<ResolverSettings>;
  hostsFile(): Promise<string>;
}

/** Knows whether what NetworkPolicies say of a pod is in force. */
export interface PolicyGate {
  /** The pod has been given addresses, or has none any more. */
  changed(pod: Pod): void;
  /** Resolves when every policy that selects the pod holds for all of its addresses. It waits as long as that takes. */
  enforced(pod: Pod, signal: AbortSignal): Promise<void>;
}

/** What the parts of the pods' side work with. */
export interface PodServices {
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly network: NetworkPlugin;
  /** Undefined where the network enforces no policies. */
  readonly policies?: PolicyGate;
  readonly volumes: PodVolumes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  readonly node: NodeFacts;
  readonly view: RuntimeView;
  /** Services of the cluster, for variables; undefined until they are known. */
  services(): Iterable<Service> | undefined;
  /** Things that the runtime makes at the same time. */
  readonly making: Slots;
  /** The agent's own folder: each pod's files are in `pods/UID`. */
  readonly rootDir: string;
}

/** Milliseconds that the runtime has to answer to anything that does not wait for a program. */
export const runtimeTimeoutMs = 120_000;

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

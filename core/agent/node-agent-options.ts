import type { KeyPair } from '#core/agent/join/key-pair.ts';
import type { Machine } from '#core/agent/node/machine.ts';
import type { NodeSettings } from '#core/agent/node/settings.ts';
import type { Threshold } from '#core/agent/node/eviction/thresholds.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Informers } from '#core/reconcile/informer.ts';
import type { ContainerRuntime } from '#core/spi/container-runtime.ts';
import type { NameServer } from '#core/spi/name-server.ts';
import type { NetworkPlugin } from '#core/spi/network-plugin.ts';
import type { ServiceProxy } from '#core/spi/service-proxy.ts';
import type { NodeVolumeDriver, VolumeDriver } from '#core/spi/volume-driver.ts';

/** What a node is made of. */
export interface NodePlugins {
  readonly runtime: ContainerRuntime;
  readonly network: NetworkPlugin;
  /** Undefined on a node whose services somebody else forwards. */
  readonly proxy?: ServiceProxy;
  /** Undefined on a node where pods ask somewhere else. */
  readonly nameServer?: NameServer;
  readonly volumeDrivers: readonly NodeVolumeDriver[];
  /** For their aliases; none on a node without its cluster's controllers. */
  readonly controllerSides?: readonly Pick<VolumeDriver, 'name' | 'aliases'>[];
  /** What the plugins need to run: started before everything else. */
  readonly components: readonly Component[];
}

/** The cluster's networks, as pods see them. */
export interface ClusterNetworks {
  readonly clusterCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** Addresses of the cluster's name server; empty where there is none. */
  readonly clusterDns: readonly string[];
  /** `cluster.local` */
  readonly clusterDomain: string;
}

/** How the agent's server shows who it is. */
export type ServingIdentity =
  /** One that somebody else keeps good. */
  | { readonly pair: () => KeyPair }
  /** One that the cluster signs at the node's request; kept in this folder. The port is then a fixed one. */
  | { readonly certificateDir: string };

export interface NodeAgentOptions {
  readonly settings: NodeSettings;
  readonly networks: ClusterNetworks;
  readonly plugins: NodePlugins;
  /** With the rights of the node, or more. */
  readonly client: Client;
  /** Copies of the cluster's nodes, services and so on that somebody else runs; the agent runs its own when undefined. */
  readonly informers?: Informers;
  readonly serving: ServingIdentity;
  /** PEM of the authority that signs the certificates of the agent's callers. */
  readonly clientCa: string;
  /** Where the agent's server listens; everywhere by default. Its port is that of the settings. */
  readonly host?: string;
  readonly thresholds?: readonly Threshold[];
  /** Folder of pods that the node runs of its own accord. */
  readonly staticPods?: string;
  /** Port of kube-proxy's `/healthz`; nowhere when undefined. */
  readonly proxyHealthPort?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly machine?: Machine;
}

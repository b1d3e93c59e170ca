import { Node } from '#core/api/schema/core-v1/node.ts';
import type { Client } from '#core/client/client.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { NetworkPeer, NodeNetworkConfigurer } from '#core/spi/network-plugin.ts';
import type { Health } from './conditions.ts';

export interface NodeNetworkOptions {
  readonly nodeName: string;
  /** All nodes, not this one only. */
  readonly informers: Informers;
  readonly client: Client;
  readonly plugin: NodeNetworkConfigurer;
  readonly clusterCidrs: readonly string[];
  readonly logger: Logger;
  /** Told when the network has become ready, or is not any more. */
  readonly changed: () => void;
}

/** Where a node's network plugin writes for its peers how to reach it. */
export const tunnelAnnotation = 'network.keelson.dev/tunnel';

const own = 'own';
const peers = 'peers';
/** What others broke is repaired after so long. */
const repairMs = 60_000;

type State = NonNullable<Health['networkUnavailable']>;

/** Has the network plugin set up this node's side, by the ranges that the API gave it, and the ways to all other nodes. */
export class NodeNetworkController implements Controller {
  readonly name = 'node-network';
  readonly sources: readonly Source[];
  readonly #options: NodeNetworkOptions;
  readonly #nodes: Informer<Node>;
  #state: State = { status: 'True', reason: 'NoPodCIDR', message: 'The node has no range of pod addresses yet' };
  #configured = false;

  constructor(options: NodeNetworkOptions) {
    this.#options = options;
    this.#nodes = options.informers.for(Node);
    this.sources = [source(this.#nodes, (node, previous) => this.#keys(node, previous))];
  }

  /** The node's condition `NetworkUnavailable`; undefined when it is somebody else's. */
  get state(): State | undefined {
    return this.#options.plugin.hasRoutesElsewhere === true ? undefined : this.#state;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (key === own) return this.#configure(signal);
    // Routes to others stand on what `configure` makes.
    if (!this.#configured) return undefined;
    await this.#options.plugin.setPeers(this.#peers(), signal);
    return { requeueAfterMs: repairMs };
  }

  #keys(node: Node | undefined, previous: Node | undefined): string[] {
    const name = (node ?? previous)?.metadata.name;
    if (name === this.#options.nodeName) return node === undefined || previous === undefined || !deepEqual(rangesOf(node), rangesOf(previous)) || tunnelOf(node) !== tunnelOf(previous) ? [own] : [];
    return deepEqual(node && peerOf(node), previous && peerOf(previous)) ? [] : [peers];
  }

  async #configure(signal: AbortSignal): Promise<ReconcileResult | void> {
    const { nodeName, plugin, clusterCidrs, client } = this.#options;
    const node = this.#nodes.get(nodeName);
    // Ranges in use stay: a node that is gone for a moment comes back, perhaps with others.
    if (node === undefined || rangesOf(node).length === 0) return;
    let tunnel: string | undefined;
    try {
      ({ tunnel } = await plugin.configure({ nodeName, podCidrs: rangesOf(node), clusterCidrs }, signal));
    } catch (error) {
      if (!signal.aborted) this.#turn({ status: 'True', reason: 'NetworkNotConfigured', message: `The node's network could not be set up: ${error instanceof Error ? error.message : String(error)}` });
      throw error;
    }
    if (tunnel !== undefined && tunnel !== tunnelOf(node)) {
      await client.patch(Node, { name: nodeName }, { type: 'merge', document: { metadata: { uid: node.metadata.uid, annotations: { [tunnelAnnotation]: tunnel } } } }, {}, signal);
    }
    await plugin.setPeers(this.#peers(), signal);
    this.#configured = true;
    this.#turn({ status: 'False', reason: 'NetworkConfigured', message: `The node's network is set up for ${rangesOf(node).join(' and ')}` });
    return { requeueAfterMs: repairMs };
  }

  #peers(): NetworkPeer[] {
    return [...this.#nodes.values()].filter(({ metadata }) => metadata.name !== this.#options.nodeName).map(peerOf).filter(({ podCidrs, addresses }) => podCidrs.length > 0 && addresses.length > 0);
  }

  #turn(state: State): void {
    if (deepEqual(state, this.#state)) return;
    const level = state.status === 'True' ? 'warn' : 'info';
    this.#options.logger[level](`${state.message.charAt(0).toLowerCase()}${state.message.slice(1)}`, { node: this.#options.nodeName });
    this.#state = state;
    this.#options.changed();
  }
}

const rangesOf = ({ spec: { podCIDRs = [], podCIDR } }: Node): readonly string[] => (podCIDRs.length > 0 || !podCIDR ? podCIDRs : [podCIDR]);
const tunnelOf = ({ metadata: { annotations } }: Node): string | undefined => annotations?.[tunnelAnnotation];

function peerOf(node: Node): NetworkPeer {
  const tunnel = tunnelOf(node);
  return {
    nodeName: node.metadata.name, podCidrs: rangesOf(node), addresses: (node.status.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
    ...(tunnel === undefined ? {} : { tunnel }),
  };
}

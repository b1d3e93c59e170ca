import { Node } from '#core/api/schema/core-v1/node.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { NodeRanges, type NodeIpamSettings } from './node-ranges.ts';

export interface NodeIpamOptions extends NodeIpamSettings {
  readonly client: Client;
  readonly informers: Informers;
  readonly recorder: EventRecorder;
}

const pageSize = 500;
const rangesOf = ({ spec: { podCIDRs = [] } }: Node): readonly string[] => podCIDRs;

/**
 * Gives each node its ranges of pod addresses, once and for good. Before the first one that is given in a term of leadership all nodes are
 * read from the API: what a process before this one gave away may not be in the copy yet. Keys are nodes.
 */
export class NodeIpamController implements Controller {
  readonly name = 'node-ipam';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #recorder: EventRecorder;
  readonly #nodes: Informer<Node>;
  readonly #ranges: NodeRanges;
  /** Names of nodes for which there was no range. */
  readonly #waiting = new Set<string>();
  /** The term in which all nodes were read. */
  #term: AbortSignal | undefined;

  /** @throws {RangeError} when a range is none, or nothing can be cut out of it */
  constructor({ client, informers, recorder, ...settings }: NodeIpamOptions) {
    this.#client = client;
    this.#recorder = recorder;
    this.#ranges = new NodeRanges(settings);
    this.#nodes = informers.for(Node);
    this.sources = [source(this.#nodes, (node, previous) => this.#note(node, previous))];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const node = this.#nodes.get(name);
    this.#waiting.delete(name);
    if (node === undefined || rangesOf(node).length > 0) return;
    if (this.#term !== signal) {
      await this.#readAll(signal);
      this.#term = signal;
    }
    const podCIDRs = this.#ranges.reserve(node.metadata.uid);
    if (podCIDRs === undefined) {
      this.#waiting.add(name);
      this.#recorder.normal(node, 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
      return;
    }
    await this.#client.patch(Node, node.metadata, metadataPatch(node, {}, { spec: { podCIDR: podCIDRs[0], podCIDRs } }), {}, signal);
  }

  #note(node: Node | undefined, previous: Node | undefined): readonly string[] {
    if (node === undefined) {
      if (previous !== undefined) this.#ranges.release(previous.metadata.uid);
      return [...this.#waiting];
    }
    if (rangesOf(node).length === 0) return previous === undefined ? [node.metadata.name] : [];
    if (previous === undefined || rangesOf(previous).length === 0) this.#ranges.hold(node.metadata.uid, rangesOf(node));
    return [];
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const seen = new Set<string>();
    for (let from: string | undefined; from !== ''; ) {
      const { items, metadata } = await this.#client.list(Node, { limit: pageSize, continue: from }, signal);
      for (const node of items) {
        seen.add(node.metadata.uid);
        if (rangesOf(node).length > 0) this.#ranges.hold(node.metadata.uid, rangesOf(node));
      }
      from = metadata.continue ?? '';
    }
    // A node may have come to the copy since the list was made.
    for (const { metadata } of this.#nodes.values()) seen.add(metadata.uid);
    this.#ranges.releaseOthers(seen);
  }
}

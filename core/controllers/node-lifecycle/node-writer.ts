import { Node, type NodeCondition, type Taint } from '#core/api/schema/core-v1/node.ts';
import type { Client } from '#core/client/client.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Informer } from '#core/reconcile/informer.ts';

/** Writes nodes, each time only over the very version that was judged: whoever reported in between is not overwritten. */
export class NodeWriter {
  readonly #client: Client;
  readonly #own: OwnWrites<Node>;

  constructor(client: Client, nodes: Informer<Node>) {
    this.#client = client;
    this.#own = new OwnWrites(nodes);
  }

  /** The newest version that is known. */
  newest(node: Node): Node {
    return this.#own.newest(node);
  }

  async setTaints(node: Node, taints: readonly Taint[], signal: AbortSignal): Promise<Node> {
    return this.#own.note(await this.#client.patch(Node, node.metadata, metadataPatch(node, {}, { spec: { taints } }), {}, signal));
  }

  /** Conditions of other types stay as they are. */
  async setConditions(node: Node, conditions: readonly NodeCondition[], signal: AbortSignal): Promise<Node> {
    const { uid, resourceVersion } = node.metadata;
    const document = { metadata: { uid, resourceVersion }, status: { conditions } };
    return this.#own.note(await this.#client.patchStatus(Node, node.metadata, { type: 'strategic', document }, {}, signal));
  }
}

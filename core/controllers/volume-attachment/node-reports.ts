import { Node, type AttachedVolume } from '#core/api/schema/core-v1/node.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';

/** Volumes of drivers begin with it; what does not is somebody else's to report. */
const ours = 'kubernetes.io/csi/';

export interface NodeReportsParts {
  readonly client: Client;
  readonly nodes: Informer<Node>;
  /** The names of what the node has and may use. */
  readonly attached: (node: string) => readonly string[];
}

/**
 * Writes `status.volumesAttached` of nodes: only what stands there does an agent mount, and only after it has written it to `volumesInUse`. Each side
 * sees in the answer to its own write what the other had written before, so one of them always gives way. However many volumes of
 * a node change at once, one write goes out for them.
 */
export class NodeReports {
  readonly #parts: NodeReportsParts;
  readonly #written: OwnWrites<Node>;
  readonly #writes = new Map<string, SharedRun<Node | undefined>>();

  constructor(parts: NodeReportsParts) {
    this.#parts = parts;
    this.#written = new OwnWrites(parts.nodes);
  }

  newest(name: string): Node | undefined {
    const cached = this.#parts.nodes.get(name);
    return cached && this.#written.newest(cached);
  }

  /** Resolves once the node's status says what it has. */
  async publish(name: string, signal: AbortSignal): Promise<void> {
    const node = this.newest(name);
    if (node !== undefined && !deepEqual(node.status.volumesAttached ?? [], this.#list(name, node))) await this.write(name, signal);
  }

  /** The node as it stood when it was written; undefined when there is none. */
  async write(name: string, signal: AbortSignal): Promise<Node | undefined> {
    const shared = this.#writes.get(name) ?? new SharedRun(async () => this.#write(name, signal), () => this.#writes.delete(name));
    this.#writes.set(name, shared);
    return shared.run();
  }

  async #write(name: string, signal: AbortSignal): Promise<Node | undefined> {
    const node = this.newest(name);
    const volumesAttached = this.#list(name, node);
    // Another node of the same name has none of them.
    const same = node === undefined ? {} : { metadata: { uid: node.metadata.uid } };
    const document = { ...same, status: { volumesAttached: volumesAttached.length === 0 ? null : volumesAttached } };
    try {
      return this.#written.note(await this.#parts.client.patchStatus(Node, { name }, { type: 'merge', document }, {}, signal));
    } catch (error) {
      if (StatusError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  #list(name: string, node: Node | undefined): readonly AttachedVolume[] {
    const before = node?.status.volumesAttached ?? [];
    const known = new Map(before.map((volume) => [volume.name, volume]));
    const attached = this.#parts.attached(name).toSorted().map((volume) => known.get(volume) ?? { name: volume, devicePath: '' });
    return [...before.filter((volume) => !volume.name.startsWith(ours)), ...attached];
  }
}

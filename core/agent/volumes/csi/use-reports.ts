import { Node } from '#core/api/schema/core-v1/node.ts';
import type { StatusWriter } from '#core/client/client.ts';
import { UnattachedError } from '#core/agent/volumes/failures.ts';
import { orAborted } from '#core/kernel/or-aborted.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';

/**
 * Writes `status.volumesInUse` of this node before a volume is used, and soon after it is not. Who detaches writes `status.volumesAttached` first and then looks
 * at what is in use; we do it the other way round. So one of us always sees the other, and nothing is detached that is about to be mounted. However
 * many volumes are waiting, one write goes out for them.
 */
export class UseReports {
  readonly #write: SharedRun<ReadonlySet<string>>;
  readonly #confirmed = new Set<string>();

  constructor(client: StatusWriter, nodeName: string, inUse: () => readonly string[]) {
    this.#write = new SharedRun(async () => {
      const volumes = inUse();
      const document = { status: { volumesInUse: volumes.length === 0 ? null : volumes } };
      const { status } = await client.patchStatus(Node, { name: nodeName }, { type: 'merge', document });
      return new Set((status.volumesAttached ?? []).map(({ name }) => name));
    });
  }

  /** It was attached when it was first written down as in use, and has been in use since. */
  isConfirmed(volume: string): boolean {
    return this.#confirmed.has(volume);
  }

  /** Resolves when the volume may be used. @throws {UnattachedError} */
  async confirm(volume: string, signal: AbortSignal): Promise<void> {
    if (this.#confirmed.has(volume)) return;
    if (!(await orAborted(this.#write.run(), signal)).has(volume)) throw new UnattachedError('volume is not attached according to node status');
    this.#confirmed.add(volume);
  }

  /** It is in use no more. Nobody waits for the news: the node's own reports tell it too. */
  end(volume: string): void {
    this.#confirmed.delete(volume);
    this.#write.run().catch(() => undefined);
  }
}

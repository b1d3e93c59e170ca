import { isCompacted, isNoSpace } from './failures.ts';
import type { Members } from './members.ts';

/** The key of kube-apiserver for the same purpose: compacting concerns the whole cluster, so all who do it should take turns. */
const turnKey = 'compact_rev_key';
const target = { version: 0 };

/**
 * Of several API servers one compacts at a time: whoever moves the key on from where it was the last time. The others see that it has moved, and wait for
 * their next turn. When the one who did it is gone, another one's turn comes then.
 */
export class Compaction {
  readonly #members: Members;
  /** How often the key has been written, as far as this server knows. */
  #turn = 0;

  constructor(members: Members) {
    this.#members = members;
  }

  async open(): Promise<void> {
    const { kvs = [] } = await this.#members.call('Range', { key: turnKey }, { repeatable: true });
    this.#turn = kvs[0]?.version ?? 0;
  }

  /** False when it was somebody else's turn. */
  async compact(revision: number): Promise<boolean> {
    if (!await this.#takeTurn(revision)) return false;
    try {
      await this.#members.call('Compact', { revision, physical: false }, { repeatable: true });
    } catch (error) {
      if (!isCompacted(error)) throw error;
    }
    return true;
  }

  async #takeTurn(revision: number): Promise<boolean> {
    try {
      const { succeeded = false, responses = [] } = await this.#members.call('Txn', {
        compare: [{ key: turnKey, target: target.version, version: this.#turn }],
        success: [{ requestPut: { key: turnKey, value: String(revision) } }],
        failure: [{ requestRange: { key: turnKey } }],
      }, { repeatable: false });
      this.#turn = succeeded ? this.#turn + 1 : responses[0]?.responseRange?.kvs?.[0]?.version ?? 0;
      return succeeded;
    } catch (error) {
      // A full database takes no key, and needs compaction most.
      if (isNoSpace(error)) return true;
      throw error;
    }
  }
}

import { ProviderError } from '#core/spi/errors.ts';
import type { KeyWrite, KeyWriteResult } from '#core/spi/key-value-store.ts';
import { isNoSpace, toProviderError } from './failures.ts';
import type { Layout } from './layout.ts';
import type { Members } from './members.ts';
import type { Request, Response } from './messages.ts';
import type { SharedWatch } from './shared-watch.ts';

const target = { modRevision: 2 };

/** Conditional writes, each a transaction of its own: etcd gives all changes of a transaction one revision. */
export class Writes {
  readonly #members: Members;
  readonly #layout: Layout;
  readonly #shared: SharedWatch;

  constructor(members: Members, layout: Layout, shared: SharedWatch) {
    this.#members = members;
    this.#layout = layout;
    this.#shared = shared;
  }

  /** Resolves when the listeners know: of the write, or of what stood in its way. */
  async apply(write: KeyWrite): Promise<KeyWriteResult> {
    const { header, responses } = await this.#send(write, `cannot store ${JSON.stringify(write.key)}`);
    const revision = header?.revision ?? 0;
    const done = responses?.[0] ?? {};
    // A deletion that met nothing succeeds in etcd.
    if (done.responsePut || done.responseDeleteRange?.deleted) {
      await this.#confirmed(write.key, revision);
      return { applied: true, revision };
    }
    const current = this.#layout.keyValue(done.responseRange?.kvs?.[0]);
    await this.#shared.reach(current?.modRevision ?? revision, current !== undefined);
    return { applied: false, current };
  }

  async #confirmed(key: string, revision: number): Promise<void> {
    try {
      await this.#shared.reach(revision, true);
    } catch (error) {
      throw new ProviderError('Unknown', `${key} is stored at revision ${revision}, but the watch did not confirm it`, { cause: error });
    }
  }

  async #send(write: KeyWrite, what: string): Promise<Response<'Txn'>> {
    try {
      return await this.#members.call('Txn', transaction(this.#layout.toEtcd(write.key), write), { repeatable: false });
    } catch (error) {
      if (isNoSpace(error) && !await this.#leftNothing(write)) throw new ProviderError('Unknown', `${what}: etcd's database has reached its quota (alarm NOSPACE), perhaps with this write`, { cause: error });
      throw toProviderError(error, what, true);
    }
  }

  /** etcd may say that there is no room and store the write all the same, when it is the one that crosses the line. */
  async #leftNothing({ key, expected }: KeyWrite): Promise<boolean> {
    if (expected === undefined) return false;
    try {
      const { kvs = [] } = await this.#members.call('Range', { key: this.#layout.toEtcd(key), keysOnly: true }, { repeatable: true });
      return (kvs[0]?.modRevision ?? 0) === expected;
    } catch {
      return false;
    }
  }
}

function transaction(key: string, { value, expected }: KeyWrite): Request<'Txn'> {
  return {
    compare: expected === undefined ? [] : [{ key, target: target.modRevision, modRevision: expected }],
    success: [value === undefined ? { requestDeleteRange: { key } } : { requestPut: { key, value } }],
    failure: [{ requestRange: { key } }],
  };
}

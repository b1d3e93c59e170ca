import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import type { ClusterIdentity } from '#core/spi/cluster-identity.ts';
import type { Reader } from './client.ts';

/** Read once. */
export class NamespaceIdentity implements ClusterIdentity {
  readonly #reader: Reader;
  #uid: string | undefined;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  async uid(signal: AbortSignal): Promise<string> {
    this.#uid ??= (await this.#reader.get(Namespace, { name: 'kube-system' }, signal)).metadata.uid;
    return this.#uid;
  }
}

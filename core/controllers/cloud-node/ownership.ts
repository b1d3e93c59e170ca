import type { Node } from '#core/api/schema/core-v1/node.ts';
import { canTellOwnNames, type Instances } from '#core/spi/instances.ts';

export const uninitializedTaint = 'node.cloudprovider.kubernetes.io/uninitialized';
/** On a node without a provider id: the name of the provider whose it is. */
export const providerLabel = 'keelson.dev/provider';

/**
 * Whose a node is. A node with a provider id is that provider's whose prefix the id has, and nobody can claim it otherwise. One without an id that waits to be
 * initialised is
 *
 * 1. the provider's whose name is the value of the taint; the kubelet writes `true`, which names nobody,
 * 2. or the provider's that its label `keelson.dev/provider` names,
 * 3. or the one provider's that knows the name as its own,
 * 4. or, when there is one provider only that cannot tell by names, that one's: it finds the name among instances with the cluster's mark, or not.
 *
 * A taint or label that names a provider of another process makes the node that one's.
 */
export class Ownership {
  readonly #instances: readonly Instances[];

  /** @throws {Error} when the ids of two providers cannot be told apart */
  constructor(instances: readonly Instances[]) {
    for (const one of instances) {
      if (one.providerIdPrefix === '') throw new Error(`the provider ${one.provider} has no prefix for the ids of its instances`);
      const other = instances.find((candidate) => candidate !== one && (candidate.provider === one.provider || candidate.providerIdPrefix.startsWith(one.providerIdPrefix)));
      if (other !== undefined) throw new Error(`the instances of the providers ${one.provider} (${one.providerIdPrefix}) and ${other.provider} (${other.providerIdPrefix}) cannot be told apart`);
    }
    this.#instances = instances;
  }

  /** By the provider id alone: the only ground on which a node is ever deleted. */
  byId({ spec: { providerID = '' } }: Node): Instances | undefined {
    return this.#instances.find(({ providerIdPrefix }) => providerID.startsWith(providerIdPrefix));
  }

  /** Who initialises the node; undefined when it is somebody else's, or nobody knows. */
  of(node: Node): Instances | undefined {
    if ((node.spec.providerID ?? '') !== '') return this.byId(node);
    const named = namedOwner(node);
    if (named !== undefined) return this.#instances.find(({ provider }) => provider === named);
    const knowing = this.#instances.filter((one) => canTellOwnNames(one) && one.ownsName(node.metadata.name));
    if (knowing.length > 0) return knowing.length === 1 ? knowing[0] : undefined;
    const others = this.#instances.filter((one) => !canTellOwnNames(one));
    return others.length === 1 ? others[0] : undefined;
  }

  /** Nothing says whose the node is, though it waits for somebody. */
  isUnclear(node: Node): boolean {
    return (node.spec.providerID ?? '') === '' && namedOwner(node) === undefined && this.of(node) === undefined;
  }
}

export const isUninitialized = ({ spec: { taints = [] } }: Node): boolean => taints.some(({ key }) => key === uninitializedTaint);

function namedOwner({ spec: { taints = [] }, metadata: { labels } }: Node): string | undefined {
  const value = taints.find(({ key }) => key === uninitializedTaint)?.value ?? '';
  if (value !== '' && value !== 'true') return value;
  return labels?.[providerLabel];
}

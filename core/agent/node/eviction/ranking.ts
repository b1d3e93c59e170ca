import { Quantity } from '#core/api/quantity.ts';
import { podTotal } from '#core/api/quota/pod-usage.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { diskOf, memoryOf, type PodUse } from './pod-use.ts';
import type { Signal } from './thresholds.ts';

type Uses = ReadonlyMap<string, PodUse>;
type Order = (a: Pod, b: Pod) => number;

const requestOf = (pod: Pod, resource: string): bigint => (podTotal(pod, 'requests').get(resource) ?? new Quantity(0n)).value();
const useOf = (uses: Uses, { metadata }: Pod, of: (use: PodUse) => bigint): bigint | undefined => {
  const use = uses.get(metadata.uid);
  return use && of(use);
};

const trueFirst = (a: boolean, b: boolean): number => Number(b) - Number(a);
const largestFirst = (a: bigint, b: bigint): number => (a === b ? 0 : a > b ? -1 : 1);

/** Pods of which nothing is known go first. */
const exceedsRequest = (uses: Uses, resource: string, of: (use: PodUse) => bigint): Order => (a, b) => {
  const [useA, useB] = [useOf(uses, a, of), useOf(uses, b, of)];
  if (useA === undefined || useB === undefined) return trueFirst(useA === undefined, useB === undefined);
  return trueFirst(useA > requestOf(a, resource), useB > requestOf(b, resource));
};

const overRequest = (uses: Uses, resource: string, of: (use: PodUse) => bigint): Order => (a, b) => {
  const [useA, useB] = [useOf(uses, a, of), useOf(uses, b, of)];
  if (useA === undefined || useB === undefined) return trueFirst(useA === undefined, useB === undefined);
  return largestFirst(useA - requestOf(a, resource), useB - requestOf(b, resource));
};

const lowestPriority: Order = (a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0);
const mostProcesses = (uses: Uses): Order => (a, b) => (uses.get(b.metadata.uid)?.processes ?? 0) - (uses.get(a.metadata.uid)?.processes ?? 0);

/** In which order pods go when the node is short of something: those that use more than they asked for, then by priority, then by how much more. */
export function rank(pods: readonly Pod[], signal: Signal, uses: Uses): readonly Pod[] {
  const orders = ordersFor(signal, uses);
  return pods.toSorted((a, b) => {
    for (const order of orders) {
      const result = order(a, b);
      if (result !== 0) return result;
    }
    return 0;
  });
}

function ordersFor(signal: Signal, uses: Uses): readonly Order[] {
  if (signal === 'memory.available') return [exceedsRequest(uses, 'memory', memoryOf), lowestPriority, overRequest(uses, 'memory', memoryOf)];
  if (signal === 'pid.available') return [lowestPriority, mostProcesses(uses)];
  return [exceedsRequest(uses, 'ephemeral-storage', diskOf), lowestPriority, overRequest(uses, 'ephemeral-storage', diskOf)];
}

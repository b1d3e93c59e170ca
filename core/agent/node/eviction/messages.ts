import { Quantity } from '#core/api/quantity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { amountText, type Observations } from './observations.ts';
import type { ContainerUse, PodUse } from './pod-use.ts';
import { thresholdBytes, type Signal, type Threshold } from './thresholds.ts';

export const evictedReason = 'Evicted';

/** What pods take of what is short. */
export const resourceOf: Readonly<Record<Signal, string>> = {
  'memory.available': 'memory', 'nodefs.available': 'ephemeral-storage', 'imagefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes', 'imagefs.inodesFree': 'inodes', 'pid.available': 'pids',
};

/** Why a pod is evicted, as upstream says it. */
export function evictionMessage(pod: Pod, use: PodUse | undefined, { signal, value }: Threshold, observations: Observations): string {
  const resource = resourceOf[signal];
  const observed = observations.get(signal);
  const threshold = observed === undefined ? ''
    : `Threshold quantity: ${'quantity' in value ? value.quantity.toString() : amountText(signal, thresholdBytes(value, observed.capacity))}, available: ${amountText(signal, observed.available)}. `;
  return `The node was low on resource: ${resource}. ${threshold}${(use?.containers ?? []).map((container) => containerMessage(pod, container, resource)).join('')}`;
}

function containerMessage(pod: Pod, { name, memory, disk }: ContainerUse, resource: string): string {
  const used = resource === 'memory' ? memory : resource === 'ephemeral-storage' ? disk : undefined;
  const spec = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((one) => one.name === name);
  if (used === undefined || spec === undefined) return '';
  const request = Quantity.parse(spec.resources.requests?.[resource] ?? '0');
  if (used <= request.value()) return '';
  return `Container ${name} was using ${Quantity.ofBytes(used).toString()}, request is ${request.toString()}, has larger consumption of ${resource}. `;
}

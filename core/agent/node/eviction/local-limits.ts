import { Quantity } from '#core/api/quantity.ts';
import { podTotal } from '#core/api/quota/pod-usage.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { diskOf, type PodUse } from './pod-use.ts';

const storage = 'ephemeral-storage';

/** It says how much of the node's disk it may take. */
export const hasLocalLimits = (pod: Pod): boolean =>
  podTotal(pod, 'limits').has(storage) || (pod.spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined && emptyDir.medium !== 'Memory');

/** How a pod takes more of the node's disk than it may; undefined when it does not. */
export const limitExceeded = (pod: Pod, use: PodUse): string | undefined => volumeProblem(pod, use) ?? podProblem(pod, use) ?? containerProblem(pod, use);

const limitOf = (text: string | undefined): Quantity | undefined => {
  const limit = text === undefined ? undefined : Quantity.parse(text);
  return limit !== undefined && limit.nanos > 0n ? limit : undefined;
};

const isOver = (used: bigint | undefined, limit: Quantity): boolean => used !== undefined && used > limit.value();

function volumeProblem({ spec: { volumes = [] } }: Pod, use: PodUse): string | undefined {
  for (const { name, emptyDir } of volumes) {
    const limit = limitOf(emptyDir?.sizeLimit);
    if (limit !== undefined && isOver(use.volumes.get(name), limit)) return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit.toString()}". `;
  }
  return undefined;
}

function podProblem(pod: Pod, use: PodUse): string | undefined {
  const limit = podTotal(pod, 'limits').get(storage);
  return limit !== undefined && isOver(diskOf(use), limit) ? `Pod ephemeral local storage usage exceeds the total limit of containers ${limit.toString()}. ` : undefined;
}

function containerProblem({ spec }: Pod, use: PodUse): string | undefined {
  for (const { name, resources } of spec.containers) {
    const limit = limitOf(resources?.limits?.[storage]);
    const used = use.containers.find((one) => one.name === name)?.disk;
    if (limit !== undefined && isOver(used, limit)) return `Container ${name} exceeded its local ephemeral storage limit "${limit.toString()}". `;
  }
  return undefined;
}

import type { PodSpec } from '#core/api/schema/core-v1/pod.ts';
import { amountIn } from '#core/agent/pods/config/resource-field.ts';

const computed = ['cpu', 'memory'] as const;

/** The class of a pod that no API server has classed. */
export function qosClassOf({ containers, initContainers = [], resources: ofPod }: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all = ofPod === undefined ? [...containers, ...initContainers].map(({ resources }) => resources) : [ofPod];
  if (!all.some(({ requests, limits }) => computed.some((name) => amountIn(requests, name) ?? amountIn(limits, name)))) return 'BestEffort';
  const isGuaranteed = all.every(({ requests, limits }) => computed.every((name) => {
    const limit = amountIn(limits, name);
    return limit !== undefined && (amountIn(requests, name) ?? limit).nanos === limit.nanos;
  }));
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

import type { Container } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { ContainerResources } from '#core/spi/container-runtime.ts';
import { isSidecar, type PodContainer } from './pod-containers.ts';
import { amountIn, type Amounts } from './resource-field.ts';

const millis = 1_000_000n;
const [fewestShares, mostShares, sharesPerCpu] = [2, 262_144, 1024];
const period = 100_000;
const smallestQuota = 1000;
/** Pods that the node itself depends on. */
const nodeCritical = 2_000_001_000;
const guaranteed = -997;

const milliCpu = (amounts: Amounts): number | undefined => {
  const amount = amountIn(amounts, 'cpu');
  return amount === undefined ? undefined : Number((amount.nanos + millis - 1n) / millis);
};

const bytes = (amounts: Amounts): number | undefined => {
  const amount = amountIn(amounts, 'memory');
  return amount === undefined ? undefined : Number(amount.value());
};

/** Who is killed first when the node's memory runs out: pods without requests; of the others, those that use more than they asked for. */
function oomScore(pod: Pod, container: PodContainer, memoryCapacity: number): number {
  const { qosClass = 'BestEffort' } = pod.status ?? {};
  if ((pod.spec.priority ?? 0) >= nodeCritical || qosClass === 'Guaranteed') return guaranteed;
  if (qosClass === 'BestEffort') return 1000;
  const request = bytes(container.resources?.requests) ?? 0;
  const score = 1000 - Math.floor((1000 * request) / Math.max(1, memoryCapacity));
  const own = Math.min(999, Math.max(1000 + guaranteed, score));
  if (!isSidecar(container)) return own;
  // A sidecar is not killed before what it serves.
  return Math.min(own, ...pod.spec.containers.map((served: Container) => oomScore(pod, served, memoryCapacity)));
}

/** A container's cgroup limits. @param memoryCapacity the node's, in bytes */
export function containerResources(pod: Pod, container: PodContainer, memoryCapacity: number): ContainerResources {
  const { limits, requests } = container.resources ?? {};
  // What the whole pod may use, each of its containers may.
  const ofPod = pod.spec.resources?.limits;
  const limit = milliCpu(limits) ?? milliCpu(ofPod);
  const memoryLimit = bytes(limits) ?? bytes(ofPod);
  const shares = Math.floor(((milliCpu(requests) ?? milliCpu(limits) ?? 0) * sharesPerCpu) / 1000);
  return {
    cpuShares: Math.min(mostShares, Math.max(fewestShares, shares)),
    ...(limit === undefined ? {} : { cpuPeriod: period, cpuQuota: Math.max(smallestQuota, Math.floor((limit * period) / 1000)) }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    oomScoreAdj: oomScore(pod, container, memoryCapacity),
  };
}

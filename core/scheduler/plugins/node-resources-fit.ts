import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { requestsOf } from '#core/scheduler/model/pod-requests.ts';
import { Resources } from '#core/scheduler/model/resources.ts';
import { highestScore, unresolvable, unschedulable, type FilterPlugin, type ScorePlugin, type Verdict } from '#core/scheduler/plugin.ts';

/** Whether emptier or fuller nodes are preferred: to spread load, or to need few nodes. */
export type ResourceStrategy = 'LeastAllocated' | 'MostAllocated';

const names = ['cpu', 'memory', 'ephemeral-storage'] as const;

/** Verdicts by what is missing, one bit each: there are few, and in a full cluster every node gets one for every pod. */
const verdicts: Verdict[] = [];
const missing = ['Too many pods', ...names.map((name) => `Insufficient ${name}`)] as const;

/** @param emptiable whether the node would have what it lacks if all pods were gone */
function known(bits: number, emptiable: boolean): Verdict {
  const reasons = (): string[] => missing.filter((_, i) => (bits & (1 << i)) !== 0);
  return (verdicts[2 * bits + (emptiable ? 1 : 0)] ??= emptiable ? unschedulable(...reasons()) : unresolvable(...reasons()));
}

function verdictOf(total: Resources, { allocatable, requested, pods, mostPods }: NodeInfo): Verdict {
  let bits = pods.size + 1 > mostPods ? 1 : 0;
  let emptiable = true;
  const lacks = (wanted: number, has: number, used: number): boolean => {
    if (wanted === 0 || wanted <= has - used) return false;
    if (wanted > has) emptiable = false;
    return true;
  };
  if (lacks(total.cpu, allocatable.cpu, requested.cpu)) bits |= 2;
  if (lacks(total.memory, allocatable.memory, requested.memory)) bits |= 4;
  if (lacks(total.storage, allocatable.storage, requested.storage)) bits |= 8;
  const others = [...(total.others ?? [])].filter(([name, wanted]) => lacks(wanted, allocatable.get(name), requested.get(name))).map(([name]) => `Insufficient ${name}`);
  const verdict = known(bits, emptiable);
  return others.length === 0 ? verdict : { ...verdict, reasons: [...verdict.reasons, ...others] };
}

function fits(total: Resources, { allocatable, requested, pods, mostPods }: NodeInfo): boolean {
  if (pods.size + 1 > mostPods) return false;
  if (total.cpu > 0 && total.cpu > allocatable.cpu - requested.cpu) return false;
  if (total.memory > 0 && total.memory > allocatable.memory - requested.memory) return false;
  if (total.storage > 0 && total.storage > allocatable.storage - requested.storage) return false;
  if (total.others === undefined) return true;
  for (const [name, wanted] of total.others) if (wanted > 0 && wanted > allocatable.get(name) - requested.get(name)) return false;
  return true;
}

/** Whether the change of a node's resources, or the node that was added, could make room. */
function nodeHelps(pod: PodInfo, node: Node, previous: Node | undefined): boolean {
  const now = Resources.of(node.status?.allocatable);
  const before = Resources.of(previous?.status?.allocatable);
  const { total } = pod.requests;
  const wanted = [...names, ...(total.others?.keys() ?? [])].filter((name) => total.get(name) > 0);
  if (wanted.some((name) => total.get(name) > now.get(name))) return false;
  return previous === undefined || ['pods', ...wanted].some((name) => now.get(name) > before.get(name));
}

function shrank(pod: PodInfo, now: Pod, before: Pod): boolean {
  const [next, last] = [requestsOf(now).total, requestsOf(before).total];
  return [...names, ...(pod.requests.total.others?.keys() ?? [])].some((name) => pod.requests.total.get(name) > 0 && next.get(name) < last.get(name));
}

/** Room on the node for what the pod requests, by what the pods there request. */
export const nodeResourcesFit = (strategy: ResourceStrategy = 'LeastAllocated'): FilterPlugin & ScorePlugin => ({
  name: 'NodeResourcesFit',
  weight: 1,
  wakes: [
    { on: ['node/add', 'node/allocatable'], helps: (pod, { object, previous }) => nodeHelps(pod, object as Node, previous as Node | undefined) },
    // Every pod that goes leaves its place among the node's pods.
    { on: ['pod/delete'] },
    { on: ['pod/scale-down'], helps: (pod, { object, previous }) => previous === undefined || shrank(pod, object as Pod, previous as Pod) },
    { on: ['own/scale-down'] },
  ],
  filter(pod) {
    const { total } = pod.requests;
    return { check: (node) => (fits(total, node) ? undefined : verdictOf(total, node)) };
  },
  score({ requests: { guessedCpu, guessedMemory } }, nodes) {
    const score = strategy === 'LeastAllocated' ? emptiness : fullness;
    return nodes.map(({ allocatable, guessedCpu: cpu, guessedMemory: memory }) => {
      let sum = 0;
      let count = 0;
      if (allocatable.cpu > 0) {
        sum += score(cpu + guessedCpu, allocatable.cpu);
        count++;
      }
      if (allocatable.memory > 0) {
        sum += score(memory + guessedMemory, allocatable.memory);
        count++;
      }
      return count === 0 ? 0 : Math.floor(sum / count);
    });
  },
});

const emptiness = (used: number, capacity: number): number => (used > capacity ? 0 : Math.floor(((capacity - used) * highestScore) / capacity));
const fullness = (used: number, capacity: number): number => Math.floor((Math.min(used, capacity) * highestScore) / capacity);

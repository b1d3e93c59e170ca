import type { PodStatus } from '#core/api/schema/core-v1/pod.ts';
import { isTerminal } from '#core/agent/pods/pod-state.ts';
import { readySandbox } from '#core/agent/pods/runtime/snapshot.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { podConditions } from './conditions.ts';
import { containerStatuses, type StatusFacts } from './container-statuses.ts';
import { phaseOf, type Phase } from './phase.ts';

/** All that a node agent says of a pod. Fields that it says nothing of are undefined. */
export function podStatus(facts: StatusFacts, hostIPs: readonly string[]): PodStatus {
  const { state, now } = facts;
  const { pod, status: before, ending } = state;
  const statuses = containerStatuses(facts);
  const { podIPs, hasNetwork } = networkOf(facts);
  const phase = phaseNow(facts, phaseOf(pod, statuses, ending !== undefined));
  const { reason, message } = ending?.verdict ?? {};
  return {
    observedGeneration: pod.metadata.generation,
    phase,
    conditions: podConditions({ pod, statuses, phase, hasNetwork, before: before.conditions ?? [], now, resizeRefusal: state.resizeRefusal, disruption: ending?.verdict?.isDisruption === true ? message : undefined }),
    reason,
    message,
    hostIP: hostIPs[0],
    hostIPs: listed(hostIPs.map((ip) => ({ ip }))),
    podIP: podIPs[0],
    podIPs: listed(podIPs.map((ip) => ({ ip }))),
    startTime: before.startTime ?? rfc3339(now),
    qosClass: pod.status?.qosClass,
    initContainerStatuses: listed(statuses.init),
    containerStatuses: listed(statuses.main),
    ephemeralContainerStatuses: listed(statuses.ephemeral),
  };
}

const listed = <T>(items: T[]): T[] | undefined => (items.length === 0 ? undefined : items);

/** Its addresses stay in its status when it has ended. */
function networkOf({ state, runtime }: StatusFacts): { readonly podIPs: readonly string[]; readonly hasNetwork: boolean } {
  const sandbox = readySandbox(runtime);
  const addresses = sandbox && state.addresses.get(sandbox.id);
  return { podIPs: addresses ?? (state.status.podIPs ?? []).map(({ ip }) => ip), hasNetwork: addresses !== undefined && !state.disconnected.has(sandbox?.id ?? '') };
}

/** A pod that ended stays as it ended; one that is being ended has its last phase only when nothing of it runs. */
function phaseNow({ state, runtime }: StatusFacts, phase: Phase): Phase {
  const { status: before, ending } = state;
  if (isTerminal(before)) return before.phase as Phase;
  const runs = runtime.containers.some((container) => container.state === 'Running');
  return ending?.verdict === undefined || runs ? phase : ending.verdict.phase;
}

import type { NodeCondition } from '#core/api/schema/core-v1/node.ts';
import { rfc3339 } from '#core/kernel/clock.ts';

export interface Pressures {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly pid: boolean;
}

/** What the node's conditions say, by what was found. */
export interface Health {
  /** Why no pod can be run; none when the node is ready. */
  readonly problems: readonly string[];
  readonly pressures: Pressures;
  /** For a network that the agent sets up itself; undefined when somebody else looks after that condition. */
  readonly networkUnavailable?: { readonly status: 'True' | 'False'; readonly reason: NetworkReason; readonly message: string };
}

export type NetworkReason = 'NoPodCIDR' | 'NetworkNotConfigured' | 'NetworkConfigured';

type State = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

const memoryPressure = (isPressed: boolean): State => (isPressed
  ? { type: 'MemoryPressure', status: 'True', reason: 'KubeletHasInsufficientMemory', message: 'kubelet has insufficient memory available' }
  : { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' });
const diskPressure = (isPressed: boolean): State => (isPressed
  ? { type: 'DiskPressure', status: 'True', reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' }
  : { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' });
const pidPressure = (isPressed: boolean): State => (isPressed
  ? { type: 'PIDPressure', status: 'True', reason: 'KubeletHasInsufficientPID', message: 'kubelet has insufficient PID available' }
  : { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' });

function ready(problems: readonly string[]): State {
  if (problems.length === 0) return { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' };
  return { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: problems.length === 1 ? `${problems[0]}` : `[${problems.join(', ')}]` };
}

/** By which the agent's word about the network is told from a route controller's. */
const networkReasons: ReadonlySet<string> = new Set(['NoPodCIDR', 'NetworkNotConfigured', 'NetworkConfigured'] satisfies NetworkReason[]);

/** All conditions of the node: those that are the agent's as they are now, those of others as they were. What the agent said of another network before it was started anew is gone. */
export function conditionsOf(known: readonly NodeCondition[], { problems, pressures, networkUnavailable }: Health, now: number): NodeCondition[] {
  const states = [
    ...(networkUnavailable === undefined ? [] : [{ type: 'NetworkUnavailable', ...networkUnavailable }]),
    memoryPressure(pressures.memory), diskPressure(pressures.disk), pidPressure(pressures.pid), ready(problems),
  ];
  const time = rfc3339(now);
  const own = states.map((state): NodeCondition => {
    const before = known.find(({ type }) => type === state.type);
    const since = before?.status === state.status ? before.lastTransitionTime : undefined;
    return { ...state, lastHeartbeatTime: time, lastTransitionTime: since ?? time };
  });
  return [...known.filter(({ type, reason = '' }) => !own.some((one) => one.type === type) && !(type === 'NetworkUnavailable' && networkReasons.has(reason))), ...own];
}

/** The event that tells of a condition's turn. */
const events: Readonly<Record<string, string>> = {
  'Ready True': 'NodeReady', 'Ready False': 'NodeNotReady',
  'MemoryPressure True': 'NodeHasInsufficientMemory', 'MemoryPressure False': 'NodeHasSufficientMemory',
  'DiskPressure True': 'NodeHasDiskPressure', 'DiskPressure False': 'NodeHasNoDiskPressure',
  'PIDPressure True': 'NodeHasInsufficientPID', 'PIDPressure False': 'NodeHasSufficientPID',
};

/** A node that is new is not ready yet; that is no turn. */
export const turnsOf = (before: readonly NodeCondition[], after: readonly NodeCondition[]): readonly string[] => after.flatMap(({ type, status }) => {
  const event = events[`${type} ${status}`];
  const known = before.find((one) => one.type === type);
  return event === undefined || known?.status === status || (known === undefined && event === 'NodeNotReady') ? [] : [event];
});

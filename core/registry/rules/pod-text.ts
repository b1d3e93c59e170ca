import type { ContainerStatus } from '#core/api/schema/core-v1/container-status.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { humanDuration } from '#core/registry/age.ts';

/** Names of the init containers that keep running beside the others. */
const sidecarsOf = ({ spec }: Pod): ReadonlySet<string> =>
  new Set(spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name));
const hasCondition = ({ status }: Pod, type: string): boolean =>
  status.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;

interface Progress {
  /** Shown in the Status column unless something below changes it. */
  reason: string;
  ready: number;
  /** An init container has not done its work. */
  initializing: boolean;
}

/** What an unfinished init container says of itself; undefined when it is done or runs as a sidecar should. */
function initReason({ state, started }: ContainerStatus, isSidecar: boolean, progress: string): string | undefined {
  const { terminated, waiting } = state;
  if (terminated?.exitCode === 0) return undefined;
  if (isSidecar && started === true) return undefined;
  if (terminated !== undefined) return `Init:${endReason(terminated)}`;
  const { reason = '' } = waiting ?? {};
  if (reason !== '' && reason !== 'PodInitializing') return `Init:${reason}`;
  return `Init:${progress}`;
}

function endReason({ reason = '', signal = 0, exitCode }: NonNullable<ContainerStatus['state']['terminated']>): string {
  if (reason !== '') return reason;
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`;
}

function initProgress(pod: Pod, progress: Progress): void {
  const sidecars = sidecarsOf(pod);
  for (const [i, status] of (pod.status.initContainerStatuses ?? []).entries()) {
    const reason = initReason(status, sidecars.has(status.name), `${i}/${(pod.spec.initContainers ?? []).length}`);
    if (reason !== undefined) {
      progress.reason = reason;
      progress.initializing = true;
      return;
    }
    if (status.state.terminated === undefined && status.ready) progress.ready++;
  }
}

/** Why a container does not run, if it says. */
const stopReason = ({ waiting, terminated }: ContainerStatus['state']): string =>
  (waiting?.reason ?? '') || (terminated === undefined ? '' : endReason(terminated));

function mainProgress(pod: Pod, progress: Progress): void {
  const statuses = pod.status.containerStatuses ?? [];
  const running = statuses.filter(({ state, ready }) => stopReason(state) === '' && ready && state.running !== undefined).length;
  progress.ready += running;
  // The first container that has something to say wins.
  progress.reason = statuses.map(({ state }) => stopReason(state)).find((reason) => reason !== '') ?? progress.reason;
  if (progress.reason === 'Completed' && running > 0) progress.reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady';
}

function progressOf(pod: Pod): Progress {
  const { status } = pod;
  const gated = status.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated') === true;
  const progress: Progress = { reason: gated ? 'SchedulingGated' : (status.reason ?? '') || (status.phase ?? ''), ready: 0, initializing: false };
  initProgress(pod, progress);
  if (!progress.initializing || hasCondition(pod, 'Initialized')) mainProgress(pod, progress);
  return progress;
}

export function podStatusText(pod: Pod): string {
  const { status, metadata } = pod;
  if (metadata.deletionTimestamp === undefined) return progressOf(pod).reason;
  if (status.reason === 'NodeLost') return 'Unknown';
  return status.phase === 'Failed' || status.phase === 'Succeeded' ? progressOf(pod).reason : 'Terminating';
}

export function podReadyText(pod: Pod): string {
  return `${progressOf(pod).ready}/${pod.spec.containers.length + sidecarsOf(pod).size}`;
}

/** `0`, or `3 (5m ago)` with the time since the last restart. */
export function podRestartsText(pod: Pod, now: number): string {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status;
  const { initializing } = progressOf(pod);
  const sidecars = sidecarsOf(pod);
  const early = initializing && !hasCondition(pod, 'Initialized');
  const counted = early ? initContainerStatuses : [...initContainerStatuses.filter(({ name }) => sidecars.has(name)), ...containerStatuses];
  const restarts = counted.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const last = counted.reduce((latest, { lastState }) => Math.max(latest, Date.parse(lastState.terminated?.finishedAt ?? '') || 0), 0);
  return restarts === 0 || last === 0 ? `${restarts}` : `${restarts} (${humanDuration(now - last)} ago)`;
}

export function readinessGatesText({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const met = new Set(status.conditions?.filter((condition) => condition.status === 'True').map(({ type }) => type));
  const passed = gates.filter(({ conditionType }) => met.has(conditionType));
  return `${passed.length}/${gates.length}`;
}

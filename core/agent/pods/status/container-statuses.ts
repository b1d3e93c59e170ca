import type { ContainerState, ContainerStateWaiting, ContainerStatus } from '#core/api/schema/core-v1/container-status.ts';
import { exitCodeOf, hasEnded, restartsAfter } from '#core/agent/pods/actions/restart-policy.ts';
import { isSidecar, type PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import type { ProbeResults } from '#core/agent/pods/probes/probe-results.ts';
import { isRunning, newest, previous, type PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import type { Container } from '#core/spi/container-runtime.ts';
import { containerIdText, stateOf, terminated, vanished } from './container-state.ts';

export interface StatusFacts {
  readonly state: PodState;
  readonly runtime: PodOnRuntime;
  readonly health: ProbeResults;
  readonly runtimeName: string;
  readonly now: number;
}

export interface ContainerStatuses {
  readonly init: ContainerStatus[];
  readonly main: ContainerStatus[];
  readonly ephemeral: ContainerStatus[];
}

/** How each container stands, by the runtime, and where that has nothing, by what was last said. */
export function containerStatuses(facts: StatusFacts): ContainerStatuses {
  const { pod, status, isAccepted, ending } = facts.state;
  // Of a pod that was refused there is nothing to say, and its reason is what people shall see.
  if (!isAccepted && ending !== undefined) return { init: [], main: [], ephemeral: [] };
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  const all = (specs: readonly PodContainer[], before: readonly ContainerStatus[] = [], waiting = 'ContainerCreating', isInit = false): ContainerStatus[] =>
    specs.map((container) => statusOf(container, facts, { before: before.find(({ name }) => name === container.name), waiting, isInit }));
  return {
    init: all(initContainers, status.initContainerStatuses, 'PodInitializing', true),
    main: all(containers, status.containerStatuses, initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating'),
    ephemeral: all(ephemeralContainers, status.ephemeralContainerStatuses),
  };
}

interface Before {
  readonly before: ContainerStatus | undefined;
  /** Why it waits when nothing has happened yet. */
  readonly waiting: string;
  readonly isInit: boolean;
}

function statusOf(container: PodContainer, facts: StatusFacts, { before, waiting, isInit }: Before): ContainerStatus {
  const last = newest(facts.runtime, container.name);
  const standing = last === undefined ? withoutContainer(facts, container, before, waiting) : withContainer(facts, container, last, before);
  const started = last?.state === 'Running' && (container.startupProbe === undefined || facts.health.of(last.id).startup === 'Success');
  return {
    name: container.name,
    ...standing,
    ready: isReady(container, facts, { last, started, isInit }),
    ...(last === undefined ? identityBefore(container, before) : identity(last, facts.runtimeName)),
    started,
    ...(last?.state === 'Running' ? inForce(facts.state.granted.get(container.name) ?? container.resources) : {}),
    ...mountsOf(container),
  };
}

type Identity = Pick<ContainerStatus, 'restartCount' | 'image' | 'imageID' | 'containerID'>;

const identity = ({ attempt, image, imageId, id }: Container, runtimeName: string): Identity =>
  ({ restartCount: attempt, image, imageID: imageId, containerID: containerIdText(runtimeName, id) });

const identityBefore = ({ image = '' }: PodContainer, before: ContainerStatus | undefined): Identity =>
  ({ restartCount: before?.restartCount ?? 0, image, imageID: before?.imageID ?? '', containerID: before?.containerID });

interface Standing {
  readonly state: ContainerState;
  readonly lastState: ContainerState;
}

function withContainer({ state, runtime, runtimeName }: StatusFacts, container: PodContainer, last: Container, before: ContainerStatus | undefined): Standing {
  const words = (one: Container): string => state.lastWords.get(one.id) ?? '';
  const earlier = previous(runtime, container.name);
  const kept = earlier === undefined ? before?.lastState ?? {} : { terminated: terminated(earlier, words(earlier), runtimeName) };
  const waiting = last.state === 'Running' || state.ending !== undefined ? undefined : waitingOf(state, container, last);
  if (waiting === undefined) return { state: stateOf(last, words(last), runtimeName), lastState: kept };
  return { state: { waiting }, lastState: hasEnded(last) ? { terminated: terminated(last, words(last), runtimeName) } : kept };
}

/** For what it waits that will be started again. One that the agent ended to make it anew has not ended for the API, where it may not come back from that. */
function waitingOf({ pod, failures, replaced }: PodState, container: PodContainer, last: Container): ContainerStateWaiting | undefined {
  const failure = failures.get(container.name);
  if (failure !== undefined) return { reason: failure.reason, message: failure.message };
  return replaced.has(last.id) && !restartsAfter(pod, container, last) ? { reason: 'ContainerCreating' } : undefined;
}

/** Nothing was made of it yet, or somebody took it away. */
function withoutContainer({ state, runtime, now }: StatusFacts, { name }: PodContainer, before: ContainerStatus | undefined, reason: string): Standing {
  const failure = state.failures.get(name);
  const waiting: ContainerState = { waiting: failure === undefined ? { reason } : { reason: failure.reason, message: failure.message } };
  const isOver = state.ending !== undefined && !runtime.containers.some(isRunning);
  if (before === undefined) return { state: isOver ? { terminated: vanished(undefined, now) } : waiting, lastState: {} };
  const isLost = before.state.running !== undefined || (isOver && before.state.terminated === undefined);
  const ended = isLost ? vanished(before.containerID, now) : before.state.terminated;
  if (ended === undefined) return { state: waiting, lastState: before.lastState };
  return state.ending === undefined ? { state: waiting, lastState: { terminated: ended } } : { state: { terminated: ended }, lastState: before.lastState };
}

function isReady(container: PodContainer, { health }: StatusFacts, { last, started, isInit }: { last: Container | undefined; started: boolean; isInit: boolean }): boolean {
  if (last === undefined) return false;
  if (isInit && !isSidecar(container)) return hasEnded(last) && exitCodeOf(last) === 0;
  return last.state === 'Running' && started && (container.readinessProbe === undefined || health.of(last.id).readiness === 'Success');
}

const inForce = ({ limits, requests }: PodContainer['resources']): Pick<ContainerStatus, 'resources' | 'allocatedResources'> => ({ resources: { limits, requests }, allocatedResources: requests });

function mountsOf({ volumeMounts = [] }: PodContainer): Pick<ContainerStatus, 'volumeMounts'> {
  if (volumeMounts.length === 0) return {};
  return {
    volumeMounts: volumeMounts.map(({ name, mountPath, readOnly = false }) => ({ name, mountPath, ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}) })),
  };
}

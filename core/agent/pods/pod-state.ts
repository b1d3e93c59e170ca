import type { Pod, PodStatus } from '#core/api/schema/core-v1/pod.ts';
import type { PodContainer } from './config/pod-containers.ts';
import type { SeenSources } from './config/env-sources.ts';
import type { StartFailure } from './config/start-failure.ts';
import type { Sandbox } from '#core/spi/container-runtime.ts';

/** Where a pod came from. */
export type PodSource = 'api' | 'file';

/** Why a pod's containers have to end. */
export interface Ending {
  /** When the last of them is killed: milliseconds since the epoch. */
  deadline: number;
  /** Of what its containers were allowed, in milliseconds. */
  graceMs: number;
  /** What its status says when it ends by itself or by the agent, not because somebody deleted it. */
  readonly verdict?: Verdict;
}

/** A phase that the containers' states do not tell. */
export interface Verdict {
  readonly phase: 'Failed' | 'Succeeded';
  readonly reason?: string;
  readonly message?: string;
  /** The pod is a victim of the node's pressure: told as the condition `DisruptionTarget`. */
  readonly isDisruption?: boolean;
}

/**
 * What the agent remembers of a pod between two looks at it. All of it can be lost: the runtime, the disk and the API say the rest.
 */
export interface PodState {
  readonly uid: string;
  /** The newest that its source said. */
  pod: Pod;
  readonly source: PodSource;
  /** Its source does not have it any more. */
  isRemoved: boolean;
  ending: Ending | undefined;
  /** The agent took it in: it fits the node. */
  isAccepted: boolean;
  /** Addresses by sandbox, as the network plugin gave them. */
  readonly addresses: Map<string, readonly string[]>;
  /** Sandboxes to which the network was asked to give something that it has not been asked to take back. */
  readonly connected: Map<string, Sandbox>;
  /** Sandboxes whose network has been deleted. */
  readonly disconnected: Set<string>;
  /** When its network was last looked at: milliseconds since the epoch. */
  networkCheckedAt?: number;
  /** Why containers could not be started, by name. */
  readonly failures: Map<string, StartFailure>;
  /** When they are tried again: milliseconds since the epoch. */
  readonly retryAt: Map<string, number>;
  /** Containers whose preStop hook has been run. */
  readonly preStopped: Set<string>;
  /** Containers that were ended to be made anew. */
  readonly replaced: Set<string>;
  /** Containers of which the pod's author has been told that they are being stopped. */
  readonly told: Set<string>;
  /** Last words by container id. */
  readonly lastWords: Map<string, string>;
  /** Limits in force by container id, where they are not those with which it was made. */
  readonly resized: Map<string, string>;
  /** What containers were given, by name, where a resize asks for something else since. */
  readonly granted: Map<string, PodContainer['resources']>;
  /** Why what the pod requests now is not given. */
  resizeRefusal: { readonly reason: 'Infeasible' | 'Deferred'; readonly message: string } | undefined;
  readonly seenSources: SeenSources;
  /** The newest status that was made. */
  status: PodStatus;
  /** None of its containers runs any more, and none will. */
  isStopped: boolean;
  /** Its volumes have been released; nothing is left of them. */
  isReleased: boolean;
  /** When its volumes were last brought up to date. */
  refreshedAt: number;
}

/** What an agent before this one said that it gave. */
const grantedBefore = ({ status }: Pod): PodState['granted'] => new Map([...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  .flatMap(({ name, resources }) => (resources === undefined ? [] : [[name, resources] as const])));

export const newPodState = (pod: Pod, source: PodSource): PodState => ({
  uid: pod.metadata.uid, pod, source, isRemoved: false, ending: undefined,
  // An agent tells of the containers of those only that it has taken in.
  isAccepted: (pod.status?.containerStatuses ?? []).length > 0,
  addresses: new Map(), connected: new Map(), disconnected: new Set(), failures: new Map(), retryAt: new Map(), preStopped: new Set(), told: new Set(), replaced: new Set(), lastWords: new Map(), resized: new Map(), granted: grantedBefore(pod), resizeRefusal: undefined, seenSources: new Map(),
  status: pod.status ?? {}, isStopped: false, isReleased: false, refreshedAt: 0,
});

export const isTerminal = ({ phase }: Pick<PodStatus, 'phase'>): boolean => phase === 'Failed' || phase === 'Succeeded';

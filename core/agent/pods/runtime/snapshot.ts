import type { Container, Sandbox } from '#core/spi/container-runtime.ts';

/** What the runtime has of one pod. */
export interface PodOnRuntime {
  /** The newest first. */
  readonly sandboxes: readonly Sandbox[];
  /** Of each name the newest attempt first. */
  readonly containers: readonly Container[];
}

export const nothing: PodOnRuntime = { sandboxes: [], containers: [] };

/** All pods that the runtime had at one time, by UID. */
export type Snapshot = ReadonlyMap<string, PodOnRuntime>;

export function snapshotOf(sandboxes: readonly Sandbox[], containers: readonly Container[]): Snapshot {
  const pods = new Map<string, { sandboxes: Sandbox[]; containers: Container[] }>();
  const uids = new Map<string, string>();
  const of = (uid: string): { sandboxes: Sandbox[]; containers: Container[] } => {
    const known = pods.get(uid) ?? { sandboxes: [], containers: [] };
    pods.set(uid, known);
    return known;
  };
  for (const sandbox of sandboxes) {
    uids.set(sandbox.id, sandbox.pod.uid);
    of(sandbox.pod.uid).sandboxes.push(sandbox);
  }
  for (const container of containers) {
    const uid = container.labels['io.kubernetes.pod.uid'] ?? uids.get(container.sandboxId);
    if (uid !== undefined) of(uid).containers.push(container);
  }
  for (const pod of pods.values()) {
    pod.sandboxes.sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt);
    pod.containers.sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt);
  }
  return pods;
}

/** Changes when the pod has to be looked at again. */
export const signatureOf = ({ sandboxes, containers }: PodOnRuntime): string =>
  [...sandboxes, ...containers].map(({ id, state }) => `${id}=${state}`).toSorted().join(' ');

/** The newest attempt of a container; with a sandbox, only what was made in it. */
export const newest = ({ containers }: PodOnRuntime, name: string, sandboxId?: string): Container | undefined =>
  containers.find((container) => container.name === name && (sandboxId === undefined || container.sandboxId === sandboxId));

/** The attempt before that. */
export const previous = ({ containers }: PodOnRuntime, name: string): Container | undefined => containers.filter((container) => container.name === name)[1];

/** The sandbox in which the pod runs now. */
export const readySandbox = ({ sandboxes }: PodOnRuntime): Sandbox | undefined => sandboxes.find(({ state }) => state === 'Ready');

export const isRunning = ({ state }: Container): boolean => state === 'Running';

import type { ContainerInspectInfo } from 'dockerode';
import type { Container, ContainerState, Sandbox } from '#core/spi/container-runtime.ts';
import { attemptOf, type DockerLabels, givenLabels, label, podOf } from './marks.ts';

/** What is read of the engine's long description of a container. */
export interface Inspected {
  readonly id: string;
  readonly labels: DockerLabels;
  readonly imageId: string;
  readonly networkMode: string;
  readonly pidMode: string;
  readonly ipcMode: string;
  readonly cgroupParent: string;
  readonly oomScoreAdj: number;
  readonly tty: boolean;
  /** Its input ends with that of the first who attached. */
  readonly stdinOnce: boolean;
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  readonly status: string;
  readonly running: boolean;
  readonly pid: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly error: string;
  /** Milliseconds since the epoch; undefined when it has not come to that. */
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
}

export function inspectedOf({ Id, Config, HostConfig, State, Image, Created }: ContainerInspectInfo): Inspected {
  return {
    id: Id, labels: Config.Labels ?? {}, imageId: Image, tty: Config.Tty, stdinOnce: Config.StdinOnce,
    networkMode: HostConfig.NetworkMode ?? '', pidMode: HostConfig.PidMode ?? '', ipcMode: HostConfig.IpcMode ?? '', cgroupParent: HostConfig.CgroupParent ?? '', oomScoreAdj: HostConfig.OomScoreAdj ?? 0,
    status: State.Status, running: State.Running, pid: State.Pid, exitCode: State.ExitCode, oomKilled: State.OOMKilled, error: State.Error,
    createdAt: Date.parse(Created), startedAt: time(State.StartedAt), finishedAt: time(State.FinishedAt),
  };
}

/** The engine writes a moment that has not come as the first of the year 1. */
function time(text: string): number | undefined {
  const ms = Date.parse(text);
  return ms > 0 ? ms : undefined;
}

/** Of a start that failed the engine keeps the error and an exit code, and calls the container created still. */
const failedToStart = ({ status, exitCode, error }: Inspected): boolean => status === 'created' && (error !== '' || exitCode !== 0);

function stateOf(seen: Inspected): ContainerState {
  if (seen.running) return 'Running';
  if (failedToStart(seen)) return 'Exited';
  switch (seen.status) {
    case 'created': return 'Created';
    case 'exited': case 'dead': return 'Exited';
    default: return 'Unknown';
  }
}

export function toContainer(seen: Inspected): Container {
  const { labels } = seen;
  const state = stateOf(seen);
  return {
    id: seen.id, sandboxId: labels[label.sandbox] ?? '', name: labels[label.container] ?? '', attempt: attemptOf(labels), state,
    image: labels[label.image] ?? '', imageId: seen.imageId, createdAt: seen.createdAt,
    ...(seen.startedAt === undefined ? {} : { startedAt: seen.startedAt }),
    ...(state === 'Exited' ? ending(seen) : {}),
    ...(seen.error === '' ? {} : { error: seen.error }),
    ...(state === 'Running' ? { pid: seen.pid } : {}),
    labels: givenLabels(labels),
  };
}

/** The engine takes both moments from different clocks: what ends at once may seem to end before it begins. */
const ending = (seen: Inspected): Pick<Container, 'finishedAt' | 'exitCode' | 'oomKilled'> =>
  ({ finishedAt: Math.max(seen.finishedAt ?? seen.createdAt, seen.startedAt ?? 0), exitCode: seen.exitCode, oomKilled: seen.oomKilled });

/** Docker's mode says it only where the node's network is the engine's. */
export const usesNodeNetwork = ({ networkMode, labels }: Inspected): boolean => networkMode !== 'none' || labels[label.network] === 'node';

export function toSandbox(seen: Inspected): Sandbox {
  return {
    id: seen.id, pod: podOf(seen.labels), attempt: attemptOf(seen.labels), state: seen.running ? 'Ready' : 'NotReady', createdAt: seen.createdAt,
    ...(seen.running && !usesNodeNetwork(seen) ? { netns: `/proc/${seen.pid}/ns/net` } : {}),
    labels: givenLabels(seen.labels),
  };
}

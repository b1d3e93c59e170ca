import type { Readable, Writable } from 'node:stream';
import { token } from '#core/kernel/token.ts';

/** What the runtime writes on a thing and gives back unchanged; keys and values as in CRI. */
export type RuntimeLabels = Readonly<Record<string, string>>;

export interface RuntimeVersion {
  /** `docker`, `containerd`, ...: the scheme of container ids in `status.containerStatuses`. */
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
}

/** `node` shares the machine's namespace, `pod` gives the sandbox one of its own. */
export type NamespaceMode = 'pod' | 'node';

/** What a pod's containers share. Values are final: nothing is expanded, defaulted or resolved below this interface. */
export interface SandboxConfig {
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** How many sandboxes this pod had before. With the pod's UID it is the key of idempotency. */
  readonly attempt: number;
  readonly hostname: string;
  /** A sandbox with `network: 'pod'` starts with a loopback interface only: the network plugin does the rest. */
  readonly namespaces: { readonly network: NamespaceMode; readonly pid: NamespaceMode; readonly ipc: NamespaceMode };
  /** Share one process namespace between the pod's containers (`shareProcessNamespace`). */
  readonly sharedPid: boolean;
  /** Namespaced kernel parameters of the pod. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Cgroup under which the pod's containers are placed; the runtime's own default when undefined. */
  readonly cgroupParent?: string;
  readonly labels: RuntimeLabels;
}

export type SandboxState = 'Ready' | 'NotReady';

export interface Sandbox {
  readonly id: string;
  readonly pod: SandboxConfig['pod'];
  readonly attempt: number;
  /** `NotReady`: its first process is gone; the pod needs a new one. */
  readonly state: SandboxState;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Path of its network namespace, while it is `Ready` and not the node's: `/proc/PID/ns/net`. */
  readonly netns?: string;
  readonly labels: RuntimeLabels;
}

/**
 * Pod sandboxes, as CRI's. All calls are idempotent.
 *
 * - `runSandbox` with the pod's UID and attempt for which one is there returns that one, finishing it when it is half-made.
 * - `stopSandbox` kills what still runs in it. Stopping or removing what is not there resolves.
 * - `removeSandbox` removes its containers too, running or not.
 * - `listSandboxes` lists those that this node's agent made, and no other's.
 */
export interface SandboxRuntime {
  runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<Sandbox>;
  stopSandbox(id: string, signal: AbortSignal): Promise<void>;
  removeSandbox(id: string, signal: AbortSignal): Promise<void>;
  listSandboxes(signal: AbortSignal): Promise<readonly Sandbox[]>;
}

export interface ContainerMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  /** `private` when undefined; `HostToContainer` is `rslave`, `Bidirectional` is `rshared`. */
  readonly propagation?: 'private' | 'rslave' | 'rshared';
}

export interface ContainerDevice {
  readonly hostPath: string;
  readonly containerPath: string;
  /** Of `r`, `w` and `m`. */
  readonly permissions: string;
}

/** Cgroup limits. Undefined: none. */
export interface ContainerResources {
  readonly cpuShares?: number;
  /** Microseconds of CPU in each period. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  /** Bytes. */
  readonly memoryLimit?: number;
  /** -1000 to 1000. */
  readonly oomScoreAdj?: number;
  readonly pidsLimit?: number;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  /** User and group as `UID[:GID]`; what the image says when undefined. */
  readonly user?: string;
  readonly supplementalGroups: readonly number[];
  readonly readOnlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
  /** `unconfined`, `runtime/default`, or the content of a profile as JSON. */
  readonly seccomp: string;
  /** Paths that are hidden and read-only; the runtime's own lists when undefined, none when empty (`procMount: Unmasked`). */
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly apparmorProfile?: string;
}

export interface ContainerConfig {
  readonly name: string;
  /** How often this container was made in this pod before. With the sandbox and the name it is the key of idempotency. */
  readonly attempt: number;
  /** An id that the image store gave, so that a tag that moves meanwhile changes nothing. */
  readonly imageId: string;
  /** The reference that the pod's author wrote, to show. */
  readonly image: string;
  /** Replaces the image's entrypoint and arguments; its own when undefined. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** The image's when undefined. */
  readonly workingDir?: string;
  /** Added to the image's. Order is kept. */
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly ContainerMount[];
  readonly devices: readonly ContainerDevice[];
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  /** Join another container's process namespace (an ephemeral container's target). */
  readonly pidOfContainer?: string;
  /** Name of the signal by which it is asked to stop; the image's when undefined. */
  readonly stopSignal?: string;
  readonly labels: RuntimeLabels;
}

export type ContainerState = 'Created' | 'Running' | 'Exited' | 'Unknown';

export interface Container {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: ContainerState;
  readonly image: string;
  readonly imageId: string;
  /** Milliseconds since the epoch; undefined when it has not come to that. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  /** The kernel killed it because of its memory limit. */
  readonly oomKilled?: boolean;
  /** What the runtime says of a start that failed. */
  readonly error?: string;
  /** Its first process, while it runs. */
  readonly pid?: number;
  readonly labels: RuntimeLabels;
}

/**
 * Containers in sandboxes, as CRI's. All calls are idempotent, by the keys named above.
 *
 * - A container is never restarted: the agent makes the next attempt.
 * - `stopContainer` sends the stop signal, waits at most `graceMs`, then kills. 0 kills at once. It resolves when the container does not run.
 * - `removeContainer` of one that runs is `Invalid`; of one that is not there, it resolves.
 * - `startContainer` that cannot succeed (no such program, no permission) is `Invalid`, with the runtime's sentence.
 */
export interface ContainerLifecycle {
  createContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string>;
  startContainer(id: string, signal: AbortSignal): Promise<void>;
  stopContainer(id: string, graceMs: number, signal: AbortSignal): Promise<void>;
  removeContainer(id: string, signal: AbortSignal): Promise<void>;
  /** Those of this node's agent, ended ones too. */
  listContainers(signal: AbortSignal): Promise<readonly Container[]>;
  /** @throws `ProviderError` `NotFound` */
  containerStatus(id: string, signal: AbortSignal): Promise<Container>;
  updateResources(id: string, resources: ContainerResources, signal: AbortSignal): Promise<void>;
}

export interface RuntimeImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  /** Bytes. */
  readonly size: number;
  /** The user of its config, for `runAsNonRoot`: a number, a name, or undefined for root. */
  readonly user?: string;
}

export interface RegistryCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  readonly serverAddress?: string;
}

/**
 * Images. References are as people write them: `busybox` is `docker.io/library/busybox:latest`.
 * `pullImage` rejects with `NotFound` (no such image), `Invalid` (no valid reference, or not allowed), `Unavailable` (the registry cannot be reached,
 * or sends nothing for minutes: nobody else ends a pull).
 */
export interface ImageStore {
  pullImage(reference: string, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<RuntimeImage>;
  /** Undefined when it is not on this machine. */
  imageStatus(reference: string, signal: AbortSignal): Promise<RuntimeImage | undefined>;
  listImages(signal: AbortSignal): Promise<readonly RuntimeImage[]>;
  /** Resolves when it is not there; `Unavailable` while a container uses it. */
  removeImage(id: string, signal: AbortSignal): Promise<void>;
}

export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** A program's streams. Those that were not asked for are undefined; with a terminal, stderr is in stdout. */
export interface StreamSession {
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  resize(size: { readonly width: number; readonly height: number }): Promise<void>;
  /** The exit code; undefined when it is not the program that ended but the attachment. */
  readonly ended: Promise<number | undefined>;
  /** Lets go: the streams close; a program run by `exec` is killed, one that was attached to goes on. */
  close(): void;
}

export interface ExecResult {
  readonly exitCode: number;
  /** At most 10 KiB of each. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface LogOptions {
  readonly follow: boolean;
  /** The last so many lines; all when undefined. */
  readonly tailLines?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, as `kubectl logs --timestamps` shows it. */
  readonly time: string;
  /** With its line end, unless the program wrote none. */
  readonly content: Buffer;
}

/** What goes in and out of containers. The signal given to `exec` and `attach` ends the session at any time, as `close` does. */
export interface ContainerStreams {
  exec(id: string, command: readonly string[], options: StreamOptions, signal: AbortSignal): Promise<StreamSession>;
  attach(id: string, options: StreamOptions, signal: AbortSignal): Promise<StreamSession>;
  /** For probes and hooks. Killed after `timeoutMs`, which rejects with `ProviderError` `Unavailable`. */
  execSync(id: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecResult>;
  /** Ends when the container has, or when the signal aborts. Works for ended containers until they are removed. */
  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;
}

export interface ContainerUsage {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Nanoseconds of CPU since it started. */
  readonly cpuNanoseconds: bigint;
  /** Bytes: used, and used without the page cache that can be given back at once. */
  readonly memoryUsage: bigint;
  readonly memoryWorkingSet: bigint;
  /** Bytes of its writable layer, when the runtime counts them. */
  readonly writableLayer?: bigint;
}

export interface ContainerEvent {
  readonly kind: 'Created' | 'Started' | 'Stopped' | 'Deleted' | 'OomKilled';
  readonly containerId: string;
  readonly podUid: string;
}

/** Health and measures of the runtime. */
export interface RuntimeMonitor {
  /** @throws `ProviderError` `Unavailable` when the runtime cannot be reached or does not answer */
  version(signal: AbortSignal): Promise<RuntimeVersion>;
  usage(signal: AbortSignal): Promise<readonly ContainerUsage[]>;
  /** A hint to look again, never the truth: events may be lost. Ends, rejecting, when the runtime goes away. */
  events(signal: AbortSignal): AsyncIterable<ContainerEvent>;
  /** The file system on which images and writable layers are, as a path of this machine. */
  imageFileSystem(signal: AbortSignal): Promise<string>;
}

/**
 * What runs the containers of a node: CRI's services in TypeScript. Kit: `test/conformance/container-runtime.ts`.
 *
 * Laws:
 * - Every call may be repeated after any answer, or none. What a repetition finds half-made, it finishes.
 * - Everything made carries the labels given and the agent's own mark: what others made in the same engine is never listed, stopped or removed.
 * - Nothing is remembered outside the engine: an agent that starts again finds all of it by listing.
 * - An engine that does not answer is `Unavailable`, within the signal's time; it is never taken for one that has no containers.
 */
export type ContainerRuntime = SandboxRuntime & ContainerLifecycle & ImageStore & ContainerStreams & RuntimeMonitor;
export const ContainerRuntime = token<ContainerRuntime>('ContainerRuntime');

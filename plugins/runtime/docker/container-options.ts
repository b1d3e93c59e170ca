import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import type { ContainerConfig, ContainerMount, ContainerResources, ContainerSecurity } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';

/** Files of at most so many bytes, and so many of them, as kubelet's defaults. Docker's own default is one file without a limit. */
const logging = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } };

/** What a container has of its sandbox. */
export interface SandboxSide {
  readonly id: string;
  readonly sharedPid: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly cgroupParent: string | undefined;
  /** The engine itself may not go below. */
  readonly lowestOomScore: number;
}

/** @throws {ProviderError} `Invalid` */
export function containerOptions(config: ContainerConfig, sandbox: SandboxSide): ContainerCreateOptions {
  const { command = [], args = [], workingDir, stopSignal, security } = config;
  // To Docker a single empty word means: the image's own.
  if (command[0] === '') throw new ProviderError('Invalid', `the command of container "${config.name}" begins with an empty word`);
  return {
    Image: config.imageId,
    ...(command.length === 0 ? {} : { Entrypoint: [...command] }),
    ...(args.length === 0 ? {} : { Cmd: [...args] }),
    ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    ...(security.user === undefined ? {} : { User: security.user }),
    Env: config.env.map(({ name, value }) => `${name}=${value}`),
    Tty: config.tty,
    OpenStdin: config.stdin,
    StdinOnce: config.stdin && config.stdinOnce,
    // Probes are the agent's; the image's own would cost a process each time.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: hostConfig(config, sandbox),
  };
}

function hostConfig({ mounts, devices, resources, security, pidOfContainer }: ContainerConfig, sandbox: SandboxSide): HostConfig {
  return {
    NetworkMode: `container:${sandbox.id}`,
    IpcMode: sandbox.hostIpc ? 'host' : `container:${sandbox.id}`,
    PidMode: pidMode(pidOfContainer, sandbox),
    ...(sandbox.cgroupParent === undefined ? {} : { CgroupParent: sandbox.cgroupParent }),
    RestartPolicy: { Name: 'no' },
    Init: false,
    LogConfig: logging,
    Mounts: mounts.map(mountOf),
    Devices: devices.map(({ hostPath, containerPath, permissions }) => ({ PathOnHost: hostPath, PathInContainer: containerPath, CgroupPermissions: permissions })),
    ...(resources.oomScoreAdj === undefined ? {} : { OomScoreAdj: Math.max(resources.oomScoreAdj, sandbox.lowestOomScore) }),
    ...limits(resources),
    ...securityConfig(security),
  };
}

function pidMode(target: string | undefined, { id, sharedPid, hostPid }: SandboxSide): string {
  if (target !== undefined) return `container:${target}`;
  if (hostPid) return 'host';
  return sharedPid ? `container:${id}` : '';
}

/** A path that is missing is refused, not made: Docker's older `Binds` would make folders. From Engine 25 on read-only would mean all that is mounted below as well. */
export const mountOf = ({ hostPath, containerPath, readOnly, propagation = 'private' }: ContainerMount) => ({
  Type: 'bind' as const, Source: hostPath, Target: containerPath, ReadOnly: readOnly,
  BindOptions: { Propagation: propagation === 'private' ? 'rprivate' as const : propagation, ...(readOnly ? { ReadOnlyNonRecursive: true } : {}) },
});

/** A container gets no swap beyond its memory. */
function limits({ cpuShares, cpuQuota, cpuPeriod, memoryLimit, pidsLimit }: ContainerResources): Partial<HostConfig> {
  return {
    ...(cpuShares === undefined ? {} : { CpuShares: cpuShares }),
    ...(cpuQuota === undefined ? {} : { CpuQuota: cpuQuota }),
    ...(cpuPeriod === undefined ? {} : { CpuPeriod: cpuPeriod }),
    ...(memoryLimit === undefined ? {} : { Memory: memoryLimit, MemorySwap: memoryLimit }),
    ...(pidsLimit === undefined ? {} : { PidsLimit: pidsLimit }),
  };
}

/** For a container that is there. To Docker, what is left out stays as it is: so what has no limit is said. */
export const updateOptions = ({ cpuShares = 1024, cpuQuota = -1, cpuPeriod = 100_000, memoryLimit = -1, pidsLimit = -1 }: ContainerResources): Record<string, number> =>
  ({ CpuShares: cpuShares, CpuQuota: cpuQuota, CpuPeriod: cpuPeriod, Memory: memoryLimit, MemorySwap: memoryLimit, PidsLimit: pidsLimit });

function securityConfig(security: ContainerSecurity): Partial<HostConfig> {
  const { capabilities, maskedPaths, readonlyPaths } = security;
  return {
    Privileged: security.privileged,
    ReadonlyRootfs: security.readOnlyRootFilesystem,
    GroupAdd: security.supplementalGroups.map(String),
    CapAdd: [...capabilities.add],
    CapDrop: [...capabilities.drop],
    SecurityOpt: securityOptions(security),
    ...(maskedPaths === undefined ? {} : { MaskedPaths: [...maskedPaths] }),
    ...(readonlyPaths === undefined ? {} : { ReadonlyPaths: [...readonlyPaths] }),
  };
}

function securityOptions({ noNewPrivileges, seccomp, apparmorProfile = 'runtime/default' }: ContainerSecurity): string[] {
  return [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(seccomp === 'runtime/default' ? [] : [`seccomp=${seccomp}`]),
    ...(apparmorProfile === 'runtime/default' ? [] : [`apparmor=${apparmorProfile.replace(/^localhost\//, '')}`]),
  ];
}

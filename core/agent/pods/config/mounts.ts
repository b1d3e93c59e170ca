import type { VolumeMount } from '#core/api/schema/core-v1/container.ts';
import type { PreparedVolume, SubPathRequest } from '#core/agent/volumes/pod-volumes.ts';
import type { ContainerDevice, ContainerMount } from '#core/spi/container-runtime.ts';
import { expand, type Lookup } from './expand.ts';
import type { PodContainer } from './pod-containers.ts';
import { configFailure } from './start-failure.ts';

export type Volumes = ReadonlyMap<string, PreparedVolume>;

/** Files of the pod that its containers see, where they mount nothing else there. */
export interface OwnFiles {
  readonly hosts?: string;
  readonly resolvConf?: string;
  readonly terminationMessage?: string;
}

/** Fixes a part of a volume for this container, so that no pod can change what it means. */
export type FixSubPath = (request: Pick<SubPathRequest, 'volume' | 'hostPath' | 'path' | 'index'>) => Promise<string>;

export interface MountFacts {
  readonly volumes: Volumes;
  readonly files: OwnFiles;
  /** The container's variables, for `subPathExpr`. */
  readonly lookup: Lookup;
  readonly fixSubPath: FixSubPath;
}

const propagations = { None: 'private', HostToContainer: 'rslave', Bidirectional: 'rshared' } as const;

/** @throws {StartFailure} CreateContainerConfigError */
export async function containerMounts(container: PodContainer, facts: MountFacts): Promise<readonly ContainerMount[]> {
  const { files } = facts;
  const mounts: ContainerMount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) mounts.push(await mounted(container, mount, index, facts));
  const taken = new Set(mounts.map(({ containerPath }) => containerPath));
  for (const [hostPath, containerPath] of [[files.hosts, '/etc/hosts'], [files.resolvConf, '/etc/resolv.conf'], [files.terminationMessage, container.terminationMessagePath]] as const) {
    if (hostPath !== undefined && containerPath !== undefined && containerPath !== '' && !taken.has(containerPath)) mounts.push({ hostPath, containerPath, readOnly: false });
  }
  return mounts;
}

async function mounted(container: PodContainer, mount: VolumeMount, index: number, { volumes, lookup, fixSubPath }: MountFacts): Promise<ContainerMount> {
  const volume = volumes.get(mount.name);
  if (volume === undefined || volume.kind === 'device') throw configFailure(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
  if (mount.recursiveReadOnly === 'Enabled') throw configFailure(`failed to resolve recursive read-only mode: the runtime of this node cannot mount volume "${mount.name}" read-only with all that is mounted below it`);
  const path = subPathOf(mount, lookup);
  const { mountPath, mountPropagation = 'None' } = mount;
  const part = (): Promise<string> => fixSubPath({ volume: mount.name, hostPath: volume.hostPath, path, index }).catch((error: unknown) => {
    throw configFailure(`failed to create subPath directory for volumeMount "${mount.name}" of container "${container.name}": ${error instanceof Error ? error.message : String(error)}`, error);
  });
  return {
    hostPath: path === '' ? volume.hostPath : await part(),
    containerPath: mountPath.startsWith('/') ? mountPath : `/${mountPath}`,
    readOnly: mount.readOnly === true || volume.readOnly,
    propagation: propagations[mountPropagation],
  };
}

function subPathOf({ subPath = '', subPathExpr = '' }: VolumeMount, lookup: Lookup): string {
  if (subPathExpr === '') return subPath;
  return expand(subPathExpr, (name) => {
    const value = lookup(name);
    if (value === undefined) throw configFailure(`missing value for "${name}"`);
    return value;
  });
}

/** @throws {StartFailure} CreateContainerConfigError */
export function containerDevices({ name, volumeDevices = [] }: PodContainer, volumes: Volumes): readonly ContainerDevice[] {
  return volumeDevices.map(({ name: volumeName, devicePath }) => {
    const volume = volumes.get(volumeName);
    if (volume?.kind !== 'device') throw configFailure(`cannot find volume "${volumeName}" to pass into container "${name}"`);
    return { hostPath: volume.hostPath, containerPath: devicePath, permissions: volume.readOnly ? 'rm' : 'rwm' };
  });
}

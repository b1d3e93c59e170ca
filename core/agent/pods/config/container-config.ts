import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { containerLabels } from '#core/agent/pods/runtime/labels.ts';
import type { ContainerConfig, ContainerSecurity, RuntimeImage } from '#core/spi/container-runtime.ts';
import { expand, type Lookup } from './expand.ts';
import { containerDevices, containerMounts, type FixSubPath, type OwnFiles, type Volumes } from './mounts.ts';
import type { PodContainer } from './pod-containers.ts';
import { containerResources } from './resources.ts';
import { containerSecurity } from './security.ts';

export interface ContainerFacts {
  readonly pod: Pod;
  readonly container: PodContainer;
  readonly attempt: number;
  readonly image: RuntimeImage;
  readonly env: ReadonlyMap<string, string>;
  readonly volumes: Volumes;
  readonly files: OwnFiles;
  readonly fixSubPath: FixSubPath;
  /** The node's, in bytes. */
  readonly memoryCapacity: number;
  /** The content of a seccomp profile of the node. @throws {StartFailure} when there is none */
  readonly seccompProfile: (path: string) => Promise<string>;
  /** Id of the container whose processes an ephemeral container joins. */
  readonly target?: string | undefined;
}

const localProfile = 'localhost/';

/** All that the runtime needs to know of a container: nothing is left to be expanded. @throws {StartFailure} CreateContainerConfigError */
export async function containerConfig(facts: ContainerFacts): Promise<ContainerConfig> {
  const { pod, container, attempt, image, env, volumes, files, fixSubPath, memoryCapacity, target } = facts;
  const lookup: Lookup = (name) => env.get(name);
  const expanded = (texts: readonly string[]): string[] => texts.map((text) => expand(text, lookup));
  const { command = [], args = [], workingDir = '', lifecycle } = container;
  const resources = containerResources(pod, container, memoryCapacity);
  return {
    name: container.name,
    attempt,
    imageId: image.id,
    image: container.image ?? '',
    ...(command.length === 0 ? {} : { command: expanded(command) }),
    ...(args.length === 0 ? {} : { args: expanded(args) }),
    ...(workingDir === '' ? {} : { workingDir }),
    env: [...env].map(([name, value]) => ({ name, value })),
    mounts: await containerMounts(container, { volumes, files, lookup, fixSubPath }),
    devices: containerDevices(container, volumes),
    resources,
    security: await withProfile(containerSecurity(pod, container, image), facts),
    ...streamsOf(container),
    ...(target === undefined ? {} : { pidOfContainer: target }),
    ...(lifecycle?.stopSignal === undefined ? {} : { stopSignal: lifecycle.stopSignal }),
    labels: containerLabels(pod, container, resources),
  };
}

const streamsOf = ({ stdin = false, stdinOnce = false, tty = false }: PodContainer): Pick<ContainerConfig, 'stdin' | 'stdinOnce' | 'tty'> => ({ stdin, stdinOnce, tty });

async function withProfile(security: ContainerSecurity, { seccompProfile }: ContainerFacts): Promise<ContainerSecurity> {
  const { seccomp } = security;
  return seccomp.startsWith(localProfile) ? { ...security, seccomp: await seccompProfile(seccomp.slice(localProfile.length)) } : security;
}

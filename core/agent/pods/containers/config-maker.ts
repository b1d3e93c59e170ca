import { join } from 'node:path';
import { Quantity } from '#core/api/quantity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import { containerConfig } from '#core/agent/pods/config/container-config.ts';
import { environment } from '#core/agent/pods/config/env.ts';
import { apiEnvSources } from '#core/agent/pods/config/env-sources.ts';
import { namespaceOf, type PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import { readSeccompProfile } from '#core/agent/pods/config/seccomp-file.ts';
import { serviceEnv } from '#core/agent/pods/config/service-env.ts';
import { configFailure } from '#core/agent/pods/config/start-failure.ts';
import { fixesSubPaths, type SubPathRequest } from '#core/agent/volumes/pod-volumes.ts';
import type { PodFiles } from '#core/agent/pods/pod-files.ts';
import type { PodServices } from '#core/agent/pods/pod-services.ts';
import { newest, type PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import { isStaticPod } from '#core/agent/pods/sources/pod-annotations.ts';
import type { ContainerConfig, RuntimeImage, Sandbox } from '#core/spi/container-runtime.ts';
import type { StartPlace } from './start-place.ts';

/** Gathers what a container's settings are made of: variables, files, the node's size, the pod's addresses. */
export class ConfigMaker {
  readonly #services: PodServices;
  readonly #files: PodFiles;

  constructor(services: PodServices, files: PodFiles) {
    this.#services = services;
    this.#files = files;
  }

  /** @throws {StartFailure} CreateContainerConfigError */
  async make(place: StartPlace, container: PodContainer, { image, attempt }: { image: RuntimeImage; attempt: number }, signal: AbortSignal): Promise<ContainerConfig> {
    const { node, rootDir } = this.#services;
    const { state: { pod, uid, addresses }, sandbox, runtime, volumes } = place;
    const podIPs = addresses.get(sandbox.id) ?? [];
    const files = await this.#files.prepare(pod, podIPs);
    const hasWords = (container.terminationMessagePath ?? '') !== '';
    return containerConfig({
      pod, container, attempt, image, volumes,
      env: await this.#environment(place, container, podIPs, signal),
      files: { ...files, ...(hasWords ? { terminationMessage: await this.#files.makeWordsFile(uid, container.name, attempt) } : {}) },
      memoryCapacity: Number(Quantity.parse(node.node()?.status?.capacity?.['memory'] ?? '0').value()),
      fixSubPath: (part) => this.#fixSubPath({ podUid: uid, container: container.name, ...part }, signal),
      seccompProfile: (path) => readSeccompProfile(join(rootDir, 'seccomp'), path),
      target: targetOf(container, runtime, sandbox),
    });
  }

  async #fixSubPath(request: SubPathRequest, signal: AbortSignal): Promise<string> {
    const { volumes } = this.#services;
    if (!fixesSubPaths(volumes)) throw new Error('the volumes of this node cannot be mounted in part');
    return volumes.subPath(request, signal);
  }

  async #environment({ state: { pod, seenSources } }: StartPlace, container: PodContainer, podIPs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const { client, node, recorder } = this.#services;
    const namespace = namespaceOf(pod);
    return environment({
      pod, container,
      sources: apiEnvSources(client, namespace, seenSources, signal),
      addresses: { podIPs, hostIPs: node.hostIPs() },
      allocatable: node.node()?.status?.allocatable,
      services: serviceEnv(this.#knownServices(pod), namespace, pod.spec.enableServiceLinks ?? true),
      skipped: (keys, from) => recorder.warning(pod, 'InvalidEnvironmentVariableNames', `Keys [${keys.join(', ')}] from ${from} were skipped since they are considered invalid environment variable names.`),
    });
  }

  /** Programs count on finding the API by its variables, so a pod of the API waits for them; a pod of a file may be what the API needs to run. */
  #knownServices(pod: Pod): Iterable<Service> {
    const services = this.#services.services();
    if (services === undefined && !isStaticPod(pod)) throw configFailure('services have not yet been read at least once, cannot construct envvars');
    return services ?? [];
  }
}

/** The container whose processes an ephemeral one shall see. */
function targetOf(container: PodContainer, runtime: PodOnRuntime, sandbox: Sandbox): string | undefined {
  const name = 'targetContainerName' in container ? container.targetContainerName : undefined;
  return name === undefined || name === '' ? undefined : newest(runtime, name, sandbox.id)?.id;
}

import type { Secret } from '#core/api/schema/core-v1/config.ts';
import type { ContainerStatus } from '#core/api/schema/core-v1/container-status.ts';
import { hasEnded } from '#core/agent/pods/actions/restart-policy.ts';
import { apiEnvSources } from '#core/agent/pods/config/env-sources.ts';
import { namespaceOf, podText, type PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import { StartFailure } from '#core/agent/pods/config/start-failure.ts';
import { containerEvents } from '#core/agent/pods/container-events.ts';
import type { HookRunner } from '#core/agent/pods/hooks/hook-runner.ts';
import type { ImageManager } from '#core/agent/pods/images/image-manager.ts';
import { messageOf, runtimeTimeoutMs, type PodServices } from '#core/agent/pods/pod-services.ts';
import type { PodState } from '#core/agent/pods/pod-state.ts';
import { newest } from '#core/agent/pods/runtime/snapshot.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import type { Container, RuntimeImage } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { ConfigMaker } from './config-maker.ts';
import type { ContainerKiller } from './container-killer.ts';
import { goDuration, RestartBackOff } from './restart-back-off.ts';
import type { StartPlace } from './start-place.ts';

export interface ContainerStarterOptions {
  readonly services: PodServices;
  readonly images: ImageManager;
  readonly configs: ConfigMaker;
  readonly hooks: HookRunner;
  readonly killer: ContainerKiller;
}

/** Brings a pod's containers to run: back-off, image, settings, creation, start, postStart hook. */
export class ContainerStarter {
  readonly #options: ContainerStarterOptions;
  readonly #backOff: RestartBackOff;

  constructor(options: ContainerStarterOptions) {
    this.#options = options;
    this.#backOff = new RestartBackOff(options.services.clock);
  }

  forget({ uid, pod }: PodState): void {
    this.#backOff.forget(`${uid} `);
    this.#options.images.forget(pod);
  }

  /** @throws {StartFailure} why it does not run yet */
  async start(place: StartPlace, container: PodContainer, signal: AbortSignal): Promise<void> {
    const { state, runtime } = place;
    const last = newest(runtime, container.name);
    this.#checkBackOff(state, container, last);
    const image = await this.#image(state, container, signal);
    const attempt = attemptOf(state, container, last);
    const id = await this.#create(place, container, { image, attempt }, signal);
    state.granted.set(container.name, container.resources);
    await this.#run(state, container, id, signal);
    state.failures.delete(container.name);
    await this.#postStart(state, container, id, signal);
  }

  #checkBackOff({ uid, pod }: PodState, { name, image = '' }: PodContainer, last: Container | undefined): void {
    if (last === undefined || !hasEnded(last)) return;
    // Another image deserves another try.
    const key = `${uid} ${name} ${image}`;
    const retryMs = this.#backOff.left(key, last.finishedAt ?? last.createdAt);
    if (retryMs > 0) {
      if (this.#backOff.isToTell(key)) containerEvents(this.#options.services.recorder, pod, name).warning('BackOff', `Back-off restarting failed container ${name} in pod ${podText(pod)}`);
      throw new StartFailure('CrashLoopBackOff', `back-off ${goDuration(this.#backOff.delay(key))} restarting failed container=${name} pod=${podText(pod)}`, { retryMs });
    }
    this.#backOff.next(key);
  }

  async #image(state: PodState, container: PodContainer, signal: AbortSignal): Promise<RuntimeImage> {
    const { images, services } = this.#options;
    const { pod, seenSources } = state;
    const sources = apiEnvSources(services.client, namespaceOf(pod), seenSources, signal);
    const secrets = async (): Promise<Secret[]> => {
      const found = await Promise.all((pod.spec.imagePullSecrets ?? []).map(async ({ name = '' }) => {
        const secret = await sources.secret(name).catch(() => undefined);
        if (secret === undefined) services.recorder.warning(pod, 'FailedToRetrieveImagePullSecret', `Unable to retrieve some image pull secrets (${name}); attempting to pull the image may not succeed.`);
        return secret;
      }));
      return found.filter((secret) => secret !== undefined);
    };
    return images.ensure(pod, container, secrets, signal);
  }

  async #create(place: StartPlace, container: PodContainer, made: { image: RuntimeImage; attempt: number }, signal: AbortSignal): Promise<string> {
    const { services, configs } = this.#options;
    const events = containerEvents(services.recorder, place.state.pod, container.name);
    try {
      const config = await configs.make(place, container, made, signal);
      const id = await services.making.run(() =>
        within(services.clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => services.runtime.createContainer(place.sandbox.id, config, inner)), signal);
      events.normal('Created', `Created container: ${container.name}`);
      return id;
    } catch (error) {
      signal.throwIfAborted();
      if (ProviderError.is(error, 'Unavailable', 'Throttled', 'Unknown')) throw error;
      const failure = error instanceof StartFailure ? error : new StartFailure(ProviderError.is(error) ? 'CreateContainerError' : 'CreateContainerConfigError', messageOf(error), { cause: error });
      events.warning('Failed', `Error: ${failure.message}`);
      throw failure;
    }
  }

  async #run({ pod }: PodState, { name }: PodContainer, id: string, signal: AbortSignal): Promise<void> {
    const { runtime, clock, making, recorder } = this.#options.services;
    const events = containerEvents(recorder, pod, name);
    try {
      await making.run(() => within(clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => runtime.startContainer(id, inner)), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (ProviderError.is(error, 'Unavailable', 'Throttled')) throw error;
      // Each attempt has another id: the same failure would be told as a new one.
      const message = messageOf(error).replaceAll(id, name);
      events.warning('Failed', `Error: ${message}`);
      throw new StartFailure('RunContainerError', message, { cause: error });
    }
    events.normal('Started', `Started container ${name}`);
  }

  async #postStart(state: PodState, container: PodContainer, id: string, signal: AbortSignal): Promise<void> {
    const handler = container.lifecycle?.postStart;
    if (handler === undefined) return;
    const { hooks, killer, services } = this.#options;
    try {
      await hooks.run(state, container, { id, handler }, signal);
    } catch (error) {
      signal.throwIfAborted();
      containerEvents(services.recorder, state.pod, container.name).warning('FailedPostStartHook', 'PostStartHook failed');
      const running = await within(services.clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => services.runtime.containerStatus(id, inner));
      await killer.kill(state, { container: running, message: 'FailedPostStartHook' }, undefined, signal);
      throw new StartFailure('PostStartHookError', `PostStartHook failed: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** The attempt after the last; one that was made and never started is finished instead. */
function attemptOf({ status }: PodState, { name }: PodContainer, last: Container | undefined): number {
  if (last !== undefined) return last.state === 'Created' && !hasEnded(last) ? last.attempt : last.attempt + 1;
  const known = [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses].flatMap((list) => list ?? []).find((one) => one.name === name);
  if (known === undefined) return 0;
  // Somebody removed the dead containers; the status remembers how many there were.
  return hasRun(known) ? known.restartCount + 1 : known.restartCount;
}

const hasRun = ({ containerID = '', lastState }: ContainerStatus): boolean => containerID !== '' || lastState.terminated !== undefined;

import type { Secret } from '#core/api/schema/core-v1/config.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { RestartBackOff } from '#core/agent/pods/containers/restart-back-off.ts';
import type { PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import { StartFailure } from '#core/agent/pods/config/start-failure.ts';
import { messageOf, runtimeTimeoutMs } from '#core/agent/pods/pod-services.ts';
import { within } from '#core/agent/pods/runtime/within.ts';
import type { Slots } from '#core/agent/pods/slots.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ImageStore, RegistryCredentials, RuntimeImage } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { credentialsFor } from './pull-secrets.ts';
import { parseReference } from './reference.ts';

export interface ImageManagerOptions {
  readonly images: Pick<ImageStore, 'pullImage' | 'imageStatus'>;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** Pulls that may be under way at the same time. */
  readonly pulls: Slots;
}

interface HowToPull {
  readonly credentials: readonly RegistryCredentials[];
  /** What the machine has of that name. */
  readonly present: RuntimeImage | undefined;
  /** Also when it is there. */
  readonly again: boolean;
}

/** Brings images to the node by each container's `imagePullPolicy`. */
export class ImageManager {
  readonly #options: ImageManagerOptions;
  readonly #backOff: RestartBackOff;
  /** What the last pull failed with, by pod and image. */
  readonly #failures = new Map<string, string>();

  constructor(options: ImageManagerOptions) {
    this.#options = options;
    this.#backOff = new RestartBackOff(options.clock);
  }

  forget({ metadata: { uid } }: Pod): void {
    this.#backOff.forget(`${uid} `);
    for (const key of this.#failures.keys()) if (key.startsWith(`${uid} `)) this.#failures.delete(key);
  }

  /** @throws {StartFailure} while the image is not there */
  async ensure(pod: Pod, { image = '', imagePullPolicy = 'IfNotPresent' }: PodContainer, secrets: () => Promise<readonly Secret[]>, signal: AbortSignal): Promise<RuntimeImage> {
    const { recorder } = this.#options;
    const reference = parseReference(image);
    if (reference === undefined) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
      recorder.warning(pod, 'InspectFailed', message);
      throw new StartFailure('InvalidImageName', message);
    }
    const present = await this.#inspect(pod, image, signal);
    if (present !== undefined && imagePullPolicy !== 'Always') {
      recorder.normal(pod, 'Pulled', `Container image "${image}" already present on machine`);
      return present;
    }
    if (imagePullPolicy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      recorder.warning(pod, 'ErrImageNeverPull', message);
      throw new StartFailure('ErrImageNeverPull', message);
    }
    this.#checkBackOff(pod, image);
    return this.#pull(pod, image, { credentials: credentialsFor(reference, await secrets()), present, again: imagePullPolicy === 'Always' }, signal);
  }

  async #inspect(pod: Pod, image: string, signal: AbortSignal): Promise<RuntimeImage | undefined> {
    try {
      const { images, clock } = this.#options;
      return await within(clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => images.imageStatus(image, inner));
    } catch (error) {
      signal.throwIfAborted();
      if (ProviderError.is(error, 'Unavailable')) throw error;
      const message = `Failed to inspect image "${image}": ${messageOf(error)}`;
      this.#options.recorder.warning(pod, 'InspectFailed', message);
      throw new StartFailure('ImageInspectError', message, { cause: error });
    }
  }

  #checkBackOff(pod: Pod, image: string): void {
    const key = keyOf(pod, image);
    const retryMs = this.#backOff.left(key);
    if (retryMs === 0) return;
    const failure = this.#failures.get(key);
    const message = `Back-off pulling image "${image}"${failure === undefined ? '' : `: ErrImagePull: ${failure}`}`;
    this.#options.recorder.normal(pod, 'BackOff', `Back-off pulling image "${image}"`);
    throw new StartFailure('ImagePullBackOff', message, { retryMs });
  }

  async #pull(pod: Pod, image: string, how: HowToPull, signal: AbortSignal): Promise<RuntimeImage> {
    const { recorder, clock, pulls } = this.#options;
    const key = keyOf(pod, image);
    const asked = clock.now();
    recorder.normal(pod, 'Pulling', `Pulling image "${image}"`);
    try {
      return await pulls.run(async () => {
        const began = clock.now();
        // Another pod may have brought it while this one waited.
        const present = how.again ? undefined : await this.#options.images.imageStatus(image, signal);
        const pulled = present ?? (await this.#pullWith(image, how.credentials, signal));
        const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)}s`;
        recorder.normal(pod, 'Pulled', `Successfully pulled image "${image}" in ${seconds(clock.now() - began)} (${seconds(clock.now() - asked)} including waiting). Image size: ${pulled.size} bytes.`);
        this.#failures.delete(key);
        return pulled;
      }, signal);
    } catch (error) {
      signal.throwIfAborted();
      return this.#withoutPull(pod, image, how, error);
    }
  }

  /** What was made on this machine belongs to no registry: that none answers is no reason not to run it. @throws {StartFailure} */
  #withoutPull(pod: Pod, image: string, { present }: HowToPull, error: unknown): RuntimeImage {
    const { recorder } = this.#options;
    if (present?.digests.length === 0 && ProviderError.is(error, 'Unavailable')) {
      recorder.normal(pod, 'Pulled', `Container image "${image}" already present on machine`);
      return present;
    }
    const key = keyOf(pod, image);
    const message = messageOf(error);
    recorder.warning(pod, 'Failed', `Failed to pull image "${image}": ${message}`);
    this.#backOff.next(key);
    this.#failures.set(key, message);
    throw new StartFailure('ErrImagePull', message, { cause: error, retryMs: this.#backOff.left(key) });
  }

  /** One set of credentials after the other, until one is let in. */
  async #pullWith(image: string, credentials: readonly RegistryCredentials[], signal: AbortSignal): Promise<RuntimeImage> {
    let failure: unknown;
    for (const one of credentials.length === 0 ? [undefined] : credentials) {
      try {
        return await this.#options.images.pullImage(image, one, signal);
      } catch (error) {
        signal.throwIfAborted();
        failure ??= error;
      }
    }
    throw failure;
  }
}

const keyOf = ({ metadata: { uid } }: Pod, image: string): string => `${uid} ${image}`;

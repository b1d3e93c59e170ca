import type { Secret } from '#core/api/schema/core-v1/config.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { goDuration, RestartBackOff } from '#core/agent/pods/containers/restart-back-off.ts';
import type { PodContainer } from '#core/agent/pods/config/pod-containers.ts';
import { StartFailure } from '#core/agent/pods/config/start-failure.ts';
import { containerEvents, type ContainerEvents } from '#core/agent/pods/container-events.ts';
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

/** An image, for whom, and where to tell of it. */
interface Wanted {
  readonly image: string;
  /** Of the pod and the image: other containers of the pod wait with this one. */
  readonly key: string;
  readonly events: ContainerEvents;
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
  async ensure(pod: Pod, { name, image = '', imagePullPolicy = 'IfNotPresent' }: PodContainer, secrets: () => Promise<readonly Secret[]>, signal: AbortSignal): Promise<RuntimeImage> {
    const events = containerEvents(this.#options.recorder, pod, name);
    const wanted = { image, key: keyOf(pod, image), events };
    const reference = parseReference(image);
    if (reference === undefined) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
      events.warning('InspectFailed', message);
      throw failed(events, 'InvalidImageName', message);
    }
    const present = await this.#inspect(wanted, signal);
    if (present !== undefined && imagePullPolicy !== 'Always') {
      events.normal('Pulled', `Container image "${image}" already present on machine`);
      return present;
    }
    if (imagePullPolicy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      events.warning('ErrImageNeverPull', message);
      throw failed(events, 'ErrImageNeverPull', message);
    }
    this.#checkBackOff(wanted);
    return this.#pull(wanted, { credentials: credentialsFor(reference, await secrets()), present, again: imagePullPolicy === 'Always' }, signal);
  }

  async #inspect({ image, events }: Wanted, signal: AbortSignal): Promise<RuntimeImage | undefined> {
    try {
      const { images, clock } = this.#options;
      return await within(clock, runtimeTimeoutMs, 'the container runtime', signal, (inner) => images.imageStatus(image, inner));
    } catch (error) {
      signal.throwIfAborted();
      if (ProviderError.is(error, 'Unavailable')) throw error;
      const message = `Failed to inspect image "${image}": ${messageOf(error)}`;
      events.warning('InspectFailed', message);
      throw failed(events, 'ImageInspectError', message, { cause: error });
    }
  }

  #checkBackOff({ image, key, events }: Wanted): void {
    const retryMs = this.#backOff.left(key);
    if (retryMs === 0) return;
    const failure = this.#failures.get(key);
    const message = `Back-off pulling image "${image}"${failure === undefined ? '' : `: ErrImagePull: ${failure}`}`;
    if (!this.#backOff.isToTell(key)) throw new StartFailure('ImagePullBackOff', message, { retryMs });
    events.normal('BackOff', `Back-off pulling image "${image}"`);
    throw failed(events, 'ImagePullBackOff', message, { retryMs });
  }

  async #pull(wanted: Wanted, how: HowToPull, signal: AbortSignal): Promise<RuntimeImage> {
    const { clock, pulls } = this.#options;
    const { image, key, events } = wanted;
    const asked = clock.now();
    events.normal('Pulling', `Pulling image "${image}"`);
    try {
      return await pulls.run(async () => {
        const began = clock.now();
        // Another pod may have brought it while this one waited.
        const present = how.again ? undefined : await this.#inspect(wanted, signal);
        const pulled = present ?? (await this.#pullWith(image, how.credentials, signal));
        events.normal('Pulled', `Successfully pulled image "${image}" in ${goDuration(clock.now() - began)} (${goDuration(clock.now() - asked)} including waiting). Image size: ${pulled.size} bytes.`);
        this.#failures.delete(key);
        return pulled;
      }, signal);
    } catch (error) {
      signal.throwIfAborted();
      return this.#withoutPull(wanted, how, error);
    }
  }

  /** What was made on this machine belongs to no registry: that none answers is no reason not to run it. @throws {StartFailure} */
  #withoutPull({ image, key, events }: Wanted, { present }: HowToPull, error: unknown): RuntimeImage {
    if (present?.digests.length === 0 && ProviderError.is(error, 'Unavailable')) {
      events.normal('Pulled', `Container image "${image}" already present on machine`);
      return present;
    }
    const message = messageOf(error);
    events.warning('Failed', `Failed to pull image "${image}": ${message}`);
    this.#backOff.next(key);
    this.#failures.set(key, message);
    throw failed(events, 'ErrImagePull', message, { cause: error, retryMs: this.#backOff.left(key) });
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

function failed(events: ContainerEvents, ...[reason, message, options]: ConstructorParameters<typeof StartFailure>): StartFailure {
  events.warning('Failed', `Error: ${reason}`);
  return new StartFailure(reason, message, options);
}

const keyOf = ({ metadata: { uid } }: Pod, image: string): string => `${uid} ${image}`;

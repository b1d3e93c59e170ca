import { VolumeError } from '#core/agent/volumes/pod-volumes.ts';
import type { Volumes } from './config/mounts.ts';
import { messageOf, type PodServices } from './pod-services.ts';
import type { PodState } from './pod-state.ts';

const refreshEveryMs = 60_000;

/** A pod's volumes at their turns of its life, with the events that tell what is wrong with them. */
export class PodVolumeKeeper {
  readonly #services: PodServices;

  constructor(services: PodServices) {
    this.#services = services;
  }

  /** @throws {VolumeError} */
  async prepare(state: PodState, signal: AbortSignal): Promise<Volumes> {
    return this.#told(state, signal, () => this.#services.volumes.prepare(state.pod, signal));
  }

  /** Brings changes of their sources to the files, now and then. What goes wrong is told, and tried again. */
  async refresh(state: PodState, signal: AbortSignal): Promise<void> {
    const now = this.#services.clock.now();
    if (now - state.refreshedAt < refreshEveryMs) return;
    state.refreshedAt = now;
    await this.#told(state, signal, () => this.#services.volumes.refresh(state.pod, signal)).catch((error: unknown) => {
      signal.throwIfAborted();
      this.#services.logger.debug('the volumes of a pod could not be brought up to date', { pod: state.uid, error });
    });
  }

  async release(state: PodState, signal: AbortSignal): Promise<void> {
    if (state.isReleased) return;
    await this.#told(state, signal, () => this.#services.volumes.release(state.uid, signal));
    state.isReleased = true;
  }

  async #told<T>(state: PodState, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      this.#services.recorder.warning(state.pod, error instanceof VolumeError ? error.reason : 'FailedMount', messageOf(error));
      throw error;
    }
  }
}

import { StatusError } from '#core/api/status-error.ts';
import { VolumeError } from '#core/agent/volumes/pod-volumes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { BackOff } from '#core/reconcile/back-off.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import type { PodState } from './pod-state.ts';
import type { Step } from './step.ts';

export interface PodWorkerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly step: (state: PodState, signal: AbortSignal) => Promise<Step>;
  /** Nothing is left of the pod. */
  readonly gone: (state: PodState) => void;
}

const expected = (error: unknown): boolean => ProviderError.is(error) || StatusError.is(error) || error instanceof NetworkError || error instanceof VolumeError;

/** Looks at one pod again and again, never twice at the same time: when it was waked, when its time is over, and after a failure with back-off. */
export class PodWorker {
  readonly #options: PodWorkerOptions;
  readonly #state: PodState;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  #turn = new AbortController();
  #isDirty = false;
  #running: Promise<void> | undefined;
  #cancel: () => void = () => undefined;
  /** After a failure nothing but what is urgent comes before this. */
  #notBefore = 0;

  constructor(state: PodState, options: PodWorkerOptions) {
    this.#state = state;
    this.#options = options;
    this.#backOff = new BackOff({ clock: options.clock, baseMs: 1000, maxMs: 10_000, random: options.random });
  }

  /** @param isUrgent what is under way is no longer what is wanted */
  wake(isUrgent: boolean): void {
    if (this.#stop.signal.aborted) return;
    this.#isDirty = true;
    if (isUrgent) {
      this.#notBefore = 0;
      this.#turn.abort(new Error('the pod is to be ended otherwise'));
    }
    const late = this.#notBefore - this.#options.clock.now();
    if (late > 0) this.#later(late);
    else this.#start();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    this.#cancel();
    await this.#running;
  }

  #start(): void {
    this.#cancel();
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#isDirty && this.#notBefore <= this.#options.clock.now() && !this.#stop.signal.aborted) this.#start();
    });
  }

  #later(ms: number): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#notBefore = 0;
      this.#isDirty = true;
      this.#start();
    });
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (this.#isDirty && this.#notBefore <= clock.now() && !this.#stop.signal.aborted) {
      this.#isDirty = false;
      const turn = (this.#turn = new AbortController());
      try {
        const step = await this.#options.step(this.#state, AbortSignal.any([turn.signal, this.#stop.signal]));
        this.#backOff.reset();
        if (step.next === 'gone') {
          this.#stop.abort(new Error('the pod is gone'));
          this.#options.gone(this.#state);
          return;
        }
        if (step.next === 'again') this.#isDirty = true;
        else this.#later(step.ms);
      } catch (error) {
        if (turn.signal.aborted) this.#isDirty = true;
        else this.#failed(error);
      }
    }
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { namespace, name, uid } = this.#state.pod.metadata;
    const about = { namespace, pod: name, uid, error };
    // What the parts of the node refuse is told by events; anything else is a fault of ours.
    if (expected(error) || error instanceof Error && expected(error.cause)) this.#options.logger.debug('a pod could not be brought on; trying again', about);
    else this.#options.logger.error('a pod could not be brought on; trying again', about);
    const ms = this.#backOff.next();
    this.#notBefore = this.#options.clock.now() + ms;
    this.#later(ms);
  }
}

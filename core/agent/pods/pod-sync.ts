import { beginEnding } from './ending.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import type { FitChecker } from './fit/fit-checker.ts';
import type { Refusal } from './fit/refusal.ts';
import type { PodEnder } from './pod-ender.ts';
import type { PodRunner } from './pod-runner.ts';
import type { PodServices } from './pod-services.ts';
import { isTerminal, type PodState } from './pod-state.ts';
import type { StatusReporter } from './status/status-reporter.ts';
import { again, wait, type Step } from './step.ts';

export interface PodSyncOptions {
  readonly services: PodServices;
  readonly runner: PodRunner;
  readonly ender: PodEnder;
  readonly fit: FitChecker;
  readonly reporter: StatusReporter;
  /** Another pod of this name has yet to leave. */
  readonly isBlocked: (state: PodState) => boolean;
}

const deadlineMessage = 'Pod was active on the node longer than the specified deadline';

/** One look at one pod, and one step. The same code for a pod that is new, known, changed, or found running by an agent that starts again. */
export class PodSync {
  readonly #options: PodSyncOptions;

  constructor(options: PodSyncOptions) {
    this.#options = options;
  }

  async step(state: PodState, signal: AbortSignal): Promise<Step> {
    const { services, runner, ender, isBlocked } = this.#options;
    if (isBlocked(state)) return wait(1000);
    const runtime = await services.view.freshOf(state.uid);
    signal.throwIfAborted();
    this.#judge(state);
    if (state.ending !== undefined) return ender.step(state, state.ending, runtime, signal);
    if (!state.isAccepted && runtime.sandboxes.length === 0 && !await this.#accept(state, signal)) return again;
    state.isAccepted = true;
    const step = await runner.step(state, runtime, signal);
    const left = this.#timeLeft(state);
    return step.next === 'wait' && left !== undefined ? wait(Math.min(step.ms, left)) : step;
  }

  /** Whether the pod itself says that it has to end. */
  #judge(state: PodState): void {
    const { clock, recorder } = this.#options.services;
    const { pod } = state;
    if (state.isRemoved || pod.metadata.deletionTimestamp !== undefined) {
      beginEnding(state, clock.now());
    } else if (pod.status !== undefined && isTerminal(pod.status)) {
      const { phase, reason, message } = pod.status;
      beginEnding(state, clock.now(), { verdict: { phase: phase === 'Failed' ? 'Failed' : 'Succeeded', ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) } });
    } else if ((this.#timeLeft(state) ?? 1) <= 0 && beginEnding(state, clock.now(), { verdict: { phase: 'Failed', reason: 'DeadlineExceeded', message: deadlineMessage } })) {
      recorder.normal(pod, 'DeadlineExceeded', deadlineMessage);
    }
  }

  /** Milliseconds that the pod may still run; undefined when it has no limit. */
  #timeLeft({ pod: { spec }, status }: PodState): number | undefined {
    if (spec.activeDeadlineSeconds === undefined || status.startTime === undefined) return undefined;
    return Date.parse(status.startTime) + 1000 * spec.activeDeadlineSeconds - this.#options.services.clock.now();
  }

  /** Whether the node takes the pod in. Decided once: what runs already is not thrown out by it. */
  async #accept(state: PodState, signal: AbortSignal): Promise<boolean> {
    const { services, fit } = this.#options;
    const refusal = fit.check(state.pod) && await this.#checkAnew(state, signal);
    if (refusal === undefined) return true;
    services.recorder.warning(state.pod, refusal.reason, refusal.message);
    beginEnding(state, services.clock.now(), { verdict: { phase: 'Failed', reason: refusal.reason, message: `Pod was rejected: ${refusal.message}` } });
    return false;
  }

  /** Who sent the pod here may have seen labels or taints of the node that the agent has not; whoever made the pod would only make another. */
  async #checkAnew({ pod }: PodState, signal: AbortSignal): Promise<Refusal | undefined> {
    const { services, fit } = this.#options;
    const node = await services.client.get(Node, { name: services.node.name }, signal).catch(() => undefined);
    signal.throwIfAborted();
    return fit.check(pod, node ?? services.node.node());
  }
}

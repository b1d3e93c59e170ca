import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { LeaderElection } from '#core/reconcile/leader-election.ts';
import type { Scheduler, SchedulerOptions, SchedulerReport } from './scheduler.ts';

export interface SchedulerComponentOptions extends SchedulerOptions {
  /** It schedules only while this process leads; it follows what happens all the time. */
  readonly leaderElection?: LeaderElection;
}

/** Runs the scheduler from the moment at which the first pod needs it: until then not even its code is loaded. */
export class SchedulerComponent implements Component {
  readonly name = 'scheduler';
  readonly #options: SchedulerComponentOptions;
  readonly #stop = new AbortController();
  #scheduler: Scheduler | undefined;
  #running: Promise<void> | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(options: SchedulerComponentOptions) {
    this.#options = options;
  }

  /** Undefined while nothing had to be scheduled yet. */
  report(): SchedulerReport | undefined {
    return this.#scheduler?.report();
  }

  async start(): Promise<void> {
    const { informers, schedulerName = 'default-scheduler' } = this.#options;
    this.#unsubscribe = informers.for(Pod).subscribe((pod) => {
      const needsNode = pod !== undefined && (pod.spec.nodeName ?? '') === '' && (pod.spec.schedulerName ?? schedulerName) === schedulerName;
      if (needsNode) this.#running ??= this.#run(this.#stop.signal);
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort(new Error('the scheduler stops'));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { logger, leaderElection, ...options } = this.#options;
    const { Scheduler: Loaded } = await import('./scheduler.ts');
    this.#unsubscribe();
    const scheduler = (this.#scheduler = new Loaded({ ...options, logger }));
    try {
      await scheduler.start(signal);
      await (leaderElection?.run((term) => scheduler.run(term), signal) ?? scheduler.run(signal));
    } catch (error) {
      if (!signal.aborted) logger.error('the scheduler ended', { error });
    } finally {
      scheduler.stop();
    }
  }
}

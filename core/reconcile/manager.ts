import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ControllerRunner, type ControllerReport } from './controller-runner.ts';
import type { Controller } from './controller.ts';
import type { SharedInformers } from './informers.ts';
import type { LeaderElection } from './leader-election.ts';
import type { WorkQueueOptions } from './work-queue.ts';

export interface ManagerOptions {
  readonly controllers: readonly Controller[];
  readonly informers: SharedInformers;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Back-off of the controllers' queues. */
  readonly queue?: Omit<WorkQueueOptions, 'clock'>;
  /** Controllers work only while this process leads; informers run all the time. */
  readonly leaderElection?: LeaderElection;
}

/**
 * Runs controllers and the informers they read.
 *
 * Start: informers run, their first lists come in, controllers begin to work (or this process begins to contend for the lead).
 * Stop: no key is taken any more, reconciles are told to end and waited for, then the informers end.
 */
export class Manager implements Component {
  readonly name = 'controllers';
  readonly #options: ManagerOptions;
  readonly #runners: readonly ControllerRunner[];
  readonly #stopWork = new AbortController();
  readonly #stopInformers = new AbortController();
  #working: Promise<void> = Promise.resolve();
  #informing: Promise<void> = Promise.resolve();

  /** @throws {Error} when two controllers have one name */
  constructor(options: ManagerOptions) {
    this.#options = options;
    const names = options.controllers.map((controller) => controller.name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new Error(`two controllers are called "${twice}"`);
    this.#runners = options.controllers.map((controller) => new ControllerRunner(controller, options));
  }

  /** Resolves when all first lists are in and the controllers work or wait for the lead. Waits for the API as long as the signal allows. */
  async start(signal: AbortSignal): Promise<void> {
    const { informers, clock, logger } = this.#options;
    for (const runner of this.#runners) runner.subscribe();
    this.#informing = informers.run(this.#stopInformers.signal);
    const cancel = clock.after(10_000, () => logger.warn('still waiting for first lists', { resources: informers.unsynced() }));
    try {
      await informers.whenSynced(AbortSignal.any([signal, this.#stopWork.signal]));
    } finally {
      cancel();
    }
    this.#working = this.#work(this.#stopWork.signal);
  }

  async stop(): Promise<void> {
    this.#stopWork.abort(new Error('the manager stops'));
    for (const runner of this.#runners) runner.close();
    await this.#working;
    this.#stopInformers.abort(new Error('the manager stops'));
    await this.#informing;
  }

  /** How each controller is doing, in the order in which they were given. */
  report(): readonly ControllerReport[] {
    return this.#runners.map((runner) => runner.report());
  }

  async #work(signal: AbortSignal): Promise<void> {
    const lead = async (term: AbortSignal): Promise<void> => {
      await Promise.all(this.#runners.map((runner) => runner.run(term)));
    };
    await (this.#options.leaderElection?.run(lead, signal) ?? lead(signal));
  }
}

import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';

export interface UpkeepOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Looks at how things are and puts them right; may be called at any time. */
  readonly task: (signal: AbortSignal) => Promise<void>;
  /** Calls back whenever there may be something to do; returns what ends that. */
  readonly watch: (ask: () => void) => () => void;
}

const firstRetryMs = 500;
const lastRetryMs = 30_000;

/** Runs a task at its start and whenever it is asked to, one round at a time, and again later when a round fails. */
export class Upkeep implements Component {
  readonly name: string;
  private readonly options: UpkeepOptions;
  private readonly stopping = new AbortController();
  private unwatch: () => void = () => undefined;
  private cancelRetry: () => void = () => undefined;
  private retryMs = firstRetryMs;
  private round: Promise<void> | undefined;
  private asked = false;

  constructor(options: UpkeepOptions) {
    this.name = options.name;
    this.options = options;
  }

  /** Does not wait for the first round. */
  async start(): Promise<void> {
    this.unwatch = this.options.watch(() => this.ask());
    this.ask();
  }

  async stop(): Promise<void> {
    this.unwatch();
    this.cancelRetry();
    this.stopping.abort(new Error(`${this.name} stops`));
    await this.round;
  }

  /** Resolves when nothing is left to do just now. */
  async settled(): Promise<void> {
    while (this.round) await this.round;
  }

  private ask(): void {
    this.asked = true;
    if (this.stopping.signal.aborted) return;
    this.round ??= this.run().finally(() => {
      this.round = undefined;
    });
  }

  private async run(): Promise<void> {
    const { task, clock, logger } = this.options;
    while (this.asked && !this.stopping.signal.aborted) {
      this.asked = false;
      try {
        await task(this.stopping.signal);
        this.cancelRetry();
        this.retryMs = firstRetryMs;
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        logger.warn('not everything could be put right; trying again', { task: this.name, error });
        this.cancelRetry();
        this.cancelRetry = clock.after(this.retryMs, () => this.ask());
        this.retryMs = Math.min(lastRetryMs, this.retryMs * 2);
      }
    }
  }
}

import type { Component } from '#core/kernel/lifecycle.ts';

/** Something that runs until it is told to end, and does not reject. */
export class Background implements Component {
  readonly name: string;
  readonly #run: (signal: AbortSignal) => Promise<void>;
  readonly #end = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(name: string, run: (signal: AbortSignal) => Promise<void>) {
    this.name = name;
    this.#run = run;
  }

  /** Does not wait: the API may be away. */
  async start(): Promise<void> {
    this.#running = this.#run(this.#end.signal);
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('the agent stops'));
    await this.#running;
  }
}

import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { LocalPools } from './pools.ts';

/**
 * Clears away what a crash left and counts the volumes, beside the start of everything else: calls of the drivers wait for it.
 * When it fails they try again, so that a disk which is missing stops nothing but its volumes.
 */
export class PoolsOpener implements Component {
  readonly name = 'local volumes';
  readonly #pools: LocalPools;
  readonly #log: Logger;
  readonly #close: () => Promise<void>;
  #opening: Promise<void> = Promise.resolve();

  /** @param close lets go of what the pools work with */
  constructor(pools: LocalPools, log: Logger, close: () => Promise<void>) {
    this.#pools = pools;
    this.#log = log;
    this.#close = close;
  }

  async start(): Promise<void> {
    this.#opening = this.#pools.open().catch((error: unknown) => this.#log.warn('a folder of local volumes cannot be used', { error }));
  }

  async stop(): Promise<void> {
    await this.#opening;
    await this.#close();
  }
}

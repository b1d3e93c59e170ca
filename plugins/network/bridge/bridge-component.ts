import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { BridgeNetwork } from './bridge-network.ts';
import { CniServer } from './cni-server.ts';

export interface BridgeComponentOptions {
  readonly network: BridgeNetwork;
  readonly clock: Clock;
  readonly log: Logger;
  /** Path of the socket for other runtimes; none when undefined. */
  readonly socket?: string | undefined;
  /** How often what others may have broken is put right, in milliseconds. */
  readonly repairEveryMs: number;
}

/** The network's life in a process: the socket, repairs, and an orderly end, by which pods lose nothing. */
export class BridgeComponent implements Component {
  readonly name = 'bridge network';
  readonly #options: BridgeComponentOptions;
  readonly #server: CniServer | undefined;
  readonly #stopping = new AbortController();
  #repairing: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;

  constructor(options: BridgeComponentOptions) {
    this.#options = options;
    const { socket, network, log } = options;
    this.#server = socket === undefined ? undefined : new CniServer({ network, path: socket, log });
  }

  async start(): Promise<void> {
    await this.#server?.start();
    this.#repairLater();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the node agent stops'));
    this.#cancel?.();
    await this.#server?.stop();
    await this.#repairing;
    await this.#options.network.close();
  }

  #repairLater(): void {
    const { clock, network, log, repairEveryMs } = this.#options;
    this.#cancel = clock.after(repairEveryMs, () => {
      this.#repairing = network.repair(this.#stopping.signal).catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) log.warn('the node\'s network could not be put right', { error });
      }).then(() => {
        if (!this.#stopping.signal.aborted) this.#repairLater();
      });
    });
  }
}

import type { IpFamily } from '#core/api/ip.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Commands } from './commands.ts';
import { runCommand } from './commands.ts';

const never = new AbortController().signal;

export interface FlowsOptions {
  readonly commands: Commands;
  readonly families: readonly IpFamily[];
  readonly clock: Clock;
  /** Milliseconds until what was left is looked at, all that was left in this time at once. */
  readonly afterMs: number;
  /** Addresses that somebody has again by then keep theirs. */
  readonly isUsed: (address: string) => boolean;
}

/**
 * Makes the kernel forget the connections of addresses whose pods are gone. Who still sends to the next pod of the address would else count as answered,
 * and pass policies that are against it. Without the program `conntrack`, they end by themselves when both sides are silent for two minutes.
 */
export class Flows {
  readonly #options: FlowsOptions;
  readonly #left = new Set<string>();
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: FlowsOptions) {
    this.#options = options;
  }

  /** These addresses, without prefix lengths, are nobody's now. */
  leave(addresses: readonly string[]): void {
    for (const address of addresses) this.#left.add(address);
    if (this.#left.size === 0) return;
    const { clock, afterMs } = this.#options;
    this.#cancel ??= clock.after(afterMs, () => {
      this.#cancel = undefined;
      this.#running = this.#running.then(() => this.#forgetLeft());
    });
  }

  /** What is left to do is done by the next process. */
  async close(): Promise<void> {
    this.#cancel?.();
    await this.#running;
  }

  async #forgetLeft(): Promise<void> {
    const { families, isUsed } = this.#options;
    const gone = new Set([...this.#left].filter((address) => !isUsed(address)));
    this.#left.clear();
    if (gone.size > 0) for (const family of families) await this.#forget(family === 'IPv4' ? 'ipv4' : 'ipv6', gone).catch(() => undefined);
  }

  /** One look at all, since most have none left. */
  async #forget(family: 'ipv4' | 'ipv6', gone: ReadonlySet<string>): Promise<void> {
    const { commands } = this.#options;
    const { exitCode, output } = await runCommand(commands, ['conntrack', '-L', '-f', family], never);
    if (exitCode !== 0) return;
    const [askers, asked, answerers] = [new Set<string>(), new Set<string>(), new Set<string>()];
    for (const [, asker = '', to = '', answerer = ''] of output.matchAll(/ src=(\S+) dst=(\S+)(?: .*?)? src=(\S+) dst=/g)) {
      if (gone.has(asker)) askers.add(asker);
      else if (gone.has(to)) asked.add(to);
      else if (gone.has(answerer)) answerers.add(answerer);
    }
    for (const [flag, found] of [['-s', askers], ['-d', asked], ['-r', answerers]] as const) {
      for (const address of found) await runCommand(commands, ['conntrack', '-D', '-f', family, flag, address], never);
    }
  }
}

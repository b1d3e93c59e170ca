import type { IpFamily } from '#core/api/ip.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { RunCommand } from './commands.ts';
import { parseSaved, type Saved } from './saved-rules.ts';

/** Which of iptables' two kernel interfaces to use; `auto` is what the machine's `iptables` means. */
export type Backend = 'auto' | 'nft' | 'legacy';

export interface KernelTablesOptions {
  readonly family: IpFamily;
  readonly backend: Backend;
  readonly run: RunCommand;
  /** Seconds to wait for another program that holds the lock of iptables. */
  readonly lockSeconds: number;
}

/** The kernel, or iptables, did not take an input; nothing of that transaction was done. */
export class RefusedInput extends ProviderError {
  /** Chain of the rule that was refused, where it can be told. */
  readonly chain: string | undefined;

  constructor(message: string, chain: string | undefined) {
    super('Unavailable', message);
    this.name = 'RefusedInput';
    this.chain = chain;
  }
}

/** The packet filter of one family, through the programs of iptables. */
export class KernelTables {
  readonly #options: KernelTablesOptions;
  readonly #program: string;

  constructor(options: KernelTablesOptions) {
    this.#options = options;
    const name = options.family === 'IPv4' ? 'iptables' : 'ip6tables';
    this.#program = options.backend === 'auto' ? name : `${name}-${options.backend}`;
  }

  /** @throws {ProviderError} */
  async read(signal: AbortSignal): Promise<Saved> {
    return parseSaved(await this.#run('save', [], '', signal));
  }

  /** Changes what the input names and nothing else. @throws {ProviderError} `RefusedInput` when it is the input's fault */
  async apply(input: string, signal: AbortSignal): Promise<void> {
    await this.#run('restore', ['-w', String(this.#options.lockSeconds), '--noflush'], input, signal);
  }

  /** The rules of one chain, as lines; undefined when there is no such chain. */
  async chain(table: string, chain: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const { exitCode, output } = await this.#options.run(this.#program, ['-w', String(this.#options.lockSeconds), '-t', table, '-S', chain], '', signal);
    return exitCode === 0 ? output.split('\n').filter((line) => line.startsWith('-A ')) : undefined;
  }

  /** What it says of its version. @throws {ProviderError} */
  async version(signal: AbortSignal): Promise<string> {
    const { exitCode, output, complaint } = await this.#options.run(this.#program, ['--version'], '', signal);
    if (exitCode !== 0) throw new ProviderError('Invalid', `${this.#program} does not work: ${complaint}`);
    return output.trim();
  }

  async #run(verb: 'save' | 'restore', args: readonly string[], input: string, signal: AbortSignal): Promise<string> {
    const program = `${this.#program}-${verb}`;
    const { exitCode, output, complaint } = await this.#options.run(program, args, input, signal);
    if (exitCode === 0) return output;
    if (/xtables lock|Resource temporarily unavailable/.test(complaint)) {
      throw new ProviderError('Unavailable', `another program holds the lock of iptables; waited ${this.#options.lockSeconds} s: ${complaint}`);
    }
    throw new RefusedInput(`${program} failed with exit code ${exitCode}: ${complaint}`, faultyChain(input, complaint));
  }
}

/** `line 12 failed`, `Error occurred at line: 12`, or for what the kernel says, `rule in chain X`. */
function faultyChain(input: string, complaint: string): string | undefined {
  const named = /\bin chain (\S+)/.exec(complaint)?.[1];
  if (named !== undefined) return named;
  const number = /\bline:? (\d+)/.exec(complaint)?.[1];
  return number === undefined ? undefined : /^-A (\S+) /.exec(input.split('\n')[Number(number) - 1] ?? '')?.[1];
}

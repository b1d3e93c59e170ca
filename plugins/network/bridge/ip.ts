import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import type { Commands } from './commands.ts';
import { runCommand } from './commands.ts';

/** `ip` of this process's network namespace and of others. */
export class Ip {
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  /** Runs the lines in order until one fails. @throws {NetworkError} 102 */
  async batch(lines: readonly string[], signal: AbortSignal): Promise<void> {
    const { exitCode, complaint } = await runCommand(this.#commands, ['ip', '-batch', '-'], signal, `${lines.join('\n')}\n`);
    if (exitCode === 0) return;
    const failed = /Command failed -:(\d+)/.exec(complaint)?.[1];
    const line = failed === undefined ? '' : `ip ${lines[Number(failed) - 1] ?? ''}: `;
    throw new NetworkError(cniCodes.refused, `${line}${complaint.replace(/\s*Command failed -:\d+\s*/, '')}`);
  }

  /** Runs all lines, and gives back what was complained of. */
  async forced(lines: readonly string[], signal: AbortSignal, program = 'ip'): Promise<string | undefined> {
    if (lines.length === 0) return undefined;
    const { exitCode, complaint } = await runCommand(this.#commands, [program, '-force', '-batch', '-'], signal, `${lines.join('\n')}\n`);
    return exitCode === 0 ? undefined : complaint;
  }

  /** What `ip -json` lists; undefined when there is no such thing. */
  async list(args: readonly string[], signal: AbortSignal, netns?: string): Promise<readonly unknown[] | undefined> {
    const command = ['ip', '-json', ...args] as const;
    const { exitCode, output } = await runCommand(this.#commands, netns === undefined ? command : ['nsenter', `--net=${netns}`, ...command], signal);
    if (exitCode !== 0) return undefined;
    const listed: unknown = output.trim() === '' ? [] : JSON.parse(output);
    return Array.isArray(listed) ? (listed as unknown[]) : [];
  }
}

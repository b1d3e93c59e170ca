import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
  /** What it complained of, for a message. */
  readonly complaint: string;
}

/** A program that is running and has not got its input yet. */
export interface StartedCommand {
  /** Gives it its input, and waits for its end. @throws {NetworkError} 102 when it did not come to that, or the signal's reason */
  finish(input: string, signal: AbortSignal): Promise<CommandResult>;
  abandon(): void;
}

/** The programs of the machine, without a shell. */
export interface Commands {
  start(program: string, args: readonly string[]): Promise<StartedCommand>;
}

const TIMEOUT_MS = 30_000;
const MOST_OUTPUT = 64 * 1024 * 1024;

/** Where system programs are, also for users whose own path leaves `sbin` out. */
export const programPath = (): string => `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;

export const machineCommands: Commands = {
  async start(program, args) {
    // A hundred modules that a control plane without pods never needs.
    const { execa } = await import('execa');
    const child = execa(program, args, { reject: false, maxBuffer: MOST_OUTPUT, env: { PATH: programPath(), LC_ALL: 'C' } });
    child.stdin.on('error', () => undefined);
    return {
      async finish(input, signal) {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
        const kill = (): void => void child.kill('SIGKILL');
        limit.addEventListener('abort', kill, { once: true });
        if (limit.aborted) kill();
        child.stdin.end(input);
        const result = await child;
        limit.removeEventListener('abort', kill);
        signal.throwIfAborted();
        if (result.exitCode === undefined) {
          const why = limit.aborted ? `did not end in ${TIMEOUT_MS / 1000} seconds` : result.shortMessage ?? 'did not run';
          throw new NetworkError(cniCodes.refused, `${program} ${why}`, '', result.cause);
        }
        return { exitCode: result.exitCode, output: result.stdout, complaint: result.stderr.trim().slice(0, 1000) || `exit code ${result.exitCode}` };
      },
      abandon: () => void child.kill('SIGKILL'),
    };
  },
};

/** Runs a program to its end, with input or without. */
export async function runCommand(commands: Commands, [program, ...args]: readonly [string, ...string[]], signal: AbortSignal, input = ''): Promise<CommandResult> {
  return (await commands.start(program, args)).finish(input, signal);
}

/** As `runCommand`, for what must succeed. @throws {NetworkError} 102 */
export async function mustRun(commands: Commands, command: readonly [string, ...string[]], signal: AbortSignal, input = ''): Promise<string> {
  const { exitCode, output, complaint } = await runCommand(commands, command, signal, input);
  if (exitCode !== 0) throw new NetworkError(cniCodes.refused, `${command.join(' ')}: ${complaint}`, input.slice(0, 1000));
  return output;
}

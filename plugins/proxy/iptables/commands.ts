import { ProviderError } from '#core/spi/errors.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
  /** What it complained of. */
  readonly complaint: string;
}

/** Runs a program of the machine, without a shell, with a text as its input. Rejects only when the program could not run to its end. */
export type RunCommand = (program: string, args: readonly string[], input: string, signal: AbortSignal) => Promise<CommandResult>;

/** 320,000 rules are loaded in 20 s. */
const timeoutMs = 180_000;
/** A rule takes about a hundred bytes. */
const mostOutput = 256 * 1024 * 1024;

/** Where system programs are, also for users whose own path leaves `sbin` out. */
const programPath = (): string => `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;

/** @param netns path of the network namespace in which programs run; that of this process when undefined */
export function commandsIn(netns: string | undefined): RunCommand {
  return async (program, args, input, signal) => {
    signal.throwIfAborted();
    // A hundred modules that a control plane without pods never needs.
    const { execa } = await import('execa');
    const [file, ...rest] = netns === undefined ? [program, ...args] : ['nsenter', `--net=${netns}`, '--', program, ...args];
    const result = await execa(file ?? program, rest, {
      reject: false, cancelSignal: signal, timeout: timeoutMs, maxBuffer: { stdout: mostOutput, stderr: 64 * 1024 }, input, stripFinalNewline: false,
      env: { PATH: programPath(), LC_ALL: 'C' },
    });
    if (result.isCanceled) throw signal.reason;
    if (result.exitCode === undefined) {
      const why = result.timedOut ? `did not end in ${timeoutMs / 1000} seconds` : result.shortMessage;
      throw new ProviderError(result.code === 'ENOENT' ? 'Invalid' : 'Unavailable', `${program} ${why}`, { cause: result.cause });
    }
    return { exitCode: result.exitCode, output: result.stdout, complaint: result.stderr.trim().slice(0, 500) };
  };
}

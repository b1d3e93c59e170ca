export interface ProgramResult {
  readonly exitCode: number;
  readonly output: string;
  /** What it complained of, for a message. */
  readonly complaint: string;
}

/** Runs a program of the machine, without a shell. Rejects only when the program could not run to its end, or the signal aborts. */
export type RunProgram = (program: string, args: readonly string[], signal: AbortSignal) => Promise<ProgramResult>;

export const runProgram: RunProgram = async (program, args, signal) => {
  signal.throwIfAborted();
  const { execa } = await import('execa');
  const result = await execa(program, args, {
    reject: false, cancelSignal: signal, forceKillAfterDelay: 1000, maxBuffer: 64 * 1024, stdin: 'ignore',
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C' },
  });
  if (result.isCanceled) throw signal.reason;
  if (result.exitCode === undefined) throw new Error(`${program} ${result.shortMessage}`, { cause: result.cause });
  return { exitCode: result.exitCode, output: result.stdout, complaint: result.stderr.trim().slice(0, 500) || `exit code ${result.exitCode}` };
};

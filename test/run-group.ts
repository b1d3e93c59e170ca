import { execa } from 'execa';

export interface GroupResult {
  readonly exitCode: number | undefined;
  /** It was stopped because it took longer than it may. */
  readonly late: boolean;
}

const groups = new Set<number>();

/**
 * Runs a program in a process group of its own; when it ends, or takes too long, nothing of the group is left.
 * @param file where it writes to, instead of to where this process does
 */
export async function runGroup(program: string, args: readonly string[], env: Record<string, string>, deadlineMs: number, file?: string): Promise<GroupResult> {
  const output = file === undefined ? 'inherit' : { file, append: true };
  const child = execa(program, args, { preferLocal: true, stdin: 'ignore', stdout: output, stderr: output, buffer: false, detached: true, reject: false, env });
  const { pid } = child;
  if (pid === undefined) return { exitCode: (await child).exitCode, late: false };
  groups.add(pid);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(pid);
  }, deadlineMs);
  try {
    return { exitCode: (await child).exitCode, late };
  } finally {
    clearTimeout(timer);
    killGroup(pid);
    groups.delete(pid);
  }
}

/** Ends everything that was started and still runs. */
export function killGroups(): void {
  for (const pid of groups) killGroup(pid);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

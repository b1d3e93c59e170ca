import { readFileSync } from 'node:fs';

/** One run of one process: numbers are used again, the moment of its start within one boot of the machine is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; empty where the system does not tell. */
  readonly startedAt: string;
  /** Changes whenever the machine starts; empty where the system does not tell. */
  readonly boot: string;
}

export const identityOf = (pid: number): ProcessIdentity => ({ pid, startedAt: startOf(pid) ?? '', boot: readOrNothing('/proc/sys/kernel/random/boot_id')?.trim() ?? '' });

/** False only when the process is certainly gone. */
export function isRunning(identity: ProcessIdentity): boolean {
  if (identityOf(process.pid).boot !== identity.boot) return false;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const startedAt = startOf(identity.pid);
  return startedAt === undefined || identity.startedAt === '' || startedAt === identity.startedAt;
}

/** The program and its arguments, as far as this user may see them. */
export const commandLineOf = (pid: number): string => (readOrNothing(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();

/** Undefined when the process is gone, or where the system does not tell. */
export const parentOf = (pid: number): number | undefined => numberOf(statOf(pid)?.[1]);

/** The process that opened its session, which need not be alive; undefined as above. */
export const sessionOf = (pid: number): number | undefined => numberOf(statOf(pid)?.[3]);

const numberOf = (field: string | undefined): number | undefined => (field === undefined ? undefined : Number(field));

/** A dead process that nobody has waited for yet counts as gone. */
function startOf(pid: number): string | undefined {
  const fields = statOf(pid);
  return fields?.[0] === 'Z' ? '' : fields?.[19];
}

/** `/proc/PID/stat` from its third field on. The second is the program's name in brackets, and may hold anything. */
function statOf(pid: number): readonly string[] | undefined {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

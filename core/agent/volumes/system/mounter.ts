import { readFileSync } from 'node:fs';
import { Slots } from '#core/agent/pods/slots.ts';
import { orAborted } from '#core/kernel/or-aborted.ts';
import { mayHang, mountOf, mountsWithin, readMounts, type Mount, type ReadMounts } from './mount-table.ts';
import { runProgram, type ProgramResult, type RunProgram } from './run-program.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';

/** A hundred pods that go at once must not start hundreds of programs. */
const programsAtOnce = 8;
/** Exit code of blkid(8). */
const nothingFound = 2;
/** Most rounds of unmounting one folder: each repetition of a crashed caller may have added a layer. */
const mostRounds = 16;

export interface MounterOptions {
  /** Whether this process may mount. */
  readonly able: boolean;
  readonly run?: RunProgram;
  readonly mounts?: ReadMounts;
}

/** Mounts and unmounts by the machine's own programs, and reads what is mounted. */
export class Mounter {
  /** False without root or CAP_SYS_ADMIN: then nothing may be asked of it but the table. */
  readonly able: boolean;
  readonly #program: RunProgram;
  readonly #mounts: SharedRun<readonly Mount[]>;
  readonly #slots = new Slots(programsAtOnce);

  constructor({ able, run = runProgram, mounts = readMounts }: MounterOptions) {
    this.able = able;
    this.#program = run;
    this.#mounts = new SharedRun(mounts);
  }

  table(): Promise<readonly Mount[]> {
    return this.#mounts.run();
  }

  /** @param options such as `ro`; for a file system of a device */
  async device(device: string, path: string, fsType: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#mount(['-t', fsType, ...(options.length === 0 ? [] : ['-o', options.join(',')]), device, path], signal);
  }

  /** Makes a file system on a device that has nothing at all. @throws {Error} when it has a partition table, or cannot be read */
  async formatIfBlank(device: string, fsType: string, signal: AbortSignal): Promise<void> {
    const found = await this.#run('blkid', ['-p', '-s', 'TYPE', '-s', 'PTTYPE', '-o', 'export', device], signal);
    if (found.exitCode === 0) {
      if (/^PTTYPE=/m.test(found.output) && !/^TYPE=/m.test(found.output)) throw new Error(`${device} has a partition table; it is not formatted`);
      return;
    }
    if (found.exitCode !== nothingFound) throw new Error(`blkid ${device} failed: ${found.complaint}`);
    const result = await this.#run(`mkfs.${fsType}`, [...(fsType.startsWith('ext') ? ['-F', '-m0'] : ['-f']), device], signal);
    if (result.exitCode !== 0) throw new Error(`mkfs.${fsType} ${device} failed: ${result.complaint}`);
  }

  /** @param options of tmpfs, such as `size=1048576` */
  async tmpfs(path: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#mount(['-t', 'tmpfs', '-o', ['nosuid', 'nodev', ...options].join(','), 'tmpfs', path], signal);
  }

  async bind(source: string, path: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#mount(['-o', 'bind', source, path], signal);
    // It takes over the options of its source: others are put on it afterwards.
    await this.setOptions(path, options, signal);
  }

  /** @param opened path of an opened file, such as `/proc/PID/fd/N`: what it leads to is bound, not what its text says */
  async bindOpened(opened: string, path: string, signal: AbortSignal): Promise<void> {
    await this.#mount(['--no-canonicalize', '-o', 'bind', opened, path], signal);
  }

  /** Of a bind mount. */
  async setOptions(path: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    if (options.length > 0) await this.#mount(['-o', ['remount', 'bind', ...options].join(','), path], signal);
  }

  /** Undoes all mounts at the path and below it. @throws {Error} when one is busy */
  async unmountWithin(path: string, signal: AbortSignal): Promise<void> {
    for (let round = 0; ; round++) {
      const left = mountsWithin(await this.table(), path);
      if (left.length === 0) return;
      if (round === mostRounds) throw new Error(`${left.at(-1)?.path} is still mounted after ${mostRounds} unmounts`);
      for (const mount of left.toReversed()) {
        const result = await this.#run('umount', [mount.path], signal);
        if (result.exitCode !== 0) throw new Error(`${mount.path} could not be unmounted: ${result.complaint}`);
      }
    }
  }

  /**
   * Looks at the path in a process of its own where the file system may never answer: a call of ours would keep one of this process's few
   * threads waiting with it. Resolves also when nothing is there.
   */
  async probe(path: string, signal: AbortSignal): Promise<void> {
    if (mayHang(mountOf(await this.table(), path))) await this.#run('stat', ['--format=%i', path], signal);
  }

  /** A program that does not end, as on a server that is gone, gives its place away when its caller gives up. */
  #run(program: string, args: readonly string[], signal: AbortSignal): Promise<ProgramResult> {
    return this.#slots.run(() => orAborted(this.#program(program, args, signal), signal), signal);
  }

  async #mount(args: readonly string[], signal: AbortSignal): Promise<void> {
    const result = await this.#run('mount', args, signal);
    if (result.exitCode !== 0) throw new Error(`mount ${args.join(' ')} failed: ${result.complaint}`);
  }
}

const sysAdmin = 21n;

/** Whether this process may mount: root that has kept CAP_SYS_ADMIN, on Linux. */
export function mayMount(): boolean {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false;
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> sysAdmin) & 1n) === 1n;
}

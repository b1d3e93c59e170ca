import { ProviderError } from '#core/spi/errors.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
  /** What it complained of, for a message. */
  readonly complaint: string;
}

/** Runs a program of the machine, without a shell. Rejects only when the program could not run to its end. */
export type RunCommand = (program: string, args: readonly string[], signal: AbortSignal) => Promise<CommandResult>;

const TIMEOUT_MS = 120_000;

/** Packages of Debian that bring the programs of which somebody may have heard nothing. */
const packages: Readonly<Record<string, string>> = {
  'mkfs.ext2': 'e2fsprogs', 'mkfs.ext3': 'e2fsprogs', 'mkfs.ext4': 'e2fsprogs', e2fsck: 'e2fsprogs', resize2fs: 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs', xfs_growfs: 'xfsprogs', blkid: 'util-linux', losetup: 'mount', mount: 'mount', umount: 'mount',
};

/** Where system programs are, also for users whose own path leaves `sbin` out. */
export const programPath = (): string => `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;

export const runCommand: RunCommand = async (program, args, signal) => {
  signal.throwIfAborted();
  // A hundred modules that a control plane without pods never needs.
  const { execa } = await import('execa');
  const result = await execa(program, args, {
    reject: false, cancelSignal: signal, timeout: TIMEOUT_MS, maxBuffer: 64 * 1024, stdin: 'ignore',
    env: { PATH: programPath(), LC_ALL: 'C' },
  });
  if (result.isCanceled) throw signal.reason;
  if (result.exitCode === undefined) {
    const { [program]: owner } = packages;
    const missing = `is not installed${owner === undefined ? '' : ` (apt-get install ${owner})`}`;
    const why = result.timedOut ? `did not end in ${TIMEOUT_MS / 1000} seconds` : result.code === 'ENOENT' ? missing : result.shortMessage;
    throw new ProviderError('Unavailable', `${program} ${why}`, { cause: result.cause });
  }
  return { exitCode: result.exitCode, output: result.stdout, complaint: result.stderr.trim().slice(0, 500) || `exit code ${result.exitCode}` };
};

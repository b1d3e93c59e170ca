import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { cpus, hostname, networkInterfaces, release, type NetworkInterfaceInfo } from 'node:os';

export interface FileSystemUse {
  /** The same for two paths on one file system. */
  readonly device: bigint;
  /** Bytes. `available` is what an ordinary user may still write. */
  readonly capacity: bigint;
  readonly available: bigint;
  readonly inodes: bigint;
  readonly inodesFree: bigint;
}

/** What the agent reads of the machine it runs on. */
export interface Machine {
  /** Of small files, as in /proc; undefined when there is none or it may not be read. */
  readText(path: string): Promise<string | undefined>;
  /** Names in a folder; none when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  fileSystem(path: string): Promise<FileSystemUse>;
  interfaces(): Readonly<Partial<Record<string, readonly NetworkInterfaceInfo[]>>>;
  hostname(): string;
  /** Logical processors. */
  processors(): number;
  kernelVersion(): string;
}

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EINVAL', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '');

function absent<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (isAbsent(error)) return instead;
    throw error;
  };
}

export const systemMachine: Machine = {
  readText: (path) => readFile(path, 'utf8').catch(absent(undefined)),
  list: (path) => readdir(path).catch(absent([])),
  async fileSystem(path) {
    const [{ dev }, { bsize, blocks, bavail, files, ffree }] = await Promise.all([stat(path, { bigint: true }), statfs(path, { bigint: true })]);
    return { device: dev, capacity: bsize * blocks, available: bsize * bavail, inodes: files, inodesFree: ffree };
  },
  interfaces: networkInterfaces,
  hostname,
  processors: () => cpus().length,
  kernelVersion: release,
};

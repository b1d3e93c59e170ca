import { readFile, readlink } from 'node:fs/promises';

/** The kernel's present run and this process's network namespace: what was made in another one is gone with it. */
export async function currentEpoch(): Promise<string> {
  const [boot, namespace] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/net')]);
  return `${boot.trim()} ${namespace}`;
}

import { readdir, readFile, writeFile } from 'node:fs/promises';

/** The kernel's parameters of this process's network namespace. */
export interface Sysctls {
  /** False where the kernel has no such parameter. */
  set(name: string, value: string): Promise<boolean>;
}

const pathOf = (name: string): string => `/proc/sys/net/${name}`;

export const kernelSysctls: Sysctls = {
  async set(name, value) {
    const path = pathOf(name);
    try {
      // Many are read-only where they are already as they should be.
      if ((await readFile(path, 'utf8')).trim() !== value) await writeFile(path, value);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  },
};

/**
 * Lets the node forward. An interface that has its routes by router advertisements would lose them with IPv6 forwarding, unless it is told to listen all the same.
 * Gives back whether what crosses the bridge passes the packet filter: without it policies and services miss what pods of one node say to each other.
 */
export async function allowForwarding(sysctls: Sysctls, families: { readonly v4: boolean; readonly v6: boolean }): Promise<boolean> {
  if (families.v4) await sysctls.set('ipv4/ip_forward', '1');
  if (families.v6) {
    for (const name of await listeners()) await sysctls.set(`ipv6/conf/${name}/accept_ra`, '2');
    await sysctls.set('ipv6/conf/all/forwarding', '1');
  }
  const filtered = await Promise.all((['iptables', 'ip6tables'] as const).map((which) => sysctls.set(`bridge/bridge-nf-call-${which}`, '1')));
  return filtered.every(Boolean);
}

async function listeners(): Promise<string[]> {
  const names = (await readdir(pathOf('ipv6/conf')).catch(() => [])).filter((name) => !['all', 'default', 'lo'].includes(name) && !name.startsWith('kl') && !name.startsWith('keelson'));
  const values = await Promise.all(names.map(async (name) => ({ name, value: await readFile(pathOf(`ipv6/conf/${name}/accept_ra`), 'utf8').catch(() => '') })));
  return values.filter(({ value }) => value.trim() === '1').map(({ name }) => name);
}

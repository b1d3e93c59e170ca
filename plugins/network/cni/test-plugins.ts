import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Debian's reference plugins. */
export const referencePlugins = '/usr/lib/cni';

/** A folder of programs by which the reference plugins run in another network namespace than this process. */
export async function pluginsInside(folder: string, netns: string, types: readonly string[]): Promise<string> {
  const path = join(folder, 'plugins');
  await mkdir(path, { recursive: true });
  for (const type of types) await writeProgram(join(path, type), `exec nsenter --net=${netns} ${referencePlugins}/${type}\n`);
  return path;
}

/** A program of a shell that stands in for a plugin. */
export async function writeProgram(path: string, text: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${text}`);
  await chmod(path, 0o755);
}

/** Addresses that host-local holds. */
export async function heldAddresses(dataDir: string, network: string): Promise<string[]> {
  const names = await readdir(join(dataDir, network)).catch(() => []);
  return names.filter((name) => /^[0-9a-f]+[.:]/.test(name));
}

/** A network of the reference plugins: bridge, host-local and portmap. */
export const referenceList = (dataDir: string, change: object = {}): object => ({
  cniVersion: '1.1.0', name: 'reference',
  plugins: [
    {
      type: 'bridge', bridge: 'ref0', isGateway: true, hairpinMode: true,
      ipam: { type: 'host-local', dataDir, ranges: [[{ subnet: '10.198.1.0/24' }], [{ subnet: 'fd98:0:0:1::/64' }]], routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
  ...change,
});

import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { prefix, type Layout } from './layout.ts';
import { diskUsage, type Budget } from './system/disk-usage.ts';
import { unlessMissing } from './system/error-code.ts';
import { mountAt } from './system/mount-table.ts';
import type { Mounter } from './system/mounter.ts';

/** Files that one measurement of a pod looks at; a volume with more is measured too small, and still far too large for its node. */
const mostFiles = 200_000;
/** Those whose files are the agent's own, not a driver's or the node's. */
const measured = new Set(['empty-dir', 'configmap', 'secret', 'projected', 'downward-api'].map((type) => prefix + type));

/** Bytes by volume name. A tmpfs is asked, a folder on the disk is gone through. */
export async function localUsage(layout: Layout, mounter: Mounter, podUid: string, signal: AbortSignal): Promise<ReadonlyMap<string, bigint>> {
  const usage = new Map<string, bigint>();
  const budget: Budget = { left: mostFiles };
  const root = layout.volumes(podUid);
  const mounts = await mounter.table();
  for (const type of await readdir(root).catch(unlessMissing([]))) {
    if (!measured.has(type)) continue;
    for (const name of await readdir(join(root, type)).catch(unlessMissing([]))) {
      if (name.startsWith('..')) continue;
      const path = join(root, type, name);
      if (mountAt(mounts, path)?.fsType === 'tmpfs') {
        const { blocks, bfree, bsize } = await statfs(path, { bigint: true });
        usage.set(name, (blocks - bfree) * bsize);
      } else usage.set(name, await diskUsage(path, budget, signal));
    }
  }
  return usage;
}

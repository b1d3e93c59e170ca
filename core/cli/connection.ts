import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ClusterConnection } from '#core/client/cluster-connection.ts';
import { readKubeconfig } from '#core/client/kubeconfig.ts';
import { UsageError } from './failure.ts';
import { valueOf, type FlagValues } from './flags.ts';

/** The cluster that the flags `kubeconfig` and `data-dir` mean. @throws {UsageError} when there is no kubeconfig */
export async function connectionOf(values: FlagValues): Promise<ClusterConnection> {
  const path = resolve(valueOf(values, 'kubeconfig') || join(valueOf(values, 'data-dir'), 'kubeconfig'));
  try {
    return readKubeconfig(await readFile(path, 'utf8'), { folder: dirname(path) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UsageError(`there is no kubeconfig at ${path}: say with --kubeconfig or --data-dir which cluster is meant`, { cause: error });
  }
}

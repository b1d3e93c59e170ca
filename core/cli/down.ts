import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createLogger } from '#core/kernel/logger.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { explainFailure } from './failure.ts';
import { valueOf, type FlagValues } from './flags.ts';
import { loadModules } from './load-module.ts';
import { clusterNetworks } from './nodes/cluster-networks.ts';
import { findMachines } from './nodes/find-machines.ts';
import { machinesDir, thisNodeDir } from './nodes/local-nodes.ts';
import { removeNode } from './nodes/remove-node.ts';
import { nodeName, settingsFor } from './settings.ts';
import { untilAsked } from './stop-signals.ts';

/**
 * Removes what the nodes of a data directory have on this computer: machines, containers, mounts, links and rules, also of a process that was
 * killed. Objects and volumes stay: the next start makes the pods anew.
 */
export async function down(values: FlagValues): Promise<number> {
  const stop = untilAsked();
  const dataDir = resolve(valueOf(values, 'data-dir'));
  if (!existsSync(dataDir)) {
    process.stdout.write(`There is nothing to remove: ${dataDir} is not there.\n`);
    return 0;
  }
  const lock = await lockDataDir(dataDir);
  try {
    return await removeAll(values, dataDir, stop);
  } finally {
    await lock.release();
  }
}

interface Outcome {
  readonly nodes: number;
  readonly pods: number;
  readonly machines: number;
  readonly failed: boolean;
}

async function removeAll(values: FlagValues, dataDir: string, stop: AbortSignal): Promise<number> {
  const logger = createLogger({ level: 'warn', format: 'text', write: (line) => process.stderr.write(`${line}\n`) });
  const providers = (values.get('provider') ?? []).filter((name) => name !== '');
  const { clusterDns } = clusterNetworks([], values.get('service-cluster-ip-range') ?? []);
  let [nodes, pods, failed] = [0, 0, false];
  for (const node of await nodesOf(dataDir)) {
    try {
      pods += (await removeNode({ ...node, providers, providerDir: dataDir, clusterDns, logger }, stop)).sandboxes;
      nodes++;
    } catch (error) {
      failed = true;
      process.stderr.write(`keelson: what node ${node.name} has could not all be removed: ${explainFailure(error)}\n`);
    }
  }
  for (const module of await loadModules('provider', providers)) await module.remove?.(await settingsFor(module, dataDir), stop);
  const found = await findMachines(providers, dataDir, logger);
  const machines = (await found?.list(stop))?.length ?? 0;
  await found?.removeAll(stop);
  process.stdout.write(sentence({ nodes, pods, machines, failed }, dataDir));
  return failed ? 1 : 0;
}

async function nodesOf(dataDir: string): Promise<readonly { readonly name: string; readonly dir: string; readonly isHere: boolean }[]> {
  const here = existsSync(thisNodeDir(dataDir)) ? [{ name: nodeName(), dir: thisNodeDir(dataDir), isHere: true }] : [];
  const elsewhere = await readdir(machinesDir(dataDir)).catch(() => []);
  return [...here, ...elsewhere.map((name) => ({ name, dir: join(machinesDir(dataDir), name), isHere: false }))];
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

function sentence({ nodes, pods, machines, failed }: Outcome, dataDir: string): string {
  if (nodes + machines === 0 && !failed) return 'There is nothing to remove.\n';
  return `Removed what ${count(nodes, 'node')} had here: ${count(pods, 'pod')}${machines === 0 ? '' : `, ${count(machines, 'machine')}`}. Objects and volumes are still in ${dataDir}.\n`;
}

import { access, constants } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { Ability } from '#core/kernel/module.ts';
import { abilitiesOf, basicAbilities, describe } from './abilities.ts';
import { explainFailure } from './failure.ts';
import { valueOf, type FlagValues } from './flags.ts';
import { loadModules } from './load-module.ts';
import { nodeLack, runningPods } from './nodes/node-plan.ts';
import { ProviderConfig } from './provider-config.ts';
import { makeDataDir, nodeName, settingsFor } from './settings.ts';

/** Lists what works here. What is off is no failure: the exit code is 0. */
export async function doctor(values: FlagValues): Promise<number> {
  const dataDir = resolve(valueOf(values, 'data-dir'));
  const config = await ProviderConfig.read(valueOf(values, 'provider-config'));
  const modules = [...await loadModules('store', [valueOf(values, 'store')]), ...await loadModules('provider', values.get('provider') ?? [])];
  const storage = await dataDirAbility(dataDir);
  const pods = await nodeLack({ stateDir: dataDir, nodeName: nodeName() }) ?? { name: runningPods, available: true };
  process.stdout.write(`This machine\n${[...await basicAbilities(), storage, pods].map(describe).join('')}`);
  for (const module of modules) {
    const settings = { ...(storage.available ? await settingsFor(module, dataDir) : { stateDir: tmpdir(), nodeName: nodeName() }), ...config.of(module) };
    const abilities = await abilitiesOf(module, settings);
    if (abilities.length > 0) process.stdout.write(`\n${module.name}\n${abilities.map(describe).join('')}`);
  }
  return 0;
}

async function dataDirAbility(dataDir: string): Promise<Ability> {
  const name = `data directory ${dataDir}`;
  try {
    await makeDataDir(dataDir);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return { name, available: true };
  } catch (error) {
    return { name, available: false, reason: explainFailure(error), remedy: 'keelson up --data-dir DIR, with another directory' };
  }
}

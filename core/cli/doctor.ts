import { resolve } from 'node:path';
import { abilitiesOf, basicAbilities, describe } from './abilities.ts';
import { valueOf, type FlagValues } from './flags.ts';
import { loadModules } from './load-module.ts';
import { settingsFor } from './settings.ts';

/** Lists what works here. What is off is no failure: the exit code is 0. */
export async function doctor(values: FlagValues): Promise<number> {
  const dataDir = resolve(valueOf(values, 'data-dir'));
  const modules = [...await loadModules('store', [valueOf(values, 'store')]), ...await loadModules('provider', values.get('provider') ?? [])];
  process.stdout.write(`This machine\n${(await basicAbilities()).map(describe).join('')}`);
  for (const module of modules) {
    const abilities = await abilitiesOf(module, await settingsFor(module, dataDir));
    if (abilities.length > 0) process.stdout.write(`\n${module.name}\n${abilities.map(describe).join('')}`);
  }
  return 0;
}

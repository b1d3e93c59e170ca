import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Ability, KeelsonModule, ModuleSettings } from '#core/kernel/module.ts';
import { asRoot } from './as-root.ts';

/** How long a module may look at the machine before its list is left out. */
const patienceMs = 2000;

/** What the program itself needs of the machine. */
export async function basicAbilities(): Promise<readonly Ability[]> {
  return [
    { name: `Node.js 24 or later (this is ${process.version})`, available: Number(process.versions.node.split('.')[0]) >= 24, remedy: 'npm start' },
    { name: 'Linux', available: process.platform === 'linux', reason: `this is ${process.platform}`, remedy: 'run keelson in a Linux virtual machine or container' },
    { name: 'running as root', available: process.getuid?.() === 0, reason: 'mounting and loop devices are for root', remedy: 'sudo npm start' },
    await kubectlAbility(),
  ];
}

export async function kubectlAbility(): Promise<Ability> {
  const path = await findProgram('kubectl');
  return path === undefined
    ? { name: 'kubectl', available: false, reason: 'it is not on the path', remedy: 'sudo apt-get install kubernetes-client' }
    : { name: `kubectl (${path})`, available: true };
}

/** What the module says; when it fails or takes too long, that is said instead. */
export async function abilitiesOf(module: KeelsonModule, settings: ModuleSettings): Promise<readonly Ability[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs);
  try {
    return await Promise.race([module.abilities?.(settings) ?? [], late.promise]);
  } catch (error) {
    return [{ name: `what ${module.name} can do here`, available: false, reason: `looking failed: ${error instanceof Error ? error.message : String(error)}` }];
  } finally {
    clearTimeout(timer);
  }
}

export const describe = ({ name, available, reason, remedy }: Ability): string =>
  (available ? `  on   ${name}\n` : `  off  ${name}${reason === undefined ? '' : `: ${reason}`}\n${remedy === undefined ? '' : `       turn on: ${remedy.replace(/^sudo (npm .*)/, (_, command: string) => asRoot(command))}\n`}`);

async function findProgram(name: string): Promise<string | undefined> {
  for (const dir of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(dir, name);
    if (dir !== '' && await access(path, constants.X_OK).then(() => true, () => false)) return path;
  }
  return undefined;
}

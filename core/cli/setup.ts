import { join } from 'node:path';
import { asRoot } from './as-root.ts';
import { UsageError } from './failure.ts';
import { isDebianLike, lackingNeeds, thisComputer, type NodeComputer } from './node-needs.ts';

/** Packages to install. @throws {UsageError} when this computer's are not to be installed by this program */
export function missingPackages(computer: NodeComputer, isRoot: boolean): readonly string[] {
  const lacking = lackingNeeds(computer);
  if (!isRoot) throw new UsageError(`--setup installs packages and starts Docker Engine, which is for root: ${asRoot('npm start -- --setup')}`);
  if (lacking.length > 0 && !isDebianLike(computer)) {
    throw new UsageError(`--setup knows Debian and Ubuntu; here, install what brings these: ${lacking.map(({ what }) => what).join(', ')}`);
  }
  return lacking.map((need) => need.package);
}

/** Installs what pods need and starts Docker Engine where it does not run. @throws {Error} with what failed */
export async function setUp(dataDir: string): Promise<void> {
  const { engineAnswers, startEngine } = await import('./start-engine.ts');
  const computer = thisComputer();
  // One from elsewhere, such as a snap, does as well, and would be in the way of another.
  const hasEngine = await engineAnswers();
  const hasProgram = (name: string): boolean => (name === 'dockerd' && hasEngine) || computer.hasProgram(name);
  const missing = missingPackages({ ...computer, hasProgram }, process.geteuid?.() === 0);
  if (missing.length > 0) {
    process.stdout.write(`Installing ${missing.join(', ')}.\n`);
    await (await import('./install-packages.ts')).installPackages(missing);
  }
  await startEngine(join(dataDir, 'dockerd.log'));
}

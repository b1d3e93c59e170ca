import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { UsageError } from './failure.ts';

/** What a node needs of its computer, by the Debian package that brings it. */
const packages: readonly (readonly [program: string, name: string])[] = [
  ['dockerd', 'docker.io'], ['iptables', 'iptables'], ['conntrack', 'conntrack'], ['ip', 'iproute2'], ['mkfs.ext4', 'e2fsprogs'], ['nsenter', 'util-linux'], ['sysctl', 'procps'],
];
const engineSocket = '/var/run/docker.sock';
const engineWithinMs = 30_000;

export interface SetupMachine {
  readonly isRoot: boolean;
  /** Text of /etc/os-release; '' where there is none. */
  readonly release: string;
  readonly hasProgram: (name: string) => boolean;
}

/** Packages to install. @throws {UsageError} when this computer's are not to be installed by this program */
export function missingPackages({ isRoot, release, ...machine }: SetupMachine): readonly string[] {
  const lacking = packages.filter(([program]) => !machine.hasProgram(program));
  const missing = lacking.map(([, name]) => name);
  if (!isRoot) throw new UsageError('--setup installs packages and starts Docker Engine, which is for root: sudo npm start -- --setup');
  if (missing.length > 0 && !/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release)) {
    throw new UsageError(`--setup knows Debian and Ubuntu; here, install what brings these programs: ${lacking.map(([program]) => program).join(', ')}`);
  }
  return missing;
}

/** Installs what pods need and starts Docker Engine where it does not run. @throws {Error} with what failed */
export async function setUp(dataDir: string): Promise<void> {
  const missing = missingPackages({ isRoot: process.geteuid?.() === 0, release: await readFile('/etc/os-release', 'utf8').catch(() => ''), hasProgram });
  const { execa } = await import('execa');
  if (missing.length > 0) {
    process.stdout.write(`Installing ${missing.join(', ')}.\n`);
    const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'inherit', 'inherit'] } as const;
    await execa('apt-get', ['update'], options);
    await execa('apt-get', ['install', '-y', '--no-install-recommends', ...missing], options);
  }
  if (await engineAnswers()) return;
  process.stdout.write('Starting Docker Engine.\n');
  if (existsSync('/run/systemd/system')) await execa('systemctl', ['enable', '--now', 'docker'], { stdio: 'inherit' });
  else await startEngine(dataDir);
  for (const deadline = Date.now() + engineWithinMs; !(await engineAnswers());) {
    if (Date.now() > deadline) throw new Error(`Docker Engine does not answer at ${engineSocket}; what it says is in ${join(dataDir, 'dockerd.log')}, or in its journal`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** It goes on when this process ends, as a service would. */
async function startEngine(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { execa } = await import('execa');
  // A pipe to this process would end with it.
  const engine = execa('setsid', ['--fork', 'sh', '-c', 'exec dockerd >>"$0" 2>&1 </dev/null', join(dataDir, 'dockerd.log')], { stdio: 'ignore', env: { PATH: searchPath() } });
  await engine;
}

async function engineAnswers(): Promise<boolean> {
  if (!existsSync(engineSocket)) return false;
  const { execa } = await import('execa');
  return !(await execa('docker', ['version'], { reject: false, timeout: 5000, stdio: 'ignore' })).failed;
}

/** System programs too, also for users whose own path leaves `sbin` out. */
const searchPath = (): string => `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;
const hasProgram = (name: string): boolean => searchPath().split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));

import { execa } from 'execa';
import { searchPath } from './node-needs.ts';

/** Another one may be installing in this moment: a fresh machine brings itself up to date. */
const lockPatienceSeconds = 120;

/** Installs Debian packages; apt says on standard output what it does. @throws {Error} with what apt complained about */
export async function installPackages(names: readonly string[], path = searchPath()): Promise<void> {
  const update = await aptGet(path, 'update');
  // Without the newest lists it may still find everything.
  const install = await aptGet(path, 'install', '-y', '--no-install-recommends', ...names);
  if (install.isDone) return;
  const complaints = [...new Set([...install.complaints, ...update.complaints])];
  throw new Error(`apt-get could not install ${names.join(', ')}: ${complaints.join('; ') || 'it does not say why'}. When that is mended (the network? /etc/apt?), say --setup again`);
}

interface AptAnswer {
  readonly isDone: boolean;
  /** The first of the errors, or else of the warnings, since the others mostly follow from them. */
  readonly complaints: readonly string[];
}

async function aptGet(path: string, ...args: readonly string[]): Promise<AptAnswer> {
  const { failed, stderr, shortMessage } = await execa('apt-get', ['-q', '-o', `DPkg::Lock::Timeout=${lockPatienceSeconds}`, ...args], {
    env: { PATH: path, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }, stdin: 'ignore', stdout: 'inherit', stderr: ['inherit', 'pipe'], reject: false,
  });
  const of = (kind: string): string[] => stderr.split('\n').filter((line) => line.startsWith(`${kind}: `)).map((line) => line.slice(3).trim());
  const [first = stderr === '' && failed ? shortMessage : undefined] = [...of('E'), ...of('W')];
  return { isDone: !failed, complaints: first === undefined ? [] : [first] };
}

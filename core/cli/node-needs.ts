import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A computer that may become a node. */
export interface NodeComputer {
  /** Text of /etc/os-release; '' where there is none. */
  readonly release: string;
  readonly hasProgram: (name: string) => boolean;
  readonly hasFile: (path: string) => boolean;
  /** The kernel confines programs, and Docker wants its containers confined. */
  readonly hasAppArmor: boolean;
}

export interface Need {
  /** The program; or the file, from its root. */
  readonly what: string;
  /** The Debian package that brings it. */
  readonly package: string;
}

const programs: readonly Need[] = [
  { what: 'dockerd', package: 'docker.io' }, { what: 'iptables', package: 'iptables' }, { what: 'conntrack', package: 'conntrack' }, { what: 'ip', package: 'iproute2' },
  { what: 'mkfs.ext4', package: 'e2fsprogs' }, { what: 'nsenter', package: 'util-linux' }, { what: 'mount', package: 'mount' }, { what: 'sysctl', package: 'procps' },
];
/** docker.io only recommends these two: without the first it trusts no registry, without the second it starts nothing where the kernel has AppArmor. */
const certificates: Need = { what: '/etc/ssl/certs/ca-certificates.crt', package: 'ca-certificates' };
const confinement: Need = { what: 'apparmor_parser', package: 'apparmor' };

/** What a node needs of its computer and does not find. */
export function lackingNeeds(computer: NodeComputer): readonly Need[] {
  const wanted = [...programs, certificates, ...(computer.hasAppArmor ? [confinement] : [])];
  return wanted.filter(({ what }) => !(what.startsWith('/') ? computer.hasFile(what) : computer.hasProgram(what)));
}

/** Whether `keelson up --setup` knows how to install packages here. */
export const isDebianLike = ({ release }: NodeComputer): boolean => /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);

export const thisComputer = (): NodeComputer => ({
  release: textOf('/etc/os-release'), hasProgram: (name) => hasProgram(name), hasFile: existsSync, hasAppArmor: textOf('/sys/module/apparmor/parameters/enabled').startsWith('Y'),
});

/** System programs too, also for users whose own path leaves `sbin` out. */
export const searchPath = (): string => `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;

export const hasProgram = (name: string, path = searchPath()): boolean => path.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

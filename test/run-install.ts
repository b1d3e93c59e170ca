import { execa } from 'execa';
import { referencePluginsInstalled } from '#test/fixtures/namespaces.ts';
import { program } from '#test/fixtures/requires.ts';

/** Programs that tests drive, and the Debian package of each. */
const wanted = [
  program('kubectl', 'kubernetes-client'), program('mkfs.ext4', 'e2fsprogs'), program('e2fsck', 'e2fsprogs'), program('mkfs.xfs', 'xfsprogs'), program('sfdisk', 'fdisk'),
  program('mount', 'mount'), program('losetup', 'mount'), program('blkid', 'util-linux'),
  program('dig', 'bind9-dnsutils'),
  program('etcd', 'etcd-server'), program('etcdctl', 'etcd-client'),
  program('dockerd', 'docker.io'), program('iptables', 'iptables'), program('conntrack', 'conntrack'), program('ip', 'iproute2'), program('sysctl', 'procps'),
  program('busybox', 'busybox-static'), program('curl', 'curl'), program('dig', 'bind9-dnsutils'), referencePluginsInstalled,
];

/** Installs from Debian what tests need and this machine lacks. Resolves to what it could not install, and why. */
export async function installWhatIsMissing(): Promise<string | undefined> {
  const packages = [...new Set(wanted.filter((need) => !need.isMet()).map(({ install }) => install ?? ''))];
  if (packages.length === 0) return undefined;
  if (process.geteuid?.() !== 0) return `${packages.join(', ')}: only root can install packages`;
  process.stdout.write(`CI=true: installing ${packages.join(', ')} from Debian\n`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const { exitCode, all } = await execa('apt-get', args, { env, reject: false, all: true, stdin: 'ignore', timeout: 300_000 });
    if (exitCode !== 0) return `${packages.join(', ')}: apt-get ${args[0]} failed\n${all}`;
  }
  return undefined;
}

import { existsSync } from 'node:fs';
import type { Ability } from '#core/kernel/module.ts';

const folders = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`.split(':').filter((folder) => folder !== '');
const has = (program: string): boolean => folders.some((folder) => existsSync(`${folder}/${program}`));

const programs = [['ip', 'iproute2'], ['nsenter', 'util-linux'], ['iptables-restore', 'iptables'], ['ip6tables-restore', 'iptables']] as const;

/** What pods' network takes of this machine. */
export function bridgeAbilities(): readonly Ability[] {
  const name = 'pod networking';
  if (process.platform !== 'linux') return [{ name, available: false, reason: 'only Linux has network namespaces' }];
  if (process.geteuid?.() !== 0) return [{ name, available: false, reason: 'only root may make interfaces and rules' }];
  const missing = programs.filter(([program]) => !has(program));
  if (missing.length === 0) return [{ name, available: true }];
  const packages = [...new Set(missing.map(([, each]) => each))].join(' ');
  return [{ name, available: false, reason: `${missing.map(([program]) => program).join(', ')} missing`, remedy: `apt-get install -y ${packages}` }];
}
